"""Compute from the event log what must be known of every entity, in this module's own way.

An expectation names fields and the values that each may have: where two events of one time
disagree, topics have no order among them and either may win.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.verify.bookings import BINDING, ended
from infra.verify.log import Log, Read
from infra.verify.slots import places_of, told_capacities
from schemas.assignment import CommandRefused
from schemas.checkpoint import CheckpointRetracted, Clearance, VisitRecorded, VisitRetracted
from schemas.corridor import FindingDetected, FindingMended
from schemas.lot import LotDeclared, LotReady, LotRevised, LotWithdrawn
from schemas.model import Fact

Told = tuple[datetime, Any]

CLEARANCES_KEPT = 32
"""Of which clearances of a vehicle a table knows what was taken back (docs/architecture.md)."""
FINDINGS_KEPT = 100
"""So many findings does a corridor's state name, the latest."""


_CLOSURES = {
    "road.closed": "in_force",
    "zone.restricted": "in_force",
    "road.reopened": "lifted",
    "zone.lifted": "lifted",
}
_CORRIDORS = {"corridor.opened": "open", "corridor.closed": "closed"}


@dataclass
class Expectation:
    """What must be known of one entity: for each field, the values that it may have."""

    fields: dict[str, list[Any]] = field(default_factory=dict)
    sets: dict[str, frozenset[str]] = field(default_factory=dict)
    """For fields that are lists: the names that must be in them, in any order."""


def expectations(log: Log) -> Iterator[tuple[str, str, Expectation]]:
    """Yield kind, id and expectation of every entity whose beginning is in the log."""
    yield from _trucks(log)
    yield from _places(log)
    yield from _slots(log)
    yield from _lots(log)
    yield from _dispatch(log)


def _latest(told: Iterable[Told]) -> list[Any]:
    """Return what was told at the latest time; times count to the millisecond."""
    many = [(int(time.timestamp() * 1000), value) for time, value in told]
    latest = max(time for time, _ in many)
    return [value for time, value in many if time == latest]


def _fields(data: Fact, *, whole: bool, without: Iterable[str] = ()) -> dict[str, Any]:
    """Return the fields that an event sets: all, or those that it names."""
    named = data.model_dump(mode="json", exclude_none=not whole, exclude=set(without))
    return dict(named)


def _parked(log: Log, fold: str) -> set[str]:
    return {
        f"{one['topic']}:{one['partition']}:{one['offset']}"
        for doc in log.tables[fold].values()
        for one in doc.get("parked", ())
    }


def _by_key(log: Log, topic: str, fold: str) -> dict[str, list[Read]]:
    """Return the events of a topic that have been applied or refused, by key."""
    parked = _parked(log, fold)
    found: dict[str, list[Read]] = {}
    for read in log.live(topic):
        if read.entry.place not in parked:
            found.setdefault(read.event.key, []).append(read)
    return found


def _last_write(reads: Iterable[Read], without: Iterable[str]) -> dict[str, list[Any]]:
    """Let the latest event that names a field decide it."""
    told: dict[str, list[Told]] = {}
    for read in reads:
        whole = read.event.type.endswith(".registered")
        for name, value in _fields(read.event.data, whole=whole, without=without).items():
            told.setdefault(name, []).append((read.event.time, value))
    return {name: _latest(values) for name, values in told.items()}


def _trucks(log: Log) -> Iterator[tuple[str, str, Expectation]]:
    positions = _by_key(log, "truck.position.v1", "truck")
    clearances = _by_key(log, "checkpoint.clearance.v1", "truck")
    for truck_id, reads in _by_key(log, "truck.registry.v1", "truck").items():
        if not any(read.event.type == "truck.registered" for read in reads):
            continue
        fields = _last_write(reads, without=("reason",)) | {"registered": [True]}
        if truck_id in positions:
            seen = [(r.event.time, _fields(r.event.data, whole=True)) for r in positions[truck_id]]
            fields["position.lat"] = [value["lat"] for value in _latest(seen)]
            fields["position.lon"] = [value["lon"] for value in _latest(seen)]
        if truck_id in clearances:
            fields["last_checkpoint.decision"] = _last_decision(clearances[truck_id])
        yield "truck", truck_id, Expectation(fields)


