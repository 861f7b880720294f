import hashlib
import json
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry, Polygon
from django.core.management import call_command
from django.db import transaction

from backend import demo
from backend.models import (
    ContentBlock,
    Endorsement,
    HomePage,
    LegalDocument,
    OutgoingMail,
    PolicyCampaign,
    Stakeholder,
    Submission,
)
from tests.conftest import DATA
from tests.factories import make_campaign, make_endorsement, make_homepage, make_stakeholder

pytestmark = pytest.mark.django_db

# Dependants first.
MODELS: list[Any] = [Endorsement, Stakeholder, PolicyCampaign, ContentBlock, HomePage]
# What the database assigns anew at each load.
ASSIGNED = {"id", "campaign_id", "stakeholder_id", "homepage_id", "updated_at"}

WATERSHED = Polygon.from_bbox((-80.6, 36.6, -74.3, 43.0))
FIPS = {"10": "DE", "11": "DC", "24": "MD", "36": "NY", "42": "PA", "51": "VA", "54": "WV"}


def load_demo() -> str:
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def digest(*, without: Collection[str] = ()) -> str:
    """Of every row of every model, in order of insertion."""
    rows = [
        {name: str(value) for name, value in row.items() if name not in without}
        for model in MODELS
        for row in model._base_manager.order_by("pk").values()
        # What came in by the form came in now.
        if not row.get("consents") and not row.get("details_at")
    ]
    endorsers = (
        Endorsement.objects.filter(consents={})
        .order_by("pk")
        .values_list("campaign__slug", "stakeholder__email")
    )
    return hashlib.sha256(repr([rows, list(endorsers)]).encode()).hexdigest()


def remove_for_good(models: list[Any]) -> None:
    for model in models:
        model._base_manager.all()._raw_delete("default")


class TestLoadDemo:
    def test_loads_the_whole_coalition(self) -> None:
        said = load_demo()

        assert said == (
            "Loaded 8 campaigns, 300 stakeholders, 1500 endorsements, 4 submissions "
            "and a homepage of 12 content blocks.\n"
        )
        counts = [model.objects.count() for model in MODELS]
        # With those of the three who have confirmed.
        assert counts == [1503, 303, 8, 12, 1]

    def test_receives_what_supporters_sent(self) -> None:
        load_demo()

        assert LegalDocument.objects.published().count() == 2
        waiting = Submission.objects.undecided()
        assert waiting.count() == 3
        flags = {flag["flag"] for sent in waiting for flag in sent.flags}
        assert {"disposable_email", "links"} <= flags
        assert Submission.objects.confirmable().count() == 1
        assert OutgoingMail.objects.queued().count() == 4

    def test_loads_the_same_rows_each_time(self) -> None:
        with transaction.atomic():
            load_demo()
            first = digest(without=ASSIGNED)
            transaction.set_rollback(True)

        load_demo()

        assert digest(without=ASSIGNED) == first

    def test_changes_nothing_the_second_time(self) -> None:
        load_demo()
        before = digest()

        said = load_demo()

        assert said.startswith("Nothing changed: ")
        assert "campaigns: 8, stakeholders: 300, homepages: 1" in said
        assert digest() == before

    def test_costs_few_queries_however_many_rows(self, django_assert_max_num_queries: Any) -> None:
        # Those for what was sent by the form, one by one, aside.
        with django_assert_max_num_queries(30 + 4 * 20):
            load_demo()

    def test_loads_nothing_if_it_fails_at_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(HomePage, "activate")

        with pytest.raises(AttributeError):
            load_demo()

        assert not any(model.objects.exists() for model in MODELS)

    @pytest.mark.parametrize("kept_hidden", [PolicyCampaign, Stakeholder])
    def test_does_not_bring_back_what_was_deleted(
        self, monkeypatch: pytest.MonkeyPatch, kept_hidden: Any
    ) -> None:
        # What it leaves on record, nobody can remove for good.
        monkeypatch.setattr(demo, "submissions", lambda *_: iter(()))
        load_demo()
        kept_hidden.objects.all().delete()
        remove_for_good([model for model in MODELS if model is not kept_hidden])

        load_demo()

        assert not any(model.objects.exists() for model in MODELS)

    @pytest.mark.parametrize(
        "make_own",
        [
            lambda: make_campaign(slug="salt-smart-winters"),
            lambda: make_campaign(title="Salt-Smart Winters"),
            lambda: make_stakeholder(email="vernon.okafor@example.com"),
            lambda: make_homepage(contact_email="hello@wholebay.example.org"),
        ],
        ids=["slug", "title", "e-mail", "homepage"],
    )
    def test_loads_nothing_where_a_row_has_one_of_its_keys(self, make_own: Any) -> None:
        make_own()
        before = digest()

        load_demo()

        assert digest() == before

    def test_leaves_other_rows_alone(self) -> None:
        own = make_endorsement()
        before = Endorsement.objects.filter(pk=own.pk).values().get()

        load_demo()

        assert Endorsement.objects.filter(pk=own.pk).values().get() == before
        assert own.campaign.endorsements.get() == own
        assert own.stakeholder.endorsements.get() == own


