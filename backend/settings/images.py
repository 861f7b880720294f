"""Where images are kept: what the variable IMAGES_URL stands for."""

import sys
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

FORMS = (
    "IMAGES_URL must be such as s3://BUCKET/PREFIX?region=us-east-1 or file:///FOLDER, "
    "with public_url=https://… where images are shown under an address of their own"
)


def image_store(url: str, *, region: str, api_url: str) -> dict[str, Any]:
    """The settings for a URL: s3 or file.

    Without an address of its own a bucket is in `region`, and a folder shown by the API.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in {"s3", "file"} or options.keys() - {"region", "public_url"}:
        sys.exit(f"{FORMS}, not {url}.")
    if parts.scheme == "s3":
        return _bucket(parts, options.get("region", region), options.get("public_url"))
    return _folder(parts.path, options.get("public_url") or (api_url and f"{api_url}/images"))


def _bucket(parts: SplitResult, region: str, public_url: str | None) -> dict[str, Any]:
    name, prefix = parts.netloc, parts.path.strip("/")
    if not (name and region):
        sys.exit(f"{FORMS}: which bucket, in which region?")
    folder = f"{prefix}/public" if prefix else "public"
    return {
        "IMAGE_STORE": {
            "BACKEND": "backend.images.bucket.Bucket",
            "OPTIONS": {"bucket": name, "prefix": prefix, "region": region},
        },
        "IMAGES_PUBLIC_URL": (
            public_url or f"https://{name}.s3.{region}.amazonaws.com/{folder}"
        ).rstrip("/"),
    }


def _folder(path: str, public_url: str) -> dict[str, Any]:
    if not (path and public_url):
        sys.exit(f"{FORMS}: which folder, or which public_url?")
    return {
        "IMAGE_STORE": {
            "BACKEND": "backend.images.folder.Folder",
            "OPTIONS": {"folder": path, "url": public_url.rstrip("/")},
        },
        "IMAGES_PUBLIC_URL": public_url.rstrip("/"),
    }
