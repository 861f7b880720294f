"""Those who answer: this API, what it can be at best, what it would be otherwise, its peers."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field

from benchmarks.memory import Workers
from benchmarks.peers import Installation
from deploy.database import Database
from deploy.front import start_front
from deploy.processes import Account, Server, StackError, free_port
from deploy.stack import Address, granian

COLD = "API, cold"
WARM = "API, warm"
COLD_BEHIND_FRONT = "API, cold, behind its front"
WARM_BEHIND_FRONT = "API, warm, behind its front"
LIMIT = "limit"
STOCK = "stock"
TRIVIAL = "trivial view"
TIPG = "TiPg"
PYGEOAPI = "pygeoapi"
COPY = "COPY by psql"

# Beside one who writes.
PRIVATE_WRITES = "API, warm, 30 pending endorsements/s"
UNSHOWN_WRITES = "API, warm, 30 rows/s that nothing shows"
APPROVALS = "API, warm, 30 approvals/s"
NO_WRITES = "API, cold, no writes"
NOT_MODIFIED = "304s"
ALL_ANSWERS = "all answers"
# Submissions.
SUBMITTED = "API, submissions"
BARE = "bare function"
PER_SECOND = "{} a second"
WITHIN_100_MS = "100 ms"
REVISIONS = "with revisions"
NO_REVISIONS = "without revisions"

THIS_API = (COLD, WARM)
DJANGO = "deploy.wsgi:application"


@dataclass(frozen=True)
class Application:
    """What granian is to serve as a contender."""

    wsgi: str
    env: dict[str, str] = field(default_factory=dict)


APPLICATIONS = {
    COLD: Application(DJANGO, {"CACHE_URL": "dummycache://"}),
    WARM: Application(DJANGO),
    LIMIT: Application("benchmarks.apps.limit.wsgi:application", {"CACHE_URL": "dummycache://"}),
    STOCK: Application(
        "benchmarks.apps.wsgi:application",
        {"DJANGO_SETTINGS_MODULE": "benchmarks.apps.stock.settings"},
    ),
    # Each client of the benchmark comes from an address of its own, as it says itself.
    SUBMITTED: Application(DJANGO, {"TRUSTED_PROXIES": "127.0.0.0/8"}),
    BARE: Application("benchmarks.apps.bare:application"),
    TRIVIAL: Application(
        "benchmarks.apps.wsgi:application",
        {"DJANGO_SETTINGS_MODULE": "benchmarks.apps.trivial.settings"},
    ),
}


# The same processes, by way of nginx.
FRONTS = {COLD_BEHIND_FRONT: COLD, WARM_BEHIND_FRONT: WARM}


@dataclass(frozen=True)
class Contender:
    """One who answers on a port of this machine."""

    name: str
    port: int
    server: Server
    # What goes on while it is measured.
    beside: Callable[[], AbstractContextManager[None]] = nullcontext

    def workers(self) -> Workers:
        return Workers(self.server)


@contextmanager
def started(
    database: Database, names: Sequence[str], peers: Sequence[Installation], failures: list[str]
) -> Iterator[dict[str, Contender]]:
    """Those of the contenders that start, on one database; of the others `failures` tells."""
    contenders: dict[str, Contender] = {}
    with ExitStack() as running:
        for name in names:
            port = free_port()
            if name in FRONTS:
                server = start_front_of(contenders[FRONTS[name]], database, port)
            else:
                server = start(APPLICATIONS[name], database, port)
            contenders[name] = Contender(name, port, server)
            running.callback(contenders[name].server.stop)
        for peer in peers:
            port = free_port()
            server = peer.peer.start(peer, database, port)
            contenders[peer.peer.name] = Contender(peer.peer.name, port, server)
            running.callback(server.stop)
        for contender in list(contenders.values()):
            try:
                contender.server.wait_until(Address("127.0.0.1", contender.port).answers)
            except StackError as error:
                failures.append(str(error))
                del contenders[contender.name]
        yield contenders


def start_front_of(api: Contender, database: Database, port: int) -> Server:
    places = {"API_PORT": str(api.port), "HEALTH_PORT": str(api.port)}
    return start_front(
        database.home / f"front_{api.port}",
        log=database.home / "contenders.log",
        env={**os.environ, **places, "LISTEN": f"127.0.0.1:{port}"},
    )


def start(application: Application, database: Database, port: int) -> Server:
    # Whoever runs the benchmark may have chosen a cache; the contenders have each their own.
    inherited = {name: value for name, value in database.env.items() if name != "CACHE_URL"}
    name = application.wsgi.partition(":")[0]
    return Server(
        name,
        granian(Address("127.0.0.1", port), application.wsgi),
        account=Account.own(),
        log=database.home / "contenders.log",
        env=inherited | application.env,
    )
