"""Judge `lots_not_doubled`: no lot is given to more trucks than it fills."""

from __future__ import annotations

from datetime import datetime

from infra.verify.bookings import Said, replay
from infra.verify.finding import Finding
from infra.verify.known import Change, as_known, lasts_too_long
from infra.verify.log import Log
from schemas.assignment import AssignmentFact
from schemas.lot import LotDeclared, LotRevised, LotWithdrawn

_MOVING = frozenset({"loaded", "delivered"})


def judge(log: Log) -> Finding:
    """Judge each booking, and how long each excess after a revision lasted."""
    finding = Finding()
    quantities = told_quantities(log)
    taken: dict[str, list[Change[tuple[int, int]]]] = {}
    for said, book in replay(log):
        held = book.of_lot(said.now.lot_id)
        total = sum(fact.quantity_kg for _, fact in held)
        moving = sum(fact.quantity_kg for status, fact in held if status in _MOVING)
        if said.now.leg == 1 and _takes_more(said):
            finding.checked += 1
            _judge_booking(finding, said, total, quantities.get(said.now.lot_id))
        point = Change(said.entry.appended_ms, (total, moving))
        taken.setdefault(said.now.lot_id, []).append(point)
    for lot_id, points in taken.items():
        if lot_id in quantities:
            finding.checked += 1
            _judge_excess(log, finding, lot_id, points, quantities[lot_id])
    return finding


def told_quantities(log: Log) -> dict[str, list[Change[int]]]:
    """Return, for each lot whose declaration is in the log, what quantity was told when."""
    declared: set[str] = set()
    changes: dict[str, list[Change[int]]] = {}
    latest: dict[str, datetime] = {}
    for read in log.live("harvest.lot.v1"):
        data, lot_id = read.event.data, read.event.key
        withdrawn = isinstance(data, LotWithdrawn)
        if isinstance(data, LotDeclared):
            declared.add(lot_id)
        quantity = 0 if withdrawn else getattr(data, "quantity_kg", None)
        if not isinstance(data, LotDeclared | LotRevised | LotWithdrawn) or quantity is None:
            continue
        before = latest.get(lot_id)
        gone = bool(changes.get(lot_id)) and changes[lot_id][-1].value == 0
        late = before is not None and read.event.time < before
        if gone or (late and not withdrawn):
            continue
        latest[lot_id] = read.event.time
        changes.setdefault(lot_id, []).append(Change(read.entry.appended_ms, quantity))
    return {lot_id: many for lot_id, many in changes.items() if lot_id in declared}


def _takes_more(said: Said) -> bool:
    """Tell whether the event books more of the lot than was booked before."""
    return said.type == "assignment.proposed" or (
        said.before is not None and said.now.quantity_kg > said.before.quantity_kg
    )


def _judge_booking(
    finding: Finding, said: Said, total_kg: int, quantities: list[Change[int]] | None
) -> None:
    fact: AssignmentFact = said.now
    where = {"lot_id": fact.lot_id, "assignment_id": fact.assignment_id, "at": said.entry.place}
    if total_kg > fact.known_quantity_kg:
        finding.violate(
            "overbooked",
            f"Lot {fact.lot_id} has {total_kg} kg on trucks with {fact.assignment_id}; dispatch "
            f"knew of {fact.known_quantity_kg} kg.",
            **where,
        )
    if quantities is None:
        return
    known = as_known(quantities, said.entry.appended_ms)
    if known and fact.known_quantity_kg > max(known):
        finding.violate(
            "quantity_invented",
            f"Dispatch booked lot {fact.lot_id} as {fact.known_quantity_kg} kg; its declarer "
            f"had told {known[-1]} kg.",
            **where,
        )


def _judge_excess(
    log: Log,
    finding: Finding,
    lot_id: str,
    points: list[Change[tuple[int, int]]],
    quantities: list[Change[int]],
) -> None:
    """Walk through bookings and revisions together and time each excess."""
    steps = sorted(
        [(change.appended_ms, 0, change.value, (0, 0)) for change in quantities]
        + [(point.appended_ms, 1, 0, point.value) for point in points],
        key=lambda step: step[:2],
    )
    quantity, total, moving = 0, 0, 0
    since: int | None = None
    for at_ms, kind, told, booked in [*steps, (log.last_ms, 2, 0, (0, 0))]:
        if since is not None and lasts_too_long(since, at_ms):
            finding.violate(
                "excess_stays",
                f"Lot {lot_id} is {quantity} kg, but {total} kg stayed on trucks for more than "
                "60 s.",
                lot_id=lot_id,
            )
            return
        if kind == 0:
            quantity = told
        elif kind == 1:
            total, moving = booked
        excess = total > max(quantity, moving)
        since = (since if since is not None else at_ms) if excess else None
