"""How a CSV file is written: its encoding and its delimiter."""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from backend.actions.import_stakeholders.columns import UnusableTableError

DELIMITERS = ",;\t"
# One left open may go on in the next line.
QUOTED = re.compile(r'"[^"]*("|$)')
# Control characters, and what Windows-1252 leaves undefined.
NOT_WINDOWS_1252 = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d]")
CHUNK_BYTES = 64 * 1024


def detect_encoding(source: io.BufferedReader) -> str:
    """The codec for a file at its beginning, where it is left: UTF-16 has a mark, or UTF-8.

    What is no UTF-8 is Windows-1252, as Excel writes plain "CSV" in many countries; a pipe is not
    looked through for that. Raises UnusableTableError for what is no text.
    """
    if source.peek().startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if not source.seekable() or _is_utf_8(source):
        return "utf-8-sig"
    if any(NOT_WINDOWS_1252.search(chunk) for chunk in _chunks(source)):
        raise UnusableTableError("It is no text: save it as CSV UTF-8.")
    return "windows-1252"


def _is_utf_8(source: io.BufferedReader) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(source):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _chunks(source: io.BufferedReader) -> Iterator[bytes]:
    """All of the file, which is then at its beginning again."""
    try:
        while chunk := source.read(CHUNK_BYTES):
            yield chunk
    finally:
        source.seek(0)


def detect_delimiter(lines: Iterable[str]) -> tuple[str, Iterator[str]]:
    """The delimiter that the header has most of, else a comma; and all the lines, to be read."""
    source = iter(lines)
    beginning = []
    for line in source:
        beginning.append(line)
        if line.strip(f" \r\n{DELIMITERS}"):
            break
    header = QUOTED.sub("", "".join(beginning[-1:]))
    return max(DELIMITERS, key=header.count), chain(beginning, source)
