import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.serving import serving
from tests.waiting import wait_until

CANARY = "canary-jane"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Collector(ThreadingHTTPServer):
    """Takes what comes by OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans: list[Any] = []

    def named(self, name: str) -> list[Any]:
        return [each for each in self.spans if each.name == name]


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:  # http.server calls it by this name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield listening
        listening.shutdown()


def test_a_collector_hears_of_requests_and_statements_and_of_nobody(collector: Collector) -> None:
    env = os.environ | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with serving(env) as url:
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "User-Agent": CANARY}
        address = f"{url}/api/v1/stakeholders?search={CANARY}"
        with urlopen(Request(address, headers=headers)) as response:
            assert response.status == 200
        wait_until(lambda: bool(collector.named("listStakeholders")))
        wait_until(lambda: len(collector.named("SELECT")) >= 2)

    [request] = collector.named("listStakeholders")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, CALLER)
    attributes = {each.key: each.value for each in request.attributes}
    assert attributes["http.route"].string_value == "/api/v1/stakeholders"
    assert attributes["http.response.status_code"].int_value == 200
    for statement in collector.named("SELECT"):
        assert statement.parent_span_id == request.span_id
        assert request.start_time_unix_nano <= statement.start_time_unix_nano
        assert statement.end_time_unix_nano <= request.end_time_unix_nano
    assert CANARY not in str(collector.spans)


def test_without_a_collector_nothing_of_it_is_imported() -> None:
    root = Path(__file__).resolve().parents[2]
    look = "import sys, backend.wsgi; sys.exit('opentelemetry' in str(list(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", look], cwd=root, check=False).returncode == 0
