"""Pieces of the schemas of answers that no serializer writes."""

from typing import Any

Schema = dict[str, Any]

MOMENT: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def answer(**members: Schema) -> Schema:
    """An object that always has these members."""
    return {"type": "object", "required": [*members], "properties": members}


def array_of(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}
