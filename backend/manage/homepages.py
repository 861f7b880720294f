from http import HTTPStatus
from typing import Any

from django.contrib.admin.models import CHANGE
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.http.filters import StrictFilterSet
from backend.http.parameters import page_of
from backend.http.previews import preview_token
from backend.http.serializers import StrictModelSerializer
from backend.http.staff_resources import EditableViewSet, record
from backend.http.views import operation
from backend.manage.schemas import MOMENT, answer
from backend.manage.serializers import BecauseField, PublicityField
from backend.models import HomePage

PREVIEW = answer(
    token={"type": "string", "description": "For the header `Preview-Token` of `GET /homepage`."},
    expires_at=MOMENT,
)


class HomePageFilterSet(StrictFilterSet):
    """The homepages can only be paged through."""

    other_parameters = page_of(default=50, maximum=500)


class ManagedHomePageSerializer(StrictModelSerializer[HomePage]):
    """The texts and links of a homepage. At most one is active."""

    social_media_urls = serializers.DictField(
        child=serializers.URLField(),
        required=False,
        help_text='Platform name to https URL, such as {"mastodon": "https://…"}.',
    )
    public = PublicityField()
    because = BecauseField()

    class Meta:
        model = HomePage
        fields = [
            "id",
            "organization_name",
            "tagline",
            "hero_title",
            "hero_subtitle",
            "hero_background_image",
            "about_section_title",
            "about_section_content",
            "cta_title",
            "cta_content",
            "cta_button_text",
            "cta_button_url",
            "contact_email",
            "contact_phone",
            "social_media_urls",
            "campaigns_section_title",
            "campaigns_section_subtitle",
            "show_campaigns_section",
            "is_active",
            "public",
            "because",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["is_active"]


@extend_schema_view(
    list=extend_schema(operation_id="listHomepages", summary="List all homepages"),
    retrieve=extend_schema(operation_id="manageGetHomepage", summary="Get any homepage"),
    create=extend_schema(operation_id="createHomepage", summary="Create a homepage"),
    partial_update=extend_schema(operation_id="updateHomepage", summary="Change a homepage"),
    destroy=extend_schema(
        operation_id="deleteHomepage",
        summary="Delete a homepage",
        description="Removes it and its blocks for good.",
    ),
)
class HomePageViewSet(EditableViewSet):
    """All homepages; one is shown at most."""

    queryset = HomePage.objects.newest_first()
    serializer_class = ManagedHomePageSerializer
    filterset_class = HomePageFilterSet

    @extend_schema(
        operation_id="activateHomepage",
        summary="Show a homepage",
        description="Makes it the page that is shown, in place of the one that was.",
        request=None,
    )
    @operation(permission="coalition.change_homepage", is_tagged=True)
    def activate(self, request: Request, pk: int) -> Response:
        page = self.row(self.get_queryset(), pk)
        with transaction.atomic():
            page.activate()
            record(request, page, CHANGE, "Activated.")
            return self.answer(pk)

    @extend_schema(
        operation_id="previewHomepage",
        summary="Preview a homepage",
        description=(
            "Gives a token with which `GET /homepage` shows this page as it is then, "
            "for 24 hours, to whoever has it."
        ),
        request=None,
        responses={201: PREVIEW},
    )
    @operation(permission="coalition.view_homepage", success_status=201)
    def preview(self, _request: Request, pk: int) -> Response:
        self.row(self.get_queryset(), pk)
        token, expires_at = preview_token(pk)
        return Response({"token": token, "expires_at": expires_at}, HTTPStatus.CREATED)

    def editable(self) -> QuerySet[Any]:
        return HomePage.objects.all()
