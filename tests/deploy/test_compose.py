"""What can be told of docker-compose.yml without an engine to run it."""

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCKERFILE = (ROOT / "Dockerfile").read_text()
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def mounts(service: str) -> dict[str, str]:
    """What is mounted where: source by target."""
    parts = [mount.split(":") for mount in SERVICES[service].get("volumes", [])]
    return {target: source for source, target, *_ in parts}


@pytest.fixture
def handed_out(tmp_path: Path) -> Path:
    """The folder in which deploy/secrets.sh has made and handed out the secrets."""
    for volume in ("database", "pool", "migration", "api"):
        (tmp_path / volume).mkdir()
    make_secrets(tmp_path)
    return tmp_path


def make_secrets(folder: Path) -> None:
    subprocess.run(["sh", ROOT / "deploy/secrets.sh", folder], check=True)


class TestSecrets:
    def test_are_in_files_and_never_in_the_text(self) -> None:
        values = [
            f"{name}={value}"
            for service in SERVICES.values()
            for name, value in service.get("environment", {}).items()
            # Where mails and their links lead is no secret here.
            if re.search("PASSWORD|SECRET|DATABASE_URL|READER_URL", name)
        ]

        assert values
        assert all(re.fullmatch(r"\w+_FILE=/run/secrets/\w+", value) for value in values)

    def test_that_a_service_reads_are_handed_to_it(self, handed_out: Path) -> None:
        for name, service in SERVICES.items():
            source = mounts(name).get("/run/secrets", "").removesuffix("-secrets")
            for path in service.get("environment", {}).values():
                if path.startswith("/run/secrets/"):
                    assert (handed_out / source / Path(path).name).read_text()

    @pytest.mark.parametrize("service", ["database", "pgbouncer", "migration", "api"])
    def test_of_other_services_are_out_of_reach(self, service: str) -> None:
        volume = {"pgbouncer": "pool"}.get(service, service)

        secret_mounts = [mount for mount in SERVICES[service]["volumes"] if "secrets" in mount]

        assert secret_mounts == [f"{volume}-secrets:/run/secrets:ro"]

    def test_stay_the_same_at_the_next_start(self, handed_out: Path) -> None:
        first = {path: path.read_text() for path in handed_out.glob("*/*")}

        make_secrets(handed_out)

        assert {path: path.read_text() for path in handed_out.glob("*/*")} == first

    def test_that_an_earlier_version_did_not_have_are_added(self, handed_out: Path) -> None:
        kept = (handed_out / "api/database_url").read_text()
        for path in handed_out.glob("*/*reader*"):
            path.unlink()

        make_secrets(handed_out)

        reader = (handed_out / "database/reader_password").read_text()
        assert (handed_out / "pool/reader_password").read_text() == reader
        assert reader in (handed_out / "api/database_reader_url").read_text()
        assert (handed_out / "api/database_url").read_text() == kept

    def test_of_the_owner_and_the_superuser_reach_neither_the_pool_nor_the_api(
        self, handed_out: Path
    ) -> None:
        withheld = [
            (handed_out / "database" / f"{name}_password").read_text()
            for name in ("superuser", "master")
        ]

        for service in ("pool", "api"):
            text = "".join(path.read_text() for path in (handed_out / service).iterdir())
            assert not any(secret in text for secret in withheld)

    def test_differ_from_each_other(self, handed_out: Path) -> None:
        made = [*(handed_out / "database").iterdir(), handed_out / "api/secret_key"]

        assert len({path.read_text() for path in made}) == len(made) == 5


class TestConnections:
    @pytest.mark.parametrize(
        ("variable", "role"),
        [("DATABASE_URL", "coalition_app"), ("DATABASE_READER_URL", "coalition_reader")],
    )
    def test_of_the_api_go_through_pgbouncer(
        self, variable: str, role: str, handed_out: Path
    ) -> None:
        file = Path(SERVICES["api"]["environment"][f"{variable}_FILE"])

        url = urlsplit((handed_out / "api" / file.name).read_text())

        assert (url.username, url.hostname, url.port) == (role, "pgbouncer", 6432)
        assert "pgbouncer" in SERVICES

    @pytest.mark.parametrize(
        ("variable", "role"),
        [("DATABASE_PASSWORD", "app"), ("DATABASE_READER_PASSWORD", "reader")],
    )
    def test_have_the_password_that_the_database_is_given(
        self, variable: str, role: str, handed_out: Path
    ) -> None:
        of_pool = Path(SERVICES["pgbouncer"]["environment"][f"{variable}_FILE"])
        of_database = Path(
            SERVICES["database"]["environment"][f"COALITION_{role.upper()}_PASSWORD_FILE"]
        )

        password = (handed_out / "database" / of_database.name).read_text()

        assert of_database.name == f"{role}_password"
        assert (handed_out / "pool" / of_pool.name).read_text() == password

    def test_of_the_pool_go_to_the_database(self) -> None:
        assert SERVICES["pgbouncer"]["environment"]["DATABASE_HOST"] == "database"

    def test_of_the_migration_go_directly_as_the_owner(self, handed_out: Path) -> None:
        url = urlsplit((handed_out / "migration/database_url").read_text())

        assert (url.username, url.hostname, url.port) == ("coalition_master", "database", 5432)
        assert "database" in SERVICES

    def test_from_outside_reach_the_api_only_and_from_this_machine_only(self) -> None:
        published = {
            name: service["ports"] for name, service in SERVICES.items() if "ports" in service
        }

        assert published == {"api": ["127.0.0.1:8000:8000"]}


