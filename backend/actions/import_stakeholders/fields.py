"""The fields of a stakeholder that a table can hold, and what a cell of each may say."""

from typing import Any

from backend.models import Stakeholder, State

REQUIRED = ("name", "email", "state", "type")
POSITION = ("longitude", "latitude")
FIELDS = (*REQUIRED, "organization", "role", "county", *POSITION, "is_public")

STATES = {name.lower(): code for code, label in State.choices for name in (code, str(label))}
BOOLEANS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

DEGREES = "in decimal degrees (WGS 84); blank if the other is, too"


def accepted_values(field: str) -> str:
    """What a cell of one of FIELDS may say, in a phrase for those who write the table."""
    phrases = {
        "email": f"an address, {_length('email')}; it tells whether the stakeholder is new",
        "state": f"a code or its name in full, as {State.MD} or {State.MD.label}: "
        + ", ".join(State.values),
        "type": ", ".join(Stakeholder.Type.values),
        "longitude": f"east of Greenwich, {DEGREES}",
        "latitude": f"north of the equator, {DEGREES}",
        "is_public": f"{_model_field('is_public').verbose_name}? {_spellings(True)}; or "
        f"{_spellings(False)}; blank changes nothing, and a new one is not shown",
    }
    return phrases.get(field) or _length(field)


def _length(field: str) -> str:
    return f"up to {_model_field(field).max_length} characters"


def _spellings(value: bool) -> str:
    return ", ".join(spelling for spelling, meaning in BOOLEANS.items() if meaning is value)


def _model_field(name: str) -> Any:
    return Stakeholder._meta.get_field(name)
