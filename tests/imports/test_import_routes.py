"""What is no list is refused with a clear word, and the broker's silence is told."""

from __future__ import annotations

import pytest

from tests.api.conftest import Stand
from tests.imports.conftest import XLSX, csv_of, post, workbook

pytestmark = pytest.mark.integration

TRUCKS = csv_of(
    [["BKS", "Chủ xe", "Tải trọng (kg)", "Địa bàn"], ["68C-1234", "HTX A", "3500", "Tắc Cậu"]]
)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (b"%PDF-1.7", "PDF"),
        (b"", "empty"),
        (b"\0\1\2\3", "neither CSV nor XLSX"),
        (b"PK\3\4 not a zip", "damaged"),
        (b"xin chao", "Biển số"),
    ],
)
async def test_what_cannot_be_read_is_told_what_to_send(
    place: Stand, raw: bytes, word: str
) -> None:
    answer = await post(place, "trucks", raw)
    assert (answer.status_code, answer.json()["code"]) == (422, "import_unreadable")
    assert word in answer.json()["detail"]


async def test_a_form_is_told_to_send_the_file_itself(place: Stand) -> None:
    answer = await place.ask("POST", "/v1/imports/trucks", files={"file": ("a.csv", TRUCKS)})
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")
    assert XLSX in answer.json()["detail"]


async def test_a_file_may_be_longer_than_other_bodies_and_not_without_end(place: Stand) -> None:
    longer = TRUCKS + b"\r\n" + (b" " * 999 + b"\n") * 2_000
    assert (await post(place, "trucks", longer, region="kien-giang")).json()["rows"] == 1
    answer = await post(place, "trucks", TRUCKS + b" " * 4_200_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_nothing_is_acknowledged_while_kafka_is_silent(place: Stand) -> None:
    place.broker.is_down = True
    assert (await post(place, "trucks", TRUCKS, region="kien-giang")).status_code == 200
    answer = await post(place, "trucks", TRUCKS, region="kien-giang", commit=True)
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")


async def test_a_file_waits_for_the_views(blind: Stand) -> None:
    answer = await post(blind, "trucks", TRUCKS, region="kien-giang", commit=True)
    assert (answer.status_code, answer.json()["code"]) == (503, "views_unavailable")
    assert blind.broker.records == []


async def test_sheets_without_headings_are_passed_over(place: Stand) -> None:
    head = ["BKS", "Chủ xe", "Tải trọng (kg)", "Địa bàn"]
    row = ["68C-1234", "HTX A", 3500, "Tắc Cậu"]
    other = ["68C-5678", *row[1:]]
    raw = workbook([["Hướng dẫn"]], [head, row], [head, other], [head, row], hidden=["Sheet4"])
    told = (await post(place, "trucks", raw, region="kien-giang")).json()
    found = [(each["status"], each["header_row"]) for each in told["sheets"]]
    assert found == [("no_headings", None), ("read", 1), ("read", 1), ("hidden", None)]
    assert told["changes"]["new"] == 2
