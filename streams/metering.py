"""Let new trips leave so that checkpoints stay under their capacity and no trip is late for it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from routing.checkpoints import Hold
from routing.dispatch import Params, Slot
from streams.gates import Gates
from streams.journey import Journey, Timed, Window, in_order, into_later_slot, timed

_TURNS = 8
"""So often some of the late trips are left out; after that, all that are late."""


def settle(
    gates: Gates,
    journeys: Sequence[Journey],
    slots: Iterable[Slot],
    params: Params,
    *,
    metering: bool,
    passed: Callable[[], bool] = lambda: False,
) -> tuple[list[Timed], list[Timed]]:
    """Let new trips leave, be held up, and take a later slot where they miss their own.

    Trips are held within their windows. Where that does not keep a checkpoint under its capacity,
    they are held as if they might enter the last window of their facility, and take the one that
    they then reach. Whatever the metering finds, it loses no trip that is in time without it.
    Where there are too many for all to be in time, some are not sent, so that the others are.

    Parameters
    ----------
    gates
        The checkpoints; the trips are counted on from then on.
    journeys
        The new trips.
    slots
        All slots with the places that they had before these trips.
    params
        The plan's.
    metering
        Whether trips may be held.
    passed
        Whether the time for it is over: what was found by then counts.

    Returns
    -------
    tuple
        Trips that are in time, and those that reach no slot in time.
    """
    known = in_order(slots)

    def free(some: Sequence[Journey]) -> _Way:
        return _Way.by(gates, some, known, {})

    def metered(windows: Mapping[str, Window]) -> Callable[[Sequence[Journey]], _Way]:
        def lay(some: Sequence[Journey]) -> _Way:
            plan = gates.meter(some, params, windows)
            holds = {hold.trip_id: hold for hold in plan.holds}
            return _Way.by(gates, some, known, holds, over=None if plan.given_up else plan.over)

        return lay

    best = _without_late(free, journeys, passed)
    for windows in ({}, _last_windows(journeys, known)) if metering else ():
        if best.over == 0 or passed():
            break
        way = _without_late(metered(windows), journeys, passed, best.lost)
        if way.over is not None and way.lost <= best.lost and way < best:
            best = way
    holds = {one.journey.trip_id: one.hold for one in best.fine if one.hold is not None}
    gates.expect([one.journey for one in best.fine], holds)
    return best.fine, best.late


def _without_late(
    lay: Callable[[Sequence[Journey]], _Way],
    journeys: Sequence[Journey],
    passed: Callable[[], bool],
    may_stay: Collection[str] | None = None,
) -> _Way:
    """Leave out such trips as come late, half of them at a time: the others wait for fewer then.

    Parameters
    ----------
    lay
        Lays trips out.
    journeys
        All of them.
    passed
        Whether the time for it is over: then all that are late are left out.
    may_stay
        Which may be left out; None: any.
    """
    going, out = list(journeys), list[Timed]()
    way = lay(going)
    for _ in range(_TURNS):
        may = [
            one
            for part in (way.late, way.fine)
            for one in sorted(part, key=lambda one: (-one.arrival_s, one.journey.trip_id))
            if (one in way.late if may_stay is None else one.journey.trip_id in may_stay)
        ]
        if not way.late or not may or passed():
            break
        gone = may[: math.ceil(len(way.late) / 2)]
        out += gone
        names = {one.journey.trip_id for one in gone}
        going = [one for one in going if one.trip_id not in names]
        way = lay(going)
    return replace(way, late=[*way.late, *out])


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to let the new trips leave.

    Attributes
    ----------
    fine, late
        Trips that are in time, and those that reach no slot in time: these are not sent.
    over
        Arrivals beyond capacity that no hold prevents; None where nobody is metered.
    """

    fine: list[Timed]
    late: list[Timed]
    over: int | None

    @classmethod
    def by(
        cls,
        gates: Gates,
        journeys: Sequence[Journey],
        slots: Sequence[Slot],
        holds: Mapping[str, Hold],
        *,
        over: int | None = None,
    ) -> _Way:
        """Lay trips out as they are held, and find slots for those that miss their own.

        A hold that would make a trip late is let go; then all are laid out anew, once.
        """
        way, released = cls._once(gates, journeys, slots, holds, over)
        if not released:
            return way
        fewer = {**holds, **{name: _let_go(holds[name]) for name in released}}
        again = None if over is None else over + len(released)
        return cls._once(gates, journeys, slots, fewer, again)[0]

    @classmethod
    def _once(
        cls,
        gates: Gates,
        journeys: Sequence[Journey],
        slots: Sequence[Slot],
        holds: Mapping[str, Hold],
        over: int | None,
    ) -> tuple[_Way, set[str]]:
        """Lay trips out, and name those whose hold would make them late."""
        trial = Gates(gates.checkpoints, list(gates.approaches), gates.now_s)
        trial.expect(journeys, holds)
        free = Counter({slot.slot_id: slot.free for slot in slots})
        free.subtract(one.trip.slot_id for one in journeys)
        laid = [timed(one, holds.get(one.trip_id), trial.delay_of) for one in journeys]
        fine = [one for one in laid if one.in_time]
        late: list[Timed] = []
        released: set[str] = set()
        for one in sorted(laid, key=lambda one: (one.arrival_s, one.journey.trip_id)):
            if one.in_time:
                continue
            free[one.journey.trip.slot_id] += 1
            loose = None if one.hold is None else _let_go(one.hold)
            unheld = timed(one.journey, loose, trial.delay_of)
            moved = _into_a_slot(one, slots, free) or _into_a_slot(unheld, slots, free)
            if moved is None:
                late.append(one)
                continue
            free[moved.journey.trip.slot_id] -= 1
            fine.append(moved)
            if one.hold is not None and moved.departure_s < one.departure_s:
                released.add(one.journey.trip_id)
        return cls(sorted(fine, key=lambda one: one.journey.trip_id), late, over), released

    @property
    def lost(self) -> set[str]:
        """The trips that are late."""
        return {one.journey.trip_id for one in self.late}

    def __lt__(self, other: _Way) -> bool:
        return self._cost < other._cost

    @property
    def _cost(self) -> tuple[int, float]:
        return len(self.late), math.inf if self.over is None else self.over


def _last_windows(journeys: Iterable[Journey], slots: Iterable[Slot]) -> dict[str, Window]:
    """Return the last window that each trip's facility has a place in."""
    last: dict[str, Window] = {}
    for slot in slots:
        if slot.free > 0:
            window = slot.window_start, slot.window_end
            last[slot.facility_id] = max(window, last.get(slot.facility_id, window))
    return {
        one.trip_id: last[one.trip.facility_id] for one in journeys if one.trip.facility_id in last
    }


def _let_go(hold: Hold) -> Hold:
    """Return the hold of a trip that goes at once, though the place is full."""
    if hold.code == "none":
        return hold
    return replace(hold, depart_s=hold.wanted_s, code="over_capacity")


def _into_a_slot(one: Timed, slots: Iterable[Slot], free: Mapping[str, int]) -> Timed | None:
    """Leave a trip in its slot where it is in time for it, else give it a later one."""
    return one if one.in_time else into_later_slot(one, slots, free)
