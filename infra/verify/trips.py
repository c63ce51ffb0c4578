"""Judge `trips_feasible`: one trip at a time, within payload, temperature and driving hours.

No regime of this version asks for a pass, so none is looked for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from infra.verify.bookings import Book, Said, replay
from infra.verify.finding import Finding
from infra.verify.known import Change, as_known, lasts_too_long
from infra.verify.log import Log
from schemas.assignment import AssignmentFact
from schemas.lot import LotDeclared, LotRevised
from schemas.model import LOCAL
from schemas.truck import TruckRegistered, TruckUpdated

DRIVE = timedelta(hours=4)
BREAK = timedelta(minutes=15)
DAY = timedelta(hours=10)


def judge(log: Log) -> Finding:
    """Judge each offer and each change of one, and what trucks carried at the same time."""
    finding = Finding()
    trucks, lots = _trucks(log), _temperatures(log)
    overlaps: dict[tuple[str, str], int] = {}
    for said, book in replay(log):
        if said.type == "assignment.loaded":
            _judge_carried(finding, said, book)
        if not said.books:
            _forget(finding, overlaps, said, book)
            continue
        finding.checked += 1
        _judge_truck(finding, said, book, trucks.get(said.now.truck_id, []))
        _judge_temperature(finding, said, lots.get(said.now.lot_id, []))
        _judge_stretches(finding, said.now)
        _judge_day(finding, said, book)
        _judge_overlap(finding, overlaps, said, book)
        _forget(finding, overlaps, said, book)
    for pair, since_ms in overlaps.items():
        if lasts_too_long(since_ms, log.last_ms):
            _tell_overlap(finding, *pair)
    return finding


def _trucks(log: Log) -> dict[str, list[Change[dict[str, Any]]]]:
    """Return what was registered of each truck that matters here, as it changed."""
    told: dict[str, list[Change[dict[str, Any]]]] = {}
    for read in log.live("truck.registry.v1"):
        data = read.event.data
        if isinstance(data, TruckRegistered | TruckUpdated):
            many = told.setdefault(data.truck_id, [])
            before = many[-1].value if many else {}
            named = {
                name: value
                for name in ("payload_kg", "temperature_classes")
                if (value := getattr(data, name)) is not None
            }
            many.append(Change(read.entry.appended_ms, before | named))
    return told


def _temperatures(log: Log) -> dict[str, list[Change[str]]]:
    told: dict[str, list[Change[str]]] = {}
    for read in log.live("harvest.lot.v1"):
        data = read.event.data
        if isinstance(data, LotDeclared | LotRevised) and data.temperature is not None:
            change = Change(read.entry.appended_ms, data.temperature)
            told.setdefault(data.lot_id, []).append(change)
    return told


def _where(said: Said) -> dict[str, str]:
    return {
        "assignment_id": said.now.assignment_id,
        "truck_id": said.now.truck_id,
        "at": said.entry.place,
    }


def _judge_truck(
    finding: Finding, said: Said, book: Book, known: list[Change[dict[str, Any]]]
) -> None:
    fact = said.now
    trucks = as_known(known, said.entry.appended_ms)
    if not trucks:
        return
    load_kg = sum(
        other.quantity_kg
        for _, other in book.of_truck(fact.truck_id)
        if other.trip_id == fact.trip_id
    )
    payload_kg = max(truck.get("payload_kg", 0) for truck in trucks)
    if load_kg > payload_kg:
        finding.violate(
            "payload",
            f"Trip {fact.trip_id} loads {load_kg} kg on truck {fact.truck_id}, which carries "
            f"{payload_kg} kg.",
            **_where(said),
        )
    if not any(fact.temperature in truck.get("temperature_classes", ()) for truck in trucks):
        finding.violate(
            "temperature",
            f"Truck {fact.truck_id} cannot keep {fact.temperature}, which {fact.assignment_id} "
            "needs.",
            **_where(said),
        )


def _judge_temperature(finding: Finding, said: Said, known: list[Change[str]]) -> None:
    """Hold the temperature that the assignment names against its lot's."""
    told = as_known(known, said.entry.appended_ms)
    if said.type == "assignment.proposed" and told and said.now.temperature not in told:
        finding.violate(
            "temperature",
            f"Lot {said.now.lot_id} is {told[-1]}; {said.now.assignment_id} carries it "
            f"{said.now.temperature}.",
            **_where(said),
        )


