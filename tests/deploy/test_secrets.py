"""AWS is simulated; the database and the change of its password are real."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from django.db import OperationalError, connections
from moto import mock_aws
from moto.secretsmanager.models import SecretsManagerBackend

from backend.database.base import DatabaseWrapper
from backend.database.credentials import RemoteCredentials, remote_credentials
from backend.database.libpq import fetch
from deploy.cluster import HOST
from tests.image_stores import aws_variables, simulated_aws

REGION = "eu-west-1"
SECRET = "coalition/app"
READER_SECRET = "coalition/reader"


class Vault:
    """The secrets in AWS, and how often they were read."""

    def __init__(self) -> None:
        self.client = boto3.client("secretsmanager", region_name=REGION)
        for secret in (SECRET, READER_SECRET):
            self.client.create_secret(Name=secret, SecretString="first")
        self.reads = 0

    def store(self, text: str, *, secret: str = SECRET) -> None:
        self.client.put_secret_value(SecretId=secret, SecretString=text)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    with mock_aws():
        vault = Vault()
        read = SecretsManagerBackend.get_secret_value

        def count(*arguments: Any, **named: Any) -> Any:
            vault.reads += 1
            return read(*arguments, **named)

        monkeypatch.setattr(SecretsManagerBackend, "get_secret_value", count)
        yield vault


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock by which the password is remembered."""
    now = 1_000.0

    def move(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr("backend.database.credentials.monotonic", lambda: now)
    return move


class TestRemoteCredentials:
    def test_are_the_members_of_what_rds_writes(self, vault: Vault) -> None:
        vault.store(json.dumps({"username": "coalition_app", "password": 'a"b', "port": 5432}))

        assert RemoteCredentials(SECRET, REGION).current() == ("coalition_app", 'a"b')

    @pytest.mark.parametrize("bare", ["word", "12345", "{brace", '"quoted"', "null"])
    def test_is_the_whole_text_otherwise(self, bare: str, vault: Vault) -> None:
        vault.store(bare)

        assert RemoteCredentials(SECRET, REGION).current() == ("", bare)

    def test_is_remembered_for_five_minutes(
        self, vault: Vault, pass_time: Callable[[float], None]
    ) -> None:
        remote = RemoteCredentials(SECRET, REGION)
        remote.current()
        vault.store("second")

        pass_time(299)
        assert remote.current().password == "first"

        pass_time(1)
        assert remote.current().password == "second"

    def test_is_fetched_once_for_all_threads(self, vault: Vault) -> None:
        remote = RemoteCredentials(SECRET, REGION)
        threads = [threading.Thread(target=remote.current) for _ in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert vault.reads == 1

    def test_is_one_for_the_whole_process(self) -> None:
        first = remote_credentials(secret_id=SECRET, region=REGION)

        assert remote_credentials(secret_id=SECRET, region=REGION) is first

    def test_is_fetched_once_for_all_threads_that_were_refused(self, vault: Vault) -> None:
        remote = RemoteCredentials(SECRET, REGION)
        refused = remote.current()
        vault.store("second")

        others = [list(remote._after_refusal(refused)) for _ in range(2)]

        assert others == [[("", "second"), ("", "first")]] * 2
        assert vault.reads == 3  # of the former one, too

    @pytest.mark.parametrize("secret", ['{"username": "coalition_app"}', '{"password": 7}'])
    def test_may_be_missing_from_the_secret(self, secret: str, vault: Vault) -> None:
        vault.store(secret)

        with pytest.raises(OperationalError, match=r"coalition/app.*: it holds no password$"):
            RemoteCredentials(SECRET, REGION).current()

    @pytest.mark.usefixtures("vault")
    def test_of_an_unknown_secret_is_an_operational_error(self) -> None:
        with pytest.raises(OperationalError, match=r"coalition/other.*ResourceNotFoundException"):
            RemoteCredentials("coalition/other", REGION).current()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Has AWS accept connections from then on, and say nothing."""
    with socket.create_server((HOST, 0)) as silent:

        def hang() -> None:
            monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*silent.getsockname()))

        for name, value in aws_variables("").items():
            monkeypatch.setenv(name, value)
        yield hang


@pytest.fixture
def real_vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """One that programs speak HTTP with."""
    with simulated_aws() as url:
        for name, value in aws_variables(url).items():
            monkeypatch.setenv(name, value)
        yield Vault()


class TestOutage:
    """Of AWS, which hangs."""

    def test_at_first_is_told_in_seconds_and_then_at_once(
        self, hanging: Callable[[], None]
    ) -> None:
        hanging()
        remote = RemoteCredentials(SECRET, REGION)

        for most_seconds in (5, 0.1):
            began_at = time.monotonic()
            with pytest.raises(OperationalError, match=r"coalition/app.*[Rr]ead timeout"):
                remote.current()
            assert time.monotonic() - began_at < most_seconds

    def test_later_costs_one_request_seconds_and_the_others_nothing(
        self,
        hanging: Callable[[], None],
        real_vault: Vault,
        pass_time: Callable[[float], None],
    ) -> None:
        remote = RemoteCredentials(SECRET, REGION)
        remote.current()
        hanging()
        pass_time(300)

        with ThreadPoolExecutor(4) as threads:
            waits = sorted(threads.map(lambda _: timed(remote), range(8)))

        assert waits[-1] < 5
        assert waits[-2] < 0.5


def timed(remote: RemoteCredentials) -> float:
    began_at = time.monotonic()
    assert remote.current().password == "first"
    return time.monotonic() - began_at


@contextmanager
def with_secret(database: dict[str, Any], secret: str, *, alias: str) -> Iterator[DatabaseWrapper]:
    remote_credentials.cache_clear()
    settings = database | {
        "PASSWORD": "",
        "SECRET": {"secret_id": secret, "region": REGION},
    }
    wrapper = DatabaseWrapper(settings, alias=alias)
    yield wrapper
    wrapper.close()
    remote_credentials.cache_clear()


@pytest.fixture
def database(vault: Vault, direct: dict[str, Any]) -> Iterator[DatabaseWrapper]:
    """The database as production connects to it, the secret holding the right password."""
    vault.store(direct["PASSWORD"])
    with with_secret(direct, SECRET, alias="default") as wrapper:
        yield wrapper


@pytest.fixture
def public(vault: Vault, direct_reader: dict[str, Any]) -> Iterator[DatabaseWrapper]:
    """The connection "public", as production has it."""
    vault.store(direct_reader["PASSWORD"], secret=READER_SECRET)
    stacks_own = connections["public"]
    with with_secret(direct_reader, READER_SECRET, alias="public") as wrapper:
        connections["public"] = wrapper
        yield wrapper
        connections["public"] = stacks_own


@pytest.mark.django_db
class TestConnection:
    def test_uses_the_password_in_the_secret(self, database: DatabaseWrapper) -> None:
        with database.cursor() as cursor:
            cursor.execute("SELECT current_user")

            assert cursor.fetchone() == ("coalition_app",)

    def test_survives_a_rotation_of_the_password(
        self,
        database: DatabaseWrapper,
        vault: Vault,
        change_password: Callable[[str, str], None],
    ) -> None:
        database.ensure_connection()
        database.close()
        change_password("default", "rotated")
        vault.store("rotated")

        database.ensure_connection()

        assert database.is_usable()

    def test_asks_once_more_what_the_secret_holds_and_held_when_it_is_refused(
        self, database: DatabaseWrapper, vault: Vault
    ) -> None:
        vault.store("wrong")
        vault.store("wrong again")

        for _ in range(3):
            with pytest.raises(OperationalError, match="password authentication failed"):
                database.ensure_connection()

        assert vault.reads == 3

    @pytest.mark.parametrize("new", ["unknown", '{"username": "nobody", "password": "unknown"}'])
    def test_goes_on_with_what_the_secret_held_before_while_the_new_is_refused(
        self, new: str, database: DatabaseWrapper, vault: Vault
    ) -> None:
        vault.store(new)

        for _ in range(3):
            database.ensure_connection()
            database.close()

        # The new one is tried again in some seconds, not each time.
        assert vault.reads == 3

    def test_does_not_ask_aws_again_when_the_server_is_not_there(
        self, database: DatabaseWrapper, vault: Vault
    ) -> None:
        database.settings_dict["PORT"] = 1

        with pytest.raises(OperationalError, match="refused"):
            database.ensure_connection()

        assert vault.reads == 1

    def test_tells_nobody_the_password(
        self, database: DatabaseWrapper, vault: Vault, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        vault.store("wrong")
        vault.store("wrong-and-secret")
        caplog.clear()

        with pytest.raises(OperationalError) as failure:
            database.ensure_connection()

        assert "wrong-and-secret" not in caplog.text + str(failure.value)


@pytest.mark.django_db(transaction=True)
class TestPublicConnection:
    @pytest.mark.usefixtures("public")
    def test_uses_the_password_in_the_secret_of_its_own(self) -> None:
        assert fetch("SELECT current_user") == [(b"coalition_reader",)]

    def test_stays_open_while_the_password_is_changed(
        self, public: DatabaseWrapper, vault: Vault, change_password: Callable[[str, str], None]
    ) -> None:
        fetch("SELECT 1")
        opened = public.connection
        change_password("public", "rotated")
        vault.store("rotated", secret=READER_SECRET)

        rows = fetch("SELECT current_user")

        assert rows == [(b"coalition_reader",)]
        assert public.connection is opened

    def test_takes_up_a_changed_password_when_it_is_opened_again(
        self, public: DatabaseWrapper, vault: Vault, change_password: Callable[[str, str], None]
    ) -> None:
        fetch("SELECT 1")
        public.close()
        change_password("public", "rotated")
        vault.store("rotated", secret=READER_SECRET)

        rows = fetch("SELECT current_user")

        assert rows == [(b"coalition_reader",)]

    @pytest.mark.usefixtures("public")
    def test_leaves_the_password_of_the_other_remembered(
        self,
        database: DatabaseWrapper,
        vault: Vault,
        change_password: Callable[[str, str], None],
    ) -> None:
        database.ensure_connection()
        database.close()
        change_password("public", "rotated")
        vault.store("rotated", secret=READER_SECRET)
        fetch("SELECT 1")
        before = vault.reads

        database.ensure_connection()

        assert vault.reads == before
