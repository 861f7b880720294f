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
def json_log() -> Iterator[Lines]:
    """What production would log meanwhile."""
    stream, lines = io.StringIO(), Lines()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    requests = logging.getLogger("backend.http.observing")
    level = requests.level
    requests.setLevel("INFO")
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
        requests.setLevel(level)
        lines += map(json.loads, stream.getvalue().splitlines())
