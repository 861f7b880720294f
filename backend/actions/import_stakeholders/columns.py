"""Which column of a table holds which field of a stakeholder."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.actions.import_stakeholders.fields import FIELDS, POSITION, REQUIRED
from backend.rendering.formulas import unguarded

NAMES_SHOWN = 10
NAME_WIDTH = 40


class UnusableTableError(Exception):
    """Why nothing of a table can be imported, and what to do about it, in a sentence."""


class UnknownColumnError(UnusableTableError):
    """What was chosen is no column, or was chosen for no field."""


class TooManyRowsError(UnusableTableError):
    """There are more than were asked for."""


class MissingColumnsError(UnusableTableError):
    """Some `fields` have no column."""

    def __init__(self, fields: Sequence[str], header: Sequence[str]) -> None:
        hint = " Commas, semicolons or tabs must stand between cells." if len(header) == 1 else ""
        super().__init__(
            f"There is no column {' or '.join(fields)}. "
            f"The columns are {enumerate_briefly(header)}.{hint}"
        )
        self.fields = fields


def enumerate_briefly(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = [
        name if len(name) <= NAME_WIDTH else f"{name[:NAME_WIDTH]}…" for name in names[:NAMES_SHOWN]
    ]
    more = [f"and {len(names) - NAMES_SHOWN:,} more"] if len(names) > NAMES_SHOWN else []
    return ", ".join(shown + more)


@dataclass(frozen=True)
class Columns:
    header: Sequence[str]
    index_of: Mapping[str, int]

    @property
    def ignored(self) -> list[str]:
        """The names of the columns that hold no field."""
        used = set(self.index_of.values())
        return [
            name.strip()
            for index, name in enumerate(self.header)
            if index not in used and name.strip()
        ]

    def trimmed(self, cells: Sequence[str]) -> dict[str, str]:
        """The cell of each field, without the white space around it, and the guard of an export."""
        return {field: unguarded(cells[index].strip()) for field, index in self.index_of.items()}

    def name_of(self, field: str) -> str | None:
        """What the file calls a field; None if it is that of no column."""
        # Coordinates that are no place on Earth are wrong together.
        index = self.index_of.get("longitude" if field == "location" else field)
        return None if index is None else self.header[index].strip()


def match_columns(header: Sequence[str], chosen: Mapping[str, str]) -> Columns:
    """Find each field's column: the one `chosen` for it, else the one of its own name.

    Names match in upper and lower case. A chosen column serves no field but those it was
    chosen for.
    """
    names = [name.strip().lower() for name in header]
    column_of = {field: column.strip().lower() for field, column in chosen.items()}
    _require_known(names, header, chosen)
    unchosen = set(names) - set(column_of.values())
    column_of |= {field: field for field in FIELDS if field in unchosen and field not in column_of}
    _require_unique(names, column_of)
    _require_complete(header, column_of)
    return Columns(header, {field: names.index(column) for field, column in column_of.items()})


def _require_known(names: Sequence[str], header: Sequence[str], chosen: Mapping[str, str]) -> None:
    for field, column in chosen.items():
        if field not in FIELDS:
            raise UnknownColumnError(
                f"{column!r} cannot be read as {field!r}: there is no such field. "
                f"The fields are {', '.join(FIELDS)}."
            )
        if column.strip().lower() not in names:
            raise UnknownColumnError(
                f"{field!r} cannot be read from {column!r}: there is no such column. "
                f"The columns are {enumerate_briefly(header)}."
            )


def _require_unique(names: Sequence[str], column_of: Mapping[str, str]) -> None:
    times = Counter(names)
    for field, column in column_of.items():
        if times[column] > 1:
            raise UnusableTableError(
                f"Two columns are called {column!r}. Rename the one that is not the {field}."
            )


def _require_complete(header: Sequence[str], column_of: Mapping[str, str]) -> None:
    # Half a position is none.
    needed = REQUIRED + (POSITION if column_of.keys() & set(POSITION) else ())
    missing = [field for field in needed if field not in column_of]
    if missing:
        raise MissingColumnsError(missing, header)
