"""What is asked of whom, and what is right for an answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.contenders import (
    APPROVALS,
    COLD,
    FRONTS,
    LIMIT,
    NO_WRITES,
    PRIVATE_WRITES,
    PYGEOAPI,
    STOCK,
    TIPG,
    TRIVIAL,
    UNSHOWN_WRITES,
    WARM,
)
from benchmarks.load import Answer, BenchmarkError

CONCURRENTLY = 8
# The stock campaigns take a second each, and more at once would run into the time limit.
SOME_CONCURRENTLY = 4
ONE_AT_A_TIME = 1
# How many commit at once.
WRITERS = (1, 4, 16)

SMALL, LARGE, DURABLE = "100k", "1M", "durable"


class Content(NamedTuple):
    """How many things an answer shows; and what all who answer in the same order agree on."""

    number: int
    shown: Any


def features(body: Any) -> Content:
    return Content(len(body["features"]), body["features"])


def campaigns(body: Any) -> Content:
    shown = [(campaign["slug"], campaign["endorsement_count"]) for campaign in body["results"]]
    return Content(len(shown), shown)


def homepage(body: Any) -> Content:
    return Content(len(body["content_blocks"]), body)


@dataclass(frozen=True)
class Workload:
    """The same questions for several contenders; each has its own paths for them."""

    name: str
    database: str
    content: Callable[[Any], Content]
    paths: Mapping[str, Sequence[str]]
    # Those whose answers show the same, not only the same number.
    alike: Sequence[str] = (COLD, WARM, LIMIT, *FRONTS)
    connections: int = CONCURRENTLY
    # Of a client that has a copy.
    is_conditional: bool = False

    def read(self, contender: str, answer: Answer) -> Content | None:
        """What the answer shows; None if it is an empty one, as is right. Raises BenchmarkError."""
        is_not_modified = self.is_conditional and contender != TRIVIAL
        expected = 304 if is_not_modified else 200
        if answer.status != expected:
            raise BenchmarkError(f"the answer is {answer.status}, not {expected}.")
        if is_not_modified or contender == TRIVIAL:
            return None
        try:
            return self.content(json.loads(answer.body))
        except (ValueError, LookupError, TypeError) as error:
            raise BenchmarkError(f"the answer has another form: {error!r}.") from error


# Paths differ from one request to the next, so that no contender can answer two at once with
# the same work; on average they ask for what the workload's name says.
HUNDRED = range(96, 105)
THOUSAND = range(992, 1009, 2)
TWENTY = range(16, 25)
# Of 0.4 by 0.4 degrees, with some 370 stakeholders in each.
BOXES = [(-78 + step / 5, 38.0, -77.6 + step / 5, 38.4) for step in range(9)]

STAKEHOLDERS = "/api/v1/stakeholders"
CAMPAIGNS = "/api/v1/campaigns"
HOMEPAGE = "/api/v1/homepage"
TIPG_ITEMS = "/collections/peers.stakeholders/items?f=geojson"
PYGEOAPI_ITEMS = "/collections/stakeholders/items?f=json"


def pages(limits: Sequence[int]) -> dict[str, list[str]]:
    """First pages of stakeholders."""
    paths = {
        COLD: f"{STAKEHOLDERS}?limit=",
        WARM: f"{STAKEHOLDERS}?limit=",
        LIMIT: f"{STAKEHOLDERS}?limit=",
        STOCK: "/stakeholders?limit=",
        TIPG: f"{TIPG_ITEMS}&limit=",
        PYGEOAPI: f"{PYGEOAPI_ITEMS}&limit=",
    }
    return {name: [f"{path}{limit}" for limit in limits] for name, path in paths.items()} | {
        TRIVIAL: ["/"]
    }


def boxes() -> dict[str, list[str]]:
    def paths(pattern: str) -> list[str]:
        return [pattern.format(box=",".join(f"{edge:.1f}" for edge in box)) for box in BOXES]

    ours = paths(STAKEHOLDERS + "?bbox={box}&limit=100")
    return {
        COLD: ours,
        WARM: ours,
        LIMIT: ours,
        STOCK: paths("/stakeholders?in_bbox={box}&limit=100"),
        TIPG: paths(TIPG_ITEMS + "&bbox={box}&limit=100"),
        PYGEOAPI: paths(PYGEOAPI_ITEMS + "&bbox={box}&limit=100"),
        TRIVIAL: ["/"],
    }


def campaign_pages() -> dict[str, list[str]]:
    ours = [f"{CAMPAIGNS}?limit={limit}" for limit in TWENTY]
    stock = [f"/campaigns?limit={limit}" for limit in TWENTY]
    return {COLD: ours, WARM: ours, STOCK: stock, TRIVIAL: ["/"]}


def homepages() -> dict[str, list[str]]:
    return {COLD: [HOMEPAGE], WARM: [HOMEPAGE], LIMIT: [HOMEPAGE], TRIVIAL: ["/"]}


def only(paths: Mapping[str, Sequence[str]], *contenders: str) -> dict[str, Sequence[str]]:
    return {name: paths[name] for name in contenders}


class Name:
    """Of the workloads."""

    HUNDRED = "100 stakeholders"
    THOUSAND = "1,000 stakeholders"
    BBOX = "100 in a bbox"
    HOMEPAGE = "homepage with 20 blocks"
    HUNDRED_OF_1M = "100 stakeholders of 1M"
    HUNDRED_ALONE = "100 stakeholders, one client"
    HUNDRED_OF_1M_ALONE = "100 stakeholders of 1M, one client"
    DEEP = "the page after row 900,000, one client"
    WHOLE_SET = "the whole set of 1M stakeholders"
    EXPORTED_STAKEHOLDERS = "staff's export of 1M stakeholders"
    EXPORTED_ENDORSEMENTS = "staff's export of 1M endorsements"
    NEAR = "nearest 100 of 1M in 50 miles, one client"
    CAMPAIGNS = "campaigns, 1M endorsements"
    CAMPAIGNS_OF_10K_ALONE = "campaigns, 10k endorsements, one client"
    CAMPAIGNS_ALONE = "campaigns, 1M endorsements, one client"
    CONDITIONAL = "{}, If-None-Match"
    HUNDRED_BESIDE_WRITES = "100 stakeholders beside a writer"
    CAMPAIGNS_BESIDE_WRITES = "campaigns beside a writer"
    POLLS = "50 polls/s beside 30 pending endorsements/s"
    PRIVATE_COMMITS = "commits of private rows, writers: {}"
    PUBLIC_COMMITS = "commits of public rows, writers: {}"
    SUBMISSIONS = "submissions, durable"
    BESIDE_SUBMISSIONS = "100 stakeholders beside 100 submissions/s"
    OPEN_LOOP = "99th percentile of 100 submissions/s beside 150 reads/s"
    MAILS = "mails by two workers"


def small_workloads() -> list[Workload]:
    """On 100,000 stakeholders and 10,000 endorsements."""
    hundred, page = pages(HUNDRED), homepages()
    conditional = {
        Name.HUNDRED: (features, hundred),
        Name.THOUSAND: (features, pages(THOUSAND)),
        Name.BBOX: (features, boxes()),
        "campaigns": (campaigns, campaign_pages()),
        Name.HOMEPAGE: (homepage, page),
    }
    with_fronts = hundred | {front: hundred[api] for front, api in FRONTS.items()}
    return [
        Workload(Name.HUNDRED, SMALL, features, with_fronts),
        Workload(Name.THOUSAND, SMALL, features, pages(THOUSAND)),
        Workload(Name.BBOX, SMALL, features, boxes()),
        Workload(Name.HOMEPAGE, SMALL, homepage, page),
        *(
            Workload(
                Name.CONDITIONAL.format(name),
                SMALL,
                content,
                only(paths, WARM, TRIVIAL),
                is_conditional=True,
            )
            for name, (content, paths) in conditional.items()
        ),
    ]


def workloads_beside_writes() -> list[Workload]:
    """As some of the small ones, by contenders beside a writer."""
    hundred, campaign_page = pages(HUNDRED)[WARM], campaign_pages()[WARM]
    by_all = (PRIVATE_WRITES, UNSHOWN_WRITES, APPROVALS, NO_WRITES)
    by_some = (APPROVALS, NO_WRITES)
    return [
        Workload(name, SMALL, content, dict.fromkeys(contenders, paths), alike=contenders)
        for name, content, paths, contenders in (
            (Name.HUNDRED_BESIDE_WRITES, features, hundred, by_all),
            (Name.CAMPAIGNS_BESIDE_WRITES, campaigns, campaign_page, by_some),
        )
    ]


def large_workloads(deep_page: str) -> list[list[Workload]]:
    """On 1,000,000 stakeholders and endorsements, and what is compared with that: in groups.

    Those of a group are measured in turn.
    """
    hundred, campaign_page = pages(HUNDRED), campaign_pages()
    alone = only(pages([100]), COLD)
    nearest = [f"{STAKEHOLDERS}?near=-76.49,38.97&radius=50mi&limit=100"]
    near = {COLD: nearest, LIMIT: nearest}
    one_client = [
        Workload(Name.HUNDRED_ALONE, SMALL, features, alone, connections=ONE_AT_A_TIME),
        Workload(Name.HUNDRED_OF_1M_ALONE, LARGE, features, alone, connections=ONE_AT_A_TIME),
        Workload(Name.DEEP, LARGE, features, {COLD: [deep_page]}, connections=ONE_AT_A_TIME),
        Workload(Name.NEAR, LARGE, features, near, connections=ONE_AT_A_TIME),
        *(
            Workload(
                name, database, campaigns, only(campaign_page, COLD), connections=ONE_AT_A_TIME
            )
            for name, database in (
                (Name.CAMPAIGNS_OF_10K_ALONE, SMALL),
                (Name.CAMPAIGNS_ALONE, LARGE),
            )
        ),
    ]
    many_clients = [
        Workload(Name.HUNDRED_OF_1M, LARGE, features, only(hundred, COLD, LIMIT, STOCK)),
        Workload(
            Name.CAMPAIGNS,
            LARGE,
            campaigns,
            only(campaign_page, COLD, STOCK),
            alike=(COLD, STOCK),
            connections=SOME_CONCURRENTLY,
        ),
    ]
    return [*([workload] for workload in many_clients), one_client]
