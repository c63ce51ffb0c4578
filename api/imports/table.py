"""Find the headings of a sheet and the rows below them that say something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from api.imports.grid import Cell, Sheet
from api.imports.numbers import UNITS
from api.imports.words import WORDS, Kind, fold, said

_LOOK_ROWS = 40
_LEAST_FIELDS = 2
_IN_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_THOUSAND = ("nghin", "ngan", "1000", "1 000")
_TOTALS = re.compile(
    r"(?:tổng(?: số| cộng)?|cộng|tong(?: so| cong)?|cong|total|sum)(?: xe| lô| lo)?(?:\s*[:(=].*)?"
)
_SERIES = re.compile(r"\(?([0-9]{1,2}|[a-z]|stt)\)?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column with a heading.

    Attributes
    ----------
    column
        Its number, from 1.
    row
        Where its heading stands.
    heading
        As written.
    field
        What it says, by its name in the API; None where that is not known.
    unit
        What its heading says of units: `kg`, `tan`, `ta`, `yen`, `thousand`; None for nothing.
    is_left_out
        Whether it is known and not read: numbering, notes, names of people.
    """

    column: int
    row: int
    heading: str
    field: str | None = None
    unit: str | None = None
    is_left_out: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row that says something.

    Attributes
    ----------
    sheet
        Where it stands.
    number
        Its number in the sheet.
    cells
        Its cells by field.
    table
        What it is a row of.
    """

    sheet: Sheet
    number: int
    cells: dict[str, Cell]
    table: Table


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet's headings.

    Attributes
    ----------
    sheet
        Where.
    first, last
        The first and the last row of the headings.
    columns
        Every column with a heading.
    """

    sheet: Sheet
    first: int
    last: int
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """Return the column of a field; None where there is none."""
        return next((each for each in self.columns if each.field == name), None)

    @property
    def fields(self) -> set[str]:
        """The fields that have a column."""
        return {each.field for each in self.columns if each.field is not None}


def find_table(sheet: Sheet, kind: Kind) -> Table | None:
    """Find the headings: the row, or two, of the first 40 in which most are understood.

    Parameters
    ----------
    sheet
        Where to look.
    kind
        What the rows are of.
    """
    best: Table | None = None
    for first in sorted(sheet.rows)[:_LOOK_ROWS]:
        for last in (first, first + 1):
            if last not in sheet.rows or (last != first and not _goes_on(sheet, first, kind)):
                continue
            found = Table(sheet, first, last, _columns(sheet, first, last, kind))
            least = len(best.fields) if best else _LEAST_FIELDS - 1
            is_same = best is not None and best.first == first and len(found.fields) == least
            if len(found.fields) > least or is_same:
                best = found
    return best


def _goes_on(sheet: Sheet, first: int, kind: Kind) -> bool:
    """Tell whether the row below headings goes on with them, and is no entry yet."""
    top, group = sheet.rows[first], ""
    for number, cell in sorted(sheet.rows[first + 1].items()):
        upper = top[number].text if number in top else ""
        if cell.is_spread or cell.text == upper:
            continue
        left = [column for column in top if column <= number]
        group = top[max(left)].text if left else ""
        is_heading = any(_read(each, kind)[0] for each in (f"{group} {cell.text}", cell.text))
        is_part = not upper or _core(cell.text) in _left_out()
        if not isinstance(cell.value, str) or not (is_heading or is_part):
            return False
    return any(not cell.is_spread for cell in sheet.rows[first + 1].values())


