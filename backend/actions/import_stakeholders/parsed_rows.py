"""What a row says about a stakeholder, checked by the rules of the model."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError

from backend.actions.import_stakeholders.columns import Columns
from backend.actions.import_stakeholders.csv_rows import Row
from backend.actions.import_stakeholders.fields import BOOLEANS, POSITION, STATES
from backend.actions.import_stakeholders.report import Reason
from backend.models import Stakeholder
from backend.models.fields import WGS84

NORMALISE: Mapping[str, Callable[[str], str]] = {
    "email": str.lower,
    "type": str.lower,
    "state": lambda cell: STATES.get(cell.lower(), cell),
}

# float() takes 1_0, nan and the digits of every script. Among degrees a comma separates no
# thousands: it is what spreadsheets write for a point in many countries.
DECIMAL_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
# Unicode's control characters, and its separators of lines and paragraphs.
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class UnreadableCells(Exception):
    """Cells that are no value, and why."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class ParsedRow(NamedTuple):
    """The values of a stakeholder's fields that a row gives, and what is wrong with it."""

    source: Row
    values: Mapping[str, Any]
    errors: list[Reason]

    @property
    def email(self) -> str:
        """In lower case."""
        email: str = self.values["email"]
        return email

    def apply_to(self, stakeholder: Stakeholder) -> bool:
        """Give the stakeholder the values of the row; whether any of them differed."""
        differing = {
            field: value
            for field, value in self.values.items()
            if getattr(stakeholder, field) != value
        }
        for field, value in differing.items():
            setattr(stakeholder, field, value)
        return bool(differing)


def parse_row(row: Row, columns: Columns) -> ParsedRow:
    """The row must have a cell for each column. A blank `is_public` gives no value."""
    cells = columns.trimmed(row.cells)
    errors = [
        Reason(
            field, "control_character", f"It contains a control character (U+{ord(found[0]):04X})."
        )
        for field, cell in cells.items()
        if (found := CONTROL_CHARACTER.search(cell))
    ]
    values: dict[str, Any] = {
        field: NORMALISE.get(field, str)(cell)
        for field, cell in cells.items()
        if field not in {*POSITION, "is_public"}
    }
    for read in (_read_is_public, _read_location):
        try:
            values |= read(cells)
        except UnreadableCells as error:
            errors += error.reasons
    return ParsedRow(row, values, errors + _broken_rules(Stakeholder(**values)))


def _read_is_public(cells: Mapping[str, str]) -> dict[str, bool]:
    cell = cells.get("is_public", "")
    if not cell:
        return {}
    if cell.lower() not in BOOLEANS:
        raise UnreadableCells(
            Reason("is_public", "not_boolean", f"{cell!r} is neither yes nor no.")
        )
    return {"is_public": BOOLEANS[cell.lower()]}


def _read_location(cells: Mapping[str, str]) -> dict[str, Point | None]:
    """Nothing without the columns, None if both are blank."""
    position = {field: cells[field] for field in POSITION if field in cells}
    if not any(position.values()):
        return {"location": None} if position else {}
    errors = [
        Reason(field, "not_number", f"{cell!r} is not a number.")
        if cell
        else Reason(field, "required", "It is missing.")
        for field, cell in position.items()
        if not DECIMAL_NUMBER.fullmatch(cell)
    ]
    if errors:
        raise UnreadableCells(*errors)
    longitude, latitude = (float(position[field].replace(",", ".")) for field in POSITION)
    return {"location": Point(longitude, latitude, srid=WGS84)}


def _broken_rules(stakeholder: Stakeholder) -> list[Reason]:
    try:
        stakeholder.clean_fields()
    except ValidationError as error:
        return [
            Reason(field, each.code or "invalid", message)
            for field, errors in error.error_dict.items()
            for each in errors
            for message in each.messages
        ]
    return []
