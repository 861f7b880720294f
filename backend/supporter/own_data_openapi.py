"""What the OpenAPI document says of what people are told of themselves, and may change."""

from typing import Any

from backend.http.json_schemas import Schema
from backend.http.openapi import add_schemas
from backend.http.openapi_components import ref
from backend.models import Endorsement
from backend.supporter.own_data_schemas import DETAILS_PATCH, ENDORSEMENT_PATCH

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
CHOICE: Schema = {"type": "boolean"}
POSITION: Schema = {"anyOf": [ref("schemas/Point"), {"type": "null"}]}
CONSENTS: Schema = {
    "type": "object",
    "description": "What was answered to each question that was asked, to which text, and when.",
    "additionalProperties": {
        "type": "object",
        "required": ["given", "version", "sha256", "at"],
        "properties": {
            "given": CHOICE,
            "version": TEXT | {"description": "Of the text."},
            "sha256": TEXT | {"description": "Of the text, in hexadecimal."},
            "at": TIME,
        },
    },
}


def _object(description: str, properties: Schema, *, required: bool = True) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        **({"required": list(properties)} if required else {}),
    }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


SHOWN_DETAILS: Schema = {
    "name": TEXT,
    "organization": TEXT,
    "role": TEXT,
    "type": ref("schemas/StakeholderType"),
    "state": ref("schemas/State"),
    "county": TEXT,
    "location": POSITION,
    "is_public": CHOICE,
    "email_updates": CHOICE,
}
OWN_ENDORSEMENT = _object(
    "One of my endorsements.",
    {
        "id": {"type": "integer"},
        "campaign": _object("What it is for.", {"slug": TEXT, "title": TEXT}),
        "statement": TEXT,
        "public_display": CHOICE,
        "status": TEXT | {"enum": Endorsement.Status.values},
        "public": CHOICE | {"description": "Whether everybody sees it now."},
        "consents": ref("schemas/Consents"),
        "created_at": TIME,
        "updated_at": TIME,
        "waiting": _or_null(
            _object(
                "What a reviewer has yet to accept; until then it is shown as it was.",
                {"statement": TEXT, "public_display": CHOICE},
                required=False,
            )
        ),
    },
)
OWN_DATA = _object(
    "What is held about me.",
    {
        "email": TEXT,
        **SHOWN_DETAILS,
        "public_location": POSITION
        | {
            "description": "Where the public sees me, if I am listed: a person near where they are."
        },
        "consents": ref("schemas/Consents"),
        "details_at": _or_null(TIME | {"description": "When I last said who and where I am."}),
        "created_at": TIME,
        "updated_at": TIME,
        "waiting": _or_null(
            _object(
                "What a reviewer has yet to accept; until then it stays as it was.",
                SHOWN_DETAILS,
                required=False,
            )
        ),
        "endorsements": {"type": "array", "items": ref("schemas/OwnEndorsement")},
        "token_expires_at": TIME | {"description": "Until when this token holds."},
    },
)
EXPORT: Schema = {
    "type": "object",
    "description": "Every row about me, by the name of the table, as it is stored.",
    "additionalProperties": {"type": "array", "items": {"type": "object"}},
}

SCHEMAS: Schema = {
    "Consents": CONSENTS,
    "OwnData": OWN_DATA,
    "OwnDataChange": DETAILS_PATCH,
    "OwnDataExport": EXPORT,
    "OwnEndorsement": OWN_ENDORSEMENT,
    "OwnEndorsementChange": ENDORSEMENT_PATCH,
}


def add_own_data_schemas(result: Schema, **_kwargs: Any) -> Schema:
    """A postprocessing hook."""
    add_schemas(result, SCHEMAS)
    return result
