"""The API's own pages to confirm and to decline, for whoever has no frontend.

Mails lead to them with a token in the URL's fragment, which no server is sent. Programs open the
links of mails and run what they find, so a page sends nothing until somebody presses its button.
"""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.docs import PageView


class SupporterPageView(PageView):
    """A page with one button, which posts the token."""

    def context(self) -> dict[str, Any]:
        return {"title": settings.COALITION_NAME}

    def finalize_response(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response


class ConfirmPageView(SupporterPageView):
    """Whoever got the mail says that the endorsement is theirs."""

    template_name = "backend/confirm.html"


class DeclinePageView(SupporterPageView):
    """Whoever got the mail says that the endorsement is not theirs."""

    template_name = "backend/decline.html"
