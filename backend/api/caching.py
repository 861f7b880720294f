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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol, cast

import brotli
import zstandard
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.crypto import salted_hmac
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


Make = Callable[[], HttpResponseBase]


def answer(
    request: HttpRequest, revision: str, make: Make, vary: Sequence[str]
) -> HttpResponseBase:
    """The answer to a GET or HEAD, made by `make` unless the client or the cache has it.

    `vary` are the headers of the request that it depends on.
    """
    encoding = encoding_for(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    url = str(request.scheme), request.get_host(), request.path, request.META["QUERY_STRING"]
    tag = entity_tag(CODE, revision, encoding, *url)
    if is_current(request, tag):
        return _tagged(HttpResponseNotModified(), tag, vary)
    kept = _remembered(tag) or _share(lambda: _encoded(make(), tag, encoding, vary), tag)
    return HttpResponse(kept.body, headers=kept.headers) if isinstance(kept, Kept) else kept


def _share(make: Make, tag: str) -> Kept | HttpResponseBase:
    """Make an answer; of those who ask for the same one meanwhile, none makes it again."""
    with _guard:
        making = _making.get(tag)
        if making is None:
            made = _making[tag] = Future()
    if making is not None:
        return making.result() or make()
    kept = None
    try:
        kept = _remembered(tag)  # by whom has finished since we looked
        if kept is None:
            response = make()
            kept = _keep(response, tag)
            return response
        return kept
    finally:
        with _guard:
            del _making[tag]
        made.set_result(kept)


_making: dict[str, "Future[Kept | None]"] = {}
_guard = Lock()


def _encoded(
    response: HttpResponseBase, tag: str, encoding: str, vary: Sequence[str]
) -> HttpResponseBase:
    """The answer as it is sent: compressed, if that is worth it, and tagged."""
    if response.status_code != HTTPStatus.OK:
        return response
    if encoding != IDENTITY:
        _compress(response, encoding)
    return _tagged(response, tag, vary)


def _compress(response: HttpResponseBase, encoding: str) -> None:
    if isinstance(response, StreamingHttpResponse):
        chunks = cast("Iterator[bytes]", response.streaming_content)
        response.streaming_content = _compressed(chunks, encoding)
    elif isinstance(response, HttpResponse) and len(response.content) >= MIN_COMPRESSED_BYTES:
        response.content = b"".join(_compressed([response.content], encoding))
        response["Content-Length"] = str(len(response.content))
    else:
        return
    response["Content-Encoding"] = encoding


def _keep(response: HttpResponseBase, tag: str) -> Kept | None:
    """What others are given of an answer; None if they cannot have the same one."""
    if response.status_code != HTTPStatus.OK or not isinstance(response, HttpResponse):
        return None
    kept = Kept(response.content, dict(response.items()))
    if len(kept.body) <= MAX_KEPT_BYTES:
        with suppress(RedisError):
            cache.set(tag, kept, KEPT_SECONDS)
    return kept


def _remembered(tag: str) -> Kept | None:
    try:
        kept: Kept | None = cache.get(tag)
    except RedisError as error:
        # Answers can be made without it.
        logger.warning("The cache does not answer: %s", error)
        return None
    return kept


def _tagged(response: HttpResponseBase, tag: str, vary: Sequence[str]) -> HttpResponseBase:
    response["ETag"] = tag
    response.setdefault("Cache-Control", "public, no-cache")
    patch_vary_headers(response, vary)
    return response


def _compressed(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    compressor = COMPRESSORS[encoding]()
    for chunk in chunks:
        if some := compressor.compress(chunk):
            yield some
    yield compressor.flush()


@lru_cache(maxsize=32)
def encoding_for(accept_encoding: str) -> str:
    """The first of ours that the client accepts (RFC 9110, section 12.5.3), or none."""
    weights = {}
    for item in accept_encoding.lower().split(","):
        name, _, parameter = item.partition(";")
        # q=0, however many zeros it is written with, refuses.
        weights[name.strip()] = not re.fullmatch(r"\s*q=0(\.0{0,3})?\s*", parameter)
    others = weights.get("*", False)
    return next((name for name in COMPRESSORS if weights.get(name, others)), IDENTITY)


def is_current(request: HttpRequest, tag: str) -> bool:
    """Whether the client has the answer: by weak comparison, for caches may weaken a tag.

    `*` is no tag: whether there is an answer is not known before it is made.
    """
    tags = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return tag in (each.removeprefix("W/") for each in tags)


def entity_tag(*parts: str) -> str:
    """A strong entity tag (RFC 9110, section 8.8.3)."""
    return f'"{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=12).hexdigest()}"'


def _digest_of_code() -> str:
    """Other code may make another answer of the same rows; another key, other cursors."""
    digest = hashlib.blake2b(salted_hmac(__name__, "").digest(), digest_size=12)
    backend = Path(__file__).parents[1]
    for source in sorted([*backend.rglob("*.*"), *backend.with_name("docs").glob("problems.md")]):
        if source.suffix in {".py", ".html", ".json", ".md"}:
            digest.update(source.read_bytes())
    return digest.hexdigest()


CODE = _digest_of_code()
