import json
import re
from http import HTTPStatus
from typing import Any

import pytest
from django.utils.text import slugify
from rest_framework import serializers
from rest_framework.test import APIClient

from backend.http.errors import TITLES, InvalidParameters, problem
from backend.http.json_schemas import CODES
from backend.supporter.problems import (
    AlreadyConfirmed,
    EndorseFirst,
    EndorsementsClosed,
    TokenExpired,
    UnknownToken,
)
from backend.supporter.submission_schema import EXPLANATIONS

pytestmark = pytest.mark.django_db

DOCUMENTS = ["/api/v1/schema", "/api/v1/docs", "/api/v1/redoc", "/problems"]
PAGES = DOCUMENTS[1:]
CODES_OF_SCHEMAS = {*CODES.values(), *(code for code, _ in EXPLANATIONS.values())}
ROOMS = ("api", "http", "supporter", "manage", "images")
CODE = r'(?:code=|"code": |InvalidImage\()"(\w+)"'
# Problems with a title that is not their status's.
OWN = [EndorsementsClosed(), EndorseFirst(), AlreadyConfirmed(), UnknownToken(), TokenExpired()]


def codes_of(field: type) -> set[str]:
    return {*getattr(field, "default_error_messages", {})}


# Those of what the models' fields become in a serializer, and of their validators.
FIELDS = (
    serializers.BooleanField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DictField,
    serializers.IntegerField,
    serializers.ListField,
    serializers.PrimaryKeyRelatedField,
)
CODES_OF_FIELDS = {code for field in FIELDS for each in field.__mro__ for code in codes_of(each)}
CODES_OF_VALIDATORS = {
    "null_characters_not_allowed",
    "surrogate_characters_not_allowed",
    "unique",
    "unique_together",
}


def policy(response: Any) -> dict[str, str]:
    directives = (each.split(" ", 1) for each in response["Content-Security-Policy"].split("; "))
    return dict(directives)


@pytest.mark.parametrize("path", DOCUMENTS)
class TestDocument:
    def test_answers_head_and_options_without_a_body(self, api: APIClient, path: str) -> None:
        head, options = api.head(path), api.options(path)

        assert (head.status_code, options.status_code) == (200, 204)
        assert head.content == options.content == b""
        assert options["Allow"] == "GET, HEAD, OPTIONS"

    def test_problems_are_problem_documents(self, api: APIClient, path: str) -> None:
        problems = [api.get(f"{path}?unknown=1"), api.post(path), api.get(path, HTTP_ACCEPT="a/b")]

        assert [each.status_code for each in problems] == [400, 405, 406]
        assert {each["Content-Type"] for each in problems} == {"application/problem+json"}
        assert json.loads(problems[0].content)["errors"][0]["parameter"] == "unknown"
        assert [json.loads(each.content)["status"] for each in problems] == [400, 405, 406]

    def test_says_how_it_may_be_cached(self, api: APIClient, path: str) -> None:
        # A nonce is good for one answer.
        expected = {"no-store"} if path == "/api/v1/redoc" else {"public", "no-cache"}

        assert set(api.get(path)["Cache-Control"].split(", ")) == expected


class TestSchema:
    def test_comes_as_yaml_or_as_json(self, api: APIClient) -> None:
        anyhow = api.get("/api/v1/schema")
        as_json = api.get("/api/v1/schema", HTTP_ACCEPT="application/vnd.oai.openapi+json")

        assert anyhow.content.startswith(b"openapi: 3.1")
        assert json.loads(as_json.content)["openapi"].startswith("3.1")


@pytest.mark.parametrize("path", PAGES)
class TestPage:
    def test_references_no_other_host(self, api: APIClient, path: str) -> None:
        page = api.get(path).content.decode()

        references = re.findall(r"""(?:src|href|action)=["']([^"']*)""", page)
        assert references
        assert all(re.match(r"/(?!/)|#", reference) for reference in references), references

    def test_has_no_script_or_style_of_its_own_in_it(self, api: APIClient, path: str) -> None:
        page = api.get(path).content.decode()

        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", page)


