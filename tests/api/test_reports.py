"""A report tells what was known at 16:00, what came late for it, and what corrects earlier ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.problems import Problem
from api.reports.figures import Figures, Key
from api.reports.log import FIELDS, TOPICS, Entry, thin
from api.reports.period import Period, day, last_day, last_week, week
from api.reports.report import Reports, Row, count
from api.reports.sheet import WORDS, defused
from schemas.clock import ClockAnchored, ClockState
from schemas.model import LOCAL
from schemas.topics import CATALOGUE
from tests.api.conftest import Stand
from tests.api.identity.test_keys import by, make
from tests.golden import golden_events

DAY = day("2021-08-25")
LOT = {"lot_id": "L1", "region": "kien-giang", "product": "pineapple", "quantity_kg": 5000}
TRIP = {
    "assignment_id": "A1",
    "region": "kien-giang",
    "truck_id": "T1",
    "product": "pineapple",
    "quantity_kg": 4000,
    "facility_id": "F1",
}
SEEN = {"checkpoint_id": "C1", "people_count": 2, "reason_code": None}
DECLARED_KG = Key("lots", "declared", "kg", "kien-giang", "pineapple")
PEOPLE = Key("checkpoints", "cleared", "people", place_id="C1")


def ms(text: str) -> int:
    """Read a local time of August 2021, such as `25 15:59`."""
    number, _, clock = text.partition(" ")
    at = datetime.fromisoformat(f"2021-08-{number}T{clock}:00+07:00")
    return int(at.timestamp() * 1000)


def said(
    kind: str, at: str, data: dict[str, Any], *, came: str | None = None, name: str = ""
) -> Entry:
    identity = f"/test {name or f'{kind} {at} {data}'}"
    return Entry(kind, identity, ms(at), ms(came or at), data)


def figures(*entries: Entry, period: Period = DAY, is_played: bool = False) -> dict[Key, Row]:
    return {row.key: row for row in count(entries, period, is_played=is_played)}


def numbers(row: Row | None) -> tuple[int, int, int]:
    return (0, 0, 0) if row is None else row[1:]


@pytest.mark.parametrize(
    ("at", "is_in"),
    [("24 15:59", False), ("24 16:00", True), ("25 15:59", True), ("25 16:00", False)],
)
def test_a_day_is_counted_from_cut_off_to_cut_off(at: str, is_in: bool) -> None:  # noqa: FBT001
    assert (DECLARED_KG in figures(said("lot.declared", at, LOT))) is is_in


def test_a_week_is_counted_from_sunday_to_sunday() -> None:
    found = week("2021-W34")
    assert found.start == datetime(2021, 8, 22, 16, tzinfo=LOCAL)
    assert found.until == datetime(2021, 8, 29, 16, tzinfo=LOCAL)


@pytest.mark.parametrize(
    "text", ["2021-8-25", "2021-02-30", "25/08/2021", "0001-01-01", "", "²021"]
)
def test_a_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        day(text)


@pytest.mark.parametrize("text", ["2021-W54", "2021-W00", "2021W34", "9999-W52", "2021-W3"])
def test_a_week_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        week(text)


@given(st.integers(0, 4_000_000_000))
def test_the_last_reports_are_the_last_that_are_over(at_s: int) -> None:
    now = datetime.fromtimestamp(at_s + 86_400 * 400, UTC)
    assert last_day(now).until <= now < last_day(now).until + timedelta(days=1)
    assert last_week(now).until <= now < last_week(now).until + timedelta(days=7)


def test_what_comes_after_the_cut_off_is_late_and_corrects_the_next_report() -> None:
    lot = said("lot.declared", "25 10:00", LOT, came="25 18:00")
    assert numbers(figures(lot)[DECLARED_KG]) == (0, 5000, 0)
    assert numbers(figures(lot, period=day("2021-08-26"))[DECLARED_KG]) == (0, 0, 5000)


def test_what_comes_again_counts_once() -> None:
    lot = said("lot.declared", "25 10:00", LOT, name="x")
    again = lot._replace(appended_ms=lot.appended_ms + 5)
    assert numbers(figures(lot, again)[DECLARED_KG]) == (5000, 0, 0)


def test_a_lot_that_is_declared_anew_counts_as_it_was_said_last() -> None:
    first = said("lot.declared", "25 10:00", LOT)
    then = said("lot.declared", "25 11:00", {**LOT, "product": "fish", "quantity_kg": 1})
    found = figures(first, then)
    assert DECLARED_KG not in found
    assert numbers(found[DECLARED_KG._replace(product="fish")]) == (1, 0, 0)


def test_a_retracted_clearance_counts_no_more_in_the_report_that_counted_it() -> None:
    seen = said("checkpoint.cleared", "25 10:00", SEEN, name="c1")
    named = {"retracts": {"source": "/test", "id": "c1"}}
    early = said("checkpoint.retracted", "25 11:00", named)
    assert PEOPLE not in figures(seen, early)
    late = said("checkpoint.retracted", "25 18:00", named)
    assert numbers(figures(seen, late)[PEOPLE]) == (2, -2, 0)
    assert numbers(figures(seen, late, period=day("2021-08-26"))[PEOPLE]) == (0, 0, -2)


def test_what_is_left_of_a_lot_is_what_was_decided_last() -> None:
    left = {"lot_id": "L1", "region": "kien-giang", "quantity_kg": 1200, "revision": 2}
    left |= {"reasons": [{"code": "no_truck"}]}
    taken = {"lot_id": "L1", "region": "kien-giang", "loaded_kg": 0, "delivered_kg": 0}
    events = [
        said("lot.planned", "25 09:00", {**taken, "booked_kg": 3000, "revision": 1}),
        said("lot.unassigned", "25 10:00", left),
    ]
    key = Key("lots", "left", "kg", "kien-giang", code="no_truck")
    assert numbers(figures(*events)[key]) == (1200, 0, 0)
    assert numbers(figures(*events)[key._replace(unit="lots")]) == (1, 0, 0)
    moved = {**taken, "loaded_kg": 3000, "booked_kg": 0, "revision": 3}
    events.append(said("lot.planned", "25 11:00", moved))
    assert numbers(figures(*events)[key]) == (1200, 0, 0)
    events.append(said("lot.planned", "25 12:00", {**moved, "booked_kg": 1200, "revision": 4}))
    assert key not in figures(*events)


def test_what_was_planned_the_day_before_tells_what_is_left() -> None:
    taken = {"lot_id": "L1", "region": "kien-giang", "loaded_kg": 0, "delivered_kg": 0}
    left = {"lot_id": "L1", "region": "kien-giang", "quantity_kg": 1200, "revision": 2}
    left |= {"reasons": [{"code": "no_truck"}]}
    found = figures(
        said("lot.planned", "24 09:00", {**taken, "booked_kg": 3000, "revision": 1}),
        said("lot.unassigned", "25 10:00", left),
        said("lot.planned", "25 11:00", {**taken, "booked_kg": 3500, "revision": 3}),
        said("lot.withdrawn", "25 12:00", {"lot_id": "L1"}),
    )
    assert numbers(found[Key("lots", "left", "kg", "kien-giang", code="no_truck")]) == (700, 0, 0)
    assert Key("lots", "withdrawn", "lots", "kien-giang") in found


def test_goods_trucks_and_trips_are_told_apart() -> None:
    found = figures(
        said("assignment.accepted", "25 09:00", TRIP),
        said("assignment.loaded", "25 10:00", TRIP),
        said("assignment.delivered", "25 12:00", {**TRIP, "quantity_kg": 3900}),
    )
    told = {(key.section, key.measure, key.unit): row.on_time for key, row in found.items()}
    assert told == {
        ("trips", "accepted", "trips"): 1,
        ("trips", "loaded", "trips"): 1,
        ("trips", "delivered", "trips"): 1,
        ("goods", "loaded", "kg"): 4000,
        ("goods", "delivered", "kg"): 3900,
        ("trucks", "used", "trucks"): 1,
    }


def test_while_a_scenario_is_played_late_is_what_a_later_event_overtook() -> None:
    first = said("lot.declared", "25 10:00", LOT, came="28 09:00")
    assert numbers(figures(first, is_played=True)[DECLARED_KG]) == (5000, 0, 0)
    past = said("alert.cleared", "25 16:01", {"alert_id": "a"}, came="28 08:00")
    assert numbers(figures(past, first, is_played=True)[DECLARED_KG]) == (0, 5000, 0)


_HOURS = st.integers(0, 24 * 6)
_CASES = st.lists(
    st.tuples(
        st.sampled_from(["lot.declared", "checkpoint.cleared", "checkpoint.retracted"]),
        st.integers(0, 4),
        _HOURS,
        st.integers(0, 48),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(cases=_CASES)
def test_reports_add_up_to_what_happened(
    cases: list[tuple[str, int, int, int]],
) -> None:
    """What is on time and corrected in all reports is what one report of all time would count."""
    entries: list[Entry] = []
    retracted: set[str] = set()
    for number, (kind, thing, hour, delay) in enumerate(cases):
        at = ms("20 00:00") + hour * 3_600_000
        came = at + delay * 3_600_000
        if kind == "lot.declared":  # each lot once: who is declared anew changes earlier reports
            data: dict[str, Any] = {**LOT, "lot_id": f"L{number}", "quantity_kg": thing + 1}
        elif kind == "checkpoint.cleared":
            data = {**SEEN, "people_count": thing}
        else:
            clearances = [e for e in entries if e.type == "checkpoint.cleared"]
            if thing >= len(clearances) or clearances[thing].identity in retracted:
                continue
            was = clearances[thing]
            retracted.add(was.identity)
            source, _, event_id = was.identity.partition(" ")
            data = {"retracts": {"source": source, "id": event_id}}
            came = max(came, was.appended_ms + 1)
        entries.append(Entry(kind, f"/test e{number}", at, came, data))
    days = [day(f"2021-08-{number}") for number in range(19, 32)]
    summed: dict[Key, int] = {}
    for each in days:
        for row in count(entries, each):
            summed[row.key] = summed.get(row.key, 0) + row.on_time + row.correction
    whole = Period("weekly", "all", days[0].start, days[-1].until)
    once = {row.key: row.on_time for row in count(entries, whole)}
    assert {key: amount for key, amount in summed.items() if amount} == once


@dataclass
class _Record:
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp: int = 0


def test_every_golden_event_of_these_types_is_read_and_counted_under_a_name() -> None:
    read: set[str] = set()
    for golden in golden_events():
        for entry in thin(golden.topic, [_Record(golden.value, golden.headers)]):
            read.add(entry.type)
            if entry.type != "checkpoint.retracted":
                found = Figures()
                found.take(entry)
                for key in found.rows():
                    assert {key.section, key.measure, f"unit:{key.unit}"} <= WORDS.keys()
    assert read == FIELDS.keys()
    assert {CATALOGUE[topic].audience for topic in TOPICS} == {"public"}


def test_nothing_that_names_a_person_is_read() -> None:
    names = {name for fields in FIELDS.values() for name in fields}
    assert not names & {"driver_id", "officer_id", "actor", "plate", "note", "reason", "haulier_id"}


LOT_HEADERS = {
    "ce_type": b"lot.declared",
    "ce_source": b"/x",
    "ce_id": b"1",
    "ce_time": b"2021-08-25T00:00:00Z",
}


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ({}, b"{}"),
        ({"ce_type": b"lot.declared"}, b"{}"),
        ({"ce_type": b"lot.declared", "ce_source": b"/x", "ce_id": b"1", "ce_time": b"?"}, b"{}"),
        ({"ce_type": b"lot.declared", "ce_source": b"/x", "ce_id": b"1"}, b"\xff"),
        ({"ce_type": b"\xff"}, None),
        ({**LOT_HEADERS}, b"{}"),
        (
            {**LOT_HEADERS},
            b'{"lot_id": "L1", "region": "r", "product": "fish", "quantity_kg": "9"}',
        ),
        ({**LOT_HEADERS}, b"[]"),
        ({**LOT_HEADERS}, None),
    ],
)
def test_garbage_is_left_out(headers: dict[str, bytes], value: bytes) -> None:
    assert thin("harvest.lot.v1", [_Record(value, list(headers.items()))]) == []


def test_what_a_stranger_says_in_the_streams_name_is_left_out() -> None:
    (golden,) = [each for each in golden_events() if each.type == "lot.planned"][:1]
    forged = [(name, b"/x" if name == "ce_source" else raw) for name, raw in golden.headers]
    assert thin(golden.topic, [_Record(golden.value, forged)]) == []


@pytest.mark.parametrize("cell", ["=1+1", "+84", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_is_never_a_formula(cell: str) -> None:
    assert defused(cell) == f"'{cell}"
    assert defused("Tắc Cậu") == "Tắc Cậu"


@dataclass
class MemoryLog:
    """A log that a test fills; it notes what was asked of it."""

    entries: list[Entry]
    asked: list[tuple[int | None, int | None]] = field(default_factory=list)
    problem: Problem | None = None

    async def read(self, since_ms: int | None, until_ms: int | None) -> list[Entry]:
        """Return everything."""
        self.asked.append((since_ms, until_ms))
        if self.problem is not None:
            raise self.problem
        return self.entries


def clock(at: str, mode: Any = "wall") -> ClockState:
    now = datetime.fromtimestamp(ms(at) / 1000, UTC)
    return ClockState(mode=mode, now=now, speed=1, held=False)


async def test_a_report_that_changes_no_more_is_read_once() -> None:
    log = MemoryLog([said("lot.declared", "18 10:00", LOT)])
    reports = Reports(log)
    old = day("2021-08-18")
    first = await reports.of(old, clock("26 10:00"))
    assert await reports.of(old, clock("27 10:00")) is first
    assert log.asked == [(ms("16 16:00"), ms("25 16:00"))]
    await reports.of(DAY, clock("26 10:00"))
    assert log.asked[1:] == [(ms("23 16:00"), None)]
    await reports.of(day("2021-08-19"), clock("26 10:00", mode="scenario"))
    assert log.asked[2:] == [(None, None)]


async def test_old_reports_are_forgotten_before_memory_is_full() -> None:
    reports = Reports(MemoryLog([]))
    for number in range(100):
        at = DAY.until - timedelta(days=number)
        await reports.of(
            Period("daily", str(number), at - timedelta(days=1), at), clock("30 00:00")
        )
    assert len(reports._made) <= 64


Reporting = Callable[[list[Entry]], MemoryLog]


@pytest.fixture
def reporting(world: Stand) -> Reporting:
    """Give the application a log, and let its clock show 26 August 2021."""
    assert world.redis is not None
    anchor = ClockAnchored(
        mode="scenario",
        wall=datetime.now(UTC),
        shows=datetime(2021, 8, 26, 3, tzinfo=UTC),
        speed=0,
    )
    world.redis.set("clock", anchor.model_dump_json())
    world.put("checkpoint", "C1", place_id="C1", name="=Chốt 1", status="active", region="ca-mau")

    def give(entries: list[Entry]) -> MemoryLog:
        log = MemoryLog(entries)
        world.app.state.reports = Reports(log)
        return log

    return give


EVENTS = [
    said("lot.declared", "25 10:00", LOT),
    said("checkpoint.cleared", "25 10:30", SEEN),
    said(
        "alert.raised", "25 11:00", {"alert_id": "a", "region": "kien-giang", "code": "truck_held"}
    ),
]


@pytest.mark.integration
async def test_a_report_is_answered_as_json(world: Stand, reporting: Reporting) -> None:
    reporting(EVENTS)
    answer = await world.ask("GET", "/v1/reports/daily?date=2021-08-25", role="observer")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["from"], told["until"]) == ("2021-08-24T09:00:00Z", "2021-08-25T09:00:00Z")
    assert (told["report"], told["period"], told["is_over"]) == ("daily", "2021-08-25", True)
    people = next(row for row in told["rows"] if row["unit"] == "people")
    assert (people["place_name"], people["region"], people["on_time"]) == ("=Chốt 1", "ca-mau", 2)
    default = await world.ask("GET", "/v1/reports/daily")
    assert default.json()["period"] == "2021-08-25"
    weekly = await world.ask("GET", "/v1/reports/weekly?week=2021-W34")
    assert (weekly.json()["is_over"], len(weekly.json()["rows"])) == (False, len(told["rows"]))
    assert (await world.ask("GET", "/v1/reports/weekly")).json()["period"] == "2021-W33"


@pytest.mark.integration
async def test_a_report_is_a_sheet_that_excel_opens(world: Stand, reporting: Reporting) -> None:
    reporting(EVENTS)
    path = "/v1/reports/daily?date=2021-08-25"
    answer = await world.ask("GET", path, headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "harvestlane-daily-2021-08-25.csv" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert head[:3] == ["Mục", "Chỉ tiêu", "Đơn vị"]
    cells = {row[0]: row for row in rows}
    assert cells["Lô hàng"][3:5] == ["Kiên Giang", "Khóm (dứa)"]
    assert cells["Chốt"][5] == "'=Chốt 1"
    assert cells["Chốt"][10:12] == ["24/08/2021 16:00", "25/08/2021 16:00"]
    english = await world.ask("GET", f"{path}&format=csv", headers={"accept-language": "en"})
    assert english.content.decode("utf-8-sig").startswith("Section;Measure;")


@pytest.mark.integration
async def test_a_report_shows_the_regions_of_its_reader(world: Stand, reporting: Reporting) -> None:
    reporting(EVENTS)
    secret = (await make(world, role="observer", regions=["ca-mau"]))["secret"]
    told = (await by(world, secret, "GET", "/v1/reports/daily?date=2021-08-25")).json()
    assert {row["region"] for row in told["rows"]} == {"ca-mau"}


@pytest.mark.integration
async def test_a_report_is_refused_where_it_cannot_be(world: Stand, reporting: Reporting) -> None:
    for role in ("haulier:H1", "driver:D1", "checkpoint_officer:C1", "port_operator:F1"):
        answer = await world.ask("GET", "/v1/reports/daily", role=role)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    for query in ("daily?date=2021-13-01", "weekly?week=x", "daily?format=xls"):
        answer = await world.ask("GET", f"/v1/reports/{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    for code, status in (("broker_unavailable", 503), ("report_too_large", 422)):
        reporting([]).problem = Problem(code, "so")
        answer = await world.ask("GET", "/v1/reports/daily")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
