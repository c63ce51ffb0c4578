"""Read XLSX workbooks as streams of cells, within bounds that a hostile file cannot pass."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from api.imports.grid import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TEXT,
    Cell,
    Sheet,
    refuse_long,
    unreadable,
)
from api.problems import Problem

_MOST_BYTES = 32 * 1_048_576
_MOST_MARKS = 3_000_000  # elements and attributes: 10,000 rows of 30 columns have two thirds of it
_CHUNK_BYTES = 1 << 20
_MOST_PARTS = 500
_MOST_SHEETS = 30
_MOST_MERGED = 5_000
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
)
"""What zipfile raises at damaged, encrypted and strangely packed files."""
_LAST_ROW = 1_048_576


class _Parser(WorkSheetParser):
    """Read cells one row at a time, and tell formulas that were never worked out."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            cell["data_type"] = "f"
        return cell


def read_workbook(raw: bytes) -> list[Sheet]:
    """Read the sheets of an XLSX file; hidden ones are named and not read.

    Neither of openpyxl's two ways is taken whole: its full way writes out every cell of a merged
    range, so that 30 bytes of a file can ask for 17 thousand million cells; its lean way does not
    tell what is merged. Its parser of sheets, which both are built on, does neither.

    Parameters
    ----------
    raw
        The file.

    Raises
    ------
    Problem
        `import_unreadable`: it is no XLSX file, or a hostile one. `too_large`: it holds too much.
    """
    _refuse_bomb(raw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of drawings and styles that are not read
            return _sheets(raw)
    except Problem:
        raise
    except Exception as error:  # a file from anywhere may fail anywhere in a parser
        raise unreadable(
            "không đọc được tệp Excel này; hãy mở bằng Excel và lưu lại (.xlsx) / "
            "this workbook cannot be read; open it in Excel and save it as .xlsx"
        ) from error


def _refuse_bomb(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            # zipfile never unpacks more of a part than its entry says
            is_large = sum(part.file_size for part in parts) > _MOST_BYTES
            if len(parts) > _MOST_PARTS or is_large or _marks(archive) > _MOST_MARKS:
                raise Problem("too_large", f"a workbook unpacks to at most {_MOST_BYTES >> 20} MiB")
    except _DAMAGES:
        raise unreadable(
            "tệp .xlsx bị hỏng; hãy lưu lại / the .xlsx file is damaged; save it again"
        ) from None
    names = {part.filename for part in parts}
    if any(name.startswith("word/") for name in names):
        raise unreadable(
            "đây là tệp Word; hãy chép bảng sang Excel (.xlsx) / "
            "this is a Word file; copy the table into Excel (.xlsx)"
        )


def _marks(archive: zipfile.ZipFile) -> int:
    """Count what can become an object of a parser, which takes thirty times its length and more."""
    marks = 0
    for part in archive.infolist():
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as file:
                while chunk := file.read(_CHUNK_BYTES):
                    marks += chunk.count(b"<") + chunk.count(b"=")
    return marks


def _sheets(raw: bytes) -> list[Sheet]:
    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    try:
        if len(book.worksheets) > _MOST_SHEETS:
            raise Problem("too_large", f"a workbook has at most {_MOST_SHEETS} sheets")
        sheets, held = [], 0
        for found in book.worksheets:
            sheet = Sheet(str(found.title), is_hidden=found.sheet_state != "visible")
            if not sheet.is_hidden:
                _read(book, found, sheet, MOST_ROWS - held)
                held += len(sheet.rows)
            sheets.append(sheet)
        return sheets
    finally:
        book.close()


def _read(book: Any, found: Any, sheet: Sheet, most_rows: int) -> None:
    with found._get_source() as source:  # noqa: SLF001 - see `read_workbook`
        parser = _Parser(
            source,
            found._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        for number, cells in parser.parse():
            kept = {
                each["column"]: cell
                for each in cells
                if each["column"] <= MOST_COLUMNS and (cell := _cell(each)) is not None
            }
            if kept and 1 <= number <= _LAST_ROW:
                sheet.rows[number] = kept
                refuse_long(len(sheet.rows) + MOST_ROWS - most_rows)
    _spread(sheet, parser.merged_cells)


def _cell(each: dict[str, Any]) -> Cell | None:
    value, kind = each["value"], each["data_type"]
    if kind == "f":
        return Cell("", error="formula_unread")
    if kind == "e":
        return Cell(str(value)[:20], error="cell_error")
    if isinstance(value, str):
        value = value[: MOST_TEXT + 1].strip()
        value = value.replace("_x000D_", "")
    return None if value is None or value == "" else Cell(value)


def _spread(sheet: Sheet, merged: Any) -> None:
    """Let a cell that is merged with those below it stand in each of their rows."""
    spread = 0
    for each in merged.mergeCell if merged is not None else ():
        first = sheet.rows.get(each.min_row, {}).get(each.min_col)
        spread += min(each.max_row - each.min_row, MOST_ROWS)
        if first is None or each.max_row == each.min_row or spread > _MOST_MERGED:
            continue
        if each.max_col - each.min_col > 2:  # a title or a note, not what rows have in common
            continue
        for number in range(each.min_row + 1, min(each.max_row, each.min_row + MOST_ROWS) + 1):
            if number in sheet.rows:
                below = Cell(first.value, first.error, is_spread=True)
                sheet.rows[number].setdefault(each.min_col, below)
