"""Redis or Valkey, in which all processes keep their answers, and which may be away."""

import json
import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import RedisError
from redis.retry import Retry

from backend.http.caching import CachedResponse
from backend.observing.metrics import CACHE_FAILURES

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# To make an answer takes a few milliseconds: whoever waits longer for one has lost.
PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 5.0


class AnswerSerializer:
    """Headers as a line of JSON, then the body: a pickle would run whatever somebody put there."""

    def dumps(self, answer: CachedResponse) -> bytes:
        return json.dumps(answer.headers).encode() + b"\n" + answer.body

    def loads(self, data: bytes) -> CachedResponse | None:
        """None, which is nothing found, if it is not what `dumps` has made."""
        head, _, body = data.partition(b"\n")
        try:
            headers = json.loads(head)
        except ValueError:
            return None
        return CachedResponse(body, headers) if isinstance(headers, dict) else None


class KeptClients(RedisCacheClient):
    """Of a thread, as its cache is: to make one each time takes as long as to ask."""

    @cached_property
    def _clients(self) -> dict[bool, Any]:
        # Where there are several servers, the first one is written to, and another read from.
        return {write: super(KeptClients, self).get_client(write=write) for write in (False, True)}

    def get_client(self, *_key: Any, write: bool = False) -> Any:
        return self._clients[write]


class SharedCache(RedisCache):
    """A cache of answers that does without its server while that is away or slow.

    After a failure this process leaves it alone for PAUSE_SECONDS, then one thread tries: nothing
    is found meanwhile, and nothing kept.
    """

    # Of the process: Django makes an object for each thread.
    _away_until: float | None = None
    _guard = Lock()

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {
            "serializer": AnswerSerializer(),
            "socket_connect_timeout": PATIENCE_SECONDS,
            "socket_timeout": PATIENCE_SECONDS,
            # A connection that the server has closed since is opened again; what is late is late.
            "retry": Retry(NoBackoff(), 1, supported_errors=(BrokenConnection,)),
        }
        super().__init__(server, {**params, "OPTIONS": options | params.get("OPTIONS", {})})
        self._class = KeptClients

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        found = super().get
        return self._unless_away(lambda: found(key, default, version), otherwise=default)

    def set(self, key: Any, value: Any, *lifetime: Any, **named: Any) -> None:
        keep = super().set
        self._unless_away(lambda: keep(key, value, *lifetime, **named), otherwise=None)

    @classmethod
    def _unless_away(cls, ask: Callable[[], Result], *, otherwise: Result) -> Result:
        was_away = cls._away_until is not None
        if was_away and not cls._is_to_try():
            return otherwise
        try:
            answer = ask()
        except RedisError as error:
            cls._away_until = time.monotonic() + PAUSE_SECONDS
            CACHE_FAILURES.inc()
            logger.warning("The cache does not answer, and is left alone for a moment: %s", error)
            return otherwise
        if was_away:
            cls._away_until = None
        return answer

    @classmethod
    def _is_to_try(cls) -> bool:
        """Whether the pause is over for this thread: the first that comes after it."""
        with cls._guard:
            if cls._away_until is None:
                return True
            is_over = time.monotonic() >= cls._away_until
            if is_over:
                cls._away_until = time.monotonic() + PAUSE_SECONDS
            return is_over