class TestOrder:
    @pytest.mark.parametrize(
        ("service", "awaited"),
        [
            ("database", {"secrets": "service_completed_successfully"}),
            ("pgbouncer", {"database": "service_healthy"}),
            ("migration", {"database": "service_healthy"}),
            (
                "api",
                {"migration": "service_completed_successfully", "pgbouncer": "service_healthy"},
            ),
            (
                "mail",
                {"migration": "service_completed_successfully", "pgbouncer": "service_healthy"},
            ),
        ],
    )
    def test_awaits(self, service: str, awaited: dict[str, str]) -> None:
        conditions = {
            name: dependency["condition"]
            for name, dependency in SERVICES[service]["depends_on"].items()
        }

        assert conditions == awaited


class TestFiles:
    def test_that_are_mounted_exist(self) -> None:
        sources = {source for name in SERVICES for source in mounts(name).values()}

        assert {source for source in sources if not source.startswith("./")} == set(
            COMPOSE["volumes"]
        )
        assert all((ROOT / source).is_file() for source in sources if source.startswith("./"))

    def test_that_initialise_the_database_are_found_by_the_script(self) -> None:
        folder = SERVICES["database"]["environment"]["COALITION_DEPLOY"]
        script = (ROOT / "deploy/initialise.sh").read_text()

        needed = re.findall(r'"\$here/([\w.]+)"', script)

        assert needed
        assert all(f"{folder}/{name}" in mounts("database") for name in needed)

    def test_of_sql_are_not_run_by_the_image_itself(self) -> None:
        run = [target for target in mounts("database") if "initdb.d" in target]

        assert run == ["/docker-entrypoint-initdb.d/20_coalition.sh"]


class TestImages:
    def test_are_built_here_or_have_a_version(self) -> None:
        foreign = {service["image"] for service in SERVICES.values() if "build" not in service}
        stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)
        bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) - set(stages)

        assert foreign == {"docker.io/postgis/postgis:16-3.4"}
        assert bases == {"${DEBIAN}"}
        assert "ARG DEBIAN=docker.io/library/debian:trixie-slim\n" in DOCKERFILE

    def test_are_of_targets_that_the_dockerfile_has(self) -> None:
        stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)

        targets = {
            service["build"]["target"] for service in SERVICES.values() if "build" in service
        }

        assert targets == {"api", "front", "pgbouncer"}
        assert targets <= set(stages)

    def test_are_made_of_nothing_but_what_the_dockerfile_copies(self) -> None:
        ignored, *let_through = [
            line
            for line in (ROOT / ".dockerignore").read_text().splitlines()
            if not line.startswith("#")
        ]
        copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        copied = {Path(source).parts[0] for sources in copies for source in sources.split()}

        sent = {Path(line[1:]).parts[0] for line in let_through if line.startswith("!")}

        assert ignored == "*"
        assert sent == copied

    @pytest.mark.parametrize("name", ["api", "front", "pgbouncer"])
    def test_run_as_nobody_in_particular_and_say_where_they_write_and_how_they_stop(
        self, name: str
    ) -> None:
        stage = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
        (text,) = [each for each in stage if each.partition("\n")[0].endswith(f" AS {name}")]

        # A number, by which an engine can tell that it is not root.
        assert "\nUSER 10001:10001\n" in text
        (volume,) = re.findall(r"^VOLUME (\S+)$", text, re.MULTILINE)
        assert volume in {mount.partition(":")[0] for mount in SERVICES[name]["tmpfs"]}
        assert "\nHEALTHCHECK " in text
        assert "\nSTOPSIGNAL " in text


class TestPrivileges:
    @pytest.mark.parametrize("service", SERVICES)
    def test_cannot_be_gained(self, service: str) -> None:
        assert "no-new-privileges:true" in SERVICES[service]["security_opt"]

    @pytest.mark.parametrize("service", sorted(set(SERVICES) - {"database"}))
    def test_are_dropped(self, service: str) -> None:
        assert SERVICES[service]["cap_drop"] == ["ALL"]
        assert SERVICES[service]["read_only"]
