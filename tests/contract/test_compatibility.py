from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.contract.compatibility import ROOT, unannounced

DOCUMENT = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))

CAMPAIGNS = "/api/v1/campaigns"
STAKEHOLDERS = "/api/v1/stakeholders"
Change = Callable[[dict[str, Any]], Any]


def schemas(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]


def operation(document: dict[str, Any], path: str = CAMPAIGNS, method: str = "get") -> Any:
    return document["paths"][path][method]


def parameter(document: dict[str, Any], name: str, path: str = CAMPAIGNS) -> Any:
    (found,) = [each for each in operation(document, path)["parameters"] if each["name"] == name]
    return found


def body(document: dict[str, Any]) -> Any:
    search = operation(document, f"{STAKEHOLDERS}/search", "post")
    return search["requestBody"]["content"]["application/json"]["schema"]


def reasons(change: Change, changelog: str = "") -> list[str]:
    changed = deepcopy(DOCUMENT)
    change(changed)
    return unannounced(DOCUMENT, changed, changelog)


BREAKS: dict[str, Change] = {
    "removed path": lambda new: new["paths"].pop(CAMPAIGNS),
    "removed operation": lambda new: new["paths"][CAMPAIGNS].pop("get"),
    "removed status": lambda new: operation(new)["responses"].pop("503"),
    "removed header": lambda new: operation(new)["responses"]["200"]["headers"].pop("Link"),
    "other media type": lambda new: operation(new)["responses"]["200"].update(content={}),
    "removed property": lambda new: schemas(new)["Campaign"]["properties"].pop("slug"),
    "removed optional property": lambda new: schemas(new)["StakeholderFeature"]["properties"][
        "properties"
    ]["properties"].pop("role"),
    "newly optional property": lambda new: schemas(new)["Campaign"]["required"].remove("slug"),
    "property of another type": lambda new: schemas(new)["Campaign"]["properties"]["id"].update(
        type="string"
    ),
    "property of a wider type": lambda new: schemas(new)["Campaign"]["properties"]["id"].update(
        type="number"
    ),
    "newly nullable property": lambda new: schemas(new)["Campaign"]["properties"]["slug"].update(
        type=["string", "null"]
    ),
    "property of another format": lambda new: schemas(new)["Campaign"]["properties"][
        "created_at"
    ].pop("format"),
    "new value in an answer": lambda new: schemas(new)["StakeholderType"]["enum"].append("poet"),
    "removed value in a request": lambda new: schemas(new)["StakeholderType"]["enum"].pop(),
    "removed parameter": lambda new: operation(new)["parameters"].remove(parameter(new, "search")),
    "parameter of another type": lambda new: parameter(new, "limit")["schema"].update(
        type="boolean"
    ),
    "parameter with fewer values": lambda new: parameter(new, "ordering")["schema"]["enum"].pop(),
    "parameter with a narrower range": lambda new: parameter(new, "limit")["schema"].update(
        minimum=2
    ),
    "parameter with a new limit": lambda new: parameter(new, "limit")["schema"].update(maximum=100),
    "parameter with another pattern": lambda new: parameter(new, "radius", STAKEHOLDERS)[
        "schema"
    ].update(pattern="^[0-9]+km$"),
    "parameter with narrower items": lambda new: parameter(new, "bbox", STAKEHOLDERS)["schema"][
        "prefixItems"
    ][1].update(minimum=0),
    "newly required parameter": lambda new: parameter(new, "search").update(required=True),
    "new required parameter": lambda new: operation(new)["parameters"].append(
        {"name": "key", "in": "query", "required": True, "schema": {"type": "string"}}
    ),
    "removed member of a body": lambda new: body(new)["properties"].pop("within"),
    "newly required member of a body": lambda new: body(new).update(required=["within"]),
    "removed alternative in a body": lambda new: body(new)["properties"]["within"]["oneOf"].pop(),
}

ADDITIONS: dict[str, Change] = {
    "nothing": lambda _new: None,
    "new path": lambda new: new["paths"].update({"/api/v2": new["paths"]["/api/v1"]}),
    "new status": lambda new: operation(new)["responses"].update(
        {"429": {"$ref": "#/components/responses/Problem503"}}
    ),
    "new property": lambda new: schemas(new)["Campaign"]["properties"].update(
        colour={"type": "string"}
    ),
    "newly required property of an answer": lambda new: schemas(new)["Problem"].update(
        required=[*schemas(new)["Problem"]["properties"]]
    ),
    "narrower property of an answer": lambda new: schemas(new)["Campaign"]["properties"][
        "title"
    ].update(maxLength=100),
    "new optional parameter": lambda new: operation(new)["parameters"].append(
        {"name": "colour", "in": "query", "schema": {"type": "string"}}
    ),
    "new value of a parameter": lambda new: parameter(new, "ordering")["schema"]["enum"].append(
        "summary"
    ),
    "parameter with a wider range": lambda new: parameter(new, "search")["schema"].update(
        maxLength=500
    ),
    "new optional member of a body": lambda new: body(new)["properties"].update(
        colour={"type": "string"}
    ),
    "body that may be left out": lambda new: operation(new, f"{STAKEHOLDERS}/search", "post")[
        "requestBody"
    ].update(required=False),
    "other words": lambda new: schemas(new)["Campaign"].update(description="Other words."),
}


class TestChanges:
    @pytest.mark.parametrize("name", BREAKS)
    def test_that_break_clients_are_found(self, name: str) -> None:
        assert reasons(BREAKS[name])

    @pytest.mark.parametrize("name", ADDITIONS)
    def test_that_add_something_pass(self, name: str) -> None:
        assert reasons(ADDITIONS[name]) == []

    def test_are_told_where_they_are(self) -> None:
        assert reasons(BREAKS["newly optional property"])[0] == (
            "GET /api/v1/campaigns: an item of results of the answer 200 may lack slug"
        )


class TestChangelog:
    CHANGELOG = """# Changelog

## Unreleased

### Breaking

- {line}

### Added

- Campaigns have a colour.

## 1.0.0

### Breaking

- `GET /api/v1/campaigns/{{slug}}` is new.
"""

    def remove_search(self, line: str) -> list[str]:
        return reasons(BREAKS["removed parameter"], self.CHANGELOG.format(line=line))

    def test_lets_a_change_pass_that_it_announces(self) -> None:
        assert self.remove_search("`GET /api/v1/campaigns` no longer takes `search`.") == []

    def test_lets_no_change_pass_that_it_announces_elsewhere(self) -> None:
        assert self.remove_search("`GET /api/v1/campaigns/{slug}` is gone.")

    def test_lets_no_change_pass_on_the_word_of_an_older_release(self) -> None:
        changelog = self.CHANGELOG.format(line="Nothing.")

        assert reasons(lambda new: new["paths"].pop("/api/v1/campaigns/{slug}"), changelog)
