"""Tables, constraints and indexes as a database administrator knows them."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

pytestmark = pytest.mark.django_db

# As product.md names them.
TABLES = {
    "campaigns_policycampaign",
    "core_contentblock",
    "core_homepage",
    "endorsements_endorsement",
    # CachedResponse by triggers.
    "coalition_revision",
    "endorsements_dailytally",
    "endorsements_tally",
    "stakeholders_tally",
    "stakeholders_stakeholder",
    # Images of the staff's.
    "core_upload",
    # On the way to an endorsement, and what is to be said about it.
    "core_legaldocument",
    "endorsements_redeemedtoken",
    "endorsements_submission",
    "endorsements_transition",
    "mail_outgoingmail",
    "mail_suppression",
    # Who asked to see what is held about them, and who is erased.
    "stakeholders_erasure",
    "stakeholders_personallink",
    # What came in and went out in bulk.
    "coalition_export",
    "coalition_import",
    # Of requests, for as long as they matter.
    "coalition_idempotentrequest",
    "coalition_quota",
    # Views of what anybody may see.
    "public_campaign",
    "public_contentblock",
    "public_endorsement",
    "public_homepage",
    "public_legaldocument",
    "public_stakeholder",
    "public_totals",
}
INDEXES = {
    "idx_campaign_active",
    "idx_campaign_created",
    "idx_contentblock_home_order",
    "idx_contentblock_visible",
    "idx_endorsement_campaign",
    "idx_endorsement_created",
    "idx_endorsement_public",
    "idx_endorsement_stakeholder",
    "idx_stakeholder_location",
    "idx_stakeholder_public",
    "idx_stakeholder_type",
}
CONSTRAINTS = {
    "positive_order",
    "unique_active_homepage",
    "unique_email",
    "unique_slug",
    "unique_stakeholder_campaign",
    "valid_stakeholder_type",
}

# Indexes whose columns begin alike, and why both are there.
BEGIN_ALIKE = {
    ("idx_stakeholder_created", "idx_stakeholder_public"),
    # The partial one serves the public list alone; the other also the admin's.
    ("idx_campaign_active", "idx_campaign_created"),
    # The partial one has public rows alone; foreign keys and deletions look at all.
    ("idx_endorsement_campaign", "idx_endorsement_public"),
    # Neither has a row of the other.
    ("idx_mail_done", "idx_mail_queued"),
    # The unique one has live rows alone.
    ("idx_endorsement_stakeholder", "unique_stakeholder_campaign"),
}


def every_model() -> Iterator[type[models.Model]]:
    return apps.get_app_config("coalition").get_models()


def secondary_indexes() -> list[tuple[Any, ...]]:
    """Name, table, method and columns of each index other than primary keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
        SELECT indexrelid::regclass::text, indrelid::regclass::text, amname,
            ARRAY(
                SELECT pg_get_indexdef(indexrelid, position, true) || ' ' || indoption[position - 1]
                FROM generate_series(1, indnkeyatts) AS position ORDER BY position
            )
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
        WHERE NOT indisprimary AND indrelid::regclass::text = ANY(%(tables)s)
        ORDER BY 1
        """,
            {"tables": list(TABLES)},
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


class TestNames:
    def test_of_tables_are_those_of_the_product(self) -> None:
        assert {model._meta.db_table for model in every_model()} == TABLES

    def test_of_constraints_are_those_of_the_product(self) -> None:
        declared = {each.name for model in every_model() for each in model._meta.constraints}

        # That these are in the database, test_constraints shows.
        assert declared >= CONSTRAINTS

    def test_of_indexes_are_those_of_the_product(self) -> None:
        assert {name for name, *_ in secondary_indexes()} >= INDEXES

    def test_of_indexes_are_all_declared_in_the_models(self) -> None:
        declared = {index.name for model in every_model() for index in model._meta.indexes}

        in_database = {name for name, *_ in secondary_indexes()}

        assert {name for name in in_database if not name.startswith("unique_")} == declared


class TestIndexes:
    def test_do_not_duplicate_each_other(self) -> None:
        alike = {
            (name, other)
            for (name, *kind, columns), (other, *other_kind, other_columns) in combinations(
                secondary_indexes(), 2
            )
            if kind == other_kind
            and all(one == two for one, two in zip(columns, other_columns, strict=False))
        }

        assert alike == BEGIN_ALIKE
