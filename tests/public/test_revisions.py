"""A view's revision changes with each commit that changes what the view shows, and no other."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point
from django.db import ProgrammingError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from backend.models import (
    ContentBlock,
    Endorsement,
    EndorsementTally,
    HomePage,
    PolicyCampaign,
    Revision,
    Stakeholder,
)
from backend.public import (
    PublicCampaign,
    PublicContentBlock,
    PublicEndorsement,
    PublicHomePage,
    PublicModel,
    PublicStakeholder,
    PublicTotals,
)
from backend.public.revisions import revision_of
from tests.conftest import days_later
from tests.factories import (
    created_days_ago,
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db(transaction=True)

Owner = psycopg.Connection[tuple[Any, ...]]

VIEWS: list[type[PublicModel]] = [
    PublicHomePage,
    PublicContentBlock,
    PublicCampaign,
    PublicStakeholder,
    PublicEndorsement,
    PublicTotals,
]


def revisions() -> dict[type[PublicModel], str]:
    return {view: revision_of(view) for view in VIEWS}


def revised_by(write: Callable[[], Any]) -> set[type[PublicModel]]:
    """The views whose revisions differ once `write` has committed."""
    before = revisions()
    write()
    after = revisions()
    return {view for view in VIEWS if before[view] != after[view]}


def rows(view: type[PublicModel]) -> list[dict[str, Any]]:
    """All that a view shows."""
    return [dict(row) for row in view._base_manager.order_by("pk").values()]


@pytest.fixture
def campaign() -> PolicyCampaign:
    return make_campaign()


@pytest.fixture
def endorsement(campaign: PolicyCampaign) -> Endorsement:
    """Public, though its stakeholder is not listed."""
    return make_endorsement(campaign=campaign, stakeholder=make_stakeholder(is_public=False))


class TestRevision:
    @pytest.mark.usefixtures("campaign")
    def test_stands_for_the_views_in_their_order(self) -> None:
        both = revision_of(PublicCampaign, PublicHomePage)

        assert both == f"{revision_of(PublicCampaign)}.{revision_of(PublicHomePage)}"
        assert both != revision_of(PublicHomePage, PublicCampaign)

    def test_changes_once_for_a_transaction_however_much_it_changes(self) -> None:
        def numbers() -> list[int]:
            return list(Revision.objects.order_by("pk").values_list("number", flat=True))

        with transaction.atomic():
            make_stakeholder()
            once = numbers()
            make_stakeholder()
            Stakeholder.objects.update(county="Dorchester")

            assert numbers() == once

    def test_is_that_of_before_if_the_transaction_was_rolled_back(self) -> None:
        make_stakeholder()

        def write() -> None:
            with suppress(ZeroDivisionError), transaction.atomic():
                Stakeholder.objects.update(county="Dorchester")
                1 / 0  # noqa: B018

        assert revised_by(write) == set()

    def test_changes_if_a_savepoint_was_rolled_back_before_a_change(self) -> None:
        def write() -> None:
            with transaction.atomic():
                with suppress(ZeroDivisionError), transaction.atomic():
                    make_stakeholder()
                    1 / 0  # noqa: B018
                make_stakeholder()

        assert PublicStakeholder in revised_by(write)

    def test_takes_any_number_of_changes(self) -> None:
        # Sums of such numbers overflow at the third.
        stakeholder = make_stakeholder()
        rows_before = Revision.objects.count()
        seen = set()
        for number in range(50):
            Stakeholder.objects.filter(pk=stakeholder.pk).update(county=str(number))
            seen.add(revision_of(PublicStakeholder))

        assert len(seen) == 50
        assert Revision.objects.count() == rows_before

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO coalition_revision (name, number) VALUES ('public_homepage', 9)",
            "UPDATE coalition_revision SET number = 9",
            "DELETE FROM coalition_revision",
            "SELECT coalition_revise('public_homepage')",
        ],
    )
    def test_cannot_be_written_by_requests(self, statement: str) -> None:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


class TestDate:
    @pytest.mark.usefixtures("endorsement")
    def test_revises_what_depends_on_it_and_nothing_else(self) -> None:
        before = revisions()

        with days_later(1):
            after = revisions()

        assert {view for view in VIEWS if before[view] != after[view]} == {PublicCampaign}
        assert revisions() == before

    def test_revises_what_depends_on_it_before_anything_else_has(self, owner: Owner) -> None:
        owner.execute("TRUNCATE coalition_revision")
        today = revision_of(PublicCampaign)

        with days_later(1):
            assert revision_of(PublicCampaign) != today


class TestWhatIsPrivate:
    """Writes that change nothing public change no revision."""

    def test_pending_endorsement(self, campaign: PolicyCampaign) -> None:
        stakeholder = make_stakeholder()

        def write() -> None:
            pending = make_endorsement(campaign=campaign, stakeholder=stakeholder, status="pending")
            Endorsement.objects.filter(pk=pending.pk).update(statement="Yes", status="rejected")
            pending.delete()
            pending.delete(hard=True)

        assert revised_by(write) == set()

    def test_endorsement_without_consent(self, campaign: PolicyCampaign) -> None:
        assert (
            revised_by(
                lambda: make_endorsement(
                    campaign=campaign,
                    stakeholder=make_stakeholder(is_public=False),
                    public_display=False,
                )
            )
            == set()
        )

    def test_unlisted_stakeholder(self) -> None:
        def write() -> None:
            stakeholder = make_stakeholder(is_public=False)
            Stakeholder.objects.filter(pk=stakeholder.pk).update(name="New", location=None)
            stakeholder.delete()
            stakeholder.restore()
            stakeholder.delete(hard=True)

        assert revised_by(write) == set()

    def test_email_and_status_notes_of_a_listed_stakeholder(self) -> None:
        stakeholder = make_stakeholder()

        def write() -> None:
            Stakeholder.objects.filter(pk=stakeholder.pk).update(
                email="new@example.org", updated_at=timezone.now()
            )

        assert revised_by(write) == set()

    def test_move_of_an_individual_within_their_cell(self) -> None:
        home = Point(-76.4876, 38.9654, srid=4326)
        individual = make_stakeholder(type="individual", location=home)

        def write() -> None:
            individual.location = Point(-76.4811, 38.9711, srid=4326)
            individual.save()

        assert revised_by(write) == set()

    def test_inactive_campaign_and_what_endorses_it(self) -> None:
        def write() -> None:
            hidden = make_campaign(active=False)
            PolicyCampaign.objects.filter(pk=hidden.pk).update(summary="Longer.")
            unlisted = make_stakeholder(is_public=False)
            approved = make_endorsement(campaign=hidden, stakeholder=unlisted)
            Endorsement.objects.filter(pk=approved.pk).update(statement="Yes")
            Stakeholder.objects.filter(pk=unlisted.pk).update(name="New")
            approved.delete()
            hidden.delete()

        assert revised_by(write) == set()

    def test_move_of_an_inactive_campaigns_endorsement_to_another_day(self) -> None:
        endorsement = make_endorsement(campaign=make_campaign(active=False))

        assert revised_by(lambda: created_days_ago(9, endorsement)) == set()

    def test_inactive_page_and_hidden_block(self) -> None:
        active = make_homepage(is_active=True)

        def write() -> None:
            page = make_homepage()
            block = make_block(homepage=page)
            block.title = "New"
            block.save()
            make_block(homepage=active, is_visible=False).save()
            page.delete()

        assert revised_by(write) == set()


class TestWhatIsPublic:
    @pytest.mark.usefixtures("endorsement")
    def test_column_of_a_view_each(self, owner: Owner) -> None:
        """Every column that a view shows is one whose change the view's revision tells."""
        make_block(homepage=make_homepage(is_active=True))
        make_stakeholder()
        # Without it a campaign has no image.
        PolicyCampaign.objects.update(image_alt_text="A reef.")
        for model, view in (
            (HomePage, PublicHomePage),
            (ContentBlock, PublicContentBlock),
            (PolicyCampaign, PublicCampaign),
            (Stakeholder, PublicStakeholder),
            (Endorsement, PublicEndorsement),
            (Stakeholder, PublicEndorsement),
        ):
            shown = {field.attname for field in view._meta.concrete_fields}
            if (model, view) == (Stakeholder, PublicEndorsement):
                shown -= {"created_at"}  # the endorsement's own
            for column in shown & {field.attname for field in model._meta.concrete_fields}:
                if column in {"id", "is_active", "is_visible"} or column.endswith("_id"):
                    continue  # true of all rows; keys of other rows
                before = revision_of(view)

                owner.execute(change_of(model, column))

                assert revision_of(view) != before, (view, column)

    def test_approval(self, campaign: PolicyCampaign) -> None:
        pending = make_endorsement(campaign=campaign, status="pending")

        def write() -> None:
            Endorsement.objects.filter(pk=pending.pk).update(status="approved")

        assert revised_by(write) == {PublicEndorsement, PublicCampaign, PublicTotals}

    @pytest.mark.parametrize(
        ("days_ago", "then", "is_counted_otherwise"),
        [
            (0, 5, False),
            (0, 7, True),
            (7, 0, True),
            (8, 7, False),
            (0, -1, True),
            (-2, -3, False),
            # No other count today, but tomorrow, when the write might have been committed.
            (0, 6, True),
            (-1, -2, True),
        ],
    )
    def test_day_of_an_endorsement(
        self, endorsement: Endorsement, days_ago: int, then: int, is_counted_otherwise: bool
    ) -> None:
        created_days_ago(days_ago, endorsement)

        revised = revised_by(lambda: created_days_ago(then, endorsement))

        assert revised == {PublicEndorsement} | (
            {PublicCampaign} if is_counted_otherwise else set()
        )

    @pytest.mark.parametrize(("days_ago", "is_counted_otherwise"), [(1, False), (8, True)])
    def test_endorsement_in_the_place_of_another(
        self, endorsement: Endorsement, days_ago: int, is_counted_otherwise: bool, owner: Owner
    ) -> None:
        other = make_endorsement(
            campaign=endorsement.campaign,
            stakeholder=make_stakeholder(is_public=False),
            status="pending",
        )
        created_days_ago(days_ago, other)

        revised = revised_by(
            lambda: owner.execute(
                "UPDATE endorsements_endorsement "
                "SET status = CASE status WHEN 'pending' THEN 'approved' ELSE 'pending' END"
            )
        )

        assert revised == {PublicEndorsement} | (
            {PublicCampaign} if is_counted_otherwise else set()
        )

    def test_statement_of_an_endorsement(self, endorsement: Endorsement) -> None:
        def write() -> None:
            Endorsement.objects.filter(pk=endorsement.pk).update(statement="Yes")

        assert revised_by(write) == {PublicEndorsement}

    @pytest.mark.usefixtures("endorsement")
    def test_name_of_an_unlisted_endorser(self) -> None:
        def write() -> None:
            Stakeholder.objects.update(name="New")

        assert revised_by(write) == {PublicEndorsement}

    def test_place_of_an_endorser(self, campaign: PolicyCampaign) -> None:
        endorser = make_endorsement(campaign=campaign).stakeholder

        def write() -> None:
            endorser.location = None
            endorser.save()

        assert revised_by(write) == {PublicStakeholder}

    def test_listing(self) -> None:
        stakeholder = make_stakeholder(is_public=False)

        def write() -> None:
            Stakeholder.objects.filter(pk=stakeholder.pk).update(is_public=True)

        assert revised_by(write) == {PublicStakeholder, PublicTotals}

    def test_deletion_of_an_endorser_by_any_door(
        self, endorsement: Endorsement, owner: Owner
    ) -> None:
        touched = {PublicEndorsement, PublicCampaign, PublicTotals}

        assert revised_by(endorsement.stakeholder.delete) == touched
        assert revised_by(Stakeholder.all_objects.all().restore) == touched
        assert (
            revised_by(
                lambda: owner.execute("UPDATE stakeholders_stakeholder SET deleted_at = now()")
            )
            == touched
        )

    @pytest.mark.usefixtures("endorsement")
    def test_campaign_that_is_hidden_and_shown(self) -> None:
        def write(active: bool) -> None:
            PolicyCampaign.objects.update(active=active)

        touched = {PublicEndorsement, PublicCampaign, PublicTotals}
        assert revised_by(lambda: write(active=False)) == touched
        assert revised_by(lambda: write(active=True)) == touched

    def test_activation_of_another_page(self) -> None:
        make_block(homepage=make_homepage(is_active=True))
        other = make_homepage()

        assert revised_by(other.activate) == {PublicHomePage, PublicContentBlock}

    @pytest.mark.parametrize(
        "model",
        [HomePage, ContentBlock, PolicyCampaign, Stakeholder, Endorsement, EndorsementTally],
    )
    def test_truncation(self, model: type[Model], owner: Owner) -> None:
        make_block(homepage=make_homepage(is_active=True))
        make_endorsement(stakeholder=make_stakeholder(is_public=False))
        table = psycopg.sql.Identifier(model._meta.db_table)
        shown_before = {view: rows(view) for view in VIEWS}

        revised = revised_by(
            lambda: owner.execute(psycopg.sql.SQL("TRUNCATE {} CASCADE").format(table))
        )

        assert revised >= {view for view in VIEWS if rows(view) != shown_before[view]}

    @pytest.mark.parametrize(
        "tables",
        [
            ("stakeholders_stakeholder", "endorsements_endorsement"),
            ("core_homepage", "core_contentblock"),
        ],
    )
    def test_removal_of_rows_after_those_that_they_refer_to(
        self, tables: tuple[str, str], owner: Owner
    ) -> None:
        make_block(homepage=make_homepage(is_active=True))
        make_endorsement(stakeholder=make_stakeholder(is_public=False))
        shown_before = {view: rows(view) for view in VIEWS}

        def write() -> None:
            with owner.transaction():
                for table in tables:
                    owner.execute(f"DELETE FROM {table}".encode())

        revised = revised_by(write)

        # What the tally makes of this order, ADR 0013 says.
        differing = {view for view in VIEWS if rows(view) != shown_before[view]}
        assert revised >= differing
        assert differing


def change_of(model: type[Model], column: str) -> psycopg.sql.Composed:
    """A statement that gives a column another valid value, in every row."""
    values = {
        "type": "CASE {0} WHEN 'farmer' THEN 'waterman' ELSE 'farmer' END",
        "state": "CASE {0} WHEN 'VA' THEN 'PA' ELSE 'VA' END",
        "block_type": "'video'",
        "background_color": "'white'",
        "social_media_urls": """'{{"x": "https://example.org"}}'""",
    }
    by_kind = {
        "DateTimeField": "{0} + interval '1 day'",
        "BooleanField": "NOT {0}",
        "IntegerField": "{0} + 1",
        "PointField": "NULL",
    }
    field = model._meta.get_field(column)
    kind = "PointField" if isinstance(field, PointField) else field.get_internal_type()
    value = values.get(column) or by_kind.get(kind, "{0} || 'x'")
    template = psycopg.sql.SQL("UPDATE {1} SET {0} = " + value)
    table = psycopg.sql.Identifier(model._meta.db_table)
    return template.format(psycopg.sql.Identifier(column), table)
