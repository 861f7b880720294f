import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
import zstandard
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from django.test import override_settings
from rest_framework.test import APIClient

from backend.http import caching, compression
from backend.models import PolicyCampaign, Stakeholder
from backend.public import PublicModel
from backend.public.revisions import revision_of
from tests.conftest import connect_as_owner, days_later
from tests.factories import (
    make_block,
    make_campaign,
    make_endorsement,
    make_homepage,
    make_stakeholder,
)

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/api/v1/stakeholders"
PATHS = [
    "/api/v1",
    "/api/v1/homepage",
    "/api/v1/campaigns",
    "/api/v1/campaigns/clean-water",
    "/api/v1/campaigns/clean-water/endorsements",
    LIST,
    f"{LIST}.geojson",
    "/api/v1/schema",
    "/api/v1/docs",
]


@pytest.fixture(autouse=True)
def remembering() -> Iterator[None]:
    """The cache of production, empty."""
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "answers"}
    with override_settings(CACHES=settings.CACHES | {"default": memory}):
        cache.clear()
        yield
        cache.clear()


@pytest.fixture
def coalition() -> None:
    make_block(homepage=make_homepage(is_active=True))
    make_endorsement(campaign=make_campaign(slug="clean-water"))


def body(response: Any) -> bytes:
    streamed = getattr(response, "streaming_content", None)
    return response.content if streamed is None else b"".join(streamed)


@pytest.mark.usefixtures("coalition")
class TestEntityTag:
    @pytest.mark.parametrize("path", PATHS)
    def test_is_strong_and_answered_by_304(self, api: APIClient, path: str) -> None:
        first = api.get(path)
        body(first)

        again = api.get(path, HTTP_IF_NONE_MATCH=first["ETag"])

        assert first.status_code == 200
        assert first["ETag"].startswith('"')
        assert again.status_code == 304
        assert again.content == b""
        assert again["ETag"] == first["ETag"]
        assert again["Cache-Control"]
        assert again["Vary"] == first["Vary"]
        assert "Content-Type" not in again  # a cache would take it for that of its copy

    def test_is_answered_by_304_after_one_query(
        self, api: APIClient, django_assert_num_queries: Any
    ) -> None:
        tag = api.get(LIST)["ETag"]

        with django_assert_num_queries(1, connection=connections["public"]):  # the revision
            assert api.get(LIST, HTTP_IF_NONE_MATCH=f'"other", W/{tag}').status_code == 304

    def test_differs_by_query_and_by_encoding(self, api: APIClient) -> None:
        tags = {
            api.get(LIST)["ETag"],
            api.get(f"{LIST}?limit=1")["ETag"],
            api.get(LIST, HTTP_ACCEPT_ENCODING="gzip")["ETag"],
            api.get(LIST, HTTP_ACCEPT_ENCODING="zstd")["ETag"],
        }

        assert len(tags) == 4

    @pytest.mark.parametrize("tag", ['"x"', "*"])
    def test_does_not_hide_a_problem(self, api: APIClient, tag: str) -> None:
        asked: dict[str, Any] = {"HTTP_IF_NONE_MATCH": tag}

        assert api.get(LIST, **asked, HTTP_ACCEPT="text/csv").status_code == 406
        assert api.get(f"{LIST}?colour=blue", **asked).status_code == 400
        assert api.get(f"{LIST}/0", **asked).status_code == 404


