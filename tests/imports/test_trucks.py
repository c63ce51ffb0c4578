"""Lists of trucks become registrations and changes, or findings by their cells."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from openpyxl import load_workbook

from schemas.envelope import Record
from schemas.truck import TruckRegistered, TruckUpdated
from tests.api.conftest import Stand
from tests.imports.conftest import csv_of, post, workbook

pytestmark = pytest.mark.integration

LIST: list[list[Any]] = [
    ["SỞ GIAO THÔNG VẬN TẢI KIÊN GIANG"],
    ["DANH SÁCH XE TẢI VẬN CHUYỂN NÔNG SẢN"],
    [],
    ["STT", "Biển số xe", "Chủ xe", "Trọng tải", None, "Loại xe", "Nơi đậu xe", "SĐT", "Tỉnh"],
    [None, None, None, "Tấn", "m3"],
    ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)"],
    [1, "68C-123.45", "HTX Vận tải Rạch Giá", 5, 20, "Xe tải", "Tắc Cậu", "0912", "Kiên Giang"],
    ["I. Huyện Châu Thành"],
    [2, "68c 99999", "Công ty TNHH Bé Ba", "8,5", 30, "Xe tải 3 chân đông lạnh", "CẢNG TẮC CẬU"],
    ["Tổng cộng", None, None, "13,5"],
    [],
    [None, None, None, None, None, "NGƯỜI LẬP BIỂU"],
]
MERGED = ["A1:D1", "A2:I2", "D4:E4", "A4:A5", "B4:B5", "C4:C5"]
PLAIN = ["BKS", "Don vi van tai", "Tai trong (kg)", "Dia ban"]


async def test_a_provinces_list_is_understood(place: Stand) -> None:
    told = (await post(place, "trucks", workbook(LIST, merged=MERGED), region="kien-giang")).json()
    assert told["errors"] == []
    assert told["header_row"] == 5
    fields = {each["field"]: each["cell"] for each in told["columns"] if each["field"]}
    assert fields == {
        "plate": "Sheet1!B4",
        "haulier_id": "Sheet1!C4",
        "payload_kg": "Sheet1!D5",
        "vehicle_class": "Sheet1!F4",
        "home": "Sheet1!G4",
        "region": "Sheet1!I4",
    }
    assert told["unknown_columns"] == ["Sheet1!E5"]
    assert (told["rows"], told["changes"]) == (2, {"new": 1, "changed": 0, "unchanged": 1})
    assert told["passed_over"] == ["Sheet1!A6", "Sheet1!A8", "Sheet1!A10", "Sheet1!F12"]
    assert place.broker.records == []


async def test_a_new_truck_is_registered(place: Stand) -> None:
    raw = workbook(LIST, merged=MERGED)
    answer = await post(place, "trucks", raw, region="kien-giang", commit=True)
    assert (answer.status_code, answer.json()["committed"]) == (202, True)
    (written,) = place.broker.events
    assert [written.id] == answer.json()["event_ids"]
    assert isinstance(written.data, TruckRegistered)
    assert written.data.model_dump(exclude={"home"}) == {
        "truck_id": "truck-68c99999",
        "plate": "68C 99999",
        "haulier_id": "cong-ty-tnhh-be-ba",
        "region": "kien-giang",
        "vehicle_class": "rigid_3_axle",
        "driver_id": None,
        "payload_kg": 8500,
        "temperature_classes": ["frozen", "chilled", "ambient"],
        "status": "available",
    }
    assert (written.data.home.lat, written.data.home.name) == (9.87, "Cảng cá Tắc Cậu")


async def test_only_what_differs_is_changed(place: Stand) -> None:
    raw = csv_of([PLAIN, ["68C12345", "HTX Van tai Rach Gia", "4.500", "Tac Cau"]])
    await post(place, "trucks", raw, commit=True)
    (written,) = place.broker.events
    assert isinstance(written.data, TruckUpdated)
    changed = written.data.model_dump(exclude_none=True)
    assert changed == {"truck_id": "T1", "payload_kg": 4500}


@pytest.mark.parametrize(
    ("row", "cell", "code"),
    [
        (["xe tai", "HTX A", "3500", "Tac Cau"], "CSV!A2", "plate_unreadable"),
        (["", "HTX A", "3500", "Tac Cau"], "CSV!A2", "missing"),
        (["68C-1234", "", "3500", "Tac Cau"], "CSV!B2", "missing"),
        (["68C-1234", "HTX A", "3,500", "Tac Cau"], "CSV!C2", "number_ambiguous"),
        (["68C-1234", "HTX A", "0", "Tac Cau"], "CSV!C2", "out_of_range"),
        (["68C-1234", "HTX A", "65.000", "Tac Cau"], "CSV!C2", "out_of_range"),
        (["68C-1234", "HTX A", "nhieu", "Tac Cau"], "CSV!C2", "not_a_number"),
        (["68C-1234", "HTX A", "3500", "Tat Cau"], "CSV!D2", "place_unknown"),
        (["68C-1234", "HTX A", "3500", ""], "CSV!D2", "missing"),
    ],
)
async def test_a_wrong_cell_is_named_and_nothing_is_written(
    place: Stand, row: list[str], cell: str, code: str
) -> None:
    good = ["68C-777.77", "HTX A", "3500", "Tac Cau"]
    raw = csv_of([PLAIN, row, good], ";")
    told = (await post(place, "trucks", raw, region="kien-giang")).json()
    assert [(each["cell"], each["code"]) for each in told["errors"]] == [(cell, code)]
    answer = await post(place, "trucks", raw, region="kien-giang", commit=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "import_refused")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(cell, code)]
    assert place.broker.records == []


async def test_a_misspelt_place_is_told_its_nearest(place: Stand) -> None:
    raw = csv_of([PLAIN, ["68C-1234", "HTX A", "3500", "Tat Cau"]])
    told = (await post(place, "trucks", raw, region="kien-giang")).json()
    (error,) = told["errors"]
    assert "Cảng cá Tắc Cậu" in error["message_vi"]
    assert error["value"] is None  # where somebody lives is for nobody's log


async def test_a_truck_stands_once_in_a_file(place: Stand) -> None:
    row = ["68C-1234", "HTX A", "3500", "Tac Cau"]
    raw = csv_of([PLAIN, row, ["68c1234", *row[1:]]])
    told = (await post(place, "trucks", raw, region="kien-giang")).json()
    (error,) = told["errors"]
    assert (error["cell"], error["code"]) == ("CSV!A3", "twice")
    assert "CSV!A2" in error["message_vi"]


async def test_a_column_that_is_needed_is_told_once(place: Stand) -> None:
    rows = [["68C-1234", "HTX A"], ["68C-1235", "HTX A"]]
    told = (await post(place, "trucks", csv_of([PLAIN[:2], *rows]), region="kien-giang")).json()
    assert told["missing_columns"] == ["home", "payload_kg"]
    codes = [(each["cell"], each["code"]) for each in told["errors"]]
    assert codes == [("CSV!A1", "column_missing")] * 2


async def test_owners_that_may_be_people_get_a_pseudonym(place: Stand) -> None:
    rows = [["68C-1234", "Nguyễn Văn An", "3500", "Tac Cau"]]
    rows.append(["68C-1235", "nguyen van an", "3500", "Tac Cau"])
    await post(place, "trucks", csv_of([PLAIN, *rows]), region="kien-giang", commit=True)
    told = [orjson.loads(each.value or b"") for each in place.broker.records if _is_truck(each)]
    assert told[0]["haulier_id"] == told[1]["haulier_id"]
    assert told[0]["haulier_id"].startswith("chu-")
    assert b"nguyen" not in orjson.dumps(told).lower()


def _is_truck(record: Record) -> bool:
    return record.topic == "truck.registry.v1"


async def test_the_same_file_over_the_same_state_has_the_same_ids(place: Stand) -> None:
    raw = csv_of([PLAIN, ["68C-1234", "HTX A", "3500", "Tac Cau"]])
    for _ in range(2):
        await post(place, "trucks", raw, region="kien-giang", commit=True)
    first, again = place.broker.events
    assert (first.identity, first.digest) == (again.identity, again.digest)
    place.put("truck", "truck-68c1234", registered=True, **first.data.model_dump(mode="json"))
    answer = await post(place, "trucks", raw, region="kien-giang", commit=True)
    assert answer.json()["changes"] == {"new": 0, "changed": 0, "unchanged": 1}
    assert len(place.broker.records) == 2


async def test_a_file_again_after_another_change_is_a_change_again(place: Stand) -> None:
    raw = csv_of([PLAIN, ["68C12345", "HTX Van tai Rach Gia", "4.500", "Tac Cau"]])
    await post(place, "trucks", raw, commit=True)
    place.put("truck", "T1", **{**_truck(place), "payload_kg": 7000})
    await post(place, "trucks", raw, commit=True)
    first, again = place.broker.events
    assert first.id != again.id


def _truck(place: Stand) -> dict[str, Any]:
    assert place.redis is not None
    raw: Any = place.redis.hget("view:truck", "T1")
    return dict(orjson.loads(raw))


@pytest.mark.parametrize("role", ["haulier:H1", "observer", "lot_declarer:D1", "port_operator:F1"])
async def test_only_dispatchers_import_trucks(place: Stand, role: str) -> None:
    answer = await post(place, "trucks", csv_of([PLAIN]), role=role)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_ten_thousand_rows_are_previewed(place: Stand) -> None:
    rows = [[f"68C-{n:05}", "HTX A", "3500", "Tac Cau"] for n in range(9_999)]
    told = (await post(place, "trucks", csv_of([PLAIN, *rows]), region="kien-giang")).json()
    assert (told["error_count"], told["changes"]["new"]) == (0, 9_999)


async def test_dates_and_numbers_of_excel_itself_are_read(place: Stand) -> None:
    raw = workbook([PLAIN, ["68C-1234", "HTX A", 3500, "Tac Cau"]])
    book = load_workbook(io.BytesIO(raw))
    sheet = book.active
    assert sheet is not None
    sheet["C2"].number_format = "#,##0"
    again = io.BytesIO()
    book.save(again)
    told = (await post(place, "trucks", again.getvalue(), region="kien-giang")).json()
    assert told["sample"][0]["payload_kg"] == 3500
