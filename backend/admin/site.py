"""The site itself: its first page is the desk, and what is done every day comes first."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.functional import SimpleLazyObject

from backend.admin.rich_text import preview_view
from backend.admin.signing_in import SignInForm
from backend.models import Desk, Endorsement, HomePage, OutgoingMail, Submission

# By the app's label, in their order.
NAMES = {"coalition": "Coalition", "auth": "Accounts"}
# What is done every day, before what is set up once.
ORDER = [
    "Endorsement",
    "Submission",
    "Stakeholder",
    "PolicyCampaign",
    "HomePage",
    "ContentBlock",
    "LegalDocument",
    "OutgoingMail",
    "Import",
    "Export",
]
# What is looked at so seldom that the desk alone leads to it.
SELDOM = {"ContentBlock", "Import", "Export", "Group"}


class CoalitionSite(admin.AdminSite):
    """The admin of a coalition."""

    site_header = site_title = "Coalition Builder"
    # The frontend stands elsewhere.
    site_url = None
    index_title = "What waits for you"
    # It takes a quarter of a laptop's width; the same links stand above the page.
    enable_nav_sidebar = False
    login_form = SignInForm

    def get_urls(self) -> list[Any]:
        view = self.admin_view(preview_view)
        return [path("preview-rich-text/", view, name="preview_rich_text"), *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The coalition's models first, in the order of a day's work; accounts last."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = NAMES.get(app["app_label"], app["name"])
            app["models"].sort(key=lambda model: _position(model["object_name"]))
        return sorted(apps, key=lambda app: list(NAMES).index(app["app_label"]))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the rooms that stand above every page, in one line of a laptop's."""
        context: dict[str, Any] = super().each_context(request)
        models = [model for app in context["available_apps"] for model in app["models"]]
        rooms = [each for each in models if each["object_name"] not in SELDOM]
        return context | {"rooms": [each for each in rooms if each["admin_url"]]}

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return super().index(request, desk_of(request) | (extra_context or {}))


def desk_of(request: HttpRequest) -> dict[str, Any]:
    """What the account may know of what waits; nothing is counted that is not shown."""
    sees = {
        model: request.user.has_perm(f"coalition.view_{model._meta.model_name}")
        for model in (Endorsement, Submission, OutgoingMail, HomePage)
    }
    return {
        "sees_reviews": sees[Endorsement],
        "sees_submissions": sees[Submission],
        "sees_mails": sees[OutgoingMail],
        "sees_homepages": sees[HomePage],
        "desk": SimpleLazyObject(Desk.now),
        "active_homepage": SimpleLazyObject(HomePage.objects.active().first),
    }


def _position(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)
