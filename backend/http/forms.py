"""Forms with files (RFC 7578), whose fields a JSON Schema judges as it does other bodies."""

from collections.abc import Mapping
from typing import IO, Any, NamedTuple

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request

from backend.http.errors import InvalidParameters
from backend.http.invalid_values import InvalidValue, at_pointer, invalid_values
from backend.http.json_schemas import JSONBody
from backend.http.parsers import PayloadTooLarge, loads

FORM = "multipart/form-data"
MAX_FILE_BYTES = 20 * 1024 * 1024
# What stands around the file.
ENVELOPE_BYTES = 64 * 1024
TOO_LARGE = "The file is larger than {:,} bytes."
REPEATED = ValidationError("Give this field once.", code="repeated")
BOOLEANS = {"true": True, "false": False}


class CountingStream:
    """A stream that knows how much of it has been read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self.count += len(chunk)
        return chunk


class FormParser(BaseParser):
    """A form of bounded size, whose files go to the disk."""

    media_type = FORM
    max_file_bytes = MAX_FILE_BYTES

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002  # the signature is DRF's
        parser_context: Mapping[str, Any] | None = None,
    ) -> "DataAndFiles[Any, Any]":
        """Raises PayloadTooLarge before it reads anything, or ParseError with the reason."""
        meta = (parser_context or {})["request"].META
        size = int(meta.get("CONTENT_LENGTH") or 0)
        if size > self.max_file_bytes + ENVELOPE_BYTES:
            raise PayloadTooLarge(TOO_LARGE.format(self.max_file_bytes))
        counting: Any = CountingStream(stream)  # a parser's stubs ask for more than it reads
        try:
            fields, files = MultiPartParser(
                meta, counting, [TemporaryFileUploadHandler()], "utf-8"
            ).parse()
        except RequestDataTooBig as error:
            raise PayloadTooLarge from error
        except (MultiPartParserError, SuspiciousOperation) as error:
            raise ParseError("The body is not a form as multipart/form-data has it.") from error
        if counting.count < size:
            # Django takes the rest for empty: half of a file for the whole.
            raise ParseError("The body broke off.")
        return DataAndFiles(fields, files)


class Form(NamedTuple):
    """The valid fields of a form, as JSON has them, and its files by the names of their fields."""

    values: Mapping[str, Any]
    files: Mapping[str, TemporaryUploadedFile]


def read_form(request: Request, body: JSONBody) -> Form:
    """A form whose fields are those of an object; files are strings there, of format binary.

    Raises InvalidParameters with all that is wrong, or PayloadTooLarge.
    """
    values: dict[str, Any] = {}
    files: dict[str, TemporaryUploadedFile] = {}
    errors: list[InvalidValue] = []
    # Without a body there may be no form.
    given_lists = request.data.lists() if isinstance(request.data, QueryDict) else ()
    for name, given in given_lists:
        if len(given) > 1:
            errors += invalid_values(at_pointer(name), REPEATED)
        values[name] = _value(given[-1], body.schema["properties"].get(name, {}))
        if isinstance(given[-1], TemporaryUploadedFile):
            files[name] = given[-1]
    errors += body.errors_of(values)
    if errors:
        raise InvalidParameters(errors)
    if any(int(file.size or 0) > MAX_FILE_BYTES for file in files.values()):
        raise PayloadTooLarge(TOO_LARGE.format(MAX_FILE_BYTES))
    return Form(values, files)


def _value(given: Any, schema: Mapping[str, Any]) -> Any:
    """As JSON has it; None for a file where none is asked for, or text where one is."""
    is_file = isinstance(given, TemporaryUploadedFile)
    if is_file or schema.get("format") == "binary":
        return str(given.name) if is_file and schema.get("format") == "binary" else None
    if schema.get("type") == "boolean":
        return BOOLEANS.get(given, given)
    if schema.get("type") == "object":
        try:
            return loads(given.encode())
        except ParseError:
            return None
    return given
