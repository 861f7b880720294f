"""Answers that are known already: not sent again, or not made again.

A public answer is a function of the code, of its URL and of the rows it shows. For the rows
stand the revisions of their tables, which triggers keep; they are looked up before any other
work. The look-up comes first and the rows after it, so that rows may be newer than the
revision they are kept under, and never older.
"""

import hashlib
import logging
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol, cast

import brotli
import zstandard
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# A larger answer is not kept; the cache's MAX_ENTRIES bounds how many are.
MAX_KEPT_BYTES = 512 * 1024
KEPT_SECONDS = 60 * 60
# Of less, the headers are the larger part.
MIN_COMPRESSED_BYTES = 500


class Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class Brotli:
    """Brotli's compressor, with the methods of the others."""

    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=4)
        self.compress: Callable[[bytes], bytes] = self._compressor.process
        self.flush: Callable[[], bytes] = self._compressor.finish


# The first that a client accepts is taken: they stand in the order of their speed.
COMPRESSORS: dict[str, Callable[[], Compressor]] = {
    "zstd": lambda: zstandard.ZstdCompressor(level=3).compressobj(),
    "br": Brotli,
    "gzip": lambda: zlib.compressobj(level=6, wbits=31),
}
IDENTITY = "identity"


class Kept(NamedTuple):
    """An answer as it is sent, compressed or not."""

    body: bytes
    headers: dict[str, str]


def answer(
    request: HttpRequest, revision: str, make: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """The answer to a GET or HEAD, made by `make` unless the client or the cache has it.

    Of requests for the same answer that come while it is being made, none makes it again.
    """
    encoding = encoding_for(request)
    tag = entity_tag(CODE, revision, encoding, request.build_absolute_uri())
    if is_current(request, tag):
        return _tagged(HttpResponse(status=HTTPStatus.NOT_MODIFIED), tag)
    if kept := _remembered(tag):
        return _tagged(_response_of(kept), tag)
    with alone(tag):
        if kept := _remembered(tag):
            return _tagged(_response_of(kept), tag)
        return _made(make(), tag, encoding)


def _made(response: HttpResponseBase, tag: str, encoding: str) -> HttpResponseBase:
    if response.status_code != HTTPStatus.OK:
        return response
    if isinstance(response, StreamingHttpResponse):
        chunks = cast("Iterator[bytes]", response.streaming_content)
        if encoding != IDENTITY:
            response.streaming_content = _compressed(chunks, encoding)
            response["Content-Encoding"] = encoding
        return _tagged(response, tag)
    kept = _keep(response, encoding)
    if len(kept.body) <= MAX_KEPT_BYTES:
        _remember(tag, kept)
    return _tagged(_response_of(kept), tag)


def _remembered(tag: str) -> Kept | None:
    try:
        kept: Kept | None = cache.get(tag)
    except RedisError as error:
        # Answers can be made without it.
        logger.warning("The cache does not answer: %s", error)
        return None
    return kept


def _remember(tag: str, kept: Kept) -> None:
    with suppress(RedisError):
        cache.set(tag, kept, KEPT_SECONDS)


def _keep(response: Any, encoding: str) -> Kept:
    if not response.is_rendered:
        response.render()
    headers = dict(response.items())
    body: bytes = response.content
    if encoding != IDENTITY and len(body) >= MIN_COMPRESSED_BYTES:
        headers["Content-Encoding"] = encoding
        body = b"".join(_compressed([body], encoding))
    return Kept(body, headers)


def _response_of(kept: Kept) -> HttpResponse:
    return HttpResponse(kept.body, headers=kept.headers)


def _tagged(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response["ETag"] = tag
    response.setdefault("Cache-Control", "public, no-cache")
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _compressed(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    compressor = COMPRESSORS[encoding]()
    for chunk in chunks:
        if some := compressor.compress(chunk):
            yield some
    yield compressor.flush()


def encoding_for(request: HttpRequest) -> str:
    """The first of ours that the client accepts (RFC 9110, section 12.5.3), or none."""
    weights = {}
    for item in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, parameter = item.partition(";")
        # q=0, however many zeros it is written with, refuses.
        weights[name.strip()] = not re.fullmatch(r"\s*q=0(\.0{0,3})?\s*", parameter)
    others = weights.get("*", False)
    return next((name for name in COMPRESSORS if weights.get(name, others)), IDENTITY)


def is_current(request: HttpRequest, tag: str) -> bool:
    """Whether the client has the answer: by weak comparison, for caches may weaken a tag."""
    tags = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in tags or tag in (each.removeprefix("W/") for each in tags)


def entity_tag(*parts: str) -> str:
    """A strong entity tag (RFC 9110, section 8.8.3)."""
    return f'"{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=12).hexdigest()}"'


def _digest_of_code() -> str:
    """Other code may make another answer of the same rows."""
    digest = hashlib.blake2b(digest_size=12)
    for source in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


CODE = _digest_of_code()

_locks: dict[str, Lock] = {}
_waiting: Counter[str] = Counter()
_guard = Lock()


@contextmanager
def alone(key: str) -> Iterator[None]:
    """Let one thread at a time into the block of a key."""
    with _guard:
        _waiting[key] += 1
        lock = _locks.setdefault(key, Lock())
    try:
        with lock:
            yield
    finally:
        with _guard:
            _waiting[key] -= 1
            if not _waiting[key]:
                del _waiting[key], _locks[key]
