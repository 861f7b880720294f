"""Each test starts Django anew, in an environment of which it sets every variable."""

import os
import re
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from deploy.cluster import HOST
from tests.image_stores import aws_variables

REQUIRED = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_CA_BUNDLE",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "COALITION_ADDRESS",
    "IMAGES_URL",
    "FRONTEND_URL",
    "DATABASE_URL",
    "DATABASE_SECRET_ID",
    "AWS_REGION",
    "DATABASE_READER_URL",
    "DATABASE_READER_SECRET_ID",
)
# What the variables of each connection begin with.
CONNECTIONS = [("default", "DATABASE"), ("public", "DATABASE_READER")]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """All that production asks for when the passwords are in Secrets Manager."""
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    values = (
        "kq3V0hT8pXz1LwN5sB7yRj2MfC9dGa4UeKo6ItHvPnWlQxZrEbSy",
        "api.example.org",
        str(bundle),
        "smtp+tls://coalition:secret@mail.example.org",
        "Coalition <office@example.org>",
        "1 Dock Street, Annapolis",
        "s3://coalition-images?region=eu-west-1",
        "https://www.example.org",
        "postgresql://coalition_app@db.example.org/coalition",
        "coalition_app's secret",
        "eu-west-1",
        "postgresql://coalition_reader@db.example.org/coalition",
        "coalition_reader's secret",
    )
    return dict(zip(REQUIRED, values, strict=True))


def run_python(*arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=env
        | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "backend.settings.production"},
        capture_output=True,
        text=True,
        check=False,
    )


def evaluate(expression: str, env: dict[str, str]) -> str:
    """What `expression` is under production's settings."""
    program = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from django.test import Client\n"
        f"print({expression})"
    )
    done = run_python("-c", program, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestStart:
    def test_passes_the_deployment_check_without_a_warning(
        self, environment: dict[str, str]
    ) -> None:
        done = run_python(
            "manage.py", "check", "--deploy", "--fail-level", "WARNING", env=environment
        )

        assert done.returncode == 0, done.stderr
        assert "no issues" in done.stdout

    @pytest.mark.parametrize("name", REQUIRED)
    def test_is_refused_without(self, name: str, environment: dict[str, str]) -> None:
        del environment[name]

        done = run_python("manage.py", "check", env=environment)

        assert done.returncode == 1
        assert done.stderr.startswith(f"Set {name} in the environment")

    @pytest.mark.parametrize("name", ["ALLOWED_HOSTS", "DATABASE_URL", "DATABASE_READER_URL"])
    def test_is_refused_with_a_variable_that_is_empty(
        self, name: str, environment: dict[str, str]
    ) -> None:
        environment[name] = ""

        done = run_python("manage.py", "check", env=environment)

        assert done.stderr.startswith(f"Set {name} in the environment")

    def test_names_all_that_is_missing_in_one_line(self) -> None:
        done = run_python("manage.py", "check", env={})

        assert done.stderr.count("\n") == 1
        assert ", ".join(REQUIRED) in done.stderr

    @pytest.mark.parametrize(("alias", "prefix"), CONNECTIONS)
    def test_needs_no_secret_of_a_connection_whose_url_has_a_password(
        self, alias: str, prefix: str, environment: dict[str, str]
    ) -> None:
        environment[f"{prefix}_URL"] = "postgresql://somebody:word@db.example.org/coalition"
        del environment[f"{prefix}_SECRET_ID"]

        with_secret = evaluate(
            "[alias for alias in settings.DATABASES if 'SECRET' in settings.DATABASES[alias]]",
            environment,
        )

        assert with_secret == str([each for each, _ in CONNECTIONS if each != alias])

    def test_needs_no_region_when_both_urls_have_a_password(
        self, environment: dict[str, str]
    ) -> None:
        for _, prefix in CONNECTIONS:
            environment[f"{prefix}_URL"] = "postgresql://somebody:word@db.example.org/coalition"
            del environment[f"{prefix}_SECRET_ID"]
        del environment["AWS_REGION"]

        done = run_python("manage.py", "check", env=environment)

        assert done.returncode == 0, done.stderr

    def test_names_the_region_when_one_url_has_no_password(
        self, environment: dict[str, str]
    ) -> None:
        environment["DATABASE_URL"] = "postgresql://coalition_app:word@db.example.org/coalition"
        del environment["AWS_REGION"], environment["DATABASE_SECRET_ID"]

        done = run_python("manage.py", "check", env=environment)

        assert done.stderr.startswith("Set AWS_REGION in the environment")

    def test_takes_the_readers_secret_for_a_replica(self, environment: dict[str, str]) -> None:
        environment["DATABASE_REPLICA_URL"] = "postgresql://coalition_reader@replica.example.org/c"

        secrets = evaluate(
            "[settings.DATABASES[alias]['SECRET'] for alias in ('public', 'replica')],"
            " settings.DATABASES['replica']['OPTIONS']['sslmode']",
            environment,
        )

        secret = {"secret_id": "coalition_reader's secret", "region": "eu-west-1"}
        assert secrets == f"{[secret] * 2} verify-full"

    def test_is_refused_when_the_certificates_are_not_there(
        self, environment: dict[str, str]
    ) -> None:
        environment["DATABASE_CA_BUNDLE"] = "/nowhere/ca.pem"

        done = run_python("manage.py", "check", env=environment)

        assert done.returncode == 1
        assert done.stderr.startswith("DATABASE_CA_BUNDLE names /nowhere/ca.pem")


class TestOutageOfAws:
    @pytest.mark.parametrize(
        "start", [("-c", "import backend.wsgi"), ("manage.py", "write_userlist", "/nowhere/list")]
    )
    def test_ends_what_starts_and_says_which_secret(
        self, start: tuple[str, ...], environment: dict[str, str]
    ) -> None:
        environment |= aws_variables(f"http://{HOST}:1")

        done = run_python(*start, env=environment)

        assert done.returncode == 1
        assert re.search("coalition_app's secret.*Could not connect", done.stderr)
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("alias", "prefix"), CONNECTIONS)
class TestDatabase:
    def test_is_that_of_the_url(self, alias: str, prefix: str, environment: dict[str, str]) -> None:
        environment[f"{prefix}_URL"] = f"postgresql://{alias}@{alias}.example.org:6432/coalition"

        database = evaluate(
            f"[settings.DATABASES['{alias}'][name] for name in ('USER', 'HOST', 'PORT')]",
            environment,
        )

        assert database == str([alias, f"{alias}.example.org", 6432])

    def test_is_verified_by_name_whatever_the_url_says(
        self, alias: str, prefix: str, environment: dict[str, str]
    ) -> None:
        environment[f"{prefix}_URL"] += "?sslmode=disable"

        options = evaluate(f"settings.DATABASES['{alias}']['OPTIONS']", environment)

        assert "'sslmode': 'verify-full'" in options
        assert f"'sslrootcert': '{environment['DATABASE_CA_BUNDLE']}'" in options

    def test_asks_secrets_manager_when_the_url_has_no_password(
        self, alias: str, prefix: str, environment: dict[str, str]
    ) -> None:
        environment[f"{prefix}_SECRET_ID"] = f"coalition/{alias}"

        secret = evaluate(f"settings.DATABASES['{alias}']['SECRET']", environment)

        assert secret == str({"secret_id": f"coalition/{alias}", "region": "eu-west-1"})


