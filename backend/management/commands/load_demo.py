from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, models, transaction
from django.db.models import Q
from psycopg import sql

from backend import demo
from backend.actions.confirmation import confirm
from backend.actions.legal_documents import publish
from backend.actions.submissions import submit
from backend.models import HomePage, LegalDocument, PolicyCampaign, Stakeholder

# Some ten times as fast as bulk_update, which writes a CASE of as many branches as rows.
BACKDATE = sql.SQL(
    "UPDATE {table} SET created_at = moment, updated_at = moment "
    "FROM unnest(%s::bigint[], %s::timestamptz[]) AS backdated (key, moment) WHERE id = key"
)


class Command(BaseCommand):
    help = (
        "Load a fictional coalition on the Chesapeake Bay: campaigns, stakeholders, endorsements "
        "and a homepage. All or nothing: where any of it is already, nothing changes."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        with transaction.atomic():
            self.stdout.write(load())


def load() -> str:
    """Insert the demo unless part of it is there, and say in one line what happened."""
    page, blocks = demo.homepage()
    campaigns, stakeholders = demo.campaigns(), demo.stakeholders()
    if present := already_present(page, campaigns, stakeholders):
        return (
            f"Nothing changed: rows of the demo are here already ({present}, hidden ones "
            "included). Remove them for good to load it again."
        )
    endorsements = demo.endorsements(campaigns, stakeholders)
    for rows in (campaigns, stakeholders, endorsements, [page], blocks):
        insert(rows)
    number_received = receive()
    loaded = (
        f"Loaded {len(campaigns)} campaigns, {len(stakeholders)} stakeholders, "
        f"{len(endorsements)} endorsements, {number_received} submissions "
        f"and a homepage of {len(blocks)} content blocks"
    )
    if HomePage.objects.active().exists():
        return f"{loaded}, inactive because another homepage is active."
    page.activate()
    return f"{loaded}."


def receive() -> int:
    """Publish legal texts, unless there are some; take what supporters sent, and say how many."""
    if not LegalDocument.objects.published().exists():
        for document in demo.legal_documents():
            document.save()
            publish(document_id=document.pk)
    received = list(demo.submissions())
    for submission, is_confirmed in received:
        submit(submission=submission, client=demo.NETWORK)
        if is_confirmed:
            confirm(token=submission.token())
    return len(received)


def already_present(
    page: HomePage, campaigns: list[PolicyCampaign], stakeholders: list[Stakeholder]
) -> str:
    """How much of the demo the database has, by its natural keys; empty if nothing."""
    slugs = [campaign.slug for campaign in campaigns]
    titles = [campaign.title for campaign in campaigns]
    emails = [stakeholder.email for stakeholder in stakeholders]
    found = {
        "campaigns": PolicyCampaign.all_objects.filter(Q(slug__in=slugs) | Q(title__in=titles)),
        "stakeholders": Stakeholder.all_objects.filter(email__in=emails),
        "homepages": HomePage.objects.filter(contact_email=page.contact_email),
    }
    counts = {name: rows.count() for name, rows in found.items()}
    return ", ".join(f"{name}: {count}" for name, count in counts.items() if count)


def insert(rows: Sequence[Any]) -> None:
    """Insert `rows` of one model, created when they say."""
    model: type[models.Model] = type(rows[0])
    moments = [row.created_at for row in rows]
    model._default_manager.bulk_create(rows)
    # auto_now_add has put the present in its place.
    backdate = BACKDATE.format(table=sql.Identifier(model._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(backdate, [[row.pk for row in rows], moments])
