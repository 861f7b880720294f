"""What became of each row of a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.actions.import_stakeholders.columns import Columns
from backend.actions.import_stakeholders.csv_rows import Row


@dataclass(frozen=True)
class Rejection:
    line: int
    cells: Sequence[str]
    reasons: Sequence[str]


@dataclass
class Report:
    """How many rows were created, updated or unchanged; and those that were rejected."""

    columns: Columns
    delimiter: str
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    # Of the stakeholders that these rows are about.
    not_public: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.created + self.updated + self.unchanged

    @property
    def rows(self) -> int:
        return self.accepted + len(self.rejected)

    def reject(self, row: Row, *reasons: str) -> None:
        self.rejected.append(Rejection(row.line, row.cells, reasons))
