"""Let checkpoints into a plan: who is held up where, and who leaves later so that fewer are.

Everything here is pure and runs in the planner's process.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, Protocol

from routing.checkpoints import (
    Approach,
    EtaParams,
    Hold,
    MeterPlace,
    MeterPlan,
    MeterTrip,
    bins,
    delay_profile,
    etas,
    meter,
    sentence,
)
from routing.checkpoints.roadside import Legs
from routing.dispatch import Lot, Params, Slot, Trip
from routing.dispatch.words import Word, tell
from routing.engine.delay import Profile
from schemas.model import format_time
from streams.fold import Doc
from streams.promised import Checkpoint, Reach, stands

_STATED = EtaParams(lateness=0.0, leave_s=0.0, leave_share=1.0)
"""Driving as it is stated: what makes everybody late alike makes no queue."""
_BIN_S = 900.0
_NEVER_S = math.inf
Window = tuple[datetime, datetime]


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


@dataclass(slots=True)
class Gates:
    """The checkpoints of one plan, and all who come there.

    Attributes
    ----------
    checkpoints
        By id.
    approaches
        Trips that are given out, and those that the plan has settled.
    now_s
        The moment, seconds since 1970.
    """

    checkpoints: Mapping[str, Checkpoint]
    approaches: list[Approach]
    now_s: float
    _profiles: dict[str, Profile] = field(default_factory=dict)

    @classmethod
    def of(
        cls, checkpoints: Iterable[Checkpoint], promised: Iterable[Approach], now: datetime
    ) -> Gates:
        """Return the checkpoints with who is promised to come."""
        return cls({one.place_id: one for one in checkpoints}, list(promised), now.timestamp())

    def meter(
        self,
        journeys: Sequence[Journey],
        params: Params,
        windows: Mapping[str, Window] | None = None,
    ) -> MeterPlan:
        """Return when trips leave so that arrivals stay under capacity; only who passes one.

        Parameters
        ----------
        journeys
            New trips, all that may be held.
        params
            The plan's, for the margin that a held trip keeps.
        windows
            The last window that each may enter, by trip; its own where none is named.
        """
        told, again = [], list(self.approaches)
        for one in journeys:
            if one.passes:
                last = {each.place_id: number for number, each in enumerate(one.passes)}
                window = (windows or {}).get(one.trip_id)
                told.append(self._meter_trip(one, set(last.values()), params.margin_s, window))
                again += _only(one, set(range(len(one.passes))) - set(last.values()))
        passed = {place_id for trip in told for place_id, _ in trip.passes}
        come = self._expected(again)
        places = [
            MeterPlace(
                place_id=name,
                bays=one.bays,
                service_s=one.service_s,
                standing=one.waiting,
                others_s=tuple(each.median_s for each in come[name]),
            )
            for name, one in self.checkpoints.items()
            if name in passed
        ]
        return meter(told, places, self.now_s)

    def _meter_trip(
        self, one: Journey, kept: Collection[int], margin_s: float, window: Window | None
    ) -> MeterTrip:
        """State a trip to the metering; of a checkpoint passed twice, the last time counts."""
        wanted_s = one.trip.departure.timestamp() + one.early_s
        passes, worked_s = [], 0.0
        for number, each in enumerate(one.passes):
            at_s = each.at_s if each.loaded else each.at_s + one.early_s
            if number in kept:
                passes.append((each.place_id, at_s - wanted_s + worked_s))
            worked_s += self.checkpoints[each.place_id].service_s
        rest_s = one.arrival_s - one.passes[-1].at_s
        slack_s = one.latest_s(margin_s, window) - one.arrival_s - worked_s
        return MeterTrip(
            trip_id=one.trip_id,
            wanted_s=wanted_s,
            passes=tuple(passes),
            latest_s=wanted_s + max(0.0, slack_s),
            due_s=one.latest_s(window=window) - rest_s,
        )

    def add(self, *settled: Timed) -> None:
        """Count on trips that are planned by now."""
        for one in settled:
            before_s, ahead = 0.0, []
            for each in one.delays:  # stated driving has no stays in it
                ahead.append((each.place_id, each.at_s - one.departure_s - before_s))
                before_s += each.delay_s
            self.approaches += _approach(one.journey.trip_id, one.departure_s, ahead)
        self._profiles.clear()

    def forget(self, trip_id: str) -> None:
        """Count no longer on a trip as it was given out: it is planned anew."""
        self.approaches = [one for one in self.approaches if one.vehicle != trip_id]
        self._profiles.clear()

    def expect(self, journeys: Sequence[Journey], holds: Mapping[str, Hold]) -> None:
        """Count on new trips as they leave, before it is known what holds them up."""
        free = [timed(one, holds.get(one.trip_id), lambda _place, _at: 0.0) for one in journeys]
        self.add(*free)

    def delay_of(self, place_id: str, at_s: float) -> float:
        """Return how long a truck is held up that comes to a checkpoint at a time, seconds."""
        if place_id not in self._profiles:
            self._draw_profiles()
        moment_ms = round(1_000 * (at_s - self.now_s))
        return self._profiles[place_id].delay_at(moment_ms) / 1_000

    def _draw_profiles(self) -> None:
        come = self._expected(self.approaches)
        for name, one in self.checkpoints.items():
            last_s = max((each.high_s for each in come[name]), default=self.now_s)
            ahead_s = last_s + _BIN_S - self.now_s
            self._profiles[name] = delay_profile(
                one.waiting,
                bins(come[name], self.now_s, bin_s=_BIN_S, ahead_s=ahead_s) if come[name] else (),
                bays=one.bays,
                service_s=one.service_s,
                now_s=self.now_s,
            )

    def _expected(self, approaches: Iterable[Approach]) -> defaultdict[str, list[Any]]:
        """Return who is expected at each checkpoint."""
        stays = {name: (one.service_s, one.service_s) for name, one in self.checkpoints.items()}
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for eta in etas(approaches, self.now_s, _STATED, stays=stays):
            found[eta.checkpoint_id].append(eta)
        return found


def _only(one: Journey, numbers: Collection[int]) -> list[Approach]:
    """Return some passes of a journey as an approach of its own."""
    start_s = one.trip.departure.timestamp()
    ahead = [
        (each.place_id, each.at_s - start_s)
        for number, each in enumerate(one.passes)
        if number in numbers
    ]
    return _approach(one.trip_id, start_s, ahead)


def _approach(trip_id: str, from_s: float, ahead: Sequence[tuple[str, float]]) -> list[Approach]:
    """Return an approach; none where nothing is ahead."""
    if not ahead:
        return []
    # a time of driving that falls is one of rounding
    rising = tuple(accumulate(ahead, lambda one, two: (two[0], max(one[1], two[1]))))
    first = (rising[0][0], max(0.0, rising[0][1]))
    return [Approach(vehicle=trip_id, from_s=from_s, ahead=(first, *rising[1:]))]


def settle(
    gates: Gates,
    journeys: Sequence[Journey],
    slots: Iterable[Slot],
    params: Params,
    *,
    metering: bool,
) -> tuple[list[Timed], list[Timed]]:
    """Let new trips leave, be held up, and take a later slot where they miss their own.

    Trips are held within their windows. Where that does not keep a checkpoint under its capacity,
    they are held as if they might enter the last window of their facility, and take the one that
    they then reach. Whatever the metering finds, it loses no trip that is in time without it.

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

    Returns
    -------
    tuple
        Trips that are in time, and those that reach no slot in time.
    """
    known = sorted(slots, key=lambda slot: (slot.window_start, slot.slot_id))
    best = _Way.by(gates, journeys, known, {})
    lost = best.lost
    if metering:
        plan = gates.meter(journeys, params)
        plans = [plan]
        if plan.over or plan.given_up:
            plans.append(gates.meter(journeys, params, _last_windows(journeys, known)))
        for plan in plans:
            if all(hold.code == "none" for hold in plan.holds):
                continue
            ordered = {hold.trip_id: hold for hold in plan.holds}
            way = _Way.by(gates, journeys, known, ordered, over=plan.over)
            if way.lost <= lost and not plan.given_up and (best.over is None or way < best):
                best = way
    holds = {one.journey.trip_id: one.hold for one in best.fine if one.hold is not None}
    gates.expect([one.journey for one in best.fine], holds)
    return best.fine, best.late


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to let the new trips leave."""

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
    def _cost(self) -> tuple[int, int]:
        return self.over or 0, len(self.late)


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


