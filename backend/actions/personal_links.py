"""Links by which supporters come to what is held about them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from backend.actions.quotas import Limit
from backend.models import OutgoingMail, PersonalLink, Stakeholder
from backend.models.personal_link import TOKEN_PURPOSE
from backend.models.tokens import Token


@dataclass(frozen=True)
class Access:
    """Whom a token lets in, and until when."""

    stakeholder: Stakeholder
    expires_at: datetime


@transaction.atomic
def ask_for_link(*, email: str) -> None:
    """Have a link sent to the address, if somebody is known there: the worker looks."""
    is_within = Limit.named("mails").spend(email.lower())
    OutgoingMail.objects.create(
        kind=OutgoingMail.Kind.LINK,
        link=PersonalLink.objects.create(email=email),
        state=OutgoingMail.State.QUEUED if is_within else OutgoingMail.State.DROPPED,
    )


def access_by(token: str) -> Access | None:
    """None for a token that nobody was sent, that is too old, or whose owner is not there."""
    presented = Token.parse(token)
    if presented is None:
        return None
    link = PersonalLink.objects.usable().filter(pk=presented.row_id).first()
    if link is None or not presented.is_of(bytes(link.nonce), purpose=TOKEN_PURPOSE):
        return None
    stakeholder = Stakeholder.objects.reachable_at(link.email).first()
    return Access(stakeholder, link.expires_at) if stakeholder else None
