from django.contrib import admin
from django.urls import include, path

from backend.api.campaigns import CampaignViewSet
from backend.api.docs import ProblemsView, RedocView, SchemaView, SwaggerView
from backend.api.export import ExportViewSet
from backend.api.health import LiveView, ReadyView
from backend.api.images import ImageFormView, ImageView
from backend.api.legal import LegalDocumentViewSet
from backend.api.mail_feedback import MailFeedbackView
from backend.api.root import RootView
from backend.api.stakeholders import StakeholderViewSet
from backend.manage import urls as manage_urls
from backend.manage.homepage_preview import PreviewableHomePageViewSet
from backend.supporter.confirmation import ConfirmView, DeclineView, ResendView
from backend.supporter.form import EndorsementFormView
from backend.supporter.me import ExportView, LinksView, MeView, OwnEndorsementView
from backend.supporter.pages import ConfirmPageView, DeclinePageView, MePageView
from backend.supporter.submissions import EndorsementsView

api = [
    path("/homepage", PreviewableHomePageViewSet.as_view({"get": "retrieve"}), name="homepage"),
    path("/campaigns", CampaignViewSet.as_view({"get": "list"}), name="campaigns"),
    path("/campaigns/<slug:slug>", CampaignViewSet.as_view({"get": "retrieve"}), name="campaign"),
    path(
        "/campaigns/<slug:slug>/endorsements",
        EndorsementsView.as_view({"get": "list", "post": "create"}),
        name="campaign-endorsements",
    ),
    path(
        "/campaigns/<slug:slug>/endorsement-form",
        EndorsementFormView.as_view(),
        name="endorsement-form",
    ),
    path("/endorsements/confirm", ConfirmView.as_view(), name="confirm-endorsement"),
    path("/endorsements/decline", DeclineView.as_view(), name="decline-endorsement"),
    path("/endorsements/resend", ResendView.as_view(), name="resend-confirmation"),
    path("/me", MeView.as_view(), name="me"),
    path("/me/links", LinksView.as_view(), name="personal-links"),
    path("/me/export", ExportView.as_view(), name="personal-export"),
    path(
        "/me/endorsements/<int:pk>",
        OwnEndorsementView.as_view(),
        name="own-endorsement",
    ),
    path("/stakeholders", StakeholderViewSet.as_view({"get": "list"}), name="stakeholders"),
    path(
        "/stakeholders/search",
        StakeholderViewSet.as_view({"post": "search"}, **StakeholderViewSet.search.kwargs),
        name="stakeholders-search",
    ),
    path(
        "/stakeholders/<int:pk>",
        StakeholderViewSet.as_view({"get": "retrieve"}),
        name="stakeholder",
    ),
    path(
        "/stakeholders.geojson",
        ExportViewSet.as_view({"get": "stream", "head": "head_of_stream"}),
        name="stakeholders-geojson",
    ),
    path(
        "/legal/<slug:kind>",
        LegalDocumentViewSet.as_view({"get": "show"}),
        name="legal-document",
    ),
    path("/schema", SchemaView.as_view(), name="schema"),
    path("/docs", SwaggerView.as_view(), name="docs"),
    path("/redoc", RedocView.as_view(), name="redoc"),
]

urlpatterns = [
    path("api/v1", RootView.as_view(), name="root"),
    path("api/v1", include(api)),
    path("api/v1/auth", include(manage_urls.auth)),
    path("api/v1/manage", include(manage_urls.manage)),
    path("problems", ProblemsView.as_view(), name="problems"),
    path("images", ImageFormView.as_view(), name="image-form"),
    path("images/<str:name>", ImageView.as_view(), name="image"),
    path("hooks/ses", MailFeedbackView.as_view(), name="mail-feedback"),
    path("endorsements/confirm", ConfirmPageView.as_view(), name="confirm-page"),
    path("endorsements/decline", DeclinePageView.as_view(), name="decline-page"),
    path("me", MePageView.as_view(), name="me-page"),
    path("health/live", LiveView.as_view(), name="live"),
    path("health/ready", ReadyView.as_view(), name="ready"),
    path("admin/", admin.site.urls),
]

handler400 = "backend.http.errors.bad_request"
handler403 = "backend.http.errors.forbidden"
handler404 = "backend.http.errors.not_found"
handler500 = "backend.http.errors.server_error"
