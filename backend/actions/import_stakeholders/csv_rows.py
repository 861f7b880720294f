"""The rows of a CSV file (RFC 4180, but for its delimiter), each with the line it begins on."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

# Of lines that all end within quotation marks, each would else be read with all that follow it.
MAX_LINES_OF_ROW = 50


class Row(NamedTuple):
    line: int
    # As spreadsheets count, from 1: blank rows are counted, line ends in cells are not.
    number: int
    cells: Sequence[str]
    # Why it is not CSV; empty if it is.
    error: str = ""


class Lines:
    """Lines of which those that the current row has taken, all but the first, can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._put_back: deque[str] = deque()
        self._of_row: list[str] = []
        self.row_begins = self.number = 1

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if len(self._of_row) == MAX_LINES_OF_ROW:
            raise csv.Error(f"it has more than {MAX_LINES_OF_ROW} lines")
        line = self._put_back.popleft() if self._put_back else next(self._lines)
        self._of_row.append(line)
        return line

    def end_row(self) -> None:
        self.row_begins += len(self._of_row)
        self.number += 1
        self._of_row.clear()

    def end_row_after_its_first_line(self) -> str:
        """The row's first line; the others are put back."""
        self._put_back.extendleft(reversed(self._of_row[1:]))
        del self._of_row[1:]
        first = self._of_row[0]
        self.end_row()
        return first


def read_rows(lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    """The rows of which not every cell is blank; line ends must be kept in `lines`.

    A row that is not CSV ends with its first line, so that a quotation mark left open does not
    swallow the rows that follow. Its cells are what stands between its delimiters.
    """
    source = Lines(lines)
    while True:
        try:
            for cells in csv.reader(source, delimiter=delimiter, strict=True):
                if any(cell.strip() for cell in cells):
                    yield Row(source.row_begins, source.number, cells)
                source.end_row()
        except csv.Error as error:
            line, number = source.row_begins, source.number
            cells = source.end_row_after_its_first_line().rstrip("\r\n").split(delimiter)
            yield Row(
                line, number, cells, f"This is not CSV ({error}): look at its quotation marks."
            )
        else:
            return
