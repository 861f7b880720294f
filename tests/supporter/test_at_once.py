"""Many at once, with real processes: whoever presses the button with somebody else."""

import os
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from backend.models import (
    Endorsement,
    OutgoingMail,
    PolicyCampaign,
    Quota,
    Stakeholder,
    Submission,
    Suppression,
)
from deploy.processes import Server
from tests.factories import make_stakeholder, make_submission, submission_body
from tests.serving import mail_worker, serving, started
from tests.smtp import Inbox
from tests.supporter.conftest import UNLIMITED, post, token_in

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/campaigns/reef/endorsements"


def at_once(number: int, ask: Any) -> list[Any]:
    with ThreadPoolExecutor(min(number, 64)) as pool:
        return list(pool.map(ask, range(number)))


class TestLimits:
    def test_let_exactly_as_many_through_however_many_ask(self, campaign: PolicyCampaign) -> None:
        bodies = [submission_body() for _ in range(800)]
        environment = {**os.environ, "LIMIT_REQUESTS": "100000/600", "LIMIT_ADDRESS": "37/600"}

        with serving(environment, workers=4) as url:
            answers = at_once(800, lambda each: post(url + PATH, bodies[each]))

        assert Counter(status for status, _, _ in answers) == {202: 37, 429: 763}
        assert Submission.objects.count() == 37

    def test_count_requests_of_every_kind(self, campaign: PolicyCampaign) -> None:
        environment = {**os.environ, "LIMIT_REQUESTS": "25/600"}

        with serving(environment, workers=4) as url:
            confirm = f"{url}/api/v1/endorsements/confirm"
            answers = at_once(200, lambda _: post(confirm, {"token": "unknown"}))

        assert Counter(status for status, _, _ in answers) == {404: 25, 429: 175}

    @pytest.mark.parametrize("proxies", ["", "10.0.0.0/8"])
    def test_believe_no_forwarded_address_of_a_stranger(
        self, campaign: PolicyCampaign, proxies: str
    ) -> None:
        environment = {**os.environ, "LIMIT_ADDRESS": "3/600", "TRUSTED_PROXIES": proxies}

        with serving(environment) as url:
            answers = [
                post(url + PATH, submission_body(), **{"X-Forwarded-For": f"203.0.113.{each}"})
                for each in range(5)
            ]

        assert [status for status, _, _ in answers] == [202, 202, 202, 429, 429]

    def test_tell_the_clients_of_a_trusted_proxy_apart(self, campaign: PolicyCampaign) -> None:
        environment = {
            **os.environ,
            "LIMIT_ADDRESS": "1/600",
            "TRUSTED_PROXIES": "127.0.0.0/8,10.0.0.0/8",
        }
        forwarded = [
            ("203.0.113.1", 202),
            # What stands further left is the client's own word.
            ("198.51.100.9, 203.0.113.1", 429),
            ("203.0.113.1, 10.0.0.7", 429),
            ("203.0.113.2, 10.0.0.7", 202),
            ("2001:db8:1:2::1", 202),
            ("2001:db8:1:2:ffff::9", 429),
            ("2001:db8:1:3::1", 202),
            ("::ffff:203.0.113.1", 429),
            ("nonsense", 202),
        ]

        with serving(environment) as url:
            answers = [
                post(url + PATH, submission_body(), **{"X-Forwarded-For": addresses})[0]
                for addresses, _ in forwarded
            ]

        assert answers == [expected for _, expected in forwarded]

    def test_are_kept_under_digests_and_not_for_long(self, campaign: PolicyCampaign) -> None:
        body = submission_body()

        with serving({**os.environ, "LIMIT_ADDRESS": "9/1"}) as url:
            post(url + PATH, body)

        assert not any(
            value.encode() in bytes(quota.key)
            for quota in Quota.objects.all()
            for value in ("127.0.0.1", body["email"])
        )


class TestKeys:
    def test_make_one_submission_of_parallel_requests(self, campaign: PolicyCampaign) -> None:
        body, key = submission_body(), str(uuid4())

        with serving({**os.environ, **UNLIMITED}, workers=4) as url:
            answers = at_once(100, lambda _: post(url + PATH, body, **{"Idempotency-Key": key}))
            again = post(url + PATH, body, **{"Idempotency-Key": key})

        assert {status for status, _, _ in answers} <= {202, 409}
        assert len({str(answer) for status, _, answer in answers if status == 202}) == 1
        assert again[1]["idempotency-replayed"] == "true"
        assert Submission.objects.count() == OutgoingMail.objects.count() == 1


