"""Lay a trip out in time with the checkpoints that it passes and all that holds it up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from routing.checkpoints import Hold
from routing.checkpoints.roadside import Legs
from routing.dispatch import Lot, Slot, Trip
from streams.fold import Doc
from streams.promised import Checkpoint, Reach, stands

_NEVER_S = math.inf
Window = tuple[datetime, datetime]
"""When a gate's slot begins and ends."""


class Path(Protocol):
    """The way of a trip, as `routing.travel.RoutePath` has it."""

    @property
    def geometry(self) -> Doc:
        """Return a GeoJSON ``LineString``."""
        ...

    @property
    def leg_durations_s(self) -> tuple[float, ...]:
        """Return the seconds of driving of each leg."""
        ...

    @property
    def leg_starts(self) -> tuple[int, ...]:
        """Return the index of the position at which each leg begins."""
        ...


@dataclass(frozen=True, slots=True)
class Pass:
    """When a trip comes to a checkpoint if nobody holds it up.

    Attributes
    ----------
    at_s
        Seconds since 1970.
    loaded
        Whether with the goods: behind the pickup.
    """

    place_id: str
    at_s: float
    loaded: bool


@dataclass(frozen=True, slots=True)
class Journey:
    """A trip with what it passes and how late it may be.

    Attributes
    ----------
    trip_id
        The assignment's.
    closes_s
        When the corridor that it uses closes behind it; infinite where none does.
    """

    trip_id: str
    trip: Trip
    lot: Lot
    passes: tuple[Pass, ...]
    closes_s: float = _NEVER_S

    @property
    def early_s(self) -> float:
        """Return for how long it waits for the goods at the pickup."""
        return float(self.trip.explanation["wait_s"]["pickup"])

    @property
    def loads_s(self) -> float:
        """Return when loading begins."""
        return self.trip.pickup_eta.timestamp() + self.early_s

    @property
    def arrival_s(self) -> float:
        """Return when it is at its gate, which may not be open yet."""
        wait_s = float(self.trip.explanation["wait_s"]["facility"])
        return self.trip.delivery_eta.timestamp() - wait_s

    def latest_s(self, margin_s: float = 0.0, window: Window | None = None) -> float:
        """Return by when it has to be at its gate, less a margin; its own, or in that window."""
        window = window or (self.trip.window_start, self.trip.window_end)
        opens_s, ends_s = (moment.timestamp() for moment in window)
        last_s = min(max(opens_s, ends_s - margin_s), ends_s - 1)
        return min(last_s, self.lot.hold_until.timestamp() - margin_s, self.closes_s)


@dataclass(frozen=True, slots=True)
class Delay:
    """How long a trip is held up at a checkpoint."""

    place_id: str
    at_s: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Timed:
    """A journey's times with all that holds it up, seconds since 1970."""

    journey: Journey
    departure_s: float
    pickup_s: float
    loads_s: float
    arrival_s: float
    breaks_s: tuple[tuple[float, float], ...]
    delays: tuple[Delay, ...]
    hold: Hold | None = None

    @property
    def in_time(self) -> bool:
        """Whether it is at its gate while that takes it, and the goods still hold.

        A trip that nothing holds up is as the plan has it.
        """
        if not self.delays and not (self.hold is not None and self.hold.held_s > 0):
            return True
        entry_s = max(self.arrival_s, self.journey.trip.window_start.timestamp())
        return entry_s <= self.journey.latest_s()


def journey(
    trip_id: str,
    trip: Trip,
    lot: Lot,
    path: Path,
    checkpoints: Sequence[Checkpoint],
    own: Reach | None,
    *,
    closes_s: float = _NEVER_S,
) -> Journey:
    """Find the checkpoints that a trip passes, and when.

    Within a leg, time goes with the length: the truck is taken to drive at one speed.

    Parameters
    ----------
    trip_id, trip, lot
        What is planned.
    path
        Its road: to the pickup, and on.
    checkpoints
        All that are known.
    own
        The reach of the trip's corridor, if it uses one.
    closes_s
        When that corridor closes behind it.
    """
    bare = Journey(trip_id, trip, lot, (), closes_s)
    if not checkpoints:
        return bare
    line = path.geometry["coordinates"]
    ends = [*path.leg_starts[1:], len(line) - 1]
    legs = [line[one : two + 1] for one, two in zip(path.leg_starts, ends, strict=True)]
    found = []
    for one in Legs(legs).passings(stands(checkpoints, own)):
        loaded = one.leg > 0
        before_s = sum(path.leg_durations_s[1 : one.leg])
        drive_s = before_s + one.share * path.leg_durations_s[one.leg]
        start_s = trip.pickup_done.timestamp() if loaded else trip.departure.timestamp()
        found.append(Pass(one.place_id, _driven(trip, start_s, drive_s), loaded))
    return replace(bare, passes=tuple(found))


