"""TiPg and pygeoapi: installed into environments of their own, served as their guides say."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.load import BenchmarkError
from deploy.database import ROOT, Database
from deploy.processes import Account, Command, Server

WORKERS = "2"


@dataclass(frozen=True)
class Peer:
    """A server of others for the same rows, as a person would install it."""

    name: str
    requirements: tuple[str, ...]
    start: Callable[["Installation", Database, int], Server]


@dataclass(frozen=True)
class Installation:
    """A peer's environment, in a folder that is kept from one run to the next."""

    peer: Peer
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def _stamp(self) -> Path:
        return self.folder / "installed.json"

    def is_complete(self) -> bool:
        return (
            self._stamp.exists()
            and tuple(json.loads(self._stamp.read_text())) == self.peer.requirements
        )

    def complete(self) -> None:
        """Install the peer unless it is there; raises a BenchmarkError where that fails."""
        if self.is_complete():
            return
        self._run([sys.executable, "-m", "venv", "--clear", self.folder])
        pip: Command = [self.python, "-m", "pip", "--disable-pip-version-check"]
        # Of what needs a compiler the newest wheel will do. pygeoapi asks for Python 3.12, and
        # runs on 3.11 as well: see apps/pygeoapi.py.
        options = ["--quiet", "--only-binary", ":all:", "--ignore-requires-python"]
        self._run([*pip, "install", *options, *self.peer.requirements])
        self._stamp.write_text(json.dumps(self.peer.requirements))

    def _run(self, command: Command) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise BenchmarkError(f"{self.peer.name} could not be installed: {reason}")
        return done.stdout

    def version(self) -> str:
        """That of the peer's package, which is called like the peer."""
        read = f"from importlib.metadata import version; print(version({self.peer.name!r}))"
        return self._run([self.python, "-c", read]).strip()

    def serve(self, command: Command, database: Database, env: dict[str, str]) -> Server:
        return Server(
            self.peer.name,
            [self.python, "-m", *command],
            account=Account.own(),
            log=database.home / f"{self.peer.name}.log",
            env=env,
        )


def start_tipg(installation: Installation, database: Database, port: int) -> Server:
    """Directly: it sets the search path and creates functions in each session."""
    env = {
        "DATABASE_URL": database.variables["DATABASE_OWNER_URL"],
        "TIPG_DB_SCHEMAS": '["peers"]',
    }
    options = ["--host=127.0.0.1", f"--port={port}", f"--workers={WORKERS}"]
    command = ["uvicorn", "tipg.main:app", *options, "--log-level=warning", "--no-access-log"]
    return installation.serve(command, database, env)


def start_pygeoapi(installation: Installation, database: Database, port: int) -> Server:
    """Directly, with the pool of SQLAlchemy that each worker has."""
    configuration = database.home / "pygeoapi.json"
    configuration.write_text(json.dumps(pygeoapi_configuration(database, port)))
    openapi = configuration.with_name("pygeoapi.openapi.json")
    openapi.write_text(json.dumps({"openapi": "3.0.2", "info": {}, "paths": {}}))
    env = {"PYGEOAPI_CONFIG": str(configuration), "PYGEOAPI_OPENAPI": str(openapi)}
    options = [f"--bind=127.0.0.1:{port}", f"--workers={WORKERS}", "--threads=4"]
    options += ["--log-level=warning", f"--pythonpath={ROOT}"]
    command = ["gunicorn", *options, "benchmarks.apps.pygeoapi:APP"]
    return installation.serve(command, database, env)


def pygeoapi_configuration(database: Database, port: int) -> dict[str, Any]:
    owner = urlsplit(database.variables["DATABASE_OWNER_URL"])
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {
            "host": owner.hostname,
            "port": owner.port,
            "dbname": owner.path[1:],
            "user": owner.username,
            "password": owner.password,
            "search_path": ["peers"],
        },
        "id_field": "id",
        "table": "stakeholders",
        "geom_field": "geom",
    }
    texts = {"title": "Stakeholders", "description": "Stakeholders", "keywords": ["coalition"]}
    whole_earth = {"spatial": {"bbox": [-180, -90, 180, 90]}}
    nobody = {"name": "Nobody", "url": "http://127.0.0.1"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 100, "max_items": 10_000, "on_exceed": "throttle"},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": texts | {"terms_of_service": "", "url": "http://127.0.0.1"},
            "license": nobody,
            "provider": nobody,
            "contact": nobody,
        },
        "resources": {
            "stakeholders": texts
            | {"type": "collection", "extents": whole_earth, "providers": [provider]}
        },
    }


PEERS = (
    Peer("TiPg", ("tipg==1.6.*", "uvicorn[standard]"), start_tipg),
    Peer(
        "pygeoapi",
        ("pygeoapi==0.24.*", "gunicorn", "geoalchemy2", "psycopg2-binary"),
        start_pygeoapi,
    ),
)
