"""Lists of lots and slots become events, each role's own only."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest

from schemas.lot import LotDeclared, LotRevised
from schemas.slot import SlotClosed, SlotOpened
from tests.api.conftest import Stand
from tests.imports.conftest import csv_of, post, workbook

pytestmark = pytest.mark.integration

LOTS = [
    "STT",
    "Mặt hàng",
    "Sản lượng",
    "ĐVT",
    "Giá (nghìn đồng/kg)",
    "Nơi lấy hàng",
    "Vĩ độ",
    "Kinh độ",
    "Ngày thu hoạch",
    "Giờ",
    "Hạn đến",
    "Nơi nhận",
    "Tỉnh",
]
LOT = [
    *("1", "Tôm sú loại 1", "3,5", "tấn", "185", "Gò Quao", "9,733", "105,274"),
    *("25/8/2021", "7h30", "26/8/2021", "Nhà máy Rạch Giá", "Kiên Giang"),
]
SLOTS = ["Cảng", "Cổng", "Ngày", "Khung giờ", "Số xe/khung giờ"]
SLOT = ["Cảng Tắc Cậu", "Cổng số 1", "25/8/2021", "6h-7h", "5"]


def _with(row: list[str], column: int, text: str) -> list[str]:
    return [*row[:column], text, *row[column + 1 :]]


async def test_a_lot_is_declared_as_its_row_says(place: Stand) -> None:
    answer = await post(
        place, "lots", csv_of([LOTS, LOT], ";"), role="lot_declarer:HTX1", commit=True
    )
    assert answer.status_code == 202, answer.text
    (written,) = place.broker.events
    assert written.source == "/api/lot_declarer/HTX1"
    assert isinstance(written.data, LotDeclared)
    told = written.data.model_dump(mode="json", exclude={"lot_id"})
    assert told == {
        "region": "kien-giang",
        "product": "tiger_shrimp",
        "quantity_kg": 3500,
        "grade": None,
        "price_vnd_per_kg": 185_000,
        "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
        "ready_from": "2021-08-25T00:30:00Z",
        "hold_until": "2021-08-26T17:00:00Z",  # the end of that day
        "temperature": "chilled",
        "destinations": ["plant-rach-gia"],
        "declarer_id": "HTX1",
    }


async def test_cells_of_excels_own_types_say_the_same(place: Stand) -> None:
    row: list[Any] = list(LOT)
    row[2], row[6], row[7] = 3.5, 9.733, 105.274
    row[8], row[9] = datetime(2021, 8, 25), time(7, 30)  # noqa: DTZ001 - as cells have them
    row[10] = 44434
    ids = []
    for raw in (csv_of([LOTS, LOT], ";"), workbook([LOTS, row])):
        told = (await post(place, "lots", raw)).json()
        assert told["errors"] == []
        ids.append(told["sample"])
    assert ids[0] == ids[1]


async def test_a_corrected_file_revises_the_same_lot(place: Stand) -> None:
    role = "lot_declarer:HTX1"
    await post(place, "lots", csv_of([LOTS, LOT], ";"), role=role, commit=True)
    lot: Any = place.broker.events[0].data
    place.put("lot", lot.lot_id, status="declared", **lot.model_dump(mode="json"))
    unchanged = await post(place, "lots", csv_of([LOTS, LOT], ";"), role=role, commit=True)
    assert unchanged.json()["changes"] == {"new": 0, "changed": 0, "unchanged": 1}
    corrected = csv_of([LOTS, _with(LOT, 2, "4,25")], ";")
    await post(place, "lots", corrected, role=role, commit=True)
    revised = place.broker.events[1].data
    assert isinstance(revised, LotRevised)
    expected = {"lot_id": lot.lot_id, "quantity_kg": 4250}
    assert revised.model_dump(exclude_none=True) == expected


async def test_two_lots_that_look_the_same_are_two(place: Stand) -> None:
    told = (await post(place, "lots", csv_of([LOTS, LOT, LOT], ";"))).json()
    first, second = told["sample"]
    assert first["lot_id"] != second["lot_id"]
    assert told["errors"] == []


@pytest.mark.parametrize(
    ("column", "text", "cell", "code"),
    [
        (1, "vàng", "CSV!B2", "word_unknown"),
        (1, "ca phe", "CSV!B2", "word_unknown"),
        (2, "1,250", "CSV!C2", None),
        (2, "", "CSV!C2", "missing"),
        (3, "thùng", "CSV!C2", "unit_missing"),
        (6, "105,274", "CSV!G2", "out_of_range"),
        (8, "8/25/2021", "CSV!I2", "not_a_day"),
        (9, "7h75", "CSV!J2", "not_a_time"),
        (10, "24/8/2021", "CSV!K2", "before_ready"),
        (11, "Cần Giuộc", "CSV!L2", "word_unknown"),
        (12, "Hà Tiên Xưa", "CSV!M2", "word_unknown"),
    ],
)
async def test_a_wrong_cell_of_a_lot_is_named(
    place: Stand, column: int, text: str, cell: str, code: str | None
) -> None:
    told = (await post(place, "lots", csv_of([LOTS, _with(LOT, column, text)], ";"))).json()
    expected = [(cell, code)] if code else []
    assert [(each["cell"], each["code"]) for each in told["errors"]] == expected


async def test_a_declarer_changes_no_lot_of_another(place: Stand) -> None:
    place.put("lot", "L1", declarer_id="HTX2", status="declared", quantity_kg=1)
    raw = csv_of([["Mã lô", *LOTS], ["L1", *LOT]], ";")
    told = (await post(place, "lots", raw, role="lot_declarer:HTX1")).json()
    assert [(each["cell"], each["code"]) for each in told["errors"]] == [("CSV!A2", "not_yours")]


async def test_a_withdrawn_lot_and_another_product_are_refused(place: Stand) -> None:
    raw = csv_of([["Mã lô", *LOTS], ["L1", *LOT]], ";")
    present = (await post(place, "lots", raw)).json()["sample"][0]
    pickup = {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"}
    place.put("lot", "L1", **{**present, "pickup": pickup, "status": "withdrawn"})
    told = (await post(place, "lots", raw)).json()
    assert told["errors"][0]["code"] == "withdrawn"
    place.put("lot", "L1", **{**present, "pickup": pickup, "product": "crab", "status": "ready"})
    told = (await post(place, "lots", raw)).json()
    assert (told["errors"][0]["cell"], told["errors"][0]["code"]) == ("CSV!C2", "not_changeable")


async def test_a_slot_is_opened_changed_and_closed(place: Stand) -> None:
    role = "port_operator:port-tac-cau"
    await post(place, "slots", csv_of([SLOTS, SLOT], "\t", "utf-16"), role=role, commit=True)
    opened = place.broker.events[0].data
    assert isinstance(opened, SlotOpened)
    assert opened.slot_id == "port-tac-cau|G1|20210824T2300Z"
    assert opened.capacity_trucks == 5
    present = {**opened.model_dump(mode="json"), "status": "open", "reserved": []}
    place.put("slot", opened.slot_id, **present)
    again = await post(place, "slots", csv_of([SLOTS, SLOT]), role=role, commit=True)
    assert again.json()["event_count"] == 0
    await post(place, "slots", csv_of([SLOTS, _with(SLOT, 4, "3 xe")]), role=role, commit=True)
    await post(place, "slots", csv_of([SLOTS, _with(SLOT, 4, "Nghỉ")]), role=role, commit=True)
    changed, closed = (event.data for event in place.broker.events[1:])
    assert isinstance(changed, SlotOpened)
    assert changed.capacity_trucks == 3
    assert isinstance(closed, SlotClosed)


async def test_two_columns_of_times_are_a_window(place: Stand) -> None:
    headings = ["Tên cảng", "Cổng", "Ngày", "Thời gian", "", "Số xe"]
    parts = ["", "", "", "Từ giờ", "Đến giờ", ""]
    row = ["Tắc Cậu", "G2", "25/8", "22h", "2h", "4"]
    raw = csv_of([headings, parts, row])
    told = (await post(place, "slots", raw)).json()
    assert told["errors"] == []
    slot = told["sample"][0]
    hours = (slot["gate_id"], slot["window_start"][10:], slot["window_end"][10:])
    assert hours == ("G2", "T15:00:00Z", "T19:00:00Z")


@pytest.mark.parametrize(
    ("column", "text", "cell", "code"),
    [
        (0, "Cảng Hòn Chông", "CSV!A2", "word_unknown"),
        (0, "Nhà máy Rạch Giá", "CSV!A2", "not_yours"),
        (1, "Cổng 9", "CSV!B2", "gate_unknown"),
        (2, "32/8/2021", "CSV!C2", "not_a_day"),
        (3, "6h", "CSV!D2", "not_a_window"),
        (4, "2,5", "CSV!E2", "out_of_range"),
        (4, "", "CSV!E2", "missing"),
    ],
)
async def test_a_wrong_cell_of_a_slot_is_named(
    place: Stand, column: int, text: str, cell: str, code: str
) -> None:
    raw = csv_of([SLOTS, _with(SLOT, column, text)], ";")
    told = (await post(place, "slots", raw, role="port_operator:port-tac-cau")).json()
    assert [(each["cell"], each["code"]) for each in told["errors"]] == [(cell, code)]
