"""Getting to a deep page as a client does: one page after the other."""

import json
from urllib.parse import urlsplit

from benchmarks.load import Request, fetch

MOST_AT_ONCE = 10_000


def page_after(rows: int, port: int, collection: str, *, limit: int = 100) -> str:
    """The path of the page of `limit` features that follows the first `rows`."""
    path = f"{collection}?limit={MOST_AT_ONCE}"
    for _ in range(rows // MOST_AT_ONCE):
        page = json.loads(fetch(port, Request(path)).body)
        link = next(link["href"] for link in page["links"] if link["rel"] == "next")
        parts = urlsplit(link)
        path = f"{parts.path}?{parts.query}"
    return path.replace(f"limit={MOST_AT_ONCE}", f"limit={limit}")
