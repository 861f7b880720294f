"""The paths of /api/v1/auth and /api/v1/manage."""

from typing import Any

from django.urls import path

from backend.manage.auth import LoginView, LogoutAllView, LogoutView, TokensView, TokenView
from backend.manage.campaigns import CampaignViewSet
from backend.manage.content_blocks import ContentBlockViewSet
from backend.manage.decisions import DecideView, DecisionView
from backend.manage.desk import DeskView
from backend.manage.endorsements import EndorsementViewSet
from backend.manage.exports import EndorsementExportViewSet, StakeholderExportViewSet
from backend.manage.groups import GroupsView
from backend.manage.homepages import HomePageViewSet
from backend.manage.imports import ImportViewSet
from backend.manage.legal_documents import LegalDocumentViewSet
from backend.manage.stakeholders import StakeholderViewSet
from backend.manage.transfers import ExportRecordsViewSet
from backend.manage.uploads import UploadsView, UploadVerificationView

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ROW: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}

auth = [
    path("/login", LoginView.as_view(), name="login"),
    path("/logout", LogoutView.as_view(), name="logout"),
    path("/logout-all", LogoutAllView.as_view(), name="logout-all"),
    path("/tokens", TokensView.as_view(), name="tokens"),
    path("/tokens/<slug:id>", TokenView.as_view(), name="token"),
]

manage = [
    path("", DeskView.as_view(), name="manage"),
    path("/endorsements", EndorsementViewSet.as_view({"get": "list"}), name="manage-endorsements"),
    path("/endorsements/decide", DecideView.as_view(), name="manage-decide"),
    path("/endorsements/groups", GroupsView.as_view(), name="manage-groups"),
    path("/endorsements/<int:pk>", EndorsementViewSet.as_view({"get": "retrieve"})),
    *(
        path(f"/endorsements/<int:pk>/{action}", DecisionView.as_view({"post": action}))
        for action in ("approve", "reject", "reopen")
    ),
    path("/stakeholders", StakeholderViewSet.as_view(LIST), name="manage-stakeholders"),
    path("/stakeholders/<int:pk>", StakeholderViewSet.as_view(ROW)),
    path("/stakeholders/<int:pk>/restore", StakeholderViewSet.as_view({"post": "restore"})),
    path("/campaigns", CampaignViewSet.as_view(LIST), name="manage-campaigns"),
    path("/campaigns/<int:pk>", CampaignViewSet.as_view(ROW)),
    path("/campaigns/<int:pk>/restore", CampaignViewSet.as_view({"post": "restore"})),
    *(
        path(f"/exports/{view.table.resource}.{form}", view.as_view({"get": form}))
        for view in (EndorsementExportViewSet, StakeholderExportViewSet)
        for form in ("csv", "json")
    ),
    path("/exports", ExportRecordsViewSet.as_view({"get": "list"}), name="manage-exports"),
    path("/imports", ImportViewSet.as_view(LIST), name="manage-imports"),
    path("/homepages", HomePageViewSet.as_view(LIST), name="manage-homepages"),
    path("/homepages/<int:pk>", HomePageViewSet.as_view(ROW)),
    path("/homepages/<int:pk>/activate", HomePageViewSet.as_view({"post": "activate"})),
    path("/homepages/<int:pk>/preview", HomePageViewSet.as_view({"post": "preview"})),
    path("/homepages/<int:homepage_id>/content-blocks", ContentBlockViewSet.as_view(LIST)),
    path(
        "/homepages/<int:homepage_id>/content-blocks/order",
        ContentBlockViewSet.as_view({"put": "order"}),
    ),
    path("/homepages/<int:homepage_id>/content-blocks/<int:pk>", ContentBlockViewSet.as_view(ROW)),
    path(
        "/legal-documents",
        LegalDocumentViewSet.as_view(LIST),
        name="manage-legal_documents",
    ),
    path("/legal-documents/<int:pk>", LegalDocumentViewSet.as_view(ROW)),
    path(
        "/legal-documents/<int:pk>/publish",
        LegalDocumentViewSet.as_view({"post": "publish"}),
    ),
    path("/uploads", UploadsView.as_view(), name="manage-uploads"),
    path("/uploads/<slug:id>/verify", UploadVerificationView.as_view()),
]
