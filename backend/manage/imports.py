import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from backend.actions.import_stakeholders import (
    FIELDS,
    REQUIRED,
    MissingColumnsError,
    Rejection,
    Report,
    TooManyRowsError,
    UnknownColumnError,
    UnusableTableError,
    accepted_values,
    detect_encoding,
    import_stakeholders,
)
from backend.http.errors import InvalidParameters
from backend.http.forms import FORM, Form, FormParser, read_form
from backend.http.invalid_values import at_pointer
from backend.http.json_schemas import JSONBody
from backend.http.parsers import PayloadTooLarge
from backend.http.views import operation
from backend.manage.schemas import COUNT, answer, array_of
from backend.manage.transfers import ImportRecordsViewSet

MAX_ROWS = 50_000
# Of a file of nothing but bad rows.
MAX_ERRORS = 1_000
MESSAGE_WIDTH = 200
MAX_NAMES = 100
NAME_WIDTH = 100

CELLS = "; ".join(
    f"`{field}`{' (required)' if field in REQUIRED else ''}: {accepted_values(field)}"
    for field in FIELDS
)
IMPORT = JSONBody(
    {
        "type": "object",
        "properties": {
            "file": {
                "type": "string",
                "format": "binary",
                "description": (
                    "CSV with a header, of at most 20 MiB and 50,000 rows; in UTF-8, UTF-16 with "
                    "a byte order mark, or Windows-1252; its cells separated by commas, "
                    "semicolons or tabs. Other columns than these are ignored. " + CELLS
                ),
            },
            "dry_run": {
                "type": "boolean",
                "default": False,
                "description": "Whether only to say what an import would do.",
            },
            "columns": {
                "type": "object",
                "propertyNames": {"enum": [*FIELDS]},
                "additionalProperties": {"type": "string"},
                "description": "By field, the column to read where it is called otherwise.",
                "example": {"name": "MarketName"},
            },
        },
        "required": ["file"],
        "additionalProperties": False,
    },
    {
        ("file", "type"): ("invalid", "Send a file, with a name."),
        ("file", "required"): ("required", "Send a file."),
        ("dry_run", "type"): ("invalid", "Give true or false."),
        ("columns", "type"): ("invalid", 'Give a JSON object, such as {"name": "MarketName"}.'),
        ("columns", "propertyNames"): ("unknown", f"The fields are {', '.join(FIELDS)}."),
    },
)
IMPORTED = answer(
    dry_run={"type": "boolean"},
    rows=COUNT | {"description": "All of them, the header and blank rows aside."},
    created=COUNT,
    updated=COUNT,
    unchanged=COUNT,
    refused=COUNT | {"description": "They break a rule. The others are imported."},
    not_public=COUNT
    | {"description": "Of the stakeholders of these rows, those that nobody is shown."},
    encoding={"type": "string", "enum": ["utf-8", "utf-16", "windows-1252"]},
    delimiter={"type": "string", "enum": [",", ";", "\t"]},
    ignored_columns=array_of({"type": "string"}, f"Those that hold no field, {MAX_NAMES} at most."),
    errors=array_of(
        answer(
            row={"type": "integer", "description": "As spreadsheets count: the header is 1."},
            line={"type": "integer", "description": "Where it begins in the file."},
            column={"type": ["string", "null"], "description": "Null for the row as a whole."},
            code={"type": "string"},
            message={"type": "string"},
        ),
        f"What is wrong with the refused rows, {MAX_ERRORS:,} at most.",
    ),
    more_errors=COUNT | {"description": "How many are left out."},
)


@extend_schema_view(
    list=extend_schema(
        operation_id="listImports",
        summary="List who imported how much",
        description="The newest first, dry runs too.",
    )
)
class ImportViewSet(ImportRecordsViewSet):
    """Stakeholders from a file, and the records of that."""

    parser_classes = [FormParser]

    @extend_schema(
        operation_id="importStakeholders",
        summary="Import stakeholders",
        description=(
            "Creates and updates stakeholders, known by their e-mail address, from a CSV file: all "
            "rows but those that break a rule, which the answer names. With `dry_run` it says the "
            "same, and changes nothing. A file that cannot be read, or lacks a column, is a 400, "
            "and nothing of it is imported. 50,000 rows take half a minute."
        ),
        request={FORM: IMPORT.schema},
        responses={200: IMPORTED},
    )
    @operation(permission="coalition.import_stakeholders", success_status=200)
    def create(self, request: Request) -> Response:
        form = read_form(request, IMPORT)
        user: Any = request.user
        try:
            report = _import(form, by=user)
        except TooManyRowsError as error:
            raise PayloadTooLarge(str(error)) from error
        except UnusableTableError as error:
            raise InvalidParameters([_unusable(error)]) from error
        return Response({"dry_run": _is_dry_run(form), **_described(report)})


def _import(form: Form, *, by: Any) -> Report:
    with Path(form.files["file"].temporary_file_path()).open("rb") as source:
        encoding = detect_encoding(source)
        with io.TextIOWrapper(source, encoding=encoding, newline="") as lines:
            return import_stakeholders(
                lines=lines,
                encoding=encoding,
                columns=form.values.get("columns", {}),
                by=by,
                max_rows=MAX_ROWS,
                keeps_cells=False,
                dry_run=_is_dry_run(form),
            )


def _is_dry_run(form: Form) -> bool:
    return bool(form.values.get("dry_run"))


def _unusable(error: UnusableTableError) -> dict[str, str]:
    if isinstance(error, UnknownColumnError):
        return {**at_pointer("columns"), "code": "unknown", "message": str(error)}
    if isinstance(error, MissingColumnsError):
        message = f"{error} Where one is called otherwise, `columns` says how."
        return {**at_pointer("file"), "code": "missing_columns", "message": message}
    return {**at_pointer("file"), "code": "invalid", "message": str(error)}


def _described(report: Report) -> dict[str, Any]:
    errors = [error for rejection in report.rejected for error in _errors(rejection, report)]
    return {
        "rows": report.rows,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": len(report.rejected),
        "not_public": report.not_public,
        "encoding": report.encoding.removesuffix("-sig"),
        "delimiter": report.delimiter,
        "ignored_columns": [_cut(name, NAME_WIDTH) for name in report.columns.ignored[:MAX_NAMES]],
        "errors": errors[:MAX_ERRORS],
        "more_errors": max(0, len(errors) - MAX_ERRORS),
    }


def _errors(rejection: Rejection, report: Report) -> Iterator[dict[str, Any]]:
    for reason in rejection.reasons:
        column = report.columns.name_of(reason.field)
        yield {
            "row": rejection.row.number,
            "line": rejection.row.line,
            "column": column and _cut(column, NAME_WIDTH),
            "code": reason.code,
            "message": _cut(reason.message, MESSAGE_WIDTH),
        }


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[:width]}…"
