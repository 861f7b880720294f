from backend.actions.import_stakeholders.columns import UnusableTableError
from backend.actions.import_stakeholders.saving import Rejection, Report, import_stakeholders

__all__ = ["Rejection", "Report", "UnusableTableError", "import_stakeholders"]
