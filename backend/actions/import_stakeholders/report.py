"""What became of each row of a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from backend.actions.import_stakeholders.columns import Columns
from backend.actions.import_stakeholders.csv_rows import Row


class Reason(NamedTuple):
    """A rule that a row breaks: by which field, if it is that of one, and in words."""

    field: str
    # As Django has it, or not_csv, cells, control_character, not_boolean, not_number, repeated,
    # added_meanwhile.
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass(frozen=True)
class Rejection:
    row: Row
    reasons: Sequence[Reason]


@dataclass
class Report:
    """How many rows were created, updated or unchanged; and those that were rejected."""

    columns: Columns
    encoding: str
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

    def reject(self, row: Row, *reasons: Reason) -> None:
        self.rejected.append(Rejection(row, reasons))
