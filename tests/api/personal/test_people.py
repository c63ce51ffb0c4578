"""Test that people are kept sealed, that readings are written down, and that they go on time."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from api.audit.chronicle import chronicle
from api.audit.search import opened
from api.personal.job import let_go
from api.personal.people import Particulars
from api.personal.ring import KeyRing
from schemas.personal import ROW
from tests.api.conftest import Stand

PERSON: dict[str, Any] = {
    "kind": "driver",
    "region": "kien-giang",
    "haulier_id": "H1",
    "name": "Trần Thị Bưởi",
    "phone": "+84 912 345 678",
    "licence_number": "790123456789",
    "licence_until": "2027-05-01",
    "permits": [{"kind": "giấy nhận diện", "number": "GND-77"}],
}
SECRETS = ("Trần Thị Bưởi", "912 345 678", "790123456789", "GND-77")


async def keep(
    stand: Stand, person_id: str = "tx-017", role: str = "haulier:H1", **more: Any
) -> Any:
    path = f"/v1/people/{person_id}"
    return await stand.ask("PUT", path, role=role, json={**PERSON, **more})


def actions(stand: Stand) -> list[str]:
    return [doc["action"] for doc in stand.app.state.desk.audit.ledger.docs]


async def test_a_person_is_kept_sealed_and_read_whole(stand: Stand) -> None:
    told = await keep(stand)
    assert told.status_code == 200
    assert "name" not in told.json()
    whole = await stand.ask("GET", "/v1/people/tx-017", role="haulier:H1")
    assert whole.status_code == 200
    assert {name: whole.json()[name] for name in PERSON if name != "permits"} == {
        name: value for name, value in PERSON.items() if name != "permits"
    }
    (record,) = stand.broker.records
    written = (record.value or b"").decode()
    assert not any(secret in written for secret in SECRETS)


async def test_every_reading_is_written_down_before_anything_is_shown(stand: Stand) -> None:
    await keep(stand)
    await stand.ask("GET", "/v1/people/tx-017", role="dispatcher:dd-01")
    assert actions(stand) == ["person.kept", "data.read"]
    read = stand.app.state.desk.audit.ledger.docs[-1]
    assert (read["subject"], read["entities"]) == ("dd-01", ["person/tx-017"])
    stand.app.state.desk.audit.ledger.is_down = True
    answer = await stand.ask("GET", "/v1/people/tx-017", role="dispatcher:dd-01")
    assert answer.status_code == 503
    assert not any(secret in answer.text for secret in SECRETS)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("administrator", 200),
        ("dispatcher", 200),
        ("haulier:H1", 200),
        ("driver:tx-017", 200),
        ("haulier:H2", 404),
        ("haulier", 404),
        ("driver:tx-018", 404),
        ("observer", 403),
        ("checkpoint_officer:C1", 403),
        ("lot_declarer:HTX1", 403),
        ("port_operator:F1", 403),
    ],
)
async def test_few_may_read(stand: Stand, role: str, status: int) -> None:
    await keep(stand)
    answer = await stand.ask("GET", "/v1/people/tx-017", role=role)
    assert answer.status_code == status
    listed = await stand.ask("GET", "/v1/people", role=role)
    assert listed.status_code == (403 if status == 403 else 200)
    if status != 403:
        assert listed.json()["count"] == (1 if status == 200 else 0)
    assert not any(secret in listed.text for secret in SECRETS)


async def test_a_haulier_keeps_its_own_people_only(stand: Stand) -> None:
    assert (await keep(stand, haulier_id="H2")).json()["code"] == "not_yours"
    assert (await keep(stand, haulier_id=None)).json()["code"] == "not_yours"
    await keep(stand)
    foreign = await keep(stand, role="haulier:H2", haulier_id="H2")
    assert foreign.json()["code"] == "not_yours"
    assert (await keep(stand, role="driver:tx-017")).json()["code"] == "forbidden"
    gone = await stand.ask("DELETE", "/v1/people/tx-017", role="haulier:H2")
    assert gone.status_code == 404


@pytest.mark.parametrize("person_id", ["0912345678", "790123456789", "+84912345678"])
async def test_a_telephone_number_is_no_id(stand: Stand, person_id: str) -> None:
    answer = await keep(stand, person_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert person_id not in answer.json()["detail"]


async def test_a_person_can_be_forgotten_at_once(stand: Stand) -> None:
    await keep(stand)
    gone = await stand.ask("DELETE", "/v1/people/tx-017", role="haulier:H1")
    assert gone.status_code == 204
    assert stand.broker.records[-1].value is None
    assert (await stand.ask("GET", "/v1/people/tx-017")).status_code == 404
    assert actions(stand) == ["person.kept", "person.forgotten"]


async def test_people_go_when_their_time_is_over_and_not_before(stand: Stand) -> None:
    await keep(stand)
    desk = stand.app.state.desk
    over = datetime.now(UTC) + timedelta(days=ROW["person"].days or 0)
    assert await let_go(desk, over - timedelta(minutes=1)) == 0
    assert await let_go(desk, over + timedelta(minutes=1)) == 1
    assert stand.broker.records[-1].value is None
    assert desk.kept.every("personal.person.v1") == {}
    assert actions(stand) == ["person.kept", "person.expired"]


async def test_people_are_sealed_anew_each_year_and_the_old_key_goes(stand: Stand) -> None:
    await keep(stand)
    desk = stand.app.state.desk
    old = desk.kept.get("personal.person.v1", "tx-017").sealed
    await let_go(desk, datetime.now(UTC) + timedelta(days=366) - timedelta(days=1, hours=1))
    assert desk.kept.get("personal.person.v1", "tx-017").sealed == old
    desk.audit.ring.newest("person")
    object.__setattr__(desk.audit.ring.newest("person"), "made", datetime(2020, 1, 1, tzinfo=UTC))
    await let_go(desk, datetime.now(UTC))
    new = desk.kept.get("personal.person.v1", "tx-017").sealed
    assert desk.audit.ring.sealed_by(new) != desk.audit.ring.sealed_by(old)
    assert desk.audit.ring.unseal("person", old, "tx-017 H1") is None
    assert (await stand.ask("GET", "/v1/people/tx-017")).json()["name"] == PERSON["name"]


async def test_addresses_can_be_read_for_as_long_as_the_table_says(stand: Stand) -> None:
    desk = stand.app.state.desk
    start = datetime(2026, 1, 1, tzinfo=UTC)
    desk.audit.ring = KeyRing(now=lambda: start)
    await stand.ask("DELETE", "/v1/people/none", role="dispatcher")  # any request with an address
    await chronicle(desk, None, "test.done")
    sealed = desk.audit.ring.seal("address", b"203.0.113.9", "r1")
    doc = {"address": sealed, "request": "r1"}
    keep_days = ROW["address"].days or 0
    for days in range(0, keep_days, 30):
        await let_go(desk, start + timedelta(days=days))
        assert opened(desk.audit, doc)["address"] == "203.0.113.9"
    for days in range(keep_days, keep_days + 120, 30):
        await let_go(desk, start + timedelta(days=days))
    assert opened(desk.audit, doc)["address"] is None


async def test_no_log_line_holds_what_is_sealed(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await keep(stand)
        await stand.ask("GET", "/v1/people/tx-017")
        await keep(stand, phone="no number Trần Thị Bưởi")
        stand.broker.is_down = True
        await keep(stand)
    assert not any(secret in caplog.text for secret in SECRETS)


def test_an_error_in_what_is_said_does_not_repeat_it() -> None:
    with pytest.raises(ValidationError) as refused:
        Particulars.model_validate({**PERSON, "phone": "Trần Thị Bưởi", "permits": "GND-77"})
    assert not any(secret in str(refused.value) for secret in SECRETS)


async def test_a_refused_body_is_not_repeated_in_the_answer(stand: Stand) -> None:
    answer = await keep(stand, phone="GND-77 Trần Thị Bưởi")
    assert answer.status_code == 422
    assert not any(secret in answer.text for secret in SECRETS)


@pytest.mark.parametrize("until", [0, 1.5, True, "25/8/2021"])
async def test_a_day_is_a_written_date(stand: Stand, until: object) -> None:
    body = {
        "region": "kien-giang",
        "name": "A",
        "permits": [{"kind": "k", "number": "1", "until": until}],
    }
    answer = await stand.ask("PUT", "/v1/people/D1", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
