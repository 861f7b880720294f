"""Images in Amazon S3, or in what speaks as it does."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils import timezone

from backend.images.stores import FOR_GOOD, FORM_LIFETIME, Form, StoreDown
from backend.images.types import MAX_BYTES

PATIENCE = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"total_max_attempts": 2},
    signature_version="s3v4",  # the only one that all regions know
    # Otherwise forms lead to the address of all regions, which sends a new bucket's elsewhere.
    s3={"addressing_style": "virtual"},
)


class Bucket:
    """Objects below `incoming/` and `public/` of a prefix; a policy opens the latter alone."""

    def __init__(self, *, bucket: str, prefix: str, region: str) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        session = boto3.session.Session()
        self.client = session.client("s3", region_name=region, config=PATIENCE)

    def form(self, key: str, *, content_type: str, size: int) -> Form:
        expires_at = timezone.now() + FORM_LIFETIME
        with _answering():
            form = self.client.generate_presigned_post(
                self.bucket,
                self._incoming(key),
                Fields={"Content-Type": content_type},
                Conditions=[
                    {"Content-Type": content_type},
                    ["content-length-range", size, size],
                ],
                ExpiresIn=int(FORM_LIFETIME.total_seconds()),
            )
        return Form(form["url"], form["fields"], expires_at)

    def incoming(self, key: str) -> bytes | None:
        return self._read(self._incoming(key))

    def publish(self, name: str, content: bytes, *, content_type: str) -> bytes:
        try:
            with _answering():
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=self._public(name),
                    Body=content,
                    ContentType=content_type,
                    CacheControl=FOR_GOOD,
                    IfNoneMatch="*",
                )
        except StoreDown as error:
            shown = self._read(self._public(name)) if _code(error) == "PreconditionFailed" else None
            if shown is None:
                raise
            return shown
        return content

    def remove(self, *, keys: Collection[str] = (), names: Collection[str] = ()) -> None:
        objects = [*map(self._incoming, keys), *map(self._public, names)]
        with _answering():
            answer = self.client.delete_objects(
                Bucket=self.bucket,
                Delete={"Objects": [{"Key": each} for each in objects], "Quiet": True},
            )
        if answer.get("Errors"):
            raise StoreDown(f"S3 did not remove {answer['Errors']}.")

    def _read(self, key: str) -> bytes | None:
        try:
            with _answering():
                found = self.client.get_object(Bucket=self.bucket, Key=key)
                return found["Body"].read(MAX_BYTES + 1)
        except StoreDown as error:
            if _code(error) == "NoSuchKey":
                return None
            raise

    def _incoming(self, key: str) -> str:
        return f"{self.prefix}incoming/{key}"

    def _public(self, name: str) -> str:
        return f"{self.prefix}public/{name}"


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreDown(str(error)) from error


def _code(error: StoreDown) -> str:
    """S3's word for what is wrong; empty if it did not answer."""
    cause = error.__cause__
    return cause.response["Error"]["Code"] if isinstance(cause, ClientError) else ""
