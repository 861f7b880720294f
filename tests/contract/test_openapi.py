"""What openapi.yaml allows is answered as it says; what it forbids is refused as it says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import schemathesis
import yaml
from django.conf import settings
from django.contrib.gis.geos import MultiPoint, Point, Polygon
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from knox.models import AuthToken
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.schemas import BaseSchema

from backend.http.geo import MAX_RADIUS_M, METERS
from tests.factories import make_user

CONFIG = schemathesis.Config.from_dict(
    {
        # The same requests each time, on every machine.
        "seed": 1,
        "generation": {"deterministic": True, "max-examples": 30},
        "checks": {"enabled": True},
    }
)
contract = schemathesis.openapi.from_path(Path(settings.BASE_DIR) / "openapi.yaml", config=CONFIG)

STAFF_PATHS = "^/api/v1/manage"


def staff_contract_of(document: Any) -> BaseSchema:
    """What only staff may ask, who have a token each time: to leave it out is no test of these."""
    staffs = {
        path: {
            method: {name: each for name, each in operation.items() if name != "security"}
            for method, operation in item.items()
        }
        for path, item in document["paths"].items()
        if re.match(STAFF_PATHS, path)
    }
    config = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "phases": {"fuzzing": {"enabled": False}},
            "generation": {"deterministic": True, "max-examples": 4},
            "checks": {
                "enabled": True,
                # Nobody can guess which titles are taken, which ids there are, or a row's ETag.
                "positive_data_acceptance": {"enabled": False},
                # A precondition comes before the body (RFC 9110, section 13.2.2).
                "negative_data_rejection": {"expected-statuses": [*REFUSALS, "412"]},
                "missing_required_header": {"expected-statuses": ["4xx"]},
            },
        }
    )
    return schemathesis.openapi.from_dict({**document, "paths": staffs}, config=config)


REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx"]
DOCUMENT = yaml.safe_load((Path(settings.BASE_DIR) / "openapi.yaml").read_text("utf-8"))
staff_contract = staff_contract_of(DOCUMENT)


@pytest.fixture(scope="module")
def administrator(server: str, django_db_blocker: Any) -> dict[str, str]:
    """The headers of one."""
    with django_db_blocker.unblock():
        token = AuthToken.objects.create(make_user("administrator"))[1]
    return {"Authorization": f"Token {token}"}


@contract.hook
def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
    """Mend what is meant to be valid, where a rule is more than JSON Schema can say."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return case
    if "Idempotency-Key" in case.headers:
        # Another body needs another key.
        case.headers["Idempotency-Key"] = str(uuid4())
    asked = case.body if isinstance(case.body, dict) else case.query
    # Only one that the server has signed is a cursor: TestPages follows those.
    asked.pop("cursor", None)
    for name, mend in MENDED.items():
        if name in asked:
            asked[name] = mend(asked[name])
    if "radius" in asked:
        asked.setdefault("near", [0, 0] if asked is case.body else "0,0")
    return case


def south_below_north(box: Any) -> Any:
    """Which of two numbers in an array is larger."""
    if isinstance(box, str):
        west, south, east, north = box.split(",")
        south, north = sorted((south, north), key=float)
        return f"{west},{south},{east},{north}"
    west, south, east, north = box
    return [west, min(south, north), east, max(south, north)]


def within_the_earth(radius: str) -> str:
    """How large a number in a string is."""
    number = radius.rstrip("mik")
    meters = float(number) * METERS[radius.removeprefix(number)]
    return radius if 0 < meters <= MAX_RADIUS_M else "20037km"


def closed_and_valid(area: dict[str, Any]) -> dict[str, Any]:
    """A ring ends where it starts and crosses nothing, as does a hull; latitudes end at 90."""
    polygons = area["coordinates"] if area["type"] == "MultiPolygon" else [area["coordinates"]]
    positions = [position for rings in polygons for ring in rings for position in ring]
    points = [Point(x, max(-90, min(y, 90))) for x, y in positions]
    hull = MultiPoint(points).convex_hull
    if not isinstance(hull, Polygon) or not hull.valid:
        hull = Polygon.from_bbox((-77, 38, -76, 39.5))
    rings = [[[*position] for position in ring] for ring in hull.coords]
    return {**area, "coordinates": [rings] if area["type"] == "MultiPolygon" else rings}


MENDED: dict[str, Callable[[Any], Any]] = {
    # The one that is current.
    "terms_version": lambda _: "2026-11",
    "bbox": south_below_north,
    "radius": within_the_earth,
    "within": closed_and_valid,
}


class TestOperations:
    @contract.exclude(path_regex=STAFF_PATHS).parametrize()
    @hypothesis_settings(suppress_health_check=list(HealthCheck))
    def test_answer_as_described(self, case: Case[Any], server: str) -> None:
        case.call_and_validate(base_url=server)

    def test_answer_as_described_with_what_others_answered(self, server: str) -> None:
        contract.config.update(base_url=server)

        contract.as_state_machine().run(
            settings=hypothesis_settings(
                max_examples=20,
                stateful_step_count=8,
                suppress_health_check=list(HealthCheck),
            )
        )

    # The last: the terms it publishes are current from then on.
    @staff_contract.parametrize()
    @hypothesis_settings(suppress_health_check=list(HealthCheck))
    def test_answer_staff_as_described(
        self, case: Case[Any], server: str, administrator: dict[str, str]
    ) -> None:
        case.call_and_validate(base_url=server, headers=administrator)


class TestPages:
    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("/api/v1/campaigns", {"limit": "3", "ordering": "title"}),
            ("/api/v1/campaigns/{slug}/endorsements", {"limit": "60"}),
            ("/api/v1/stakeholders", {"limit": "40", "near": "-76.49,38.97", "fields": "name"}),
        ],
    )
    def test_of_a_list_are_as_described(
        self, path: str, query: dict[str, str], server: str
    ) -> None:
        slug = {"slug": "ten-thousand-acres-of-reef"} if "{" in path else {}
        rows: list[Any] = []

        while query:
            case = contract[path]["GET"].Case(path_parameters=slug, query=query)
            answer = case.call_and_validate(base_url=server)
            page = answer.json()
            rows += page.get("results") or page["features"]
            cursor = cursor_of_next(answer.headers.get("link", [""])[0])
            query = query | {"cursor": cursor} if cursor else {}

        assert len(rows) == page.get("count", page.get("numberMatched")) > len(page)

    def test_of_a_search_are_as_described(self, server: str) -> None:
        body: dict[str, Any] = {"type": ["individual"], "ordering": "-name", "limit": 20}
        rows: list[Any] = []

        while body:
            operation = contract["/api/v1/stakeholders/search"]["POST"]
            case = operation.Case(body=body, media_type="application/json")
            page = case.call_and_validate(base_url=server).json()
            rows += page["features"]
            links = {link["rel"]: link for link in page["links"]}
            body = body | links["next"]["body"] if "next" in links else {}

        assert len(rows) == page["numberMatched"] > 20


def cursor_of_next(link_header: str) -> str | None:
    match = re.search(r'<([^>]*)>; rel="next"', link_header)
    return parse_qs(urlsplit(match[1]).query)["cursor"][0] if match else None