class TestConfirmation:
    def test_makes_one_endorsement_however_often_the_button_is_pressed(
        self, campaign: PolicyCampaign
    ) -> None:
        token = make_submission(campaign=campaign).token()

        with serving({**os.environ, **UNLIMITED}, workers=4) as url:
            confirm = f"{url}/api/v1/endorsements/confirm"
            answers = at_once(50, lambda _: post(confirm, {"token": token}))

        assert Counter(answer["status"] for _, _, answer in answers) == {
            "confirmed": 1,
            "already_confirmed": 49,
        }
        assert Endorsement.objects.count() == Stakeholder.objects.count() == 1

    def test_makes_one_endorsement_of_a_person_who_sent_several(
        self, campaign: PolicyCampaign
    ) -> None:
        tokens = [
            make_submission(campaign=campaign, email="ann@example.org").token() for _ in range(20)
        ]

        with serving({**os.environ, **UNLIMITED}, workers=4) as url:
            confirm = f"{url}/api/v1/endorsements/confirm"
            answers = at_once(20, lambda each: post(confirm, {"token": tokens[each]}))

        assert {status for status, _, _ in answers} == {200}
        assert Endorsement.objects.count() == Stakeholder.objects.count() == 1
        assert Submission.objects.undecided().count() == 1

    def test_and_declining_at_once_never_do_both(self, campaign: PolicyCampaign) -> None:
        tokens = [make_submission(campaign=campaign).token() for _ in range(30)]

        with serving({**os.environ, **UNLIMITED}, workers=4) as url:
            at_once(
                60,
                lambda each: post(
                    f"{url}/api/v1/endorsements/{('confirm', 'decline')[each % 2]}",
                    {"token": tokens[each // 2]},
                ),
            )

        assert Endorsement.objects.count() + Suppression.objects.count() == 30


class TestAttacker:
    def test_cannot_tell_known_new_and_suppressed_addresses_apart(
        self, campaign: PolicyCampaign
    ) -> None:
        for each in range(200):
            make_stakeholder(email=f"known-{each}@example.org")
            Suppression.objects.add(f"suppressed-{each}@example.org", Suppression.Reason.BOUNCED)
        timings: dict[str, list[float]] = {"new": [], "known": [], "suppressed": []}
        answers = set()

        with serving({**os.environ, **UNLIMITED}) as url:
            for each in range(-20, 200):
                for who, measured in timings.items():
                    body = submission_body(email=f"{who}-{abs(each)}@example.org")
                    begun = time.perf_counter()
                    status, headers, answer = post(url + PATH, body)
                    measured.append(time.perf_counter() - begun)
                    del answer["expires_at"], headers["date"], headers["x-request-id"]
                    answers.add((status, str(sorted(headers.items())), str(answer)))

        assert len(answers) == 1
        medians = [statistics.median(measured[20:]) for measured in timings.values()]
        assert max(medians) < 1.1 * min(medians), medians


@contextmanager
def killing(find: Callable[[], list[int]], progress: Callable[[], int]) -> Iterator[list[int]]:
    """Meanwhile, kill one of the found processes now and then; those that were killed.

    By how far the work has come, not by the clock: however fast the machine, it is in the midst.
    """
    chance, stopped, killed = random.Random(1), Event(), list[int]()

    def kill() -> None:
        due = chance.randint(20, 40)
        while not stopped.wait(0.02):
            if progress() >= due and (found := find()):
                os.kill(found[0], signal.SIGKILL)
                killed.append(found[0])
                due = progress() + chance.randint(40, 70)
        connection.close()  # this thread's

    with in_thread(kill, stopped):
        yield killed


@contextmanager
def mailing(environment: dict[str, str], inbox: Inbox) -> Iterator[list[Server]]:
    """Meanwhile, a mail worker that is killed time and again, and another in its place."""
    chance, stopped, workers = random.Random(2), Event(), list[Server]()

    def mail() -> None:
        while not stopped.is_set():
            due = len(inbox.taken) + chance.randint(40, 70)
            with mail_worker(environment) as worker:
                workers.append(worker)
                while len(inbox.taken) < due and not stopped.wait(0.02):
                    pass
                worker.process.kill()

    with in_thread(mail, stopped):
        yield workers


@contextmanager
def in_thread(work: Callable[[], None], stopped: Event) -> Iterator[None]:
    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


def submit_until_accepted(url: str, body: Any) -> None:
    """As a client does that retries with the same key."""
    key, deadline = str(uuid4()), time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            status, _, _ = post(url, body, **{"Idempotency-Key": key})
        except (OSError, HTTPException, ValueError):
            status = 0  # no answer, or half of one
        if status == 202:
            return
        time.sleep(0.05)
    pytest.fail("It was never accepted.")


class TestKill:
    def test_of_workers_loses_nothing_and_does_nothing_twice(
        self, campaign: PolicyCampaign, environment: dict[str, str], inbox: Inbox
    ) -> None:
        bodies = [submission_body() for _ in range(300)]
        with started(environment, workers=2) as (granian, port):
            url = f"http://127.0.0.1:{port}"
            environment = environment | {"PUBLIC_URL": url}
            with (
                killing(lambda: children(granian.process.pid), Submission.objects.count) as killed,
                mailing(environment, inbox) as workers,
            ):
                with ThreadPoolExecutor(8) as pool:
                    list(pool.map(lambda body: submit_until_accepted(url + PATH, body), bodies))
                wait_until_all_is_sent()
            mails = inbox.by_recipient()
            tokens = {email: token_in(mails[email][0]) for email in mails}
            at_once(
                300,
                lambda each: post(
                    f"{url}/api/v1/endorsements/confirm", {"token": tokens[bodies[each]["email"]]}
                ),
            )

        assert len(killed) >= 3
        assert len(workers) >= 4
        assert Submission.objects.count() == 300
        assert set(mails) == {body["email"] for body in bodies}
        emails = list(Endorsement.objects.values_list("stakeholder__email", flat=True))
        assert sorted(emails) == sorted(body["email"] for body in bodies)
        twice = [email for email in mails if len(mails[email]) > 1]
        assert len(twice) <= len(workers)


def wait_until_all_is_sent() -> None:
    deadline = time.monotonic() + 120
    while (waiting := OutgoingMail.objects.queued().filter(kind="confirmation")).exists():
        assert time.monotonic() < deadline, f"{waiting.count()} mails were never sent"
        # As if the leases of those that were killed had ended.
        waiting.update(due_at=timezone.now())
        time.sleep(1)
