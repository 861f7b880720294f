"""Mails that could not be sent."""

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from backend.models import OutgoingMail


@transaction.atomic
def send_again(*, mail_ids: Collection[int]) -> list[OutgoingMail]:
    """Queue those that nobody tries any more, and say which ones these were.

    Whether somebody still wants one is asked when it is sent, as of any.
    """
    failed = OutgoingMail.objects.failed().filter(pk__in=mail_ids)
    mails = list(failed.order_by("pk").select_for_update(no_key=True))
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
        state=OutgoingMail.State.QUEUED, attempts=0, due_at=Now(), error=""
    )
    return mails
