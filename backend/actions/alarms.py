"""What an operator should look at; nothing is refused because of it."""

import logging
from datetime import timedelta

from django.db.models import Count
from django.db.models.functions import Now

from backend.actions.quotas import Limit
from backend.models import Submission

logger = logging.getLogger(__name__)


def alarm_of_crowds() -> list[str]:
    """Log each campaign with more submissions than usual, once a window; returns their slugs."""
    usual = Limit.named("campaign")
    since = Now() - timedelta(seconds=usual.window_seconds)
    counts = (
        Submission.objects.filter(created_at__gt=since)
        .values("campaign__slug")
        .annotate(number=Count("pk"))
        .filter(number__gt=usual.quota)
        .values_list("campaign__slug", "number")
    )
    once = Limit("crowd", 1, usual.window_seconds)
    crowds = [(slug, number) for slug, number in counts if once.spend_unsaved(slug)]
    for slug, number in crowds:
        logger.error(
            "Campaign %s got %s submissions in %s seconds, more than %s.",
            slug,
            number,
            usual.window_seconds,
            usual.quota,
        )
    return [slug for slug, _ in crowds]