def _judge_stretches(finding: Finding, fact: AssignmentFact) -> None:
    """Find a stretch in which the truck must have driven longer than 4 h without a break.

    Where in the trip the truck drove is not told: each stretch between breaks is given the least
    driving that the other stretches leave over.
    """
    breaks = sorted(pair for pair in fact.breaks if pair[1] - pair[0] >= BREAK)
    edges = [fact.departure, *(moment for pair in breaks for moment in pair), fact.delivery_eta]
    stretches = [edges[n + 1] - edges[n] for n in range(0, len(edges), 2)]
    whole = sum(stretches, timedelta())
    for stretch in stretches:
        driven = timedelta(seconds=fact.drive_s) - (whole - stretch)
        if driven > DRIVE:
            hours = driven / timedelta(hours=1)
            finding.violate(
                "no_break",
                f"{fact.assignment_id} drives {hours:.1f} h without a break of 15 minutes.",
                assignment_id=fact.assignment_id,
                truck_id=fact.truck_id,
            )
            return
    if timedelta(seconds=fact.drive_s) > whole:
        finding.violate(
            "times_impossible",
            f"{fact.assignment_id} drives {fact.drive_s} s between a departure and a delivery "
            f"that leave {whole.total_seconds():.0f} s.",
            assignment_id=fact.assignment_id,
            truck_id=fact.truck_id,
        )


def _judge_day(finding: Finding, said: Said, book: Book) -> None:
    """Add up what the truck drives at least on each local day that the trip touches."""
    trips = [fact for _, fact in book.done_by(said.now.truck_id)]
    day = said.now.departure.astimezone(LOCAL).date()
    while day <= said.now.delivery_eta.astimezone(LOCAL).date():
        start = datetime.combine(day, datetime.min.time(), LOCAL).astimezone(UTC)
        driven = sum((_driven_within(fact, start) for fact in trips), timedelta())
        if driven > DAY:
            finding.violate(
                "day_too_long",
                f"Truck {said.now.truck_id} drives {driven / timedelta(hours=1):.1f} h on {day}.",
                **_where(said),
            )
        day += timedelta(days=1)


def _driven_within(fact: AssignmentFact, start: datetime) -> timedelta:
    """Return the least driving of a trip that must fall on the day that starts then."""
    inside = min(fact.delivery_eta, start + timedelta(days=1)) - max(fact.departure, start)
    if inside <= timedelta():
        return timedelta()
    outside = fact.delivery_eta - fact.departure - inside
    return max(timedelta(seconds=fact.drive_s) - outside, timedelta())


def _overlap(one: AssignmentFact, other: AssignmentFact) -> bool:
    return (
        one.trip_id != other.trip_id
        and one.truck_id == other.truck_id
        and one.departure < other.delivery_eta
        and other.departure < one.delivery_eta
    )


def _judge_overlap(
    finding: Finding, overlaps: dict[tuple[str, str], int], said: Said, book: Book
) -> None:
    """Forbid an offer that overlaps; a trip that a change made overlap has 60 s to give way."""
    for _, other in book.of_truck(said.now.truck_id):
        if other.assignment_id == said.now.assignment_id or not _overlap(said.now, other):
            continue
        pair = (other.assignment_id, said.now.assignment_id)
        if said.type == "assignment.proposed":
            _tell_overlap(finding, *pair)
        elif pair not in overlaps and pair[::-1] not in overlaps:
            overlaps[pair] = said.entry.appended_ms


def _forget(
    finding: Finding,
    overlaps: dict[tuple[str, str], int],
    said: Said,
    book: Book,
) -> None:
    """Let go of overlaps that this event ended, and tell of those that it ended too late."""
    for pair in [pair for pair in overlaps if said.now.assignment_id in pair]:
        held = [fact for _, fact in book.of_truck(said.now.truck_id) if fact.assignment_id in pair]
        if len(held) == 2 and _overlap(*held):
            continue
        if lasts_too_long(overlaps.pop(pair), said.entry.appended_ms):
            _tell_overlap(finding, *pair)


def _tell_overlap(finding: Finding, one: str, other: str) -> None:
    finding.violate(
        "overlap",
        f"{one} and {other} are two trips of one truck at the same time.",
        assignment_ids=[one, other],
    )


def _judge_carried(finding: Finding, said: Said, book: Book) -> None:
    """Forbid that a truck carries goods of two trips, whatever was planned."""
    carried = [fact for status, fact in book.of_truck(said.now.truck_id) if status == "loaded"]
    finding.checked += 1
    if len({fact.trip_id for fact in carried}) > 1:
        finding.violate(
            "carries_two_trips",
            f"Truck {said.now.truck_id} carries goods of {len(carried)} trips at once.",
            **_where(said),
        )
