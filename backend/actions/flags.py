"""What a reviewer should look at before deciding. None of it is a reason to refuse by itself."""

import re
from collections.abc import Iterator
from datetime import timedelta

from disposable_email_domains import blocklist
from django.db import connection
from django.db.models import QuerySet

from backend.models import Stakeholder, Submission

# Any but the shortest can be told apart by it: "I support this" is said by many.
MIN_COMPARED_LENGTH = 40
ALIKE = 0.8
MOST_COUNTED = 100
NETWORK_WINDOW = timedelta(hours=24)
MANY_OF_ONE_NETWORK = 10

LINK = re.compile(
    r"https?://|www\.|\b[\w-]+\.(?:com|net|org|info|biz|ru|cn|top|xyz)\b", re.IGNORECASE
)

# People of one organization write from these too, and others than theirs do.
SHARED_MAIL_DOMAINS = (
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "aol.com",
    "comcast.net",
    "verizon.net",
    "msn.com",
    "live.com",
    "me.com",
    "proton.me",
)

FLAGS = (
    "disposable_email",
    "links",
    "similar_statement",
    "same_network",
    "organization_domain",
    "other_name",
)


def flags_of(submission: Submission) -> list[dict[str, str]]:
    """Each an object of `flag`, for programs, and `reason`, for the reviewer.

    What is found to be nearly the same as another submission is given that one's id as `alike`.
    """
    return [
        {"flag": flag, "reason": reason}
        for find in (
            _disposable_domain,
            _links,
            _alike,
            _many_of_one_network,
            _other_domain,
            _other_name,
        )
        for flag, reason in find(submission)
    ]


Flags = Iterator[tuple[str, str]]


def _disposable_domain(submission: Submission) -> Flags:
    domain = _domain(submission.email)
    # A subdomain of one is one.
    parts = domain.split(".")
    suffixes = {".".join(parts[start:]) for start in range(len(parts) - 1)}
    if not suffixes.isdisjoint(blocklist):
        yield "disposable_email", f"{domain} gives out addresses for a few minutes."


def _links(submission: Submission) -> Flags:
    if found := LINK.search(submission.statement):
        yield "links", f"The statement has a link: {found[0]}"


def _alike(submission: Submission) -> Flags:
    if len(submission.statement) < MIN_COMPARED_LENGTH or _is_suggested(submission):
        return
    with connection.cursor() as cursor:
        # For the operator, by which the index is searched.
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(ALIKE)])
    others = Submission.objects.exclude(email=submission.email).filter(
        confirmed_at__isnull=False, statement__trigram_similar=submission.statement
    )
    if found := others.values_list("pk", "alike")[:MOST_COUNTED]:
        submission.alike = min(alike or pk for pk, alike in found)
        who = "1 other says" if len(found) == 1 else f"{len(found)} others say"
        yield "similar_statement", f"{who} nearly the same."


def _is_suggested(submission: Submission) -> bool:
    """Whether the statement is, more or less, what the campaign suggests to everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT similarity(%s, %s)",
            [submission.statement, submission.campaign.endorsement_statement],
        )
        return bool(cursor.fetchone()[0] >= ALIKE)


def _many_of_one_network(submission: Submission) -> Flags:
    since = submission.created_at - NETWORK_WINDOW
    number = _count(
        Submission.objects.filter(network=submission.network, created_at__gt=since).exclude(
            pk=submission.pk
        )
    )
    if number >= MANY_OF_ONE_NETWORK:
        yield "same_network", f"{number} others came from the same network within a day."


def _other_domain(submission: Submission) -> Flags:
    domain = _domain(submission.email)
    if not submission.organization:
        return
    # The second follows from the first, which the planner cannot know.
    colleagues = Stakeholder.objects.filter(organization__iexact=submission.organization).exclude(
        organization=""
    )
    known = {
        _domain(email)
        for email in colleagues.exclude(email=submission.email).values_list("email", flat=True)[:50]
    } - set(SHARED_MAIL_DOMAINS)
    if known and domain not in known:
        usual = ", ".join(sorted(known))
        reason = f"{submission.organization} is known to write from {usual}, not from {domain}."
        yield "organization_domain", reason


def _other_name(submission: Submission) -> Flags:
    known = Stakeholder.objects.reachable_at(submission.email).first()
    if known and known.name.casefold() != submission.name.casefold():
        yield "other_name", f"The address is known as {known.name}'s."


def _count(rows: "QuerySet[Submission]") -> int:
    """How many there are, up to MOST_COUNTED."""
    return len(rows.values_list("pk")[:MOST_COUNTED])


def _domain(email: str) -> str:
    return email.rpartition("@")[2]
