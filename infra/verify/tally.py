"""Count from the log what a scenario came to, and how quickly it was answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from infra.verify.accounted import Outcome, outcomes
from infra.verify.bookings import replay
from infra.verify.log import KINDS, Entry, Log, Read
from schemas.lot import LotDeclared, LotRevised, LotWithdrawn
from schemas.topics import POSTABLE, TOPIC_OF_TYPE

if TYPE_CHECKING:
    from infra.scenario.publish import Sendable

WHOLE = 0.99
"""The share of a lot that has to arrive: less than a truck's rounding may stay behind."""

_SOURCES = sorted({TOPIC_OF_TYPE[name].name for name in POSTABLE})
_ENDED = frozenset({"declined", "expired", "cancelled"})


def own_events(log: Log, sent: Iterable[Sendable]) -> dict[str, int]:
    """Count what became of the events of a scenario file.

    Parameters
    ----------
    log
        What was read.
    sent
        Every record of the file, as it was sent.

    Returns
    -------
    dict
        `events_published`, and of them `dead_letters` and `duplicates_ignored`.
    """
    messages = list(sent)
    ours = {(one.topic, one.key or b"", one.value or b"", one.headers) for one in messages}
    found: Counter[Outcome] = Counter()
    for one, outcome in outcomes(log):
        entry = one.entry if isinstance(one, Read) else one
        if _sent(entry) in ours:
            found[outcome] += 1
    return {
        "events_published": len(messages),
        "dead_letters": found["dead"],
        "duplicates_ignored": found["duplicate"],
    }


def _sent(entry: Entry) -> tuple[str, bytes, bytes, tuple[tuple[str, bytes], ...]]:
    return entry.topic, entry.key or b"", entry.value or b"", entry.headers


def applied(log: Log) -> int:
    """Count the events from outside that the tables have applied."""
    return sum(
        counts.get("applied", 0)
        for table in log.tables.values()
        for doc in table.values()
        for topic, counts in doc.get("counts", {}).items()
        if topic in _SOURCES
    )


@dataclass
class _Lot:
    quantity_kg: int = 0
    hold_until: datetime | None = None
    withdrawn: bool = False
    delivered_kg: int = 0
    last_at: datetime | None = None

    @property
    def arrived(self) -> bool:
        return self.delivered_kg > 0 and self.delivered_kg >= WHOLE * self.quantity_kg

    @property
    def in_hold(self) -> bool:
        late = self.last_at and self.hold_until and self.last_at > self.hold_until
        return self.arrived and not late


def lots(log: Log) -> dict[str, Any]:
    """Count lots and what was delivered of them.

    Returns
    -------
    dict
        `lots_declared, lots_withdrawn, lots_delivered, lots_delivered_in_hold,
        tonnes_delivered, goal_met`: the goal is four fifths of the lots not withdrawn, whole
        and within their hold time.
    """
    known = _lots(log)
    for said, _ in replay(log):
        if said.type == "assignment.delivered" and said.now.lot_id in known:
            lot = known[said.now.lot_id]
            lot.delivered_kg += said.now.quantity_kg
            at = _time(said.entry)
            lot.last_at = at if lot.last_at is None else max(lot.last_at, at)
    withdrawn = sum(lot.withdrawn for lot in known.values())
    in_hold = sum(lot.in_hold and not lot.withdrawn for lot in known.values())
    delivered_kg = sum(lot.delivered_kg for lot in known.values())
    return {
        "lots_declared": len(known),
        "lots_withdrawn": withdrawn,
        "lots_delivered": sum(lot.arrived and not lot.withdrawn for lot in known.values()),
        "lots_delivered_in_hold": in_hold,
        "tonnes_delivered": round(delivered_kg / 1000, 1),
        "goal_met": in_hold >= 0.8 * (len(known) - withdrawn),
    }


def _lots(log: Log) -> dict[str, _Lot]:
    found: dict[str, _Lot] = {}
    for read in log.live("harvest.lot.v1"):
        data = read.event.data
        if isinstance(data, LotDeclared):
            found.setdefault(data.lot_id, _Lot(data.quantity_kg, data.hold_until))
    for read in log.live("harvest.lot.v1"):
        data = read.event.data
        lot = found.get(read.event.key)
        if lot is None:
            continue
        if isinstance(data, LotRevised):
            lot.quantity_kg = data.quantity_kg or lot.quantity_kg
            lot.hold_until = data.hold_until or lot.hold_until
        elif isinstance(data, LotWithdrawn):
            lot.withdrawn = True
    return found


def _time(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.header("ce_time") or "")


def assignments(log: Log) -> dict[str, int]:
    """Count offers, offers of lots of which one had ended before, and declined ones."""
    counts: Counter[str] = Counter()
    ended: defaultdict[str, int] = defaultdict(int)
    for said, _ in replay(log):
        event = said.type.partition(".")[2]
        counts[event] += 1
        if event == "proposed" and ended[said.now.lot_id]:
            counts["again"] += 1
            ended[said.now.lot_id] -= 1
        elif event in _ENDED:
            ended[said.now.lot_id] += 1
    return {
        "assignments": counts["proposed"],
        "reassignments": counts["again"],
        "declined": counts["declined"],
    }


def latencies(log: Log) -> dict[str, dict[str, float | None]]:
    """Measure from the broker's append of an event to the append of what it led to.

    Returns
    -------
    dict
        `event_to_state` (the state topic's record) and `event_to_assignment` (the offer of a
        lot's truck), each with `p50` and `p99` in milliseconds; None where there is none.
    """
    states = [entry for kind in KINDS for entry in log.entries(f"{kind}.state.v1")]
    offers = [
        read.entry
        for read in log.live("dispatch.assignment.v1")
        if read.event.type == "assignment.proposed"
    ]
    return {"event_to_state": _percentiles(states), "event_to_assignment": _percentiles(offers)}


def _percentiles(entries: Sequence[Entry]) -> dict[str, float | None]:
    waits = sorted(
        float(max(entry.appended_ms - int(cause), 0))
        for entry in entries
        if (cause := entry.header("ce_causeappended") or "").isdigit()
    )
    return {name: _percentile(waits, share) for name, share in (("p50", 0.5), ("p99", 0.99))}


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