def _last_decision(reads: Iterable[Read]) -> list[Any]:
    """Return what the latest clearances that stand decided; nothing where none stands."""
    many = list(reads)
    given = {r.event.identity: r for r in many if isinstance(r.event.data, Clearance)}
    kept = sorted(given.values(), key=lambda r: (r.event.time, r.event.identity))
    wrong = {
        name
        for r in many
        if isinstance(r.event.data, CheckpointRetracted)
        and (name := r.event.data.retracts.identity) in given
        and _checkpoint(given[name]) == r.event.data.checkpoint_id
    }
    standing = [r for r in kept[-CLEARANCES_KEPT:] if r.event.identity not in wrong]
    signs = [(r.event.time, r.event.type.split(".")[1]) for r in standing]
    return _latest(signs) if signs else [None]


def _checkpoint(read: Read) -> str:
    return str(getattr(read.event.data, "checkpoint_id", ""))


def _places(log: Log) -> Iterator[tuple[str, str, Expectation]]:
    visits = _by_key(log, "checkpoint.visit.v1", "place")
    for place_id, reads in _by_key(log, "place.registry.v1", "place").items():
        first = next((r for r in reads if r.event.type.endswith(".registered")), None)
        if first is None:
            continue
        kind = first.event.type.split(".")[0]
        # What came before the registration was set aside, and is applied right after it.
        order = [first, *(read for read in reads if read is not first)]
        ours = [read for read in order if read.event.type.split(".")[0] == kind]
        expected = Expectation(_replayed(_in_time(ours)))
        if kind == "checkpoint":
            totals = _totals(visits.get(place_id, []))
            expected.fields |= {f"totals.{name}": [count] for name, count in totals.items()}
        yield kind, place_id, expected


def _in_time(reads: Iterable[Read]) -> Iterator[Read]:
    """Pass over events that are older than one before them."""
    latest: datetime | None = None
    for read in reads:
        if latest is None or read.event.time >= latest:
            latest = read.event.time
            yield read


def _replayed(reads: Iterable[Read]) -> dict[str, list[Any]]:
    """Apply a place's events one after another."""
    fields: dict[str, list[Any]] = {}
    for read in reads:
        verb = read.event.type.split(".")[1]
        whole = verb == "registered"
        named = _fields(read.event.data, whole=whole, without=("reason",))
        fields |= {name: [value] for name, value in named.items() if whole or name in fields}
        if verb != "updated":
            fields["status"] = ["active" if whole else "retired"]
    return fields


def _totals(visits: Iterable[Read]) -> dict[str, int]:
    """Count the visits by decision, less those that were taken back."""
    totals: dict[str, int] = {}
    for read in visits:
        data = read.event.data
        if isinstance(data, VisitRecorded) and data.replaces_vehicle is None:
            totals[data.decision] = totals.get(data.decision, 0) + 1
        elif isinstance(data, VisitRetracted):
            totals[data.decision] = totals.get(data.decision, 0) - 1
    return totals


def _slots(log: Log) -> Iterator[tuple[str, str, Expectation]]:
    places = places_of(log)
    refused = {key for key, doc in log.tables["place"].items() if _refused_slots(doc)}
    for slot_id, changes in told_capacities(log).items():
        facility_id = slot_id.split("|", 1)[0]
        if facility_id in refused:
            continue
        taken = frozenset(
            name
            for name, place in places.get(slot_id, {}).items()
            if place.confirmed is not None and place.released is None
        )
        expected = Expectation(sets={"reserved.reservation_id": taken})
        if changes[-1].value:
            expected.fields = {"capacity_trucks": [changes[-1].value], "status": ["open"]}
        yield "slot", slot_id, expected


def _refused_slots(doc: dict[str, Any]) -> bool:
    """Tell whether a facility refused or still parks something that was told of its slots."""
    counts = doc.get("counts", {}).get("port.slot.v1", {})
    return bool(counts.get("refused") or counts.get("parked"))


def _lots(log: Log) -> Iterator[tuple[str, str, Expectation]]:
    booked = _booked(log)
    for lot_id, reads in _by_key(log, "harvest.lot.v1", "lot").items():
        start = next((n for n, r in enumerate(reads) if _is(r, LotDeclared)), None)
        if start is None:
            continue
        # What came before the declaration was set aside, and is applied right after it.
        order = [reads[start], *reads[:start], *reads[start + 1 :]]
        expected = Expectation(_lot_fields(order))
        if log.whole("dispatch.assignment.v1"):
            for name, kilograms in booked.get(lot_id, {}).items():
                expected.fields[name] = [kilograms]
        yield "lot", lot_id, expected


