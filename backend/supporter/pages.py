"""The API's own pages to confirm, to decline, and to see one's data, for who has no frontend.

Mails lead to them with a token in the URL's fragment, which no server is sent. Programs open the
links of mails and run what they find, so a page sends nothing until somebody presses its button.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from backend.http.pages import PageView
from backend.models import Stakeholder, State
from backend.models.consents import CURRENT
from backend.supporter.own_data_schemas import TEXT_LENGTHS


class SupporterPageView(PageView):
    """A page with one button, which posts the token."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        # On a 304 too: with it a browser replaces the headers of the copy that it has.
        response["Referrer-Policy"] = "no-referrer"
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whatever is in the query: what rewrites the links of mails may add to it."""
        APIView.initial(self, request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        return {"title": settings.COALITION_NAME}


class ConfirmPageView(SupporterPageView):
    """Whoever got the mail says that the endorsement is theirs."""

    template_name = "backend/confirm.html"


class DeclinePageView(SupporterPageView):
    """Whoever got the mail says that the endorsement is not theirs."""

    template_name = "backend/decline.html"


class MePageView(SupporterPageView):
    """Whoever got a link sees, changes, takes along and erases what is held about them."""

    template_name = "backend/me.html"

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "states": State.choices,
            "types": Stakeholder.Type.choices,
            "max_lengths": TEXT_LENGTHS,
            "consents": {name: consent.text for name, consent in CURRENT.items()},
        }
