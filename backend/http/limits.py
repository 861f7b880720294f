"""Limits on what one client may send, and who one client is."""

import math
import time
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from backend.actions.quotas import Limit
from backend.http.errors import Problem
from backend.observing.metrics import LIMITS_HIT

Address = IPv4Address | IPv6Address

# Who has sent too many requests already, and until when, of time.monotonic(): nobody is given one
# back, so that a flood need not ask the database each time.
spent_up_to: dict[tuple[Limit, str], float] = {}
MOST_REMEMBERED = 10_000


class TooManyRequests(Problem):
    """Beyond a limit; the headers say which, and when it is over for the client."""

    def __init__(
        self, limit: Limit, reset_seconds: int, reason: str = "Your network sent too much."
    ) -> None:
        name = f'"{limit.name}"'
        headers = {
            "Retry-After": str(reset_seconds),
            # draft-ietf-httpapi-ratelimit-headers; without a partition key, which identifies.
            "RateLimit-Policy": f"{name};q={limit.quota};w={limit.window_seconds}",
            "RateLimit": f"{name};r=0;t={reset_seconds}",
        }
        super().__init__(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"{reason} Try again in {reset_seconds} seconds.",
            headers=headers,
        )


def limit_requests(request: HttpRequest) -> None:
    """Count a request that writes, whatever becomes of it; raises TooManyRequests."""
    limit, client = Limit.named("requests"), client_network(request)
    seconds_left = spent_up_to.get((limit, client), 0.0) - time.monotonic()
    if seconds_left > 0:
        LIMITS_HIT.labels(limit.name).inc()
        raise TooManyRequests(limit, math.ceil(seconds_left))
    if not limit.spend_unsaved(client):
        reset_seconds = limit.reset_seconds(client)
        if len(spent_up_to) >= MOST_REMEMBERED:
            spent_up_to.clear()
        spent_up_to[limit, client] = time.monotonic() + reset_seconds
        raise TooManyRequests(limit, reset_seconds)


def limit_submissions(request: HttpRequest) -> None:
    """Count what causes a mail; raises TooManyRequests."""
    limit, client = Limit.named("address"), client_network(request)
    if not limit.spend(client):
        raise TooManyRequests(limit, limit.reset_seconds(client))


def client_network(request: HttpRequest) -> str:
    """The address of the client, or of its network where that is IPv6: a household has a /64."""
    address = _client_address(request.META)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address or "unknown")


def _client_address(meta: dict[str, Any]) -> Address | None:
    """The last that a trusted proxy names and that is none itself; None over a Unix socket."""
    address = _parse(meta.get("REMOTE_ADDR", ""))
    # Each proxy adds whom it heard, on the right. Further left is whatever the client wrote.
    named = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while named and _is_trusted(address):
        before = _parse(named.pop().strip())
        if before is None:
            break
        address = before
    return address


def _is_trusted(address: Address | None) -> bool:
    return any(address in network for network in _trusted_networks(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=1)
def _trusted_networks(networks: tuple[str, ...]) -> list[Any]:
    return [ip_network(network, strict=False) for network in networks]


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
