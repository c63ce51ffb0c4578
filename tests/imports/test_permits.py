"""Lists of drivers keep people sealed, and tell trucks their drivers."""

from __future__ import annotations

from typing import Any

import pytest

from api.personal.people import TOPIC, unsealed
from tests.api.conftest import Stand
from tests.imports.conftest import csv_of, post

pytestmark = pytest.mark.integration

HEADINGS = ["STT", "Họ và tên lái xe", "SĐT", "GPLX", "Hạng", "Biển số xe"]
HEADINGS += ["Số giấy nhận diện", "Hạn đến"]
ROW = ["1", "Trần Văn Bảy", "0912 345 678", "910123456789", "C", "68C-123.45"]
ROW += ["ND-0042", "30/9/2021"]
SECRETS = ("Bảy", "0912", "910123456789", "ND-0042")


async def _import(place: Stand, *rows: list[str], commit: bool = True) -> dict[str, Any]:
    raw = csv_of([HEADINGS, *rows], ";")
    answer = await post(place, "permits", raw, commit=commit)
    assert answer.status_code in {200, 202}, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _kept(place: Stand) -> list[Any]:
    return list(place.app.state.desk.kept.every(TOPIC).values())


async def test_a_driver_is_kept_sealed_and_the_truck_told(place: Stand) -> None:
    told = await _import(place, ROW)
    assert (told["people_count"], told["event_count"]) == (1, 1)
    (person,) = _kept(place)
    said = unsealed(place.app.state.desk, person)
    assert said is not None
    assert (said.name, said.licence_number, said.licence_class) == (ROW[1], ROW[3], "C")
    assert [(each.number, str(each.until)) for each in said.permits] == [("ND-0042", "2021-09-30")]
    assert (person.region, person.haulier_id) == ("kien-giang", "htx-van-tai-rach-gia")
    trucks = [each for each in place.broker.records if each.topic == "truck.registry.v1"]
    assert [f'"driver_id":"{person.person_id}"' in str(each.value) for each in trucks] == [True]


async def test_nothing_that_is_written_or_answered_names_anybody(place: Stand) -> None:
    wrong = [*ROW[:7], "bao giờ"]
    told = [await _import(place, wrong, commit=False), await _import(place, ROW)]
    assert told[0]["errors"][0]["code"] == "not_a_day"
    written = b"".join(each.value or b"" for each in place.broker.records).decode()
    for secret in SECRETS:
        assert secret not in written
        assert secret not in str(told)


async def test_the_same_drivers_twice_change_nothing(place: Stand) -> None:
    await _import(place, ROW)
    (person,) = _kept(place)
    place.put("truck", "T1", registered=True, plate="68C-123.45", driver_id=person.person_id)
    again = await _import(place, ROW)
    assert again["changes"] == {"new": 0, "changed": 0, "unchanged": 1}
    later = await _import(place, [*ROW[:6], "ND-0099", "31/10/2021"])
    assert later["changes"] == {"new": 0, "changed": 1, "unchanged": 0}
    said = unsealed(place.app.state.desk, _kept(place)[0])
    assert said is not None
    assert [each.number for each in said.permits] == ["ND-0042", "ND-0099"]


@pytest.mark.parametrize(
    ("column", "text", "cell", "code"),
    [
        (1, "", "CSV!B2", "missing"),
        (2, "gọi sau", "CSV!C2", "invalid"),
        (5, "68C-000.00", "CSV!F2", "truck_unknown"),
        (6, "", "CSV!G2", "missing"),
        (7, "31/9/2021", "CSV!H2", "not_a_day"),
    ],
)
async def test_a_wrong_cell_is_named_and_nobody_is_kept(
    place: Stand, column: int, text: str, cell: str, code: str
) -> None:
    raw = csv_of([HEADINGS, [*ROW[:column], text, *ROW[column + 1 :]]], ";")
    answer = await post(place, "permits", raw, commit=True)
    assert answer.status_code == 422
    found = [(each["pointer"], each["code"]) for each in answer.json()["errors"]]
    assert found == [(cell, code)]
    assert _kept(place) == []


@pytest.mark.parametrize("role", ["haulier:H1", "observer", "checkpoint_officer:C1"])
async def test_only_dispatchers_import_drivers(place: Stand, role: str) -> None:
    answer = await post(place, "permits", csv_of([HEADINGS, ROW], ";"), role=role)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
