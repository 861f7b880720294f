"""A password in AWS Secrets Manager."""

import functools
import json
import threading
from time import monotonic

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.db import OperationalError

REMEMBERED_SECONDS = 5 * 60

# A request waits for the answer, so AWS has to be quick or is taken to be down.
_PATIENCE = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 2})


class RemotePassword:
    """The password that a secret holds, remembered for at most five minutes.

    The secret is JSON as RDS writes it, with a member `password`, or the bare password.
    """

    def __init__(self, secret_id: str, region: str) -> None:
        self._secret_id = secret_id
        self._region = region
        self._lock = threading.Lock()
        self._password = ""
        self._expires_at = float("-inf")

    def current(self) -> str:
        """Raises OperationalError when AWS does not tell."""
        with self._lock:
            if monotonic() >= self._expires_at:
                self._fetch()
            return self._password

    def after_refusal(self, refused: str) -> str:
        """What the secret holds now that the database has refused what it held."""
        with self._lock:
            # Otherwise another thread has been refused too, and has fetched it.
            if self._password == refused:
                self._fetch()
            return self._password

    def _fetch(self) -> None:
        try:
            # A session of its own: the default one is not safe among threads.
            client = boto3.session.Session().client(
                "secretsmanager", region_name=self._region, config=_PATIENCE
            )
            secret = client.get_secret_value(SecretId=self._secret_id)
        except (BotoCoreError, ClientError) as error:
            raise self._failure(str(error)) from error
        self._password = self._parse(secret.get("SecretString", ""))
        self._expires_at = monotonic() + REMEMBERED_SECONDS

    def _parse(self, text: str) -> str:
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        password = content.get("password") if isinstance(content, dict) else text
        if not isinstance(password, str) or not password:
            raise self._failure("it holds no password")
        return password

    def _failure(self, reason: str) -> OperationalError:
        return OperationalError(
            f"The database's password could not be read from the secret {self._secret_id} "
            f"in AWS Secrets Manager: {reason}"
        )


@functools.cache
def remote_password(*, secret_id: str, region: str) -> RemotePassword:
    """One for the whole process, so that all its threads share what was fetched."""
    return RemotePassword(secret_id, region)
