"""Where images are kept: those that are verified for everybody, those that came in for nobody."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

# How long a form can be posted.
FORM_LIFETIME = timedelta(minutes=15)

# How public images are cached: a name is never given to another one.
FOR_GOOD = "public, max-age=31536000, immutable"


class StoreDown(Exception):
    """The store does not answer, or refuses what it should do."""


@dataclass(frozen=True)
class Form:
    """What is posted to `url` as `multipart/form-data`: the fields, and after them a `file`."""

    url: str
    fields: dict[str, str]
    expires_at: datetime


class Store(Protocol):
    """Each method raises StoreDown. An image that came in has a key, a public one has a name."""

    def form(self, key: str, *, content_type: str, size: int) -> Form:
        """The form by which exactly `size` bytes come in as `key`, for FORM_LIFETIME."""

    def incoming(self, key: str) -> bytes | None:
        """What came in, cut after one byte more than an image may have; None if nothing did."""

    def publish(self, name: str, content: bytes, *, content_type: str) -> bytes:
        """Show it to everybody for good, and say what is shown: one that is there already stays."""

    def remove(self, *, keys: Collection[str] = (), names: Collection[str] = ()) -> None:
        """Remove what came in as `keys` and is public as `names`, and mind none that is gone."""


def image_store() -> Store:
    """The store that the settings name."""
    chosen = settings.IMAGE_STORE
    return _made(chosen["BACKEND"], **chosen["OPTIONS"])


# A client of AWS takes long to make, and can be shared among threads.
@cache
def _made(backend: str, **options: Any) -> Store:
    store: Store = import_string(backend)(**options)
    return store
