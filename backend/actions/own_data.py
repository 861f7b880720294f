"""What supporters change of what is held about them, without asking anyone.

Locks are taken in the order of `confirm` and `transitions.lock`: what is not confirmed, the
stakeholder, an endorsement, what is confirmed.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from backend.actions import transitions
from backend.actions.consents import consents_of
from backend.actions.corrections import correct
from backend.actions.errors import EndorsementsClosed, NobodyReviews, NotAllowed, UnknownPerson
from backend.models import Endorsement, PolicyCampaign, Stakeholder, Submission
from backend.models.submission import OF_STAKEHOLDER

Status = Endorsement.Status

PLACE = ("state", "county", "location")
REVIEWED = ("name", "organization", "role", "type")
UNDER_REVIEW = (Status.PENDING, Status.APPROVED)


@transaction.atomic
def change_details(*, stakeholder_id: int, values: Mapping[str, Any], network: bytes) -> None:
    """Change the place and consents at once, name, organization, role and type after review.

    Raises UnknownPerson, or NobodyReviews for what needs a review that no endorsement would bring.
    """
    place = {name: values[name] for name in PLACE if name in values}
    _place_unconfirmed(stakeholder_id, place)
    stakeholder = _locked(stakeholder_id)
    consents = consents_of(values, (), at=timezone.now())
    reviewed = {name: values[name] for name in REVIEWED if name in values}
    if values.get("is_public") and not _may_be_listed(stakeholder):
        reviewed["is_public"] = True
    given = {name: values[name] for name in OF_STAKEHOLDER if name in {*values} - {*reviewed}}
    _save(stakeholder, place | given, {name: consents[name] for name in given})
    if place:
        # Decided ones too: they may be reopened.
        Submission.objects.confirmed().by(stakeholder).update(**place)
    if reviewed:
        _review(stakeholder, reviewed, consents, network)


def _place_unconfirmed(stakeholder_id: int, place: dict[str, Any]) -> None:
    """What they sent before and have yet to confirm must not bring the old place back."""
    if place:
        emails = Stakeholder.objects.filter(pk=stakeholder_id).values("email")
        Submission.objects.filter(email__in=emails, confirmed_at=None).update(**place)


def _locked(stakeholder_id: int) -> Stakeholder:
    stakeholders = Stakeholder.objects.select_for_update(no_key=True)
    stakeholder: Stakeholder | None = stakeholders.filter(pk=stakeholder_id).first()
    if stakeholder is None:
        raise UnknownPerson
    return stakeholder


def _save(stakeholder: Stakeholder, values: dict[str, Any], consents: dict[str, Any]) -> None:
    values = values | ({"consents": stakeholder.consents | consents} if consents else {})
    if not values:
        return
    for name, value in values.items():
        setattr(stakeholder, name, value)
    stakeholder.save(update_fields=[*values, "updated_at"])


def _may_be_listed(stakeholder: Stakeholder) -> bool:
    """Whether a person of the coalition has seen who they say they are, or said it for them."""
    approved = Endorsement.objects.filter(stakeholder=stakeholder, status=Status.APPROVED)
    return stakeholder.is_public or stakeholder.details_at is None or approved.exists()


def _review(
    stakeholder: Stakeholder, values: dict[str, Any], consents: dict[str, Any], network: bytes
) -> None:
    """With their newest endorsement; at once if nothing of theirs is shown, or might be."""
    own = Endorsement.all_objects.filter(stakeholder=stakeholder, status__in=UNDER_REVIEW)
    newest = own.live().newest_first().select_for_update(no_key=True).first()
    of_review = {name: consents[name] for name in values if name in consents}
    if "is_authorized" in consents and "organization" in values:
        of_review["is_authorized"] = consents["is_authorized"]
    if newest:
        newest.stakeholder = stakeholder
        correct(newest, values, of_review, network=network)
        return
    if all(getattr(stakeholder, name) == value for name, value in values.items()):
        return
    if "is_public" in values or stakeholder.is_public or own.exists():
        raise NobodyReviews
    _save(stakeholder, values | {"details_at": timezone.now()}, of_review)


@transaction.atomic
def change_endorsement(
    *, stakeholder_id: int, endorsement_id: int, values: Mapping[str, Any], network: bytes
) -> None:
    """Withdraw, and change `public_display`, at once; the statement after review.

    Raises UnknownPerson for an endorsement of nobody, or of another; NotAllowed if its status does
    not allow it; EndorsementsClosed where it would wait for review again in a closed campaign.
    """
    endorsement = _locked_endorsement(stakeholder_id, endorsement_id)
    if "public_display" in values:
        _consent(endorsement, values)
    if "statement" in values:
        _restate(endorsement, values["statement"], network)
    if values.get("status") == Status.WITHDRAWN:
        _withdraw(endorsement)


def _locked_endorsement(stakeholder_id: int, endorsement_id: int) -> Endorsement:
    own = Endorsement.objects.filter(pk=endorsement_id, stakeholder=stakeholder_id)
    if not own.exists():
        raise UnknownPerson
    try:
        return transitions.lock(endorsement_id)
    except NotAllowed as error:
        raise UnknownPerson from error


def _consent(endorsement: Endorsement, values: Mapping[str, Any]) -> None:
    asked = {"public_display": values["public_display"]}
    endorsement.public_display = values["public_display"]
    endorsement.consents |= consents_of(asked, (), at=timezone.now())
    endorsement.save(update_fields=["public_display", "consents", "updated_at"])


def _restate(endorsement: Endorsement, statement: str, network: bytes) -> None:
    if endorsement.status == Status.WITHDRAWN:
        raise NotAllowed
    is_open = PolicyCampaign.objects.open().filter(pk=endorsement.campaign_id).exists()
    if endorsement.status == Status.REJECTED and not is_open:
        raise EndorsementsClosed
    correct(endorsement, {"statement": statement}, {}, network=network)


def _withdraw(endorsement: Endorsement) -> None:
    """With what waits beside it; the second time nothing happens."""
    if endorsement.status != Status.WITHDRAWN:
        transitions.move(endorsement, Status.WITHDRAWN, by=None)
        endorsement.submissions.undecided().update(decided_at=timezone.now())
