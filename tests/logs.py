"""The log of production, read."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend.observing.logs import JsonLines

Lines = list[dict[str, Any]]


@contextmanager
def json_log(level: str = "INFO") -> Iterator[Lines]:
    """What production would log meanwhile; with DEBUG, what it would with LOG_READS."""
    stream, lines = io.StringIO(), Lines()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    requests = logging.getLogger("backend.http.observing")
    before = requests.level
    requests.setLevel(level)
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
        requests.setLevel(before)
        lines += map(json.loads, stream.getvalue().splitlines())
