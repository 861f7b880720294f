"""The tables that staff take away: which columns they have, and who is given which."""

from backend.rendering.tables import (
    BOOLEAN,
    INTEGER,
    LATITUDE,
    LONGITUDE,
    MOMENT,
    TEXT,
    WORD,
    Columns,
)

# Whoever may not export private details gets a table without these columns.
PRIVATE_COLUMNS = {"email", "longitude", "latitude"}

ENDORSER: Columns = {
    "name": (TEXT, "name"),
    "organization": (TEXT, "organization"),
    "role": (TEXT, "role"),
    "email": (TEXT, "email"),
    "type": (WORD, "type"),
    "state": (WORD, "state"),
    "county": (TEXT, "county"),
    "longitude": (LONGITUDE, "location"),
    "latitude": (LATITUDE, "location"),
    "public_longitude": (LONGITUDE, "public_location"),
    "public_latitude": (LATITUDE, "public_location"),
}
TIMES: Columns = {"created_at": (MOMENT, "created_at"), "updated_at": (MOMENT, "updated_at")}
STAKEHOLDERS: Columns = {
    "id": (INTEGER, "id"),
    # Named as an import reads them.
    **ENDORSER,
    "is_public": (BOOLEAN, "is_public"),
    "email_updates": (BOOLEAN, "email_updates"),
    **TIMES,
}
ENDORSEMENTS: Columns = {
    "id": (INTEGER, "id"),
    "campaign_id": (INTEGER, "campaign_id"),
    "campaign_slug": (TEXT, "campaign_slug"),
    "campaign_title": (TEXT, "campaign_title"),
    "status": (WORD, "status"),
    "statement": (TEXT, "statement"),
    "public_display": (BOOLEAN, "public_display"),
    "stakeholder_id": (INTEGER, "stakeholder_id"),
    **ENDORSER,
    **TIMES,
}


def without_private(columns: Columns) -> Columns:
    return {name: column for name, column in columns.items() if name not in PRIVATE_COLUMNS}
