from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from backend.models.fields import LowercaseEmailField
from backend.models.tokens import make_token, new_nonce

USABLE = timedelta(hours=24)

TOKEN_PURPOSE = "personal link"  # noqa: S105  # it is what tokens are for, and none itself


def usable_until() -> datetime:
    return timezone.now() + USABLE


class PersonalLinkQuerySet(models.QuerySet["PersonalLink"]):
    """Questions one can ask about personal links; answers chain."""

    def usable(self) -> Self:
        return self.filter(expires_at__gt=Now())

    def past_their_time(self) -> Self:
        return self.filter(expires_at__lte=Now())


class PersonalLink(models.Model):
    """A link to what is held about whoever reads an address, known or not.

    Only the worker that sends it looks whether anybody is known there: to ask for a link is the
    same work for every address.
    """

    email = LowercaseEmailField()
    nonce = models.BinaryField(max_length=16, default=new_nonce)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(default=usable_until)

    objects: ClassVar = models.Manager.from_queryset(PersonalLinkQuerySet)()

    class Meta:
        db_table = "stakeholders_personallink"
        default_permissions = ()
        indexes = [models.Index(fields=["expires_at"], name="idx_personallink_expires")]

    def __str__(self) -> str:
        return f"Usable until {self.expires_at}"

    def token(self) -> str:
        """What its mail carries."""
        return make_token(self.pk, bytes(self.nonce), purpose=TOKEN_PURPOSE)
