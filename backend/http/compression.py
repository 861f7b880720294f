"""Compressed answers: zstd, br or gzip, whichever the client accepts first."""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Protocol, cast

import brotli
import zstandard
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

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


@lru_cache(maxsize=32)
def encoding_for(accept_encoding: str) -> str:
    """The first of ours that the client accepts (RFC 9110, section 12.5.3), or `identity`."""
    weights = {}
    for item in accept_encoding.lower().split(","):
        name, _, parameter = item.partition(";")
        # q=0, however many zeros it is written with, refuses.
        weights[name.strip()] = not re.fullmatch(r"\s*q=0(\.0{0,3})?\s*", parameter)
    others = weights.get("*", False)
    return next((name for name in COMPRESSORS if weights.get(name, others)), IDENTITY)


def compress(response: HttpResponseBase, encoding: str) -> None:
    """Encode the body, unless it is too short for that to be worth it."""
    if encoding == IDENTITY:
        return
    if isinstance(response, StreamingHttpResponse):
        chunks = cast("Iterator[bytes]", response.streaming_content)
        response.streaming_content = compressed(chunks, encoding)
    elif isinstance(response, HttpResponse) and len(response.content) >= MIN_COMPRESSED_BYTES:
        response.content = b"".join(compressed([response.content], encoding))
        response["Content-Length"] = str(len(response.content))
    else:
        return
    response["Content-Encoding"] = encoding


def compressed(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    compressor = COMPRESSORS[encoding]()
    for chunk in chunks:
        if some := compressor.compress(chunk):
            yield some
    yield compressor.flush()
