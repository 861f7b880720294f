import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml
from django.db import IntegrityError
from django.urls import resolve
from psycopg.errors import CheckViolation
from rest_framework.test import APIClient

from backend.http.observing import operation_of
from tests.factories import make_campaign, make_stakeholder
from tests.logs import json_log
from tests.serving import serving

CANARY = "canary-jane"
LIST = "/api/v1/stakeholders"


@pytest.mark.django_db
class TestRequestId:
    @pytest.mark.parametrize("path", [LIST, "/health/live", "/nothing", "/admin/login/"])
    def test_is_passed_on_in_whatever_answers(self, api: APIClient, path: str) -> None:
        responses = [
            api.generic(method, path, HTTP_X_REQUEST_ID="Root=1-67891233:a/b")
            for method in ("GET", "DELETE")
        ]

        assert {each["X-Request-ID"] for each in responses} == {"Root=1-67891233:a/b"}

    @pytest.mark.parametrize(
        "sent", ["", "a b", "*/", "'", "é", "x" * 129, f"{CANARY}@example.org"]
    )
    def test_is_made_where_none_can_be_taken(self, api: APIClient, sent: str) -> None:
        made = [api.get("/health/live", HTTP_X_REQUEST_ID=sent)["X-Request-ID"] for _ in range(2)]

        assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)
        assert made[0] != made[1]

    def test_stands_on_a_304_and_a_crash(
        self, api: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tag = api.get(LIST)["ETag"]
        unchanged = api.get(LIST, HTTP_IF_NONE_MATCH=tag, HTTP_X_REQUEST_ID="same")
        monkeypatch.setattr("backend.http.pagination.render_page", lambda *_, **__: 1 / 0)
        api.raise_request_exception = False
        crash = api.get(LIST, HTTP_X_REQUEST_ID="crash")

        assert (unchanged.status_code, unchanged["X-Request-ID"]) == (304, "same")
        assert (crash.status_code, crash["X-Request-ID"]) == (500, "crash")


def test_operations_have_the_names_of_the_openapi_document() -> None:
    document = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text())
    documented, named = {}, {}
    for path, item in document["paths"].items():
        match = resolve(re.sub(r"\{\w+\}", "1", path))
        for verb in item.keys() - {"parameters"}:
            documented[path, verb] = item[verb]["operationId"]
            asked = operation_of(match.func, match.view_name, match.route, verb.upper())
            named[path, verb] = asked.name

    assert len(documented) > 60
    assert named == documented


@pytest.mark.django_db
class TestLog:
    def test_has_a_line_for_each_request(self, api: APIClient) -> None:
        stakeholder = make_stakeholder()

        with json_log() as lines:
            api.get(f"{LIST}/{stakeholder.pk}?x={CANARY}", HTTP_X_REQUEST_ID="mine")

        [line] = lines
        assert line.pop("duration_ms") > 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+00:00", line.pop("time"))
        assert line == {
            "level": "INFO",
            "logger": "backend.http.observing",
            "message": "GET /api/v1/stakeholders/{id} 400",
            "request_id": "mine",
            "operation": "getStakeholder",
            "method": "GET",
            "path": "/api/v1/stakeholders/{id}",
            "status": 400,
        }

    def test_has_reads_that_went_well_where_they_are_asked_for(self, api: APIClient) -> None:
        with json_log() as lines:
            api.get("/api/v1")
        with json_log(level="DEBUG") as all_lines:
            api.get("/api/v1")

        assert (lines, [line["status"] for line in all_lines]) == ([], [200])

    def test_names_nothing_that_nobody_has_defined(self, api: APIClient) -> None:
        with json_log() as lines:
            api.generic(CANARY, f"/{CANARY}")

        [line] = lines
        assert (line["operation"], line["method"], line["status"]) == ("unrouted", "other", 404)
        assert CANARY not in str(line)

    def test_has_the_reason_of_a_crash_and_nobodys_data(
        self, api: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_args: Any, **_kwargs: Any) -> None:
            raise IntegrityError(CANARY) from CheckViolation(f"Failing row contains ({CANARY}).")

        monkeypatch.setattr("backend.http.pagination.render_page", fail)
        api.raise_request_exception = False
        headers = dict.fromkeys(("X-Forwarded-For", "User-Agent", "Cookie", "Referer"), CANARY)

        with json_log() as lines:
            response = api.get(LIST, headers=headers)

        failure = next(each for each in lines if response.json()["instance"] in each["message"])
        assert failure["operation"] == "listStakeholders"
        assert failure["exception"][0] == "django.db.utils.IntegrityError"
        assert "psycopg.errors.CheckViolation 23514" in failure["exception"]
        assert any("in fail" in each for each in failure["exception"])
        assert lines[-1]["status"] == 500
        assert lines[-1]["level"] == "WARNING"
        assert {each["request_id"] for each in lines} == {response["X-Request-ID"]}
        assert CANARY not in str(lines)

    def test_of_a_submission_names_nobody(self, api: APIClient) -> None:
        campaign = make_campaign()
        body = {"email": f"{CANARY}@example.org", "name": CANARY, "statement": CANARY}

        with json_log() as lines:
            api.post(f"/api/v1/campaigns/{campaign.slug}/endorsements", body, format="json")

        assert lines[-1]["operation"] == "endorseCampaign"
        assert CANARY not in str(lines)


def test_granians_log_has_a_stream_when_its_last_byte_is_gone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with serving(os.environ | {"LOG_JSON": "1", "LOG_READS": "1"}) as url:
        request = Request(f"{url}/api/v1/stakeholders.geojson", headers={"X-Request-ID": "whole"})
        with urlopen(request) as response:
            response.read()
            assert response.headers["X-Request-ID"] == "whole"

    lines = [json.loads(each) for each in capfd.readouterr().err.splitlines() if "whole" in each]
    assert [(each["operation"], each["status"]) for each in lines] == [("exportStakeholders", 200)]
