"""Answers that are known already: not sent again, or not made again.

A public answer is a function of the code, of its URL and of the rows it shows. For the rows
stand the revisions of their views, which triggers keep; they are looked up before any other
work. The look-up comes first and the rows after it, so that rows may be newer than the
revision they are kept under, and never older.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache, caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags

from backend.database.replica import replica
from backend.http.compression import compress, encoding_for
from backend.observing.metrics import PUBLIC_ANSWERS, note

# A larger answer is not cached; the cache's MAX_ENTRIES bounds how many are.
MAX_CACHED_BYTES = 512 * 1024
CACHED_SECONDS = 60 * 60

# At the end of a tag.
POSITION = re.compile(r'-([0-9a-f]{1,16})"$')

FROM_CLIENT, FROM_CACHE, MADE = map(PUBLIC_ANSWERS.labels, ("client", "cache", "made"))


class CachedResponse(NamedTuple):
    """An answer as it is sent, compressed or not."""

    body: bytes
    headers: dict[str, str]


Handler = Callable[[], HttpResponseBase]


def conditional_response(
    request: HttpRequest, revision: str, handler: Handler, vary: Sequence[str]
) -> HttpResponseBase:
    """The answer to a GET or HEAD: 304, from the cache, or else what `handler` returns.

    `vary` are the headers of the request that it depends on.
    """
    encoding = encoding_for(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    url = str(request.scheme), request.get_host(), request.path, request.META["QUERY_STRING"]
    tag = entity_tag(CODE, revision, encoding, *url)
    for held in held_tags(request):
        if without_position(held) == tag:
            note(FROM_CLIENT.inc)
            # By the client's own tag, or it would not know which of its answers is meant.
            return _tagged(HttpResponseNotModified(), held, vary)
    response = cache.get(tag) or _single_flight(
        lambda: _encoded(handler(), tag, encoding, vary), tag
    )
    if isinstance(response, CachedResponse):
        note(FROM_CACHE.inc)
        replica.note_kept(position_of(response.headers["ETag"]))
        return HttpResponse(response.body, headers=response.headers)
    note(MADE.inc)
    return response


def _single_flight(handler: Handler, tag: str) -> CachedResponse | HttpResponseBase:
    """Call `handler` once for all threads that ask for the same answer meanwhile."""
    with _guard:
        leader = _in_flight.get(tag)
        if leader is None:
            result = _in_flight[tag] = Future()
    if leader is not None:
        return leader.result() or handler()
    cached: CachedResponse | None = None
    try:
        # Another thread may have finished since this one looked.
        cached = cache.get(tag) or _of_other_process(tag)
        if cached is None:
            response = handler()
            cached = _store(response, tag)
            return response
        return cached
    finally:
        with _guard:
            del _in_flight[tag]
        result.set_result(cached)


def _of_other_process(tag: str) -> CachedResponse | None:
    """What another has made, from the cache that all share; this one has it from now on."""
    found: CachedResponse | None = caches["shared"].get(tag)
    if found is not None:
        cache.set(tag, found, CACHED_SECONDS)
    return found


_in_flight: dict[str, "Future[CachedResponse | None]"] = {}
_guard = Lock()


def _encoded(
    response: HttpResponseBase, tag: str, encoding: str, vary: Sequence[str]
) -> HttpResponseBase:
    """The answer as it is sent: compressed, if that is worth it, and tagged."""
    position = replica.note_shown()
    if response.status_code != HTTPStatus.OK:
        return response
    compress(response, encoding)
    return _tagged(response, with_position(tag, position), vary)


def _store(response: HttpResponseBase, tag: str) -> CachedResponse | None:
    """Cache an answer; None if others cannot be given the same one."""
    if response.status_code != HTTPStatus.OK or not isinstance(response, HttpResponse):
        return None
    cached = CachedResponse(response.content, dict(response.items()))
    if len(cached.body) <= MAX_CACHED_BYTES:
        for each in (cache, caches["shared"]):
            each.set(tag, cached, CACHED_SECONDS)
    return cached


def _tagged(response: HttpResponseBase, tag: str, vary: Sequence[str]) -> HttpResponseBase:
    response["ETag"] = tag
    response.setdefault("Cache-Control", "public, no-cache")
    patch_vary_headers(response, vary)
    return response


def held_tags(request: HttpRequest) -> list[str]:
    """What the client has: for a weak comparison, for caches may weaken a tag.

    `*` is no tag: whether there is an answer is not known before it is made.
    """
    tags = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return [each.removeprefix("W/") for each in tags]


def held_position(request: HttpRequest) -> int:
    """The newest position at which the client has been shown something."""
    return max(map(position_of, held_tags(request)), default=0)


def with_position(tag: str, position: int) -> str:
    """The tag of an answer that the replica may not be able to give yet; it equals the other."""
    return f'{tag[:-1]}-{position:x}"' if position else tag


def without_position(tag: str) -> str:
    return POSITION.sub('"', tag)


def position_of(tag: str) -> int:
    found = POSITION.search(tag)
    return int(found[1], 16) if found else 0


def entity_tag(*parts: str) -> str:
    """A strong entity tag (RFC 9110, section 8.8.3)."""
    return f'"{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=12).hexdigest()}"'


def _digest_of_code() -> str:
    """Other code or settings make other answers of the same rows, another key other cursors."""
    digest = hashlib.blake2b(salted_hmac(__name__, "").digest(), digest_size=12)
    backend = Path(__file__).parents[1]
    for source in sorted([*backend.rglob("*.*"), *backend.with_name("docs").glob("problems.md")]):
        if source.suffix in {".py", ".html", ".json", ".md", ".js", ".css", ".svg"}:
            digest.update(source.read_bytes())
    digest.update(repr((settings.SPECTACULAR_SETTINGS, settings.COALITION_NAME)).encode())
    digest.update(version("drf-spectacular-sidecar").encode())
    return digest.hexdigest()


CODE = _digest_of_code()
