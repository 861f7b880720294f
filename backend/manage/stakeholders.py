from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.features import GEO_JSON
from backend.http.errors import Problem
from backend.http.filters import OrderingFilter, QuerySetFilter, StrictFilterSet
from backend.http.parameters import BooleanParameter, ChoicesParameter, TextParameter, page_of
from backend.http.serializers import StrictModelSerializer
from backend.http.staff_resources import SoftDeletionViewSet
from backend.http.views import operation
from backend.manage.private_details import PrivateDetails, SearchesPrivate, sees_private
from backend.manage.serializers import (
    BecauseField,
    ConsentsField,
    PointField,
    PublicityField,
    public_place,
)
from backend.manage.stakeholder_features import (
    FEATURE,
    FEATURES,
    FeatureNegotiation,
    FeatureRenderer,
)
from backend.models import Stakeholder, State
from backend.models.stakeholder import StakeholderQuerySet


class StakeholderExportFilterSet(StrictFilterSet):
    """What staff's export of stakeholders can be asked."""

    type = QuerySetFilter(
        lambda stakeholders, types: stakeholders.of_type(*types),
        ChoicesParameter(
            "Any of these types.",
            Stakeholder.Type.values,
            component="StakeholderType",
            example=["farmer", "waterman"],
        ),
    )
    state = QuerySetFilter(
        lambda stakeholders, states: stakeholders.in_state(*states),
        ChoicesParameter(
            "In any of these states, by USPS code.",
            State.values,
            component="State",
            example=["MD", "VA"],
        ),
    )
    is_public = QuerySetFilter(
        lambda stakeholders, is_public: stakeholders.filter(is_public=is_public),
        BooleanParameter("Those that are listed, or the others.", example=False),
    )
    search = QuerySetFilter(
        StakeholderQuerySet.matching,
        TextParameter("Text in name, organization or e-mail, in whatever case.", example="farm"),
    )


class StakeholderFilterSet(StakeholderExportFilterSet):
    """What staff's list of stakeholders can be asked."""

    deleted = QuerySetFilter(
        lambda stakeholders, deleted: stakeholders.deleted() if deleted else stakeholders.live(),
        BooleanParameter("Those that were deleted, or the others; both if left out."),
    )
    ordering = OrderingFilter(
        {
            "created_at": lambda stakeholders: stakeholders.newest_first().reverse(),
            "name": StakeholderQuerySet.by_name,
        }
    )

    other_parameters = page_of(default=50, maximum=500)


# For whoever may not see addresses, and could find them out letter by letter.
NAMES = QuerySetFilter(
    StakeholderQuerySet.named,
    TextParameter("Text in name or organization, in whatever case.", example="farm"),
)


class NamesExportFilterSet(StakeholderExportFilterSet):
    """What those can ask of an export who may not see private details."""

    search = NAMES


class NamesFilterSet(StakeholderFilterSet):
    """What those can ask of the list who may not see private details."""

    search = NAMES


class ManagedStakeholderSerializer(PrivateDetails, StrictModelSerializer[Stakeholder]):
    """A stakeholder. E-mail and consents are null, and the location is the public's, for whoever
    may not see private details, and cannot be written by them.
    """

    email = serializers.EmailField(allow_null=True, max_length=254)
    location = PointField(allow_null=True, required=False)
    public_location = PointField(
        read_only=True, allow_null=True, help_text="What the public sees, if it is listed."
    )
    consents = ConsentsField(
        read_only=True, allow_null=True, help_text="What they agreed to, in which words, and when."
    )
    public = PublicityField()
    because = BecauseField()

    class Meta:
        model = Stakeholder
        fields = [
            "id",
            "name",
            "organization",
            "role",
            "email",
            "state",
            "county",
            "type",
            "location",
            "public_location",
            "is_public",
            "email_updates",
            "consents",
            "details_at",
            "public",
            "because",
            "deleted_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["details_at", "deleted_at"]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if not self.shows_private:
            fields["email"].read_only = fields["location"].read_only = True
        return fields

    def without_private(self, instance: Stakeholder) -> dict[str, Any]:
        return {"email": None, "consents": None, "location": public_place(instance)}

    def validate_email(self, value: str | None) -> str:
        if value is None:
            self.fields["email"].fail("null")
        return value


@extend_schema_view(
    list=extend_schema(operation_id="manageListStakeholders", summary="List all stakeholders"),
    retrieve=extend_schema(operation_id="manageGetStakeholder", summary="Get any stakeholder"),
    create=extend_schema(operation_id="createStakeholder", summary="Create a stakeholder"),
    partial_update=extend_schema(operation_id="updateStakeholder", summary="Change a stakeholder"),
    destroy=extend_schema(
        operation_id="deleteStakeholder",
        summary="Delete a stakeholder",
        description="Hides them, and their endorsements, until they are restored.",
    ),
)
class StakeholderViewSet(SearchesPrivate, SoftDeletionViewSet):
    """All stakeholders, deleted ones too. To be read as GeoJSON by whoever accepts that."""

    content_negotiation_class = FeatureNegotiation
    queryset = Stakeholder.all_objects.newest_first()
    serializer_class = ManagedStakeholderSerializer
    filterset_class = StakeholderFilterSet
    names_filterset_class = NamesFilterSet

    def get_renderers(self) -> list[Any]:
        renderers: list[Any] = super().get_renderers()
        return [*renderers, FeatureRenderer()] if self.action in {"list", "retrieve"} else renderers

    @operation(representations={GEO_JSON: FEATURES})
    def list(self, request: Request, *args: Any, **parent: Any) -> Response:
        return super().list(request, *args, **parent)

    @operation(representations={GEO_JSON: FEATURE}, is_tagged=True)
    def retrieve(self, request: Request, pk: int, **parent: Any) -> Response:
        return super().retrieve(request, pk, **parent)

    @operation(problems=[409], success_status=201, is_tagged=True)
    def create(self, request: Request, **parent: Any) -> Response:
        if not sees_private(request):
            detail = "Who may not see e-mail addresses cannot add a stakeholder, who has one."
            raise Problem(HTTPStatus.FORBIDDEN, detail)
        return super().create(request, **parent)

    @extend_schema(
        operation_id="restoreStakeholder", summary="Restore a deleted stakeholder", request=None
    )
    @operation(problems=[409], is_tagged=True)
    def restore(self, request: Request, pk: int) -> Response:
        return self.restored(request, pk)