@pytest.mark.usefixtures("coalition")
class TestWrites:
    def changed(self, api: APIClient, path: str, write: Any) -> bool:
        before = api.get(path)["ETag"]
        write()
        return bool(api.get(path)["ETag"] != before)

    def test_of_a_stakeholder_change_what_shows_them(self, api: APIClient) -> None:
        assert self.changed(api, LIST, make_stakeholder)
        assert self.changed(api, LIST, lambda: Stakeholder.objects.update(name="Ann"))
        assert self.changed(api, LIST, lambda: Stakeholder.objects.all().delete())

    def test_by_plain_sql_change_it_too(self, api: APIClient) -> None:
        def write() -> None:
            with connect_as_owner() as owner:
                owner.execute("UPDATE campaigns_policycampaign SET title = 'New'")

        assert self.changed(api, "/api/v1/campaigns", write)
        assert api.get("/api/v1/campaigns").json()["results"][0]["title"] == "New"

    def test_of_an_endorsement_change_its_campaign(self, api: APIClient) -> None:
        campaign = PolicyCampaign.objects.get()

        assert self.changed(api, "/api/v1/campaigns", lambda: make_endorsement(campaign=campaign))
        assert api.get("/api/v1/campaigns").json()["results"][0]["endorsement_count"] == 2

    def test_elsewhere_change_nothing(self, api: APIClient) -> None:
        stakeholder = make_stakeholder()

        assert not self.changed(api, LIST, lambda: make_homepage(tagline="New"))
        assert not self.changed(api, LIST, make_endorsement_of(stakeholder))
        for path in PATHS:
            assert not self.changed(api, path, lambda: make_stakeholder(is_public=False)), path

    def test_of_an_endorsement_change_who_endorsed_its_campaign(self, api: APIClient) -> None:
        stakeholder = make_stakeholder()

        assert self.changed(api, f"{LIST}?campaign=c", make_endorsement_of(stakeholder))
        # However the parameter's name is written.
        assert self.changed(api, f"{LIST}?%63ampaign=c", make_endorsement_of(stakeholder))

    def test_of_a_stakeholder_change_the_totals(self, api: APIClient) -> None:
        assert self.changed(api, "/api/v1/homepage", make_stakeholder)
        assert not self.changed(
            api, "/api/v1/homepage", lambda: Stakeholder.objects.update(name="New")
        )


@pytest.mark.usefixtures("coalition")
class TestDate:
    @pytest.mark.parametrize("path", ["/api/v1/campaigns", "/api/v1/campaigns/clean-water"])
    def test_makes_yesterdays_copy_of_a_campaign_an_old_one(
        self, api: APIClient, path: str
    ) -> None:
        copy = api.get(path)["ETag"]

        with days_later(1):
            response = api.get(path, HTTP_IF_NONE_MATCH=copy)

        assert response.status_code == 200
        assert response["ETag"] != copy
        assert api.get(path)["ETag"] == copy

    def test_makes_kept_answers_of_campaigns_anew(self, api: APIClient) -> None:
        def count() -> int:
            [campaign] = api.get("/api/v1/campaigns").json()["results"]
            number: int = campaign["endorsement_count_7d"]
            return number

        assert count() == 1
        with days_later(6):
            assert count() == 1
        with days_later(7):
            assert count() == 0

    @pytest.mark.parametrize("path", ["/api/v1", "/api/v1/homepage", LIST, f"{LIST}.geojson"])
    def test_is_nothing_to_what_does_not_depend_on_it(self, api: APIClient, path: str) -> None:
        copy = api.get(path)["ETag"]

        with days_later(1):
            assert api.get(path, HTTP_IF_NONE_MATCH=copy).status_code == 304


def make_endorsement_of(stakeholder: Stakeholder) -> Callable[[], object]:
    return lambda: make_endorsement(stakeholder=stakeholder)


