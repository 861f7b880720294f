"""Links to a coalition's pages elsewhere: a field for each platform instead of JSON."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

PLATFORMS = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "threads": "Threads",
    "tiktok": "TikTok",
    "x": "X",
    "youtube": "YouTube",
}
# The name of the field for a platform that has none of its own.
OTHER = "_other"


class SocialMediaWidget(forms.Widget):
    """Known platforms, those that the value names beside them, and one to add."""

    template_name = "admin/social_media.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        urls = dict(value or {})
        other = urls.pop("", "")
        labels = PLATFORMS | {key: key for key in urls if key not in PLATFORMS}
        rows = [
            {"name": f"{name}-{key}", "label": label, "url": urls.get(key, "")}
            for key, label in labels.items()
        ]
        return super().get_context(name, value, attrs) | {"rows": rows, "other": other}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        """URL by platform, of what is filled in; under "" that of a platform without a name."""
        prefix = f"{name}-"
        urls = {
            key.removeprefix(prefix): data[key].strip()
            for key in data
            if key.startswith(prefix) and not key.startswith(prefix + OTHER)
        }
        platform = data.get(f"{prefix}{OTHER}-platform", "").strip().lower()
        urls[platform] = data.get(f"{prefix}{OTHER}-url", "").strip() or urls.get(platform, "")
        return {platform: url for platform, url in urls.items() if url}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}-") for key in data)

    def id_for_label(self, id_: str | None) -> str:
        return ""


class SocialMediaField(forms.Field):
    """An object of platform name to URL; the model says which URLs it takes."""

    widget = SocialMediaWidget

    def clean(self, value: dict[str, str]) -> dict[str, str]:
        if "" in value:
            raise ValidationError("Name the platform that the last link leads to.", code="required")
        return value
