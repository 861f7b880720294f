"""A real Redis on loopback."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from deploy.cluster import HOST
from deploy.processes import Account, Server, accepts_connections, free_port


class RedisServer:
    """It keeps nothing on disk: who starts it again finds it empty."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"redis://{HOST}:{self.port}"
        self.client = redis.Redis(host=HOST, port=self.port)
        self.server: Server

    def start(self) -> None:
        self.server = Server(
            "Redis",
            ["redis-server", f"--bind {HOST}", f"--port {self.port}", "--save", ""],
            account=Account(os.geteuid(), os.getegid()),
            log=Path(tempfile.gettempdir()) / f"coalition-redis-{self.port}.log",
        )
        self.server.wait_until(lambda: accepts_connections(HOST, self.port))

    def stop(self) -> None:
        self.server.stop()


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    started = RedisServer()
    started.start()
    try:
        yield started
    finally:
        started.stop()
