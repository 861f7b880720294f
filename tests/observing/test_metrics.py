import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from backend.models import OutgoingMail
from backend.observing.metrics import write_noted
from deploy.cluster import HOST
from deploy.processes import accepts_connections, free_port
from tests.factories import make_submission
from tests.serving import mail_worker, serving
from tests.waiting import wait_until

Samples = dict[tuple[str, ...], float]


# What is counted of what the test below asks for: each process writes it when it gets to it.
COUNT = "coalition_request_seconds_count"
ALL_ASKED = {
    (COUNT, "GET", "listCampaigns", "2xx"): 20.0,
    (COUNT, "GET", "unrouted", "4xx"): 1.0,
    (COUNT, "other", "unrouted", "4xx"): 1.0,
}.items()


def scraped(port: int) -> Samples:
    """What Prometheus is answered, by names and the values of labels in the order of theirs."""
    with urlopen(f"http://{HOST}:{port}/metrics", timeout=10) as response:
        text = response.read().decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def metrics(tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "METRICS_PORT": str(free_port()),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts"),
    }


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that says nothing."""
    with socket.create_server((HOST, 0)) as listening:
        yield listening.getsockname()[1]


def ask(url: str, **arguments: Any) -> None:
    with suppress(HTTPError), urlopen(Request(url, **arguments)) as response:
        response.read()


class TestScrape:
    def test_adds_up_what_all_processes_have_counted(self, metrics: dict[str, str]) -> None:
        port = int(metrics["METRICS_PORT"])
        with mail_worker(metrics), serving(metrics, workers=2) as url:
            for _ in range(20):
                ask(f"{url}/api/v1/campaigns")
            ask(f"{url}/metrics")
            ask(f"{url}/canary", method="CANARY")
            wait_until(lambda: accepts_connections(HOST, port))
            wait_until(lambda: scraped(port).items() >= ALL_ASKED)
            samples = scraped(port)

        sources = [
            samples.get(("coalition_public_answers_total", each), 0) for each in ("cache", "made")
        ]
        assert sum(sources) == 20
        assert samples["coalition_database_connect_seconds_count", "public"] >= 1
        for connection in ("default", "public"):
            assert samples["coalition_database_up", connection] == 1
            assert 0 < samples["coalition_pool_wait_seconds", connection] < 1
        assert samples["coalition_outbox_mails", "queued"] == 0
        assert "canary" not in str(samples).lower()

    def test_says_in_time_that_the_database_is_silent(
        self, metrics: dict[str, str], mute: int
    ) -> None:
        url = f"postgresql://nobody:none@{HOST}:{mute}/none"
        silent = metrics | {"DATABASE_URL": url, "DATABASE_READER_URL": url}

        with serving(silent):
            wait_until(lambda: accepts_connections(HOST, int(metrics["METRICS_PORT"])))
            samples = scraped(int(metrics["METRICS_PORT"]))

        assert samples["coalition_database_up", "default"] == 0
        assert samples["coalition_database_up", "public"] == 0
        assert ("coalition_outbox_age_seconds",) not in samples


@pytest.mark.django_db
class TestCounts:
    def test_of_the_outbox_tell_what_waits_from_what_is_late(self) -> None:
        submission, now = make_submission(), timezone.now()
        for due_at, attempts, state in [
            (now - timedelta(minutes=5), 1, "queued"),
            (now + timedelta(minutes=5), 4, "queued"),
            (now + timedelta(days=2), 0, "queued"),
            (now - timedelta(days=2), 1, "sent"),
        ]:
            submission.mails.create(
                kind="confirmation", due_at=due_at, attempts=attempts, state=state
            )

        waiting = OutgoingMail.objects.waiting()

        assert 300 <= waiting.pop("age") < 310
        assert waiting == {"queued": 3, "due": 1, "retried": 1}

    def test_of_an_empty_outbox_are_nothing(self) -> None:
        assert set(OutgoingMail.objects.waiting().values()) == {0}

    def test_of_answers_tell_where_they_came_from(
        self, api: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.observing.metrics.is_counting", True)
        before = counted("coalition_public_answers_total", source="client")

        tag = api.get("/api/v1/campaigns")["ETag"]
        api.get("/api/v1/campaigns", HTTP_IF_NONE_MATCH=tag)
        write_noted()

        assert counted("coalition_public_answers_total", source="client") == before + 1

    def test_of_limits_name_the_limit(self, api: APIClient, settings: Any) -> None:
        settings.LIMITS = settings.LIMITS | {"address": (1, 600)}
        before = counted("coalition_limits_hit_total", limit="address")

        statuses = [
            api.post("/api/v1/me/links", {"email": "x@example.org"}, format="json").status_code
            for _ in range(2)
        ]

        assert statuses == [202, 429]
        assert counted("coalition_limits_hit_total", limit="address") == before + 1
