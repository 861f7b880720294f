"""Submissions that wait for a reviewer and have something in common, such as those of a batch."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, Count, F, Func, Max, Min, Q, Value
from django.db.models.functions import Cast, Coalesce, TruncMinute

from backend.models.submission import Submission

MOST_GROUPS = 100


class Grouping(NamedTuple):
    """What submissions are grouped by, and how many make a group."""

    key: Any
    at_least: int


class SubmissionGroup(NamedTuple):
    """`key` is what they have in common; `statement` is the first of theirs by the alphabet."""

    by: str
    key: str
    size: int
    first_at: datetime
    last_at: datetime
    statement: str
    endorsement_ids: list[int]


MAIL_DOMAIN = Func(
    F("email"), Value("@"), Value(-1), function="split_part", output_field=CharField()
)
GROUPINGS = {
    # The first of those that are nearly the same stands for all of them.
    "statement": Grouping(Cast(Coalesce("alike", "pk"), CharField()), 2),
    "email_domain": Grouping(MAIL_DOMAIN, 3),
    # A digest, which names nobody.
    "network": Grouping(
        Func(F("network"), Value("hex"), function="encode", output_field=CharField()), 3
    ),
    "minute": Grouping(Cast(TruncMinute("created_at"), CharField()), 5),
}


def groups(by: str, *, shared_domains: Collection[str]) -> list[SubmissionGroup]:
    """The groups of a grouping, the largest first; at most 100.

    `shared_domains` are those of mail providers, whose customers have nothing in common.
    """
    grouping = GROUPINGS[by]
    waiting = Submission.objects.undecided().filter(endorsement__deleted_at=None)
    keyed = waiting.annotate(key=grouping.key)
    rows = (
        keyed.filter(~Q(key__in=shared_domains))
        .values("key")
        .annotate(
            size=Count("pk"),
            first_at=Min("created_at"),
            last_at=Max("created_at"),
            statement=Min("statement"),
            endorsement_ids=ArrayAgg("endorsement_id", order_by="endorsement_id"),
        )
        .filter(size__gte=grouping.at_least)
        .order_by("-size", "key")
    )
    return [SubmissionGroup(by=by, **row) for row in rows[:MOST_GROUPS]]
