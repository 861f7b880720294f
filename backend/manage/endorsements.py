from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from backend.actions.flags import FLAGS
from backend.http.filters import OrderingFilter, QuerySetFilter, StrictFilterSet
from backend.http.parameters import (
    ChoiceParameter,
    ChoicesParameter,
    IdParameter,
    MomentParameter,
    TextParameter,
    page_of,
)
from backend.http.staff_resources import StaffViewSet
from backend.manage.private_details import PrivateDetails, SearchesPrivate, sees_private
from backend.manage.serializers import (
    BecauseField,
    ConsentsField,
    PointField,
    PublicityField,
    public_place,
)
from backend.models import Endorsement, Stakeholder, State, Submission, Transition
from backend.models.endorsement import EndorsementQuerySet

WAITING = "waiting"


def in_status(endorsements: Any, status: str) -> Any:
    return endorsements.waiting() if status == WAITING else endorsements.in_status(status)


class EndorsementExportFilterSet(StrictFilterSet):
    """What the export of endorsements can be asked."""

    status = QuerySetFilter(
        in_status,
        ChoiceParameter(
            "Of this status; `waiting` is pending, or approved with new words to decide.",
            [*Endorsement.Status.values, WAITING],
            example=WAITING,
        ),
    )
    campaign = QuerySetFilter(
        lambda endorsements, campaign: endorsements.filter(campaign=campaign),
        IdParameter("Of the campaign with this id.", example=1),
    )
    flag = QuerySetFilter(
        EndorsementQuerySet.flagged,
        ChoiceParameter("With this flag.", [*FLAGS], example="links"),
    )
    type = QuerySetFilter(
        lambda endorsements, types: endorsements.of_type(*types),
        ChoicesParameter(
            "Of stakeholders of any of these types.",
            Stakeholder.Type.values,
            component="StakeholderType",
            example=["farmer", "waterman"],
        ),
    )
    state = QuerySetFilter(
        lambda endorsements, states: endorsements.in_state(*states),
        ChoicesParameter(
            "Of stakeholders in any of these states, by USPS code.",
            State.values,
            component="State",
            example=["MD", "VA"],
        ),
    )
    search = QuerySetFilter(
        EndorsementQuerySet.matching,
        TextParameter(
            "Text in the stakeholder's name, organization or e-mail, in whatever case.",
            example="farm",
        ),
    )
    submitted_after = QuerySetFilter(
        EndorsementQuerySet.submitted_after,
        MomentParameter("Made after this moment.", example="2026-11-02T09:30:00Z"),
    )


class EndorsementFilterSet(EndorsementExportFilterSet):
    """What the reviewers' queue can be asked."""

    ordering = OrderingFilter({"created_at": EndorsementQuerySet.oldest_first})

    other_parameters = page_of(default=50, maximum=500)


# For whoever may not see addresses, and could find them out letter by letter.
NAMES = QuerySetFilter(
    EndorsementQuerySet.named,
    TextParameter("Text in the stakeholder's name or organization, in whatever case."),
)


class NamesExportFilterSet(EndorsementExportFilterSet):
    """What those can ask of an export who may not see private details."""

    search = NAMES


class NamesFilterSet(EndorsementFilterSet):
    """What those can ask of the queue who may not see private details."""

    search = NAMES


class ManagedEndorserSerializer(PrivateDetails, serializers.ModelSerializer[Stakeholder]):
    """Who endorses, as they are known. The e-mail is null, and the location is the public's, for
    whoever may not see private details.
    """

    email = serializers.EmailField(allow_null=True, read_only=True)
    location = PointField(allow_null=True, read_only=True)

    class Meta:
        model = Stakeholder
        fields = ["id", "name", "organization", "role", "email", "type", "state", "county"]
        fields += ["location", "is_public"]

    def without_private(self, instance: Stakeholder) -> dict[str, Any]:
        return {"email": None, "location": public_place(instance)}