def into_later_slot(one: Timed, slots: Iterable[Slot], free: Mapping[str, int]) -> Timed | None:
    """Give a trip the next slot of its facility that it reaches in time; None where there is none.

    Parameters
    ----------
    one
        The trip.
    slots
        All slots.
    free
        Places that are left, by slot.
    """
    trip = one.journey.trip
    for slot in sorted(slots, key=lambda slot: (slot.window_start, slot.slot_id)):
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


def written(one: Timed, checkpoints: Mapping[str, Checkpoint], params: Params) -> Trip:
    """Return a trip with its new times, and what it says of checkpoints.

    Parameters
    ----------
    one
        The trip as it was laid out.
    checkpoints
        By id.
    params
        The plan's.
    """
    trip, lot = one.journey.trip, one.journey.lot
    if not one.journey.passes and one.hold is None:
        return trip
    delivery_s = max(one.arrival_s, trip.window_start.timestamp())
    later = _moment(delivery_s) - trip.delivery_eta
    moved = replace(
        trip,
        departure=_moment(one.departure_s),
        pickup_eta=_moment(one.pickup_s),
        pickup_done=trip.pickup_done + timedelta(seconds=round(one.loads_s - one.journey.loads_s)),
        delivery_eta=trip.delivery_eta + later,
        delivery_done=trip.delivery_done + later,
        breaks=tuple((_moment(a), _moment(b)) for a, b in one.breaks_s),
    )
    hold_s = lot.hold_until.timestamp() - delivery_s
    said = {
        "summary": _summary(moved, lot, params),
        "slack_s": {
            **trip.explanation["slack_s"],
            "hold": math.floor(hold_s),
            "window": math.floor(trip.window_end.timestamp() - delivery_s),
        },
        "wait_s": {
            "pickup": round(one.loads_s - one.pickup_s),
            "facility": round(delivery_s - one.arrival_s),
        },
        "checkpoint_delays": [_told(each, checkpoints[each.place_id]) for each in one.delays],
    }
    hold = one.hold
    if hold is not None and hold.code != "none":
        said["metered"] = _metered(hold, checkpoints[hold.place_id])
    return replace(moved, explanation=trip.explanation | said)


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(round(at_s, 6), UTC)


