"""Files of every kind are read or refused with a clear word, within bounds."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest

from api.imports.delimited import read_delimited
from api.imports.grid import Sheet
from api.imports.table import find_table
from api.imports.workbook import read_workbook
from api.problems import Problem
from tests.imports.conftest import csv_of, workbook

HEADINGS = ["Biển số xe", "Chủ xe", "Tải trọng (tấn)", "Nơi đậu xe"]
ENTRY = ["68C-123.45", "HTX Rạch Giá", "3,5", "Tắc Cậu"]
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _understood(sheet: Sheet) -> int:
    table = find_table(sheet, "trucks")
    return len(table.fields) if table else 0


def _forged(sheet: str) -> bytes:
    """Put other XML in the place of a workbook's sheet."""
    raw = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([HEADINGS, ENTRY]))) as old,
        zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            is_sheet = part.filename == "xl/worksheets/sheet1.xml"
            new.writestr(part.filename, sheet if is_sheet else old.read(part))
    return raw.getvalue()


def _xml(data: str, after: str = "", before: str = "") -> str:
    return (
        f'{before}<worksheet xmlns="{_NAMESPACE}"><sheetData>{data}</sheetData>{after}</worksheet>'
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_any_encoding_with_any_delimiter(encoding: str, delimiter: str) -> None:
    sheet = read_delimited(csv_of([HEADINGS, ENTRY], delimiter, encoding), _understood)
    texts = [[cell.text for cell in row.values()] for row in sheet.rows.values()]
    assert texts == [HEADINGS, ENTRY]


def test_a_csv_of_an_old_windows_is_read_in_its_own_encoding() -> None:
    # windows-1258 writes tones as marks of their own: "Biển" is B-i-ê-mark-n
    raw = b"Bi\xea\xd2n s\xf4\xec xe;Chu\xd2 xe;Ta\xd2i tro\xf2ng (t\xe2\xecn)\r\n68C-1;HTX;3,5\r\n"
    sheet = read_delimited(raw, _understood)
    assert [cell.text for cell in sheet.rows[1].values()] == HEADINGS[:3]


def test_a_delimiter_that_excel_names_is_taken() -> None:
    sheet = read_delimited(b"sep=|\r\n" + csv_of([HEADINGS, ENTRY], "|"), _understood)
    assert (sheet.address(*(3, 1)), sheet.rows[3][1].text) == ("CSV!A3", "68C-123.45")


def test_hidden_sheets_are_named_and_not_read() -> None:
    raw = workbook([HEADINGS, ENTRY], [HEADINGS, ENTRY], hidden=["Sheet2"])
    first, second = read_workbook(raw)
    assert (len(first.rows), len(second.rows), second.is_hidden) == (2, 0, True)


def test_a_cell_merged_downwards_stands_in_each_of_its_rows() -> None:
    raw = workbook([HEADINGS, ENTRY, ["68C-2", None, "2"]], merged=["B2:B3"])
    (sheet,) = read_workbook(raw)
    assert (sheet.rows[3][2].text, sheet.rows[3][2].is_spread) == ("HTX Rạch Giá", True)


def test_a_merged_range_without_end_costs_nothing() -> None:
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    tracemalloc.start()
    (sheet,) = read_workbook(_forged(_xml(row, merged)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sheet.rows.keys() == {1}
    assert peak < 20e6


def test_a_cell_at_the_end_of_the_world_costs_nothing() -> None:
    data = '<row r="1048576"><c r="A1048576"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>'
    (sheet,) = read_workbook(_forged(_xml(data)))
    assert {row: list(cells) for row, cells in sheet.rows.items()} == {1_048_576: [1]}


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/passwd">',
    ],
)
def test_entities_are_refused(entity: str) -> None:
    data = '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>'
    raw = _forged(_xml(data, before=f"<!DOCTYPE worksheet [{entity}]>"))
    with pytest.raises(Problem) as refused:
        read_workbook(raw)
    assert refused.value.code == "import_unreadable"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    raw = _forged(_xml(" " * 40_000_000))
    assert len(raw) < 200_000
    tracemalloc.start()
    with pytest.raises(Problem) as refused:
        read_workbook(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (refused.value.code, peak < 5e6) == ("too_large", True)


def test_a_row_of_millions_of_cells_is_refused_before_it_is_parsed() -> None:
    raw = _forged(_xml('<row r="1">' + "<c/>" * 3_000_000 + "</row>"))
    with pytest.raises(Problem) as refused:
        read_workbook(raw)
    assert refused.value.code == "too_large"


def test_more_rows_than_there_may_be_are_refused() -> None:
    rows = [HEADINGS, *([["68C-1"]] * 10_001)]
    with pytest.raises(Problem) as refused:
        read_delimited(csv_of(rows), _understood)
    assert refused.value.code == "too_large"


def test_formulas_say_their_results_and_errors_say_so() -> None:
    data = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1+1</f></c>'
        '<c r="C1" t="e"><v>#N/A</v></c></row>'
    )
    (sheet,) = read_workbook(_forged(_xml(data)))
    told = [(cell.value, cell.error) for cell in sheet.rows[1].values()]
    assert told == [(2, None), ("", "formula_unread"), ("#N/A", "cell_error")]


@pytest.mark.parametrize("cut", [10, 100, 2000])
def test_a_damaged_workbook_is_refused(cut: int) -> None:
    raw = workbook([HEADINGS, ENTRY])
    damaged = raw[:cut] if cut < 2000 else raw[:800] + b"\0" * 200 + raw[1000:]
    with pytest.raises(Problem) as refused:
        read_workbook(damaged)
    assert refused.value.code == "import_unreadable"
