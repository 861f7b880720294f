"""What the owner of an e-mail address does with the token that was sent there."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from backend.actions import transitions
from backend.actions.corrections import put_forward
from backend.actions.errors import (
    AlreadyConfirmed,
    EndorsementsClosed,
    TokenExpired,
    UnknownToken,
)
from backend.actions.flags import flags_of
from backend.models import (
    Endorsement,
    PolicyCampaign,
    RedeemedToken,
    Stakeholder,
    Submission,
    Suppression,
)
from backend.models.submission import TOKEN_PURPOSE
from backend.models.tokens import Token


@dataclass(frozen=True)
class Confirmation:
    """What was confirmed, now or before; the words are those that were sent, if they wait."""

    endorsement: Endorsement
    waiting: Submission | None
    is_new: bool


@transaction.atomic
def confirm(*, token: str) -> Confirmation:
    """Make a submission a pending endorsement, or keep its words beside one that is approved.

    Raises UnknownToken, TokenExpired, or EndorsementsClosed for a campaign that closed meanwhile.
    """
    presented, submission = _submission_of(token)
    if submission is None:
        return _confirmed_before(presented)
    if submission.confirmed_at is not None:
        return _confirmation(submission, is_new=False)
    if submission.expires_at <= timezone.now():
        raise TokenExpired
    if not PolicyCampaign.objects.open().filter(pk=submission.campaign_id).exists():
        raise EndorsementsClosed
    flags = flags_of(submission)
    endorsement = _endorse(submission, _stakeholder_of(submission))
    Submission.objects.filter(pk=submission.pk).update(
        endorsement=endorsement,
        confirmed_at=timezone.now(),
        flags=flags,
        alike=submission.alike,
    )
    submission.endorsement = endorsement
    _redeem(submission)
    return _confirmation(submission, is_new=True)


@transaction.atomic
def decline(*, token: str) -> None:
    """Remove a submission that its address does not know of; about its campaign it hears no more.

    Nothing happens the second time. Raises UnknownToken, or AlreadyConfirmed.
    """
    presented, submission = _submission_of(token)
    if submission is None:
        if _redeemed(presented).endorsement_id is not None:
            raise AlreadyConfirmed
        return
    if submission.confirmed_at is not None:
        raise AlreadyConfirmed
    Suppression.objects.add(
        submission.email, Suppression.Reason.DECLINED, campaign_id=submission.campaign_id
    )
    _redeem(submission)
    submission.delete()


def _submission_of(token: str) -> tuple[Token, Submission | None]:
    """The submission, for nobody else to redeem until the end; None if it is gone."""
    presented = Token.parse(token)
    if presented is None:
        raise UnknownToken
    submission = Submission.objects.select_for_update().filter(pk=presented.row_id).first()
    if submission and not presented.is_of(bytes(submission.nonce), purpose=TOKEN_PURPOSE):
        raise UnknownToken
    return presented, submission


def _redeem(submission: Submission) -> None:
    RedeemedToken.objects.create(
        submission_id=submission.pk, nonce=submission.nonce, endorsement=submission.endorsement
    )


def _redeemed(presented: Token) -> RedeemedToken:
    redeemed = RedeemedToken.objects.filter(pk=presented.row_id).first()
    if redeemed is None or not presented.is_of(bytes(redeemed.nonce), purpose=TOKEN_PURPOSE):
        raise UnknownToken
    return redeemed


def _confirmed_before(presented: Token) -> Confirmation:
    """For a submission that was decided, and purged."""
    endorsement = _endorsement(_redeemed(presented).endorsement_id)
    return Confirmation(endorsement, waiting=None, is_new=False)


def _confirmation(submission: Submission, *, is_new: bool) -> Confirmation:
    waiting = submission if submission.decided_at is None else None
    return Confirmation(_endorsement(submission.endorsement_id), waiting, is_new)


def _endorsement(endorsement_id: int | None) -> Endorsement:
    """With its campaign; what was declined, or removed since, is not known."""
    if endorsement_id is None:
        raise UnknownToken
    endorsements = Endorsement.objects.select_related("campaign")
    endorsement: Endorsement | None = endorsements.filter(pk=endorsement_id).first()
    if endorsement is None:
        raise UnknownToken
    return endorsement


def _stakeholder_of(submission: Submission) -> Stakeholder:
    """The one at the address, whom nobody else changes until the end; a new one is not listed."""
    described = Stakeholder(
        **submission.details(), email=submission.email, details_at=submission.created_at
    )
    reachable = Stakeholder.objects.reachable_at(submission.email).select_for_update(no_key=True)
    stakeholder: Stakeholder | None = None
    while stakeholder is None:  # it may be deleted as soon as it is found to be there
        # Whoever else confirms for the same address at once waits here, and finds this one.
        Stakeholder.objects.bulk_create([described], ignore_conflicts=True)
        stakeholder = reachable.first()
    return stakeholder


def _endorse(submission: Submission, stakeholder: Stakeholder) -> Endorsement:
    """The stakeholder's endorsement: new, or pending again, or still approved as it was."""
    own = Endorsement.objects.filter(stakeholder=stakeholder, campaign=submission.campaign_id)
    endorsement: Endorsement | None = own.select_for_update(no_key=True).first()
    if endorsement is None:
        endorsement = Endorsement.objects.create(
            stakeholder=stakeholder, campaign_id=submission.campaign_id, **submission.words()
        )
        transitions.record(endorsement, None)
        return endorsement
    put_forward(endorsement, submission, reason="Endorsed again.")
    return endorsement
