"""AWS rotates the secrets of all three roles by alternating users, under load."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import boto3
import pytest
from django.conf import settings
from psycopg import sql

from deploy.cluster import HOST
from deploy.database import Database
from deploy.processes import Account, Server
from tests.deploy.certificates import HERE, Authority
from tests.deploy.own_cluster import PostgreSQL
from tests.deploy.production_pool import Pool
from tests.faults.load import Load
from tests.faults.whole_stack import prepare
from tests.image_stores import REGION, aws_variables, simulated_aws
from tests.serving import serving
from tests.waiting import wait_until

ROLES = ("app", "reader", "master")
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]


class Vault:
    """The secrets, and the function by which AWS rotates them."""

    def __init__(self, postgresql: PostgreSQL) -> None:
        self.postgresql = postgresql
        self.client = boto3.session.Session().client("secretsmanager", region_name=REGION)

    def create(self, role: str, password: str) -> None:
        self.client.create_secret(Name=f"coalition/{role}", SecretString=self._text(role, password))

    def rotate(self, role: str) -> str:
        """Give the secret the other user, with a new password; returns the user's name."""
        stored = self.client.get_secret_value(SecretId=f"coalition/{role}")["SecretString"]
        is_clone = json.loads(stored)["username"].endswith("_clone")
        name, password = role if is_clone else f"{role}_clone", secrets.token_urlsafe()
        user = f"coalition_{name}"
        with self.postgresql.superuser() as superuser:
            statement = sql.SQL("ALTER USER {} WITH PASSWORD {}")
            superuser.execute(statement.format(sql.Identifier(user), password))
        self.client.put_secret_value(
            SecretId=f"coalition/{role}", SecretString=self._text(name, password)
        )
        return user

    def _text(self, name: str, password: str) -> str:
        return json.dumps({"username": f"coalition_{name}", "password": password})


class Production:
    """All of it, on loopback: PostgreSQL and pgBouncer with TLS, the userlist, the API."""

    def __init__(self, home: Path) -> None:
        self.home = home
        authority = Authority("Coalition")
        self.database = Database(home, settings="backend.settings.development")
        self.postgresql = PostgreSQL(self.database.cluster)
        self._certificate = authority.issue(HERE)
        (home / "ca.pem").write_text(authority.pem)
        cluster, passwords = self.database.cluster, self.database.secrets
        place = {"HOST": HOST, "PORT": cluster.port}
        self.pool = Pool(
            *(
                place | {"USER": f"coalition_{role}", "PASSWORD": passwords[f"{role}_password"]}
                for role in ("app", "reader")
            )
        )
        self.pool.show(self._certificate)
        self.pool.trust(authority)
        self.pool.env["DATABASE_USERLIST_FILE"] = str(home / "userlist.txt")
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.deploy.rotating_settings",
            "SECRET_KEY": passwords["secret_key"],
            "ALLOWED_HOSTS": HOST,
            "DATABASE_CA_BUNDLE": str(home / "ca.pem"),
            "DATABASE_URL": f"postgresql://coalition_app@{HOST}:{self.pool.port}/coalition",
            "DATABASE_SECRET_ID": "coalition/app",
            "DATABASE_READER_URL": f"postgresql://coalition_reader@{HOST}:{self.pool.port}/coalition",
            "DATABASE_READER_SECRET_ID": "coalition/reader",
            "AWS_REGION": REGION,
            "EMAIL_URL": "smtp://mail.example",
            "DEFAULT_FROM_EMAIL": "office@coalition.example",
            "COALITION_ADDRESS": "1 Dock Street",
            "IMAGES_URL": "s3://images?region=eu-west-1",
            "FRONTEND_URL": "https://www.coalition.example",
            "LIMIT_REQUESTS": "1000000/60",
            "GRANIAN_BLOCKING_THREADS": "4",
        }

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its address, once all of it runs."""
        with ExitStack() as started:
            started.callback(shutil.rmtree, self.pool.folder)
            started.callback(self.database.remove)
            started.enter_context(self.database.running("fsync=off", "full_page_writes=off"))
            self.postgresql.show(self._certificate)
            self.vault = Vault(self.postgresql)
            for role in ROLES:
                self.vault.create(role, self.database.secrets[f"{role}_password"])
            userlist = self.pool.env["DATABASE_USERLIST_FILE"]
            writer = Server(
                "The userlist",
                [*MANAGE, "write_userlist", userlist, "--seconds=1"],
                account=Account.own(),
                env=self.env,
                log=self.home / "userlist.log",
            )
            started.callback(writer.stop)
            self.pool.start()
            started.callback(self.pool.server.stop)
            yield started.enter_context(serving(self.env))

    def migrate(self) -> "subprocess.CompletedProcess[str]":
        """As a job does, directly and by the owner's secret."""
        url = f"postgresql://coalition_master@{HOST}:{self.database.cluster.port}/coalition"
        env = self.env | {"DATABASE_URL": url, "DATABASE_SECRET_ID": "coalition/master"}
        command = [*MANAGE, "migrate"]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def serves_as(self, *users: str) -> bool:
        with self.postgresql.superuser() as superuser:
            rows = superuser.execute(
                "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE usename = ANY(%s)",
                [list(users)],
            ).fetchall()
        return len(rows) == len(users)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Iterator[Production]:
    with tempfile.TemporaryDirectory(prefix="coalition-rotation-") as name, simulated_aws() as aws:
        Path(name).chmod(0o755)
        for variable, value in aws_variables(aws).items():
            monkeypatch.setenv(variable, value)
        yield Production(Path(name))


PREPARATION = """
from tests.factories import make_campaign, make_homepage
make_homepage(is_active=True)
make_campaign(slug="reef", title="Reef")
"""


class TestRotation:
    def test_by_alternating_users_fails_no_request(self, production: Production) -> None:
        with production.running() as url:
            production.database.manage("shell", "--command", PREPARATION, what="Preparing")
            token, endorsements = prepare(production.database, decisions=200)
            rates = {"read": 8.0, "decision": 2.0}
            load = Load(url, rates=rates, slug="reef", token=token, name="rotation")
            load.pending = iter(endorsements)
            load.start()
            for _ in range(2):
                users = [production.vault.rotate(role) for role in ROLES]
                wait_until(partial(production.serves_as, *users[:2]))
                migrated = production.migrate()
                assert migrated.returncode == 0, migrated.stderr
            outcomes = load.stop()

            assert Counter(each.status for each in outcomes) == {200: len(outcomes)}, (
                production.pool.log
            )
        assert {each.kind for each in outcomes} == {"read", "decision"}