def _columns(sheet: Sheet, first: int, last: int, kind: Kind) -> tuple[Column, ...]:
    top, below = sheet.rows[first], sheet.rows[last]
    columns: list[Column] = []
    taken: set[str] = set()
    group = ""
    for number in range(1, max(*top, *below) + 1):
        upper = top[number].text if number in top else ""
        lower = below[number].text if number in below and last != first else ""
        group = upper or (group if lower else "")
        texts = [upper] if not lower or upper == lower else [f"{group} {lower}", lower, group]
        if not any(texts):
            continue
        field, unit = next((told for each in texts if (told := _read(each, kind))[0]), (None, None))
        heading = texts[0].strip()
        is_left_out = field is None and any(_core(each) in _left_out() for each in texts)
        if field in taken:
            field = None
        elif field is not None:
            taken.add(field)
        row = last if lower and upper != lower else first
        columns.append(Column(number, row, heading, field, unit, is_left_out))
    return tuple(columns)


@lru_cache(maxsize=8)
def _fields(kind: Kind) -> dict[str, str]:
    return {
        fold(heading): field
        for field, headings in WORDS["headings"][kind].items()
        for heading in headings
    }


@lru_cache(maxsize=1)
def _left_out() -> frozenset[str]:
    return frozenset(fold(heading) for heading in WORDS["left_out"])


def _core(heading: str) -> str:
    return fold(_IN_BRACKETS.sub(" ", heading))


def _read(heading: str, kind: Kind) -> tuple[str | None, str | None]:
    """Say which field a heading names, and in which unit."""
    fields = _fields(kind)
    whole, core = fold(heading), _core(heading)
    unit = _unit(" ".join(_IN_BRACKETS.findall(heading)))
    words = core.split()
    for end in range(len(words), max(0, len(words) - 3), -1):
        rest = words[end:]
        if rest and not all(word in UNITS or word in _MONEY for word in rest):
            break
        if field := fields.get(" ".join(words[:end])):
            return field, unit or _unit(" ".join(rest))
    return fields.get(whole), unit


_MONEY = frozenset({"d", "dong", "vnd", "nghin", "ngan", "dvt", "1000"})


def _unit(text: str) -> str | None:
    folded = fold(text)
    if any(folded.startswith(each) for each in _THOUSAND):
        return "thousand"
    if "dong" in folded.split() or "vnd" in folded.split() or folded.startswith("d "):
        return "vnd"
    return next((word for word in folded.split() if word in UNITS), None)


def rows_of(table: Table, kind: Kind) -> tuple[list[Row], list[str]]:
    """List the rows below the headings, and the addresses of those that are no entries.

    No entries are totals, headings again, numbers of columns, titles of parts and signatures.

    Parameters
    ----------
    table
        The headings.
    kind
        What the rows are of.
    """
    by_column = {each.column: each.field for each in table.columns if each.field}
    read, passed = [], []
    for number in sorted(table.sheet.rows):
        if number <= table.last:
            continue
        whole = table.sheet.rows[number]
        own = {
            by_column[column]: cell
            for column, cell in whole.items()
            if column in by_column and not _says_nothing(cell)
        }
        written = [field for field, cell in own.items() if not cell.is_spread]
        if not written and not any(isinstance(c.value, str) for c in whole.values()):
            continue
        if _is_entry(table, whole, written, kind, is_next=number == table.last + 1):
            read.append(Row(table.sheet, number, own, table))
        else:
            passed.append(table.sheet.address(number, min(whole)))
    return read, passed


def _says_nothing(cell: Cell) -> bool:
    return isinstance(cell.value, str) and not cell.error and not fold(cell.value)


def _is_entry(
    table: Table, whole: dict[int, Cell], written: list[str], kind: Kind, *, is_next: bool
) -> bool:
    texts = [each.text for _, each in sorted(whole.items())]
    needed = [name for name in WORDS["required"][kind] if name in table.fields]
    is_whole = all(name in written for name in needed)
    if not is_whole and any(_TOTALS.fullmatch(said(text)) for text in texts[:3]):
        return False
    if is_next and len(texts) > 2 and all(_SERIES.fullmatch(said(text)) for text in texts):
        return False
    headings = {fold(each.heading) for each in table.columns}
    if len(texts) > 1 and all(fold(text) in headings for text in texts):
        return False
    is_alone = len(written) == 1 and len(needed) > 1
    return bool(written) and not is_alone
