"""What a row says about a stakeholder, checked by the rules of the model."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError

from backend.actions.import_stakeholders.columns import POSITION
from backend.models import Stakeholder, State
from backend.models.fields import WGS84

STATES = {name.lower(): code for code, label in State.choices for name in (code, str(label))}
TRUTH_VALUES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

NORMALISE: Mapping[str, Callable[[str], str]] = {
    "email": str.lower,
    "type": str.lower,
    "state": lambda cell: STATES.get(cell.lower(), cell),
}

# float() takes 1_0, nan and the digits of every script.
DECIMAL_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
# Unicode's control characters, and its separators of lines and paragraphs.
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Draft(NamedTuple):
    """A stakeholder as a row describes it; only the `given` fields are the row's."""

    stakeholder: Stakeholder
    given: frozenset[str]
    flaws: list[str]

    def change(self, stored: Stakeholder) -> bool:
        """Give `stored` the values of the row; whether any of them differed."""
        differing = [
            field
            for field in self.given
            if getattr(stored, field) != getattr(self.stakeholder, field)
        ]
        for field in differing:
            setattr(stored, field, getattr(self.stakeholder, field))
        return bool(differing)


def draft(cells: Mapping[str, str]) -> Draft:
    """Read the trimmed cell of each field. A blank `is_public` is not given."""
    flaws = [
        f"{field}: It contains a control character (U+{ord(found[0]):04X})."
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
        except ValueError as error:
            flaws.append(str(error))
    stakeholder = Stakeholder(**values)
    return Draft(stakeholder, frozenset(values), flaws + _broken_rules(stakeholder))


def _read_is_public(cells: Mapping[str, str]) -> dict[str, bool]:
    cell = cells.get("is_public", "")
    if not cell:
        return {}
    if cell.lower() not in TRUTH_VALUES:
        raise ValueError(f"is_public: {cell!r} is neither yes nor no.")
    return {"is_public": TRUTH_VALUES[cell.lower()]}


def _read_location(cells: Mapping[str, str]) -> dict[str, Point | None]:
    """Nothing without the columns, None if both are blank."""
    position = {field: cells[field] for field in POSITION if field in cells}
    if not any(position.values()):
        return {"location": None} if position else {}
    flaws = [
        f"{field}: {cell!r} is not a number." if cell else f"{field}: It is missing."
        for field, cell in position.items()
        if not DECIMAL_NUMBER.fullmatch(cell)
    ]
    if flaws:
        raise ValueError(" ".join(flaws))
    longitude, latitude = (float(position[field]) for field in POSITION)
    return {"location": Point(longitude, latitude, srid=WGS84)}


def _broken_rules(stakeholder: Stakeholder) -> list[str]:
    try:
        stakeholder.clean_fields()
    except ValidationError as error:
        return [
            f"{field}: {message}"
            for field, messages in error.message_dict.items()
            for message in messages
        ]
    return []