def _driven(trip: Trip, start_s: float, drive_s: float) -> float:
    """Return when so much has been driven from a moment on, the trip's breaks among it."""
    at_s = start_s + drive_s
    for begin, end in trip.breaks:
        if start_s <= begin.timestamp() < at_s:
            at_s += (end - begin).total_seconds()
    return at_s


def timed(one: Journey, hold: Hold | None, delay_of: Callable[[str, float], float]) -> Timed:
    """Lay a journey out anew with its hold and with what it waits at each checkpoint.

    A truck that is held is at the pickup when loading begins, not earlier: it would leave there
    earlier than it was held for. What it loses on the way to the pickup, it first loses of the
    time that it would wait there. Breaks come after as much driving as before.

    Parameters
    ----------
    one
        The journey.
    hold
        By how much it leaves later, and why; None: it leaves as planned.
    delay_of
        The seconds for which a checkpoint holds up who comes there at a time.
    """
    trip = one.trip
    held_s = _whole(hold.held_s) if hold is not None else 0
    later_s = held_s + one.early_s if held_s > 0 else 0.0
    departure_s = trip.departure.timestamp() + later_s
    steps: list[tuple[float, int, Any]] = [(each.at_s, 1, each) for each in one.passes]
    steps += [(a.timestamp(), 0, (b - a).total_seconds()) for a, b in trip.breaks]
    pickup_s: float | None = None
    loads_s = one.loads_s
    delays, breaks = [], []
    for at_s, kind, what in sorted(steps, key=lambda step: step[:2]):
        behind = what.loaded if kind else at_s >= trip.pickup_done.timestamp()
        if behind and pickup_s is None:
            pickup_s, loads_s, later_s = _loaded(one, later_s)
        if kind == 0:
            breaks.append((at_s + later_s, at_s + later_s + what))
            continue
        delay_s = _whole(delay_of(what.place_id, at_s + later_s))
        delays.append(Delay(what.place_id, at_s + later_s, delay_s))
        later_s += delay_s
    if pickup_s is None:
        pickup_s, loads_s, later_s = _loaded(one, later_s)
    arrival_s = one.arrival_s + later_s
    return Timed(one, departure_s, pickup_s, loads_s, arrival_s, tuple(breaks), tuple(delays), hold)


def _whole(seconds: float) -> int:
    return math.ceil(seconds - 1e-6)


def _loaded(one: Journey, later_s: float) -> tuple[float, float, float]:
    """Return when it comes to the pickup, when loading begins, and how late it is from there on."""
    pickup_s = one.trip.pickup_eta.timestamp() + later_s
    loads_s = max(pickup_s, one.loads_s)
    return pickup_s, loads_s, loads_s - one.loads_s


def in_order(slots: Iterable[Slot]) -> list[Slot]:
    """Return slots by when they open."""
    return sorted(slots, key=lambda slot: (slot.window_start, slot.slot_id))


def into_later_slot(one: Timed, slots: Iterable[Slot], free: Mapping[str, int]) -> Timed | None:
    """Give a trip the next slot of its facility that it reaches in time; None where there is none.

    Parameters
    ----------
    one
        The trip.
    slots
        All slots, in order.
    free
        Places that are left, by slot.
    """
    trip = one.journey.trip
    for slot in slots:
        if slot.facility_id != trip.facility_id or free.get(slot.slot_id, 0) < 1:
            continue
        other = replace(
            trip,
            gate_id=slot.gate_id,
            slot_id=slot.slot_id,
            window_start=slot.window_start,
            window_end=slot.window_end,
        )
        moved = replace(one, journey=replace(one.journey, trip=other))
        if moved.in_time:
            return moved
    return None
