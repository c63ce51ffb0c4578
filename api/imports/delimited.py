"""Read CSV as Excel and other programs write it: any of four encodings, any of four delimiters."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable

from api.imports.grid import MOST_COLUMNS, MOST_TEXT, Cell, Sheet, refuse_long, unreadable

SHEET = "CSV"
"""How the only sheet of a CSV file is called in addresses."""

_LOOK_LINES = 200
_DELIMITERS = ",;\t|"
_BINARY = "\0\1\2\3\4\5\6"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_delimited(raw: bytes, score: Callable[[Sheet], int]) -> Sheet:
    """Read a CSV file.

    Parameters
    ----------
    raw
        The file.
    score
        Tells how many headings of a sheet are understood: the delimiter with the most is right.
        A sniffer that counts signs takes the commas of `3,5` for delimiters.

    Raises
    ------
    Problem
        `import_unreadable`: it is no text. `too_large`: it has too many rows.
    """
    text = unicodedata.normalize("NFC", _text(raw))
    if text[:4].lower() == "sep=" and len(text) > 5:
        told, text = text[4], text.partition("\n")[2]
        return _sheet(text, told, first=2)
    begins = "".join(text.splitlines(keepends=True)[:_LOOK_LINES])
    delimiter = max(_DELIMITERS, key=lambda each: score(_sheet(begins, each)))
    return _sheet(text, delimiter)


def _text(raw: bytes) -> str:
    """Decode: UTF-16 and UTF-8 say so themselves; what else Vietnam's Excel writes is Windows-1258.

    Whether bytes are UTF-8 is certain beyond doubt, so that nothing has to be guessed by
    frequencies, which a list of plates is too short for.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return _decoded(raw, encoding)
    if raw[1:2] == b"\0" or raw[:1] == b"\0":
        return _decoded(raw, "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(raw, "cp1258")
    return _decoded(raw, "utf-8")


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeError:
        raise _no_text() from None
    if any(text.count(mark) for mark in _BINARY):
        raise _no_text()
    return text


def _no_text() -> Exception:
    return unreadable(
        "không phải tệp CSV hay XLSX; trong Excel, chọn Lưu thành .xlsx hoặc CSV UTF-8 / "
        "this is neither CSV nor XLSX; save it as .xlsx or as CSV UTF-8"
    )


def _sheet(text: str, delimiter: str, first: int = 1) -> Sheet:
    sheet = Sheet(SHEET)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, values in enumerate(reader, first):
            cells = {
                column: Cell(value[: MOST_TEXT + 1].strip())
                for column, value in enumerate(values[:MOST_COLUMNS], 1)
                if value.strip()
            }
            if cells:
                sheet.rows[number] = cells
                refuse_long(len(sheet.rows))
    except csv.Error:
        raise _no_text() from None
    return sheet
