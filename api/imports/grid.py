"""Hold sheets as sparse cells, whatever file they came from, and refuse files that are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from api.problems import Problem

MOST_ROWS = 10_000
"""Rows that hold something, in one file."""
MOST_COLUMNS = 100
MOST_TEXT = 1_000
"""Characters that are read of one cell."""

Address = tuple[int, int]
"""Row and column, from 1."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell.

    Attributes
    ----------
    value
        A number, text, date, time or truth value.
    error
        A code of `findings.CODES` where it shows an error instead.
    is_spread
        Whether it stands here only because the cell above is merged with this one.
    """

    value: Any
    error: str | None = None
    is_spread: bool = False

    @property
    def text(self) -> str:
        """What stands there, as text in one line."""
        value = self.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return " ".join(str(value).split())


@dataclass(slots=True)
class Sheet:
    """One sheet.

    Attributes
    ----------
    name
        As in the file.
    rows
        Cells that hold something, by row and column from 1.
    is_hidden
        Whether people do not see it; it is then not read.
    """

    name: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    is_hidden: bool = False

    def address(self, row: int, column: int) -> str:
        """Name a cell, such as `Sheet1!D7`."""
        return f"{self.name}!{letters(column)}{row}"


def letters(column: int) -> str:
    """Name a column: 1 is `A`, 27 is `AA`."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def unreadable(why: str) -> Problem:
    """Return the problem of a file that cannot be read.

    Parameters
    ----------
    why
        What to do, in Vietnamese and English.
    """
    return Problem("import_unreadable", why)


def refuse_long(rows: int) -> None:
    """Refuse a file with too many rows.

    Raises
    ------
    Problem
        `too_large`.
    """
    if rows > MOST_ROWS:
        raise Problem("too_large", f"a file holds at most {MOST_ROWS} rows; split it")
