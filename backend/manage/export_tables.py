"""What the document says of the tables that staff export as JSON."""

from backend.manage.schemas import Schema
from backend.rendering.staff_tables import PRIVATE_COLUMNS
from backend.rendering.tables import (
    BOOLEAN,
    INTEGER,
    LATITUDE,
    LONGITUDE,
    MOMENT,
    TEXT,
    WORD,
    Columns,
    Kind,
)

DEGREES: Schema = {"type": ["number", "null"]}
SCHEMAS: dict[Kind, Schema] = {
    TEXT: {"type": "string"},
    WORD: {"type": "string"},
    INTEGER: {"type": "integer"},
    BOOLEAN: {"type": "boolean"},
    MOMENT: {"type": "string", "format": "date-time"},
    LONGITUDE: DEGREES,
    LATITUDE: DEGREES,
}


def json_schema(columns: Columns) -> Schema:
    """An array of objects; the private members are not there for everybody."""
    row = {
        "type": "object",
        "required": [name for name in columns if name not in PRIVATE_COLUMNS],
        "properties": {name: SCHEMAS[kind] for name, (kind, _) in columns.items()},
    }
    return {"type": "array", "items": row}
