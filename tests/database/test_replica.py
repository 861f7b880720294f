"""What is noted of what was shown; tests/faults/test_replica.py has a real standby."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from rest_framework.test import APIClient

from backend.database.positions import HERE, Floor, History
from backend.database.reading import PRIMARY, looked_up, reader, reading_from
from backend.database.replica import replica
from backend.public.revisions import revision_of
from tests.conftest import Connection, connect_as_owner
from tests.factories import ANNAPOLIS, make_campaign, make_stakeholder

PATH = "/api/v1/campaigns/noted"
WRITE = "UPDATE campaigns_policycampaign SET summary = summary || '.'"


@pytest.fixture
def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """Of a process that has a replica, which never answers."""
    floor = Floor(tmp_path / "shown")
    monkeypatch.setattr(replica, "_floor", floor, raising=False)
    monkeypatch.setattr(replica, "is_used", True)
    return floor


@pytest.fixture
def remembering(settings: Any) -> Iterator[None]:
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = settings.CACHES | {"default": memory}
    yield
    cache.clear()


def position(owner: Connection) -> int:
    [(found,)] = owner.execute(f"SELECT {HERE}").fetchall()
    return int(found)


def write(owner: Connection) -> int:
    owner.execute(WRITE)
    return position(owner)


@pytest.mark.django_db(transaction=True)
class TestAnswer:
    def test_raises_the_floor_by_what_was_written_between_look_up_and_rows(
        self, api: APIClient, floor: Floor, owner: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_campaign(slug="noted")
        written = []

        def look_up_before_a_write(*views: Any) -> str:
            revision = revision_of(*views)
            written.append(write(owner))
            return revision

        monkeypatch.setattr("backend.http.views.revision_of", look_up_before_a_write)
        answer = api.get(PATH)

        assert written[0] <= floor.position
        assert answer["ETag"].endswith(f'-{floor.position:x}"')

    def test_that_is_no_news_raises_the_floor_too(
        self, api: APIClient, floor: Floor, owner: Connection
    ) -> None:
        make_campaign(slug="noted")
        tag = api.get(PATH)["ETag"]
        # It shows nothing, and whoever is told that nothing is new has seen as much.
        owner.execute("CREATE TABLE nothing ()")
        owner.execute("DROP TABLE nothing")
        now = position(owner)

        again = api.get(PATH, HTTP_IF_NONE_MATCH=f"W/{tag}")

        assert (again.status_code, again["ETag"]) == (304, tag)
        assert floor.position >= now

    def test_that_is_kept_raises_the_floor_of_another_machine(
        self,
        api: APIClient,
        floor: Floor,
        remembering: None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        make_campaign(slug="noted")
        far = 2**40
        monkeypatch.setattr(replica, "note_shown", lambda: far)  # another machine's
        shown = api.get(PATH)
        assert floor.position < far

        kept = api.get(PATH)

        assert kept["ETag"] == shown["ETag"]
        assert floor.position == far

    def test_that_is_streamed_is_whole(
        self, api: APIClient, floor: Floor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.rendering.statements.ROWS_PER_FETCH", 1)
        monkeypatch.setattr("backend.api.export.CHUNKS_AT_ONCE", 2)
        for _ in range(4):
            make_stakeholder(is_public=True, location=ANNAPOLIS)

        answer: Any = api.get("/api/v1/stakeholders.geojson")
        at_first = floor.position
        collection = json.loads(b"".join(answer.streaming_content))

        assert at_first > 0
        assert len(collection["features"]) == 4

    def test_is_made_anew_by_the_primary_where_the_replica_started_again_in_between(
        self, api: APIClient, floor: Floor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_campaign(slug="noted")
        connections["replica"] = connections["public"]
        monkeypatch.setattr(replica, "_is_away", False)
        asked: list[str] = []

        def look_up_before_a_restart(*views: Any) -> str:
            asked.append(reader())
            revision = revision_of(*views)
            if asked[-1] == "replica":
                looked_up(floor.position, 1)
            return revision

        monkeypatch.setattr("backend.http.views.revision_of", look_up_before_a_restart)
        try:
            answer = api.get(PATH)
        finally:
            del connections["replica"]

        assert answer.status_code == 200
        assert asked == ["replica", "public"]

    def test_to_a_question_in_a_body_raises_the_floor_and_is_asked_of_the_primary_once(
        self, api: APIClient, floor: Floor, owner: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replica, "_is_away", False)  # and yet there is none
        make_campaign(slug="noted")
        now = write(owner)

        answer = api.post("/api/v1/stakeholders/search", {}, format="json")

        assert answer.status_code == 200
        assert floor.position >= now

    def test_to_a_tag_that_somebody_made_up_is_no_matter_to_others(
        self, api: APIClient, floor: Floor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connections["replica"] = connections["public"]
        monkeypatch.setattr(replica, "_is_away", False)
        monkeypatch.setattr("backend.database.replica.HERE", "1::bigint")
        monkeypatch.setattr(replica, "_behind_until", 0.0)
        make_campaign(slug="noted")
        try:
            answer = api.get(PATH, HTTP_IF_NONE_MATCH='"0-7fffffffffffffff"')
        finally:
            del connections["replica"]

        assert answer.status_code == 200
        assert (replica._behind_until, replica._is_away) == (0.0, False)

    def test_that_shows_no_rows_asks_no_database(
        self, api: APIClient, floor: Floor, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(0, using="public"):
            assert api.get("/api/v1").status_code == 200

    def test_has_the_tag_of_always_without_a_replica(self, api: APIClient) -> None:
        make_campaign(slug="noted")

        assert "-" not in api.get(PATH)["ETag"]


@pytest.mark.django_db(transaction=True)
class TestLookUp:
    def test_tells_where_the_server_was_before_and_after_its_snapshot(self, floor: Floor) -> None:
        with connect_as_owner() as owner, reading_from(PRIMARY):
            began = position(owner)
            written: list[int] = []
            later = threading.Timer(0.15, lambda: written.append(write(owner)))
            make_campaign()
            later.start()
            slow = "SELECT 'a', 1 FROM pg_sleep(0.4)"
            told = {name: int(number) for name, number in replica.fetch_current(slow)}
            later.join()

        assert began <= told[b"before"] < written[0] <= told[b"after"] <= floor.position


class TestFloor:
    def test_is_one_for_all_processes_and_never_lowered(self, tmp_path: Path) -> None:
        first, second = Floor(tmp_path / "shown"), Floor(tmp_path / "shown")

        first.raise_to(2**40)
        second.raise_to(7)

        assert second.position == 2**40


class TestHistory:
    def test_knows_where_the_primary_was_and_how_long_it_has_had_more(self) -> None:
        history = History()
        for position, now in [(10, 1.0), (10, 2.0), (20, 3.0), (30, 4.0)]:
            history.note(position, now)

        assert [history.before(moment) for moment in (0.5, 1.0, 2.9, 3.0, 9.0)] == [
            10,
            10,
            10,
            20,
            30,
        ]
        assert [history.seconds_behind(each, 5.0) for each in (5, 10, 20, 30, 35)] == [
            4,
            2,
            1,
            0,
            0,
        ]

    def test_begins_anew_with_another_primary(self) -> None:
        history = History()
        history.note(30, 1.0)
        history.note(20, 2.0)

        assert history.before(9.0) == 20
