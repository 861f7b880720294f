"""A cache that all processes share, with a real Redis: there, away, and full of others' things."""

import os
import pickle
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import override_settings
from rest_framework.test import APIClient

from backend.http.shared_cache import PAUSE_SECONDS, SharedCache
from tests.contract.asking import ask
from tests.factories import make_campaign
from tests.redis_server import RedisServer, running_redis
from tests.serving import serving
from tests.waiting import wait_until

LIST = "/api/v1/campaigns"


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisServer]:
    with running_redis() as started:
        yield started


@pytest.fixture
def cache(shared: RedisServer) -> Iterator[RedisServer]:
    """It is empty, and in use by this process."""
    shared.client.flushall()
    shared.client.config_resetstat()
    SharedCache._away_until = None
    with override_settings(CACHES=shared_at(shared.url)):
        yield shared
    SharedCache._away_until = None


def shared_at(*urls: str) -> dict[str, dict[str, Any]]:
    """Settings of a process that keeps nothing itself."""
    backend = "backend.http.shared_cache.SharedCache"
    return settings.CACHES | {"shared": {"BACKEND": backend, "LOCATION": urls}}


@pytest.fixture
def campaign(db: None) -> None:
    make_campaign(title="Clean Water")


def kept(cache: RedisServer) -> list[bytes]:
    return list(cache.client.scan_iter())


class TestSharedCache:
    def test_is_of_all_processes(self, shared: RedisServer, demo: None) -> None:
        shared.client.flushall()
        env = {**os.environ, "CACHE_URL": shared.url.replace("redis:", "valkey:")}
        with ExitStack() as stack:
            one, other = (
                stack.enter_context(
                    serving({**env, "DJANGO_SETTINGS_MODULE": "backend.settings.development"})
                )
                for _ in range(2)
            )
            host = {"Host": "localhost"}
            made = ask(one, LIST, headers=host)
            (key,) = kept(shared)
            stored: bytes = shared.client.get(key)  # type: ignore[assignment]  # of the client that waits
            shared.client.set(key, stored + b" ")

            found = ask(other, LIST, headers=host)

        assert found.content == made.content + b" "

    @pytest.mark.usefixtures("campaign")
    def test_gives_the_answer_with_its_headers(self, cache: RedisServer, api: APIClient) -> None:
        made = api.get(LIST, HTTP_ACCEPT_ENCODING="gzip")

        found = api.get(LIST, HTTP_ACCEPT_ENCODING="gzip")

        assert len(kept(cache)) == 1
        assert found.content == made.content
        assert (
            found.headers.items() >= {**made.headers, "X-Request-ID": found["X-Request-ID"]}.items()
        )

    @pytest.mark.usefixtures("campaign")
    def test_is_asked_once_for_what_this_process_has_not(
        self, cache: RedisServer, api: APIClient
    ) -> None:
        near = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "near"}
        with override_settings(CACHES=settings.CACHES | {"default": near}):
            for _ in range(3):
                api.get(LIST)
            caches["default"].clear()
            for _ in range(3):
                api.get(LIST)

        info: Any = cache.client.info("commandstats")
        assert info["cmdstat_get"]["calls"] == 2
        assert info["cmdstat_set"]["calls"] == 1

    @pytest.mark.usefixtures("campaign")
    @pytest.mark.parametrize("stored", [pickle.dumps(os.getcwd), b"", b"1", b"[1]\nbody"])
    def test_runs_and_shows_nothing_that_it_did_not_keep(
        self, stored: bytes, cache: RedisServer, api: APIClient
    ) -> None:
        made = api.get(LIST)
        (key,) = kept(cache)
        cache.client.set(key, stored)

        found = api.get(LIST)

        assert found.json() == made.json()

    @pytest.mark.usefixtures("campaign")
    def test_that_stops_answering_costs_a_moment_once(
        self, cache: RedisServer, api: APIClient
    ) -> None:
        api.get(LIST)
        os.kill(cache.server.process.pid, signal.SIGSTOP)
        try:
            began_at = time.monotonic()
            statuses = {api.get(LIST, {"search": str(number)}).status_code for number in range(20)}
            seconds = time.monotonic() - began_at
        finally:
            os.kill(cache.server.process.pid, signal.SIGCONT)

        assert statuses == {200}
        assert seconds < PAUSE_SECONDS / 2  # with each get and set it would be fifteen

    @pytest.mark.usefixtures("campaign")
    def test_is_used_again_once_it_answers(
        self, cache: RedisServer, api: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.http.shared_cache.PAUSE_SECONDS", 0.2)
        cache.stop()
        assert api.get(LIST).status_code == 200
        cache.start()

        def is_kept() -> bool:
            api.get(LIST)
            return len(kept(cache)) == 1

        wait_until(is_kept)

    @pytest.mark.usefixtures("campaign")
    def test_that_restarted_is_no_failure(self, cache: RedisServer, api: APIClient) -> None:
        api.get(LIST)
        cache.stop()
        cache.start()

        api.get(LIST)

        assert SharedCache._away_until is None
        assert len(kept(cache)) == 1

    @pytest.mark.usefixtures("campaign")
    def test_of_several_servers_is_written_to_the_first(
        self, cache: RedisServer, api: APIClient
    ) -> None:
        with running_redis() as copy:
            with override_settings(CACHES=shared_at(cache.url, copy.url)):
                api.get(LIST)

            assert (len(kept(cache)), kept(copy)) == (1, [])

    def test_is_tried_by_one_thread_while_it_is_away(self) -> None:
        others_are_done = Event()
        SharedCache._away_until = time.monotonic()

        def ask() -> str:
            assert others_are_done.wait(10)
            return "answered"

        with ThreadPoolExecutor(8) as threads:
            tries = [
                threads.submit(SharedCache._unless_away, ask, otherwise="none") for _ in range(8)
            ]
            wait_until(lambda: sum(each.done() for each in tries) == 7)
            others_are_done.set()

        assert sorted(each.result() for each in tries) == ["answered", *["none"] * 7]
        assert SharedCache._away_until is None
