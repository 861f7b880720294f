"""How a CSV file is written: its encoding and its delimiter."""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

DELIMITERS = ",;\t"
# One left open may go on in the next line.
QUOTED = re.compile(r'"[^"]*("|$)')


def detect_encoding(beginning: bytes) -> str:
    """The codec for a file with these first bytes, three or more: UTF-16 has a mark, or UTF-8."""
    is_utf_16 = beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf_16 else "utf-8-sig"


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
