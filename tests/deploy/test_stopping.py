"""The commands of the images, stopped by their signals while a request is on its way."""

import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from time import sleep

import pytest
from django.conf import settings

from deploy.cluster import HOST
from deploy.database import ROOT
from deploy.front import start_front
from deploy.processes import Account, Server, accepts_connections, free_port
from tests.conftest import Connection
from tests.factories import make_homepage
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

IMAGES = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)


def image(name: str) -> str:
    """The part of the Dockerfile that makes it."""
    return next(each for each in IMAGES if each.partition("\n")[0].endswith(f" AS {name}"))


def stop_signal(name: str) -> signal.Signals:
    (found,) = re.findall(r"^STOPSIGNAL (\w+)", image(name), re.MULTILINE)
    return signal.Signals[found]


def api_command(port: int) -> list[str]:
    """As the image has it, at another port."""
    text = image("api").rpartition("\nCMD ")[2].replace("\\\n", "")
    name, *options = json.loads(text)
    return [
        str(Path(settings.BASE_DIR) / ".venv/bin" / name),
        *(option for option in options if not option.startswith("--port")),
        f"--port={port}",
        f"--working-dir={ROOT}",
    ]


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[tuple[Server, Server, int]]:
    """The API, the front, and the port of the front."""
    api_port, health_port, port = free_port(), free_port(), free_port()
    env = os.environ | {"GRANIAN_WORKERS": "2", "GRANIAN_BLOCKING_THREADS": "4"}
    env |= {"HEALTH_PORT": str(health_port), "API_PORT": str(api_port), "LISTEN": f"{HOST}:{port}"}
    with ExitStack() as started:
        api = Server("The API", api_command(api_port), account=Account.own(), env=env)
        started.callback(api.stop)
        api.wait_until(lambda: accepts_connections(HOST, health_port))
        front = start_front(tmp_path / "nginx", log=tmp_path / "nginx.log", env=env)
        started.callback(front.stop)
        front.wait_until(lambda: accepts_connections(HOST, port))
        yield api, front, port


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", path, headers={"Host": "localhost"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_requests_that_are_on_their_way_are_answered(
    containers: tuple[Server, Server, int], owner: Connection
) -> None:
    api, front, port = containers
    make_homepage(organization_name="Reef Coalition").activate()
    owner.execute("BEGIN; LOCK core_homepage IN ACCESS EXCLUSIVE MODE")
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(get, port, "/api/v1/homepage")
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        wait_until(lambda: bool(owner.execute(waiting).fetchall()))

        for each, name in ((front, "front"), (api, "api")):
            each.process.send_signal(stop_signal(name))
        wait_until(lambda: not accepts_connections(HOST, port))
        sleep(0.5)  # more than those need to stop who do not wait for anything
        owner.execute("ROLLBACK")
        status, body = answer.result(timeout=10)

    assert (status, json.loads(body)["organization_name"]) == (200, "Reef Coalition")
    assert (front.process.wait(10), api.process.wait(10)) == (0, 0)
