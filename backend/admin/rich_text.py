"""HTML in a form: an area of text with buttons for common tags, and a preview beside it."""

from typing import Any

from django.contrib.admin.widgets import AdminTextareaWidget
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from backend.models.fields import clean_rich_text


class RichTextWidget(AdminTextareaWidget):
    """Works as the text area that it is where there are no scripts."""

    template_name = "admin/rich_text.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 8} | (attrs or {}))

    @property
    def media(self) -> Media:
        return Media(js=["backend/admin/rich_text.js"])


def preview_view(request: HttpRequest) -> HttpResponse:
    """As JSON, the HTML of a form's `html` as it would be stored."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return JsonResponse({"html": clean_rich_text(request.POST.get("html", ""))})
