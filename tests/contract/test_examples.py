"""The examples in openapi.yaml are answers that the demo coalition gives today."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from knox.models import AuthToken
from openapi_schema_validator import OAS31Validator

from backend.api import examples
from tests.contract.asking import ask
from tests.factories import make_user

FILE = Path(examples.__file__).with_name("examples.json")
DOCUMENT = yaml.safe_load((Path(settings.BASE_DIR) / "openapi.yaml").read_text())
OPERATIONS = {
    operation["operationId"]: operation
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
}

ADDRESS = "https://api.example.org"
# What depends on the server's key, and on when the demo's homepage was made the active one.
NORMALISED = {
    r"[A-Za-z0-9_-]+~[A-Za-z0-9_-]{43}": "WzF~aQ",
    r"20[-0-9]{8}T[:0-9]{8}\.[0-9]+Z": "2026-11-02T09:30:00.123456Z",
}
LONG_LISTS = ("content_blocks", "features")


@pytest.fixture
def token(server: str, django_db_blocker: Any) -> str:
    """An administrator's."""
    with django_db_blocker.unblock():
        user = make_user("administrator", username="ann")
        return str(AuthToken.objects.create(user)[1])


def answer_of(example: dict[str, Any], server: str, token: str) -> Any:
    """What the server answers to the request of an example, in the form that the file has it."""
    path = example["path"]
    headers = {"Accept": example.get("accept", "*/*")} | credentials(path, token)
    body = json.dumps(example["body"]).encode() if "body" in example else None
    if body:
        headers["Content-Type"] = example.get("content_type", "application/json")
    if example.get("method") == "PATCH":
        headers["If-Match"] = ask(server, path, headers=headers).headers["ETag"]
    text = ask(server, path, body, headers, method=example.get("method")).content.decode()
    text = text.replace(server, ADDRESS)
    for pattern, replacement in NORMALISED.items():
        text = re.sub(pattern, replacement, text)
    answer = json.loads(text)
    for name in LONG_LISTS:
        if name in answer:
            answer[name] = answer[name][:2]
    return answer


def credentials(path: str, token: str) -> dict[str, str]:
    return {"Authorization": f"Token {token}"} if path.startswith("/api/v1/manage") else {}


class TestExamples:
    def test_are_what_the_server_answers(self, server: str, token: str) -> None:
        current = {
            # Some answer to a token, which is another one for each server.
            name: {**example, "answer": answer_of(example, server, token)}
            if "path" in example
            else example
            for name, example in examples.EXAMPLES.items()
        }
        recorded = json.loads(FILE.read_text(encoding="utf-8"))

        if current != recorded:
            FILE.write_text(json.dumps(current, indent=2, ensure_ascii=False) + "\n", "utf-8")
            pytest.fail(f"The answers have changed. They are in {FILE.name}: review them there.")

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_of_every_operation_are_as_their_schema_says(self, name: str) -> None:
        operation = OPERATIONS[name]
        success = next(each for code, each in operation["responses"].items() if code[0] == "2")
        contents = [success, operation.get("requestBody")]

        for content in (each for each in contents if each and "content" in each):
            shown = [each for each in content["content"].values() if "example" in each]
            assert shown
            for media_type in shown:
                validator = OAS31Validator({**DOCUMENT, **media_type["schema"]})
                validator.validate(media_type["example"])

    @pytest.mark.parametrize(
        "name", sorted({*DOCUMENT["components"]["responses"]} - {"NotModified"})
    )
    def test_of_every_problem_are_as_their_schema_says(self, name: str) -> None:
        media_type = DOCUMENT["components"]["responses"][name]["content"][
            "application/problem+json"
        ]

        validator = OAS31Validator({**DOCUMENT, **media_type["schema"]})

        validator.validate(media_type["example"])
        assert media_type["example"]["status"] == int(name.removeprefix("Problem"))
