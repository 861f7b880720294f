"""The test program of clients/typescript on the demo: what the API answers, typed, and printed."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.gis.geos import Polygon
from django.core.management import call_command
from knox.models import AuthToken

from backend.models import Endorsement, HomePage, PolicyCampaign
from backend.public import PublicCampaign, PublicStakeholder
from tests.factories import make_user

PACKAGE = Path(settings.BASE_DIR) / "clients" / "typescript"
BINARIES = Path(sys.executable).parent  # of the virtual environment, node and npm among them


def run(*command: str) -> str:
    """What a command prints in the folder of the package."""
    done = subprocess.run(
        command,
        cwd=PACKAGE,
        env=os.environ | {"PATH": f"{BINARIES}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def program() -> str:
    if not (PACKAGE / "node_modules" / "typescript").is_dir():
        pytest.fail("The npm packages of clients/typescript are missing: make test installs them.")
    run("npm", "run", "--silent", "build")
    return "dist/test/program.js"


@pytest.fixture
def printed(transactional_db: None, server: str, program: str) -> list[str]:
    """The lines that the program prints."""
    call_command("load_demo", stdout=StringIO())
    token = AuthToken.objects.create(make_user("editor", username="ann"))[1]
    return run("node", program, server, token).splitlines()


def test_shows_the_homepage(printed: list[str]) -> None:
    page = HomePage.objects.active().get()
    blocks = page.content_blocks.filter(is_visible=True)

    assert f"homepage: {page.organization_name}, {len(blocks)} blocks, first text" in printed


def test_reads_page_by_page_how_many_endorse_each_campaign(printed: list[str]) -> None:
    campaigns = PublicCampaign.objects.newest_first()

    assert [line for line in printed if line.startswith("campaign:")] == [
        f"campaign: {campaign.slug} {campaign.endorsement_count} of {len(campaigns)}"
        for campaign in campaigns
    ]


def test_collects_all_pages_of_stakeholders_for_a_map(printed: list[str]) -> None:
    stakeholders = PublicStakeholder.objects
    count = stakeholders.count()
    located = stakeholders.exclude(location=None).count()

    assert f"map: {count} stakeholders, {count} ids, {located} located" in printed


def test_searches_a_polygon_page_by_page(printed: list[str]) -> None:
    area = Polygon.from_bbox((-77, 38, -76, 39.5))
    found = PublicStakeholder.objects.of_type("farmer", "waterman").within(area).newest_first()
    names = [stakeholder.name for stakeholder in found]

    assert [line for line in printed if line.startswith("area:")] == [
        f"area: {len(names[start : start + 5])} of {len(names)}, {names[start]} first"
        for start in range(0, len(names), 5)
    ]


def test_asks_for_several_types_near_a_place(printed: list[str]) -> None:
    assert "nearest: Hannah Atwater, business, 3298.6 m" in printed


def test_prints_which_parameter_was_wrong(printed: list[str]) -> None:
    assert "problem: 400 bbox" in printed


def test_prints_what_is_not_there(printed: list[str]) -> None:
    assert "problem: 404 Not Found" in printed


def test_throws_the_problem_of_a_page(printed: list[str]) -> None:
    assert "thrown: 404 There is nothing at this address." in printed


def test_changes_what_staff_read_and_nothing_that_another_changed(printed: list[str]) -> None:
    title = PolicyCampaign.objects.get(pk=1).title

    assert f"desk: ann, {Endorsement.objects.waiting().count()} waiting" in printed
    assert [f"first: {title}, inactive", "again: Precondition Failed"] == printed[-2:]
