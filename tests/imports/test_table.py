"""Headings are found wherever they stand and however they are written."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.imports.grid import Cell, Sheet
from api.imports.table import find_table, rows_of
from api.imports.words import WORDS, Kind, plain, word_of
from schemas.vocabulary import VOCABULARY

HEADINGS = [
    (kind, field, heading)
    for kind in get_args(Kind)
    for field, headings in WORDS["headings"][kind].items()
    for heading in headings
]
WRITTEN = [str, str.upper, str.title, plain, "  {}: ".format, "{} (*)".format, "{}\n(1)".format]


def sheet(*rows: list[str]) -> Sheet:
    """Make a sheet of texts."""
    cells = {
        number: {column: Cell(text) for column, text in enumerate(row, 1) if text}
        for number, row in enumerate(rows, 1)
    }
    return Sheet("S", {number: row for number, row in cells.items() if row})


@given(st.sampled_from(HEADINGS), st.sampled_from(WRITTEN), st.integers(0, 5))
def test_a_heading_is_understood_however_it_is_written(
    heading: tuple[Kind, str, str], write: object, titles: int
) -> None:
    kind, field, text = heading
    assert callable(write)
    other = next(h for k, f, h in HEADINGS if k == kind and f != field)
    found = find_table(sheet(*([["DANH SÁCH"]] * titles), [other, write(text)]), kind)
    assert found is not None
    assert (found.columns[1].field, found.last) == (field, titles + 1)


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("Tải trọng (tấn)", "tan"),
        ("Trọng tải (kg)", "kg"),
        ("Tai trong, tan", "tan"),
        ("TẢI TRỌNG\n(Tạ)", "ta"),
        ("Trọng tải xe [kg]", "kg"),
        ("Tải trọng", None),
    ],
)
def test_a_unit_stands_in_the_heading(heading: str, unit: str | None) -> None:
    found = find_table(sheet(["BKS", heading]), "trucks")
    assert found is not None
    assert (found.columns[1].field, found.columns[1].unit) == ("payload_kg", unit)


def test_the_first_entry_is_never_taken_for_a_second_row_of_headings() -> None:
    rows = [["BKS", "Chủ xe", "Tải trọng", "ĐVT"], ["68C-1", "HTX", "3,5", "tấn"]]
    found = find_table(sheet(*rows), "trucks")
    assert found is not None
    assert (found.last, len(rows_of(found, "trucks")[0])) == (1, 1)


def test_a_gate_is_no_total() -> None:
    headings = ["Cổng", "Cảng", "Ngày", "Khung giờ", "Số xe"]
    entry = ["Cổng 1", "Tắc Cậu", "25/8", "6h-7h", "5"]
    totals = [[each, "", "", "", "5"] for each in ("Cộng", "TỔNG CỘNG", "Tổng số xe: 5")]
    found = find_table(sheet(headings, entry, *totals), "slots")
    assert found is not None
    read, passed = rows_of(found, "slots")
    assert ([row.number for row in read], passed) == ([2], ["S!A3", "S!A4", "S!A5"])


def test_a_haulier_whose_name_begins_like_a_total_is_an_entry() -> None:
    rows = [["Chủ xe", "BKS", "Tải trọng"], ["Tổng công ty Lương thực", "68C-1", ""]]
    found = find_table(sheet(*rows), "trucks")
    assert found is not None
    assert [row.number for row in rows_of(found, "trucks")[0]] == [2]


def test_headings_that_come_again_are_no_entry() -> None:
    headings = ["BKS", "Chủ xe", "Tải trọng"]
    found = find_table(sheet(headings, ["68C-1", "HTX", "3"], headings), "trucks")
    assert found is not None
    assert rows_of(found, "trucks")[1] == ["S!A3"]


@pytest.mark.parametrize("vocabulary", ["product", "temperature", "vehicle_class", "region"])
def test_every_word_is_known_by_its_names_with_and_without_marks(vocabulary: str) -> None:
    for word, names in VOCABULARY[vocabulary].items():
        more = WORDS["names"].get(vocabulary, {}).get(word, [])
        for name in (word, names["vi"], names["en"], *more):
            assert word_of(vocabulary, name) == word_of(vocabulary, plain(name)) == word