def _summary(trip: Trip, lot: Lot, params: Params) -> dict[str, str]:
    said = {
        "truck_id": trip.truck_id,
        "carried_kg": trip.quantity_kg,
        "open_before_kg": trip.explanation["quantity"]["open_before_kg"],
        "product": Word("product", lot.product),
        "lot_id": lot.lot_id,
        "pickup_name": lot.pickup_name,
        "pickup_eta": trip.pickup_eta,
        "facility_id": trip.facility_id,
        "gate_id": trip.gate_id,
        "delivery_eta": trip.delivery_eta,
    }
    return tell("trip", said, utc_offset_s=params.local_utc_offset_s)


def _told(delay: Delay, place: Checkpoint) -> Doc:
    return {
        "place_id": place.place_id,
        "name": place.name,
        "at": format_time(_moment(delay.at_s)),
        "minutes": round(delay.delay_s / 60, 1),
        "assumed": place.assumed,
    }


def _metered(hold: Hold, place: Checkpoint) -> Doc:
    """Say why a trip is held: its numbers, and the sentence in both languages."""
    return {
        "code": "metered" if hold.code == "place_full" else hold.code,
        "place_id": place.place_id,
        "name": place.name,
        "minutes_held": round(hold.held_s / 60),
        "wanted_departure": format_time(_moment(hold.wanted_s)),
        "from": format_time(_moment(hold.from_s)),
        "until": format_time(_moment(hold.until_s)),
        "due": hold.due,
        "clears": hold.clears,
        "arrivals_avoided": max(0, hold.due - hold.clears) if hold.code == "place_full" else 0,
        "assumed": place.assumed,
        "vi": sentence(hold, place.name, "vi"),
        "en": sentence(hold, place.name),
    }


def missed(one: Timed, checkpoints: Mapping[str, Checkpoint]) -> Doc:
    """Return the reason why a trip is not sent: the queues on its way let it reach no slot in time.

    Parameters
    ----------
    one
        The trip.
    checkpoints
        By id.
    """
    worst = max(one.delays, key=lambda each: each.delay_s)
    place, minutes = checkpoints[worst.place_id], round(worst.delay_s / 60)
    params = {
        "place_id": place.place_id,
        "name": place.name,
        "minutes": minutes,
        "assumed": place.assumed,
        "delivery_eta": format_time(_moment(one.arrival_s)),
        "vi": f"chờ {minutes} phút ở {place.name}: không kịp khung giờ nào",
    }
    return {
        "code": "no_slot",
        "detail": f"Held up for {minutes} min at {place.name}, it reaches no slot in time.",
        "params": params,
    }


def warm() -> None:
    """Run what is compiled once, so that the first plan need not wait for it."""
    legs = Legs([[[105.0, 10.0], [105.1, 10.0]]])
    legs.share(10.0, 105.05, 0, 1.0)
    delay_profile(1, (), bays=1, service_s=60.0, now_s=0.0).delay_at(0)