class TestContentSecurityPolicy:
    @pytest.mark.parametrize("path", ["/api/v1", "/api/v1/stakeholders", "/api/v1/stakeholders/0"])
    def test_allows_data_nothing(self, api: APIClient, path: str) -> None:
        directives = {"default-src": "'none'", "frame-ancestors": "'none'"}

        assert policy(api.get(path)) == directives

    @pytest.mark.parametrize("path", [*PAGES, "/admin/login/"])
    def test_allows_no_inline_script_and_no_evaluation(self, api: APIClient, path: str) -> None:
        directives = policy(api.get(path))

        assert directives["default-src"] == "'none'"
        assert directives["script-src"].split()[0] == "'self'"
        assert "unsafe" not in str(directives)

    def test_lets_only_redoc_run_a_worker_and_style_by_a_nonce(self, api: APIClient) -> None:
        redoc, again, swagger = (
            policy(api.get(f"/api/v1/{page}")) for page in ("redoc", "redoc", "docs")
        )

        assert redoc["worker-src"] == "blob:"
        assert "nonce-" in redoc["style-src"]
        assert redoc["style-src"] != again["style-src"]
        assert "worker-src" not in swagger
        assert swagger["style-src"] == "'self'"


class TestProblemsPage:
    """Each `type` of a problem is an address on it."""

    @pytest.fixture
    def page(self, api: APIClient) -> str:
        content: bytes = api.get("/problems").content
        return content.decode()

    @pytest.fixture
    def kinds(self) -> set[str]:
        titles = (*TITLES.values(), InvalidParameters.title, *(each.title for each in OWN))
        return {slugify(str(title)) for title in titles}

    def test_has_a_section_for_each_kind_and_no_other(self, page: str, kinds: set[str]) -> None:
        assert sorted(re.findall(r'<h2 id="([^"]+)"', page)) == sorted(kinds)

    def test_has_a_row_for_each_kind_with_its_status(self, page: str) -> None:
        row = r'<td><a href="#([^"]+)">([^<]+)</a></td>\s*<td>(\d+)</td>'
        rows = re.findall(row, page)

        expected = {(slugify(title), title, str(int(code))) for code, title in TITLES.items()}
        own = {(slugify(str(each.title)), each.title, str(int(each.status_code))) for each in OWN}
        assert set(rows) == expected | own | {("invalid-parameters", "Invalid Parameters", "400")}
        assert len(rows) == len(expected) + len(own) + 1

    def test_type_leads_to_it(self, api: APIClient) -> None:
        path, fragment = api.get("/nowhere").json()["type"].split("#")

        assert f'<h2 id="{fragment}">' in api.get(path).content.decode()

    def test_names_each_code_of_an_invalid_parameter(self, page: str, settings: Any) -> None:
        backend = settings.BASE_DIR / "backend"
        sources = [path for room in ROOMS for path in (backend / room).glob("*.py")]
        sources += [backend / "models" / name for name in ("upload.py", "stakeholder.py")]
        raised = {code for path in sources for code in re.findall(CODE, path.read_text())}

        _, _, rest = page.partition('<h2 id="invalid-parameters">')
        section, _, _ = rest.partition("<h2")
        named = {
            code
            for cell in re.findall(r"<td>((?:<code>\w+</code>(?:, )?)+)</td>", section)
            for code in re.findall(r"\w+(?=</code>)", cell)
        }
        locations = {"parameter", "pointer", "header"}
        others = CODES_OF_FIELDS | CODES_OF_VALIDATORS | CODES_OF_SCHEMAS
        assert named == raised | others | locations


class TestTitles:
    @pytest.mark.parametrize("status", TITLES)
    def test_do_not_depend_on_the_version_of_python(
        self, monkeypatch: pytest.MonkeyPatch, status: HTTPStatus
    ) -> None:
        before = problem(status)
        monkeypatch.setattr(status, "phrase", "Something Else")
        monkeypatch.setattr(status, "description", "Something else")

        assert problem(status) == before