def _is(read: Read, kind: type[Fact]) -> bool:
    return isinstance(read.event.data, kind)


def _lot_fields(reads: Iterable[Read]) -> dict[str, list[Any]]:
    fields: dict[str, Any] = {}
    set_at: dict[str, datetime] = {}
    for read in reads:
        data, time = read.event.data, read.event.time
        if isinstance(data, LotWithdrawn):
            fields["status"] = "withdrawn"
        if fields.get("status") == "withdrawn":
            continue
        if isinstance(data, LotReady):
            fields["status"] = "ready"
        if not isinstance(data, LotDeclared | LotRevised):
            continue
        named = _fields(data, whole=isinstance(data, LotDeclared), without=("ready_from",))
        news = {n: v for n, v in named.items() if n not in set_at or time >= set_at[n]}
        fields = {"status": "declared"} | fields | news
        set_at |= dict.fromkeys(news, time)
    return {name: [value] for name, value in fields.items()}


def _booked(log: Log) -> dict[str, dict[str, int]]:
    book = ended(log)
    booked: dict[str, dict[str, int]] = {}
    for name, fact in book.facts.items():
        status = book.status[name]
        if status in BINDING and fact.leg == 1:
            of_lot = booked.setdefault(
                fact.lot_id, dict.fromkeys(("booked_kg", "loaded_kg", "delivered_kg"), 0)
            )
            column = status if status in {"loaded", "delivered"} else "booked"
            of_lot[f"{column}_kg"] += fact.quantity_kg
    return booked


def _dispatch(log: Log) -> Iterator[tuple[str, str, Expectation]]:
    book = ended(log)
    for name, fact in book.facts.items():
        told = fact.model_dump(mode="json", exclude={"status", "reason", "actor", "explanation"})
        fields = {key: [value] for key, value in told.items()}
        yield "assignment", name, Expectation(fields | {"status": [book.status[name]]})
    refused = {
        read.event.data.command_id
        for read in log.live("dispatch.assignment.v1")
        if isinstance(read.event.data, CommandRefused)
    }
    for read in log.live("dispatch.command.v1"):
        status = "refused" if read.event.id in refused else "done"
        yield "command", read.event.id, Expectation({"status": [status]})
    yield from _switched(log, "road.condition.v1", "closure", _CLOSURES)
    found = _found_on_corridors(log)
    for kind, name, expected in _switched(log, "corridor.lifecycle.v1", "corridor", _CORRIDORS):
        sets = {"findings.alert_id": frozenset(found.get(name, ()))}
        yield kind, name, Expectation(expected.fields, sets)


def _switched(
    log: Log, topic: str, kind: str, statuses: Mapping[str, str]
) -> Iterator[tuple[str, str, Expectation]]:
    """Expect of what is opened and closed the status that its latest event gave it."""
    told: dict[str, list[Told]] = {}
    on = next(iter(statuses.values()))
    for read in log.live(topic):
        status = statuses.get(read.event.type)
        if status is not None:
            name = str(getattr(read.event.data, f"{kind}_id"))
            told.setdefault(name, []).append((read.event.time, status))
    for name, many in told.items():
        if any(status == on for _, status in many):
            yield kind, name, Expectation({"status": [*_latest(many), many[-1][1]]})


def _found_on_corridors(log: Log) -> dict[str, list[str]]:
    """Return what was found on each corridor and is not mended, by the ids of its alerts."""
    found: dict[str, list[str]] = {}
    for read in log.live("corridor.lifecycle.v1"):
        data = read.event.data
        if isinstance(data, FindingDetected | FindingMended):
            open_ones = found.setdefault(data.corridor_id, [])
            if data.alert_id in open_ones:
                open_ones.remove(data.alert_id)
            if isinstance(data, FindingDetected):
                open_ones.append(data.alert_id)
            del open_ones[:-FINDINGS_KEPT]
    return found


def alerts(log: Log) -> dict[str, str]:
    """Return the last thing said of each alert: ``raised`` or ``cleared``."""
    said: dict[str, str] = {}
    for read in log.live("alert.v1"):
        said[str(getattr(read.event.data, "alert_id"))] = read.event.type.split(".")[1]  # noqa: B009
    return said
