"""What a submission may be: the JSON Schema that forms are drawn from and requests judged by.

There is no other rule, so that the form, the server and the record of consent cannot disagree.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from backend.http.json_schemas import JSONBody, Schema
from backend.models import Stakeholder, State

MAX_STATEMENT = 2_000
# Controls, and what turns the direction of text or breaks its lines: all can disguise a name or
# a link (Unicode Standard Annex 9, section 2; Unicode Technical Report 36, section 2.5).
DISGUISES = r"\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
LINE = rf"^[^\u0000-\u001f\u007f-\u009f{DISGUISES}]*$"
# At least one character that can be seen.
NAME = rf"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f{DISGUISES}]*$"
# Statements have tabs, line ends and the marks that languages written from the right need.
TEXT = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
# What HTML takes for an e-mail address (Living Standard, 4.10.5.1.5), with a domain of several
# labels, and without dots where RFC 5321, section 4.1.2, has none.
EMAIL = (
    r"^(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$"
)


def _line(title: str, max_length: int, description: str = "") -> Schema:
    """A line that may be left out."""
    described = {"description": description} if description else {}
    return {
        "type": "string",
        "title": title,
        **described,
        "maxLength": max_length,
        "pattern": LINE,
        "default": "",
    }


def _labelled(choices: Any) -> list[Schema]:
    return [{"const": value, "title": str(label)} for value, label in choices]


def _degrees(limit: int, title: str) -> Schema:
    return {"type": "number", "minimum": -limit, "maximum": limit, "title": title}


PROPERTIES: Schema = {
    "name": {
        "type": "string",
        "title": "Your name",
        "description": "As it is to be read beside your endorsement.",
        "minLength": 1,
        "maxLength": 200,
        "pattern": NAME,
    },
    "organization": _line(
        "Organization", 200, "Where you endorse for one: its name, as the public knows it."
    ),
    "role": _line("Your role there", 100),
    "email": {
        "type": "string",
        "title": "Your e-mail address",
        "description": "You confirm by a mail that is sent there. It is shown to nobody.",
        "format": "email",
        "maxLength": 254,
        "pattern": EMAIL,
    },
    "state": {
        "title": "State",
        "description": "Its two-letter code (USPS Publication 28), or its full name.",
        "anyOf": [
            {"oneOf": _labelled(State.choices)},
            {"enum": [str(label) for label in State.labels]},
        ],
    },
    "county": _line("County", 100),
    "type": {"title": "You are a", "oneOf": _labelled(Stakeholder.Type.choices)},
    "location": {
        "title": "Where you are",
        "description": (
            "A GeoJSON Point (RFC 7946), for the map: longitude and latitude in WGS 84. "
            "Null for nowhere."
        ),
        "anyOf": [
            {"type": "null"},
            {
                "type": "object",
                "properties": {
                    "type": {"const": "Point"},
                    "coordinates": {
                        "type": "array",
                        "prefixItems": [_degrees(180, "Longitude"), _degrees(90, "Latitude")],
                        "minItems": 2,
                        "maxItems": 2,
                    },
                },
                "required": ["type", "coordinates"],
                "additionalProperties": False,
            },
        ],
        "default": None,
    },
    "statement": {
        "type": "string",
        "title": "Why you endorse",
        "description": "In your own words, if you like.",
        "maxLength": MAX_STATEMENT,
        "pattern": TEXT,
        "default": "",
    },
    "public_display": {"type": "boolean", "title": "Show my endorsement"},
    "is_public": {"type": "boolean", "title": "List me, and show me on the map"},
    "email_updates": {"type": "boolean", "title": "Write to me about campaigns"},
    "is_authorized": {
        "type": "boolean",
        "title": "I may speak for the organization",
        "description": "Required, and true, where an organization is given.",
    },
    "terms_version": {
        "type": "string",
        "title": "I accept the terms",
        "description": "The version of the terms that were accepted, which must be the current.",
    },
    "website": {
        "type": "string",
        "title": "Leave this empty",
        "description": "A trap for programs that fill in everything. Do not show it to people.",
        "maxLength": 2_000,
        "default": "",
    },
}

SCHEMA: Schema = {
    "type": "object",
    "title": "Endorsement",
    "properties": PROPERTIES,
    "required": [
        "name",
        "email",
        "state",
        "type",
        "public_display",
        "is_public",
        "email_updates",
        "terms_version",
    ],
    "additionalProperties": False,
    "if": {
        "properties": {"organization": {"type": "string", "pattern": r"\S"}},
        "required": ["organization"],
    },
    "then": {
        "properties": {"is_authorized": {"const": True}},
        "required": ["is_authorized"],
        # As by default; said for judges of OpenAPI documents that assume the contrary.
        "additionalProperties": True,
    },
}

DEFAULTS = {
    name: property_["default"] for name, property_ in PROPERTIES.items() if "default" in property_
}
STATES = {str(label): code for code, label in State.choices}

EXPLANATIONS = {
    ("name", "pattern"): ("invalid", "Give a name, without control characters or turned text."),
    ("email", "pattern"): ("invalid", "Give an e-mail address, such as name@example.org."),
    ("state", "anyOf"): (
        "invalid_choice",
        "Give the code of a state, such as MD, or its full name.",
    ),
    ("type", "oneOf"): ("invalid_choice", f"Give one of {', '.join(Stakeholder.Type.values)}."),
    ("location", "anyOf"): (
        "invalid",
        "Give null, or a GeoJSON Point: a longitude in -180 to 180, a latitude in -90 to 90.",
    ),
    ("is_authorized", "const"): (
        "invalid",
        "Who endorses for an organization must be allowed to.",
    ),
    ("terms_version", "const"): (
        "outdated",
        "These are not the current terms. Show them, and ask again.",
    ),
    **{
        (name, "pattern"): (
            "invalid",
            "Leave out control characters and marks that turn the direction of text.",
        )
        for name in ("organization", "role", "county", "statement")
    },
}


@lru_cache(maxsize=4)
def submission_body(terms_version: str | None) -> JSONBody:
    """What is valid while these terms are the current ones; without any, whatever is named."""
    terms = PROPERTIES["terms_version"] | ({"const": terms_version} if terms_version else {})
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **SCHEMA,
        "properties": PROPERTIES | {"terms_version": terms},
    }
    return JSONBody(schema, EXPLANATIONS)


def values_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a valid submission, with defaults, in the form that they are stored in."""
    values = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in (DEFAULTS | dict(body)).items()
    }
    values["email"] = values["email"].lower()
    values["state"] = STATES.get(values["state"], values["state"])
    return values
