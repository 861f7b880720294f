from backend.actions.import_stakeholders.columns import (
    MissingColumnsError,
    TooManyRowsError,
    UnknownColumnError,
    UnusableTableError,
    enumerate_briefly,
)
from backend.actions.import_stakeholders.dialect import detect_encoding
from backend.actions.import_stakeholders.fields import FIELDS, REQUIRED, accepted_values
from backend.actions.import_stakeholders.importing import import_stakeholders
from backend.actions.import_stakeholders.report import Rejection, Report

__all__ = [
    "FIELDS",
    "REQUIRED",
    "MissingColumnsError",
    "Rejection",
    "Report",
    "TooManyRowsError",
    "UnknownColumnError",
    "UnusableTableError",
    "accepted_values",
    "detect_encoding",
    "enumerate_briefly",
    "import_stakeholders",
]