class TestHomepage:
    def test_is_active_with_twelve_blocks_of_every_type_in_order(self) -> None:
        load_demo()

        page = HomePage.objects.active().get()
        blocks = list(page.content_blocks.in_page_order())
        assert [block.order for block in blocks] == list(range(1, 13))
        assert {block.block_type for block in blocks} == set(ContentBlock.BlockType)
        assert page.content_blocks.visible().count() == 11

    def test_leaves_an_active_one_active(self) -> None:
        own = make_homepage(is_active=True)

        said = load_demo()

        assert HomePage.objects.active().get() == own
        assert HomePage.objects.exclude(pk=own.pk).get().content_blocks.count() == 12
        assert said.endswith("inactive because another homepage is active.\n")


class TestRows:
    def test_are_valid(self) -> None:
        load_demo()

        for model in MODELS:
            # The database has checked the rest, and would be asked 20,000 times again.
            foreign_keys = {field.name for field in model._meta.fields if field.is_relation}
            for row in model.objects.all():
                row.full_clean(foreign_keys, validate_unique=False, validate_constraints=False)

    def test_keep_the_dates_and_the_rich_text_of_the_files(self) -> None:
        page, blocks = demo.homepage()

        load_demo()

        stored = HomePage.objects.get()
        assert stored.created_at == page.created_at
        # The sanitiser adds rel to links.
        contents = [
            block.content.replace(' rel="noopener noreferrer"', "")
            for block in stored.content_blocks.all()
        ]
        assert contents == [block.content for block in blocks]

    def test_show_all_campaigns_but_one(self) -> None:
        assert [campaign.active for campaign in demo.campaigns()].count(False) == 1


class TestEndorsements:
    def test_follow_their_campaign_and_stakeholder_in_time(self) -> None:
        for endorsement in endorsements():
            assert endorsement.campaign.created_at < endorsement.created_at
            assert endorsement.stakeholder.created_at < endorsement.created_at
            assert endorsement.created_at < datetime(2026, 11, 1, tzinfo=UTC)

    def test_are_mostly_public_with_some_of_every_status(self) -> None:
        statuses = Counter(endorsement.status for endorsement in endorsements())

        assert set(statuses) == set(Endorsement.Status)
        assert statuses["approved"] > 1_200

    def test_are_consented_to_but_for_some(self) -> None:
        consents = [endorsement.public_display for endorsement in endorsements()]

        assert 50 < consents.count(False) < 200

    def test_have_a_statement_one_time_in_three(self) -> None:
        statements = [endorsement.statement for endorsement in endorsements()]

        assert 400 < len(statements) - statements.count("") < 600


class TestStakeholders:
    def test_are_of_every_type_and_state_of_the_watershed(self) -> None:
        stakeholders = demo.stakeholders()

        assert {stakeholder.type for stakeholder in stakeholders} == set(Stakeholder.Type)
        assert {stakeholder.state for stakeholder in stakeholders} == set(FIPS.values())

    def test_have_invented_addresses(self) -> None:
        for stakeholder in demo.stakeholders():
            assert stakeholder.email.endswith(("@example.com", ".example.org"))

    def test_are_public_and_on_the_map_but_for_a_few(self) -> None:
        stakeholders = demo.stakeholders()

        assert 10 < [stakeholder.is_public for stakeholder in stakeholders].count(False) < 40
        assert [stakeholder.location for stakeholder in stakeholders].count(None) == 12

    def test_who_are_watermen_work_in_the_states_of_the_bay(self) -> None:
        watermen = [person for person in demo.stakeholders() if person.type == "waterman"]

        assert {waterman.state for waterman in watermen} == {"MD", "VA"}

    def test_are_in_the_watershed(self) -> None:
        for stakeholder in demo.stakeholders():
            if stakeholder.location:
                assert WATERSHED.covers(stakeholder.location), stakeholder

    def test_stand_on_land_in_their_county(self) -> None:
        counties = read_counties(DATA / "counties_chesapeake.geojson")

        for stakeholder in demo.stakeholders():
            if stakeholder.location:
                county = counties[stakeholder.state, stakeholder.county]
                assert county.covers(stakeholder.location), stakeholder


def endorsements() -> list[Endorsement]:
    return demo.endorsements(demo.campaigns(), demo.stakeholders())


def read_counties(path: Path) -> dict[tuple[str, str], GEOSGeometry]:
    """By state and name; a city that shares its name with a county is "… City"."""
    counties: dict[tuple[str, str], GEOSGeometry] = {}
    for county in json.loads(path.read_text())["features"]:
        properties, area = county["properties"], GEOSGeometry(json.dumps(county["geometry"]))
        state, name = FIPS[properties["STATE"]], properties["NAME"]
        if properties["LSAD"] == "city":
            counties[state, f"{name} City"] = area
            counties.setdefault((state, name), area)
        else:
            counties[state, name] = area
    return counties