class TestKeptAnswers:
    def test_are_not_made_again(self, api: APIClient, django_assert_num_queries: Any) -> None:
        make_stakeholder()
        first = api.get(LIST)

        with django_assert_num_queries(1, connection=connections["public"]):  # the revision
            second = api.get(LIST)

        assert second.content == first.content
        assert second["Content-Type"] == "application/geo+json"
        assert second["Cache-Control"] == first["Cache-Control"]

    def test_are_never_older_than_their_revision(self, api: APIClient) -> None:
        """A write that commits between the look-up and the reading of the rows is no harm."""
        stakeholder = make_stakeholder(name="before")
        look_up = revision_of

        def look_up_before_a_write(*models: type[PublicModel]) -> str:
            revision = look_up(*models)
            Stakeholder.objects.filter(pk=stakeholder.pk).update(name="after")
            return revision

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("backend.http.views.revision_of", look_up_before_a_write)
            newer_than_its_revision = api.get(LIST).json()
        current = api.get(LIST).json()

        for document in (newer_than_its_revision, current):
            assert document["features"][0]["properties"]["name"] == "after"

    def test_show_no_write_before_its_commit_and_every_write_after_it(self, api: APIClient) -> None:
        make_stakeholder(name="before")
        with connect_as_owner() as owner, owner.transaction():
            owner.execute("UPDATE stakeholders_stakeholder SET name = 'after'")
            during = api.get(LIST)
        after = api.get(LIST)

        assert during.json()["features"][0]["properties"]["name"] == "before"
        assert after.json()["features"][0]["properties"]["name"] == "after"
        assert during["ETag"] != after["ETag"]

    def test_are_made_once_for_all_who_ask_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_stakeholder()
        made, everybody_asks, answers = [], threading.Barrier(4), []
        original = caching._encoded

        def count(*args: Any) -> Any:
            made.append(1)
            return original(*args)

        monkeypatch.setattr(caching, "_encoded", count)

        def ask() -> None:
            everybody_asks.wait()
            answers.append(APIClient().get(LIST).content)
            connections.close_all()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(made) == 1
        assert len(answers) == 4
        assert len(set(answers)) == 1

    def test_are_made_by_the_next_who_asks_when_the_first_fails(
        self, api: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_stakeholder()
        api.raise_request_exception = False
        nothing_once = [None]
        # The second look-up, by whom makes the answer, and the making itself.
        for holder, name, fail in (
            (LocMemCache, "get", lambda *_: nothing_once.pop()),
            (caching, "_encoded", lambda *_: 1 / 0),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(holder, name, fail)
                assert api.get(LIST).status_code == 500

            assert caching._in_flight == {}
        assert api.get(LIST).status_code == 200

    def test_are_not_kept_when_large(self, api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(caching, "MAX_CACHED_BYTES", 100)
        api.get(LIST)

        assert len(cache._cache) == 0  # type: ignore[attr-defined]  # LocMemCache's own


class TestEncoding:
    DECODE = {
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
        "br": brotli.decompress,
        "gzip": gzip.decompress,
    }

    @pytest.mark.parametrize("path", [LIST, f"{LIST}.geojson"])
    @pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
    def test_is_negotiated(self, api: APIClient, path: str, encoding: str) -> None:
        for _ in range(5):
            make_stakeholder()
        plain = body(api.get(path))

        response = api.get(path, HTTP_ACCEPT_ENCODING=encoding)

        assert response["Content-Encoding"] == encoding
        assert "Accept-Encoding" in response["Vary"]
        assert self.DECODE[encoding](body(response)) == plain

    @pytest.mark.parametrize(
        ("accepted", "chosen"),
        [
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, br", "br"),
            ("br;q=0, gzip;q=0.5", "gzip"),
            ("*", "zstd"),
            ("*;q=0", ""),
            ("deflate", ""),
            ("zstd;q=0.000, *", "br"),
        ],
    )
    def test_is_what_the_client_accepts(self, api: APIClient, accepted: str, chosen: str) -> None:
        for _ in range(5):
            make_stakeholder()

        response = api.get(LIST, HTTP_ACCEPT_ENCODING=accepted)

        assert response.get("Content-Encoding", "") == chosen

    def test_is_not_worth_it_for_little(self, api: APIClient) -> None:
        assert "Content-Encoding" not in api.get(LIST, HTTP_ACCEPT_ENCODING="gzip")

    def test_of_an_interrupted_stream_has_no_end(self) -> None:
        def interrupted() -> Iterator[bytes]:
            yield json.dumps(["x" * 1000] * 100).encode()
            raise ConnectionError

        received: list[bytes] = []
        with pytest.raises(ConnectionError):
            received.extend(compression.compressed(interrupted(), "gzip"))

        decompressor = zlib.decompressobj(wbits=31)
        decompressor.decompress(b"".join(received))
        assert not decompressor.eof
