"""What people may send to change what is held about them, as JSON Schemas."""

from collections.abc import Mapping
from typing import Any

from django.contrib.gis.geos import Point

from backend.http.json_schemas import JSONBody, Schema
from backend.models.fields import WGS84
from backend.supporter.submission_schema import EXPLANATIONS, PROPERTIES, STATES

BLANK_IS_NULL = ("organization", "role", "county", "statement")
# Of what is typed, by name.
TEXT_LENGTHS = {
    name: schema["maxLength"] for name, schema in PROPERTIES.items() if "maxLength" in schema
}


def _changed(name: str) -> Schema:
    """What the form asks for, without what it takes for left out: that stays as it is here."""
    schema = {key: value for key, value in PROPERTIES[name].items() if key != "default"}
    return schema | ({"type": ["string", "null"]} if name in BLANK_IS_NULL else {})


CHANGEABLE = (
    "name",
    "organization",
    "role",
    "type",
    "state",
    "county",
    "location",
    "is_public",
    "email_updates",
    "is_authorized",
)
DETAILS_PATCH: Schema = {
    "type": "object",
    "title": "Change of what is held about me",
    "properties": {name: _changed(name) for name in CHANGEABLE}
    | {"email": {"not": {}, "readOnly": True, "description": "It cannot be changed here."}},
    "additionalProperties": False,
    "if": {
        "properties": {"organization": {"type": "string", "pattern": r"\S"}},
        "required": ["organization"],
    },
    "then": {
        "properties": {"is_authorized": {"const": True}},
        "required": ["is_authorized"],
        "additionalProperties": True,
    },
}
ENDORSEMENT_PATCH: Schema = {
    "type": "object",
    "title": "Change of my endorsement",
    "properties": {
        "status": {"const": "withdrawn"},
        "statement": _changed("statement"),
        "public_display": _changed("public_display"),
    },
    "additionalProperties": False,
    "if": {"properties": {"status": {"type": "string"}}, "required": ["status"]},
    "then": {"properties": {"statement": {"not": {}}}, "additionalProperties": True},
}
DETAILS = JSONBody(
    DETAILS_PATCH,
    EXPLANATIONS
    | {
        ("email", "not"): (
            "read_only",
            "Your e-mail address cannot be changed here. Endorse from the new one, or ask us.",
        )
    },
)
ENDORSEMENT = JSONBody(
    ENDORSEMENT_PATCH,
    EXPLANATIONS
    | {
        ("status", "const"): ("invalid_choice", "It can be set to withdrawn, and to nothing else."),
        ("statement", "not"): ("invalid", "What is withdrawn needs no other statement."),
    },
)


def patched_values(body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a valid patch in the form that they are stored in; null empties a field."""
    values: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in body.items()
    }
    values |= {name: "" for name in BLANK_IS_NULL if name in body and body[name] is None}
    if "state" in values:
        values["state"] = STATES.get(values["state"], values["state"])
    if geometry := values.get("location"):
        longitude, latitude = map(float, geometry["coordinates"])
        values["location"] = Point(longitude, latitude, srid=WGS84)
    return values
