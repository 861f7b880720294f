"""Images in a folder, which the API serves itself: a laptop, or one machine with a volume."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from django.core.signing import BadSignature, TimestampSigner
from django.utils import timezone

from backend.images.stores import FORM_LIFETIME, Form, StoreDown
from backend.images.types import IMAGE_TYPES, MAX_BYTES

KEY = r"[0-9a-f]{32}"
NAME = rf"{KEY}\.({'|'.join(each.extension for each in IMAGE_TYPES.values())})"


class FormRefused(Exception):
    """The form is not one that was given out, or has changed, or is too old."""


class Folder:
    """Files below `incoming` and `public`, which take forms as S3 does at `url`."""

    def __init__(self, *, folder: str, url: str) -> None:
        self.folder = Path(folder)
        self.url = url
        self._signer = TimestampSigner(salt="backend.images.folder")

    def form(self, key: str, *, content_type: str, size: int) -> Form:
        fields = {"key": key, "Content-Type": content_type}
        policy = self._signer.sign_object([*fields.values(), size])
        return Form(self.url, fields | {"policy": policy}, timezone.now() + FORM_LIFETIME)

    def accept(self, fields: Mapping[str, Any], content: bytes) -> None:
        """Take a form that was posted; raises FormRefused."""
        key, content_type = fields.get("key"), fields.get("Content-Type")
        if self._promised(str(fields.get("policy"))) != [key, content_type, len(content)]:
            raise FormRefused("The form promises another key, type or size.")
        with _answering(), self._unfinished(content) as file:
            file.replace(self._incoming(str(key)))

    def incoming(self, key: str) -> bytes | None:
        return _read(self._incoming(key))

    def publish(self, name: str, content: bytes, *, content_type: str) -> bytes:  # noqa: ARG002  # the name says it
        with _answering(), self._unfinished(content) as file:
            with suppress(FileExistsError):
                self._public(name).hardlink_to(file)
            return self._public(name).read_bytes()

    def published(self, name: str) -> bytes | None:
        """A public image; None if there is none of this name."""
        return _read(self._public(name)) if re.fullmatch(NAME, name) else None

    def remove(self, *, keys: Collection[str] = (), names: Collection[str] = ()) -> None:
        with _answering():
            for file in (*map(self._incoming, keys), *map(self._public, names)):
                file.unlink(missing_ok=True)

    def _promised(self, policy: str) -> Any:
        try:
            return self._signer.unsign_object(policy, max_age=FORM_LIFETIME)
        except BadSignature as error:
            raise FormRefused("The form's policy is not valid, or no longer.") from error

    @contextmanager
    def _unfinished(self, content: bytes) -> Iterator[Path]:
        """A file that nobody reads until it has its name, which it then has whole."""
        for kind in ("incoming", "public"):
            (self.folder / kind).mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(dir=self.folder, suffix=".unfinished")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _incoming(self, key: str) -> Path:
        return self.folder / "incoming" / key

    def _public(self, name: str) -> Path:
        return self.folder / "public" / name


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreDown(f"{error.filename}: {error.strerror}") from error


def _read(file: Path) -> bytes | None:
    with _answering():
        try:
            with file.open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
