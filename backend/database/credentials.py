"""What a role logs in with, in AWS Secrets Manager."""

import functools
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import OperationalError

logger = logging.getLogger(__name__)

REMEMBERED_SECONDS = 5 * 60
# How long AWS is left alone after it did not answer, and what was refused is not tried again.
PAUSE_SECONDS = 10
# How often it is asked by those whom the database refuses.
REFUSED_SECONDS = 1

# A request waits for the answer, so AWS has to be quick or is taken to be down.
_PATIENCE = Config(connect_timeout=1, read_timeout=1.5, retries={"total_max_attempts": 2})


class Credentials(NamedTuple):
    """A user, or none where that of the URL is meant, and its password."""

    user: str
    password: str

    @property
    def parameters(self) -> dict[str, str]:
        return {"password": self.password} | ({"user": self.user} if self.user else {})


class RemoteCredentials:
    """What a secret holds, remembered for at most five minutes; longer while AWS does not answer.

    The secret is JSON as RDS writes it, with a member `password` and maybe `username`, or the bare
    password. A rotation may change both, and then either is right until the next.
    """

    def __init__(self, secret_id: str, region: str) -> None:
        self._secret_id = secret_id
        self._region = region
        self._lock = threading.Lock()
        self._known: Credentials | None = None
        self._former: Credentials | None = None
        self._failure = ""
        self._next_at = self._next_refused_at = float("-inf")

    def candidates(self) -> Iterator[Credentials]:
        """What to try one after the other while the database refuses it."""
        first = self.current()
        yield first
        for other in self._after_refusal(first):
            if other != first:
                yield other

    def current(self) -> Credentials:
        """Raises OperationalError when AWS has never told."""
        # Where something is known, one alone waits for AWS.
        if monotonic() >= self._next_at and self._lock.acquire(blocking=self._known is None):
            try:
                if monotonic() >= self._next_at:
                    self._ask()
            finally:
                self._lock.release()
        if self._known is None:
            raise OperationalError(self._failure)
        return self._known

    def accept(self, credentials: Credentials) -> None:
        """Have what the database accepted tried first, for some seconds if it is the former."""
        if credentials != self._known:
            with self._lock:
                self._known, self._next_at = credentials, monotonic() + PAUSE_SECONDS

    def versions(self) -> list[Credentials]:
        """What the secret holds now, and what it held before: both as AWS says at this moment."""
        # In this order: a rotation in between leaves out the new one, which nobody needs yet.
        versions = [self._read("AWSCURRENT"), self._read_former()]
        return [each for each in versions if each]

    def _after_refusal(self, refused: Credentials) -> list[Credentials]:
        with self._lock:
            # Otherwise another thread has been refused too, and has asked.
            if self._known == refused and monotonic() >= self._next_refused_at:
                self._next_refused_at = monotonic() + REFUSED_SECONDS
                if self._ask():
                    with suppress(OperationalError):
                        self._former = self._read_former()
            return [each for each in (self._known, self._former) if each]

    def _ask(self) -> bool:
        """Whether AWS answered; if not, what was known remains."""
        try:
            self._known = self._read("AWSCURRENT")
        except OperationalError as error:
            self._failure = str(error)
            logger.warning("%s", error)
            self._next_at = self._next_refused_at = monotonic() + PAUSE_SECONDS
            return False
        self._next_at = monotonic() + REMEMBERED_SECONDS
        return True

    def _read_former(self) -> Credentials | None:
        try:
            return self._read("AWSPREVIOUS")
        except OperationalError as error:
            if "ResourceNotFoundException" in str(error):
                return None  # it has not been rotated yet
            raise

    def _read(self, stage: str) -> Credentials:
        try:
            # A session of its own: the default one is not safe among threads.
            client = boto3.session.Session().client(
                "secretsmanager", region_name=self._region, config=_PATIENCE
            )
            secret = client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except (BotoCoreError, ClientError) as error:
            raise self._error(str(error)) from error
        return self._parse(secret.get("SecretString", ""))

    def _parse(self, text: str) -> Credentials:
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            content = {"password": text}
        user, password = content.get("username", ""), content.get("password")
        if not isinstance(password, str) or not password or not isinstance(user, str):
            raise self._error("it holds no password")
        return Credentials(user, password)

    def _error(self, reason: str) -> OperationalError:
        return OperationalError(
            f"The database's password could not be read from the secret {self._secret_id} "
            f"in AWS Secrets Manager: {reason}"
        )


@functools.cache
def remote_credentials(*, secret_id: str, region: str) -> RemoteCredentials:
    """One for the whole process, so that all its threads share what was fetched."""
    return RemoteCredentials(secret_id, region)


def require_credentials() -> None:
    """Raises OperationalError when there are secrets, and AWS does not tell one of them."""
    for database in settings.DATABASES.values():
        if "SECRET" in database:
            remote_credentials(**database["SECRET"]).current()


def credentials_of(database: dict[str, Any]) -> dict[str, str]:
    """The passwords by which one of DATABASES may be come to, by user."""
    if "SECRET" not in database:
        return {database["USER"]: database["PASSWORD"]}
    passwords: dict[str, str] = {}
    for user, password in remote_credentials(**database["SECRET"]).versions():
        passwords.setdefault(user or database["USER"], password)
    return passwords