class EndorsedCampaignSerializer(serializers.Serializer[Any]):
    """What is endorsed."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()


class FlagSerializer(serializers.Serializer[Any]):
    """Why a reviewer should look twice."""

    flag = serializers.ChoiceField([*FLAGS])
    reason = serializers.CharField()


class DifferenceSerializer(serializers.Serializer[Any]):
    """A field that approval would change, of the stakeholder or of the endorsement."""

    field = serializers.CharField()
    known = serializers.JSONField(help_text="As it is now.")
    sent = serializers.JSONField(help_text="As it would be.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        values = {"known": instance.known, "sent": instance.sent}
        if instance.field == "location":
            point = PointField()
            values = {name: each and point.to_representation(each) for name, each in values.items()}
        return {"field": instance.field, **values}


class SubmissionSerializer(PrivateDetails, serializers.ModelSerializer[Submission]):
    """What the supporter sent last. E-mail and location are null for whoever may not see private
    details.
    """

    email = serializers.EmailField(allow_null=True, read_only=True)
    location = PointField(allow_null=True, read_only=True)
    consents = ConsentsField(help_text="In which words, and when.")

    class Meta:
        model = Submission
        fields = ["id", "name", "organization", "role", "email", "state", "county", "type"]
        fields += ["location", "statement", "public_display", "is_public", "email_updates"]
        fields += ["consents", "language", "created_at", "confirmed_at", "decided_at"]

    def without_private(self, instance: Submission) -> dict[str, Any]:  # noqa: ARG002  # as inherited
        return {"email": None, "location": None}


class ManagedEndorsementSerializer(serializers.ModelSerializer[Endorsement]):
    """An endorsement, what was sent, and what approval would change."""

    stakeholder = ManagedEndorserSerializer(read_only=True)
    campaign = EndorsedCampaignSerializer(read_only=True)
    submission = SubmissionSerializer(
        source="newest_submission", allow_null=True, help_text="Null once it was purged."
    )
    flags = FlagSerializer(source="newest_submission.flags", many=True, default=list)
    differences = DifferenceSerializer(
        source="newest_submission.differences", many=True, default=list
    )
    public = PublicityField()
    because = BecauseField()
    consents = ConsentsField(help_text="In which words, and when.")

    class Meta:
        model = Endorsement
        fields = ["id", "status", "statement", "public_display", "consents", "public", "because"]
        fields += ["stakeholder", "campaign", "submission", "flags", "differences"]
        fields += ["created_at", "updated_at"]

    def to_representation(self, instance: Endorsement) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not sees_private(self.context.get("request")):
            others = [each for each in shown["differences"] if each["field"] != "location"]
            shown["differences"] = others
        return shown


class TransitionSerializer(serializers.ModelSerializer[Transition]):
    """A change of the status. `by` is null for the supporter, `from` for a new endorsement."""

    by = serializers.CharField(source="by.username", allow_null=True, default=None)

    class Meta:
        model = Transition
        fields = ["to_status", "by", "reason", "created_at"]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        came_from = serializers.ChoiceField(Endorsement.Status.choices, allow_null=True)
        return {"from_status": came_from, **super().get_fields()}

    def to_representation(self, instance: Transition) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return shown | {"from_status": instance.from_status or None}


class ReviewedEndorsementSerializer(ManagedEndorsementSerializer):
    """An endorsement, what was sent, what approval would change, and what became of it before."""

    history = TransitionSerializer(source="transitions", many=True, help_text="The first first.")

    class Meta(ManagedEndorsementSerializer.Meta):
        fields = [*ManagedEndorsementSerializer.Meta.fields, "history"]


@extend_schema_view(
    list=extend_schema(
        operation_id="listEndorsements",
        summary="List endorsements to review",
        description=(
            "The newest first. For what waits, the oldest first: "
            "`status=waiting&ordering=created_at`."
        ),
    ),
    retrieve=extend_schema(operation_id="getEndorsement", summary="Get an endorsement to review"),
)
class EndorsementViewSet(SearchesPrivate, StaffViewSet):
    """All live endorsements, with all that a reviewer must know to decide."""

    queryset = Endorsement.objects.newest_first()
    serializer_class = ManagedEndorsementSerializer
    filterset_class = EndorsementFilterSet
    names_filterset_class = NamesFilterSet

    def get_queryset(self) -> Any:
        endorsements: Any = super().get_queryset()
        endorsements = endorsements.with_review()
        return endorsements if self.action == "list" else endorsements.with_history()

    def get_serializer_class(self) -> Any:
        return (
            ManagedEndorsementSerializer if self.action == "list" else ReviewedEndorsementSerializer
        )