class TestImages:
    @pytest.mark.parametrize(
        ("url", "public_url"),
        [
            ("s3://bay?region=us-east-2", "https://bay.s3.us-east-2.amazonaws.com/public"),
            ("s3://bay/reef/", "https://bay.s3.eu-west-1.amazonaws.com/reef/public"),
            ("s3://bay?public_url=https://img.bay.example/", "https://img.bay.example"),
            ("file:///images?public_url=https://img.bay.example", "https://img.bay.example"),
            ("file:///images", "https://api.bay.example/images"),
        ],
    )
    def test_are_shown_where_the_url_says(
        self, url: str, public_url: str, environment: dict[str, str]
    ) -> None:
        environment |= {"IMAGES_URL": url, "PUBLIC_URL": "https://api.bay.example"}

        assert evaluate("settings.IMAGES_PUBLIC_URL", environment) == public_url

    @pytest.mark.parametrize(
        "url",
        ["/images", "gs://bay", "s3://?region=eu-west-1", "s3://bay?acl=public", "file:///images"],
    )
    def test_are_refused_a_place_that_is_none(self, url: str, environment: dict[str, str]) -> None:
        environment["IMAGES_URL"] = url

        done = run_python("manage.py", "check", env=environment)

        assert done.returncode == 1
        assert done.stderr.startswith("IMAGES_URL must be such as s3://BUCKET/PREFIX")


class TestPlainHttp:
    def test_is_sent_to_https(self, environment: dict[str, str]) -> None:
        location = evaluate(
            "Client(headers={'host': 'api.example.org'}).get('/api/v1')['Location']", environment
        )

        assert location == "https://api.example.org/api/v1"

    @pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
    def test_serves_health_checks_that_call_by_address(
        self, path: str, environment: dict[str, str]
    ) -> None:
        hosts = ["127.0.0.1:8000"]
        with suppress(socket.gaierror):  # not every machine knows itself by its name
            hosts.append(socket.gethostbyname(socket.gethostname()))

        statuses = evaluate(
            f"[Client(headers={{'host': host}}).get('{path}').status_code for host in {hosts}]",
            environment,
        )

        # Neither sent elsewhere nor refused as the wrong host.
        assert "301" not in statuses
        assert "400" not in statuses

    def test_is_https_when_the_proxy_says_so(self, environment: dict[str, str]) -> None:
        headers = evaluate(
            "Client(headers={'host': 'api.example.org', 'x-forwarded-proto': 'https'})"
            ".get('/nowhere').headers",
            environment,
        )

        assert "max-age=31536000; includeSubDomains; preload" in headers
        assert "'Referrer-Policy': 'same-origin'" in headers


class TestPages:
    def test_are_protected_from_the_frames_and_forms_of_others(
        self, environment: dict[str, str]
    ) -> None:
        headers = "{'host': 'api.example.org', 'x-forwarded-proto': 'https'}"

        frames = evaluate(
            f"Client(headers={headers}).get('/admin/').headers['X-Frame-Options']", environment
        )
        forms = evaluate(
            f"Client(enforce_csrf_checks=True, headers={headers})"
            ".post('/admin/login/', secure=True).status_code",
            environment,
        )

        assert (frames, forms) == ("DENY", "403")


class TestHost:
    def test_of_another_name_is_refused(self, environment: dict[str, str]) -> None:
        status = evaluate(
            "Client(headers={'host': 'evil.example', 'x-forwarded-proto': 'https'})"
            ".get('/admin/').status_code",
            environment,
        )

        assert status == "400"
