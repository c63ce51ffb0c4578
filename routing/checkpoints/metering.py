"""Meter departures: who leaves when, so that a yard's arrivals stay under its capacity."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from routing.checkpoints.meter_play import leaves_in_time
from routing.checkpoints.meter_room import NEAR_S, Room

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROUNDS = 8
"""So many times those who found no room are let choose before the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterPlace:
    """A checkpoint or yard that deals with so many trucks at once.

    Parameters
    ----------
    place_id
        Its id.
    bays, service_s
        How many at once, and the seconds of a bay that each takes.
    standing
        Trucks that wait there now.
    others_s
        When those are expected whom nobody can hold: under way, or of other hauliers.
    spare
        So many of those more than there is room for may be on their way or stand there: then no
        bay idles when somebody is late.
    """

    place_id: str
    bays: int
    service_s: float
    standing: int = 0
    others_s: tuple[float, ...] = ()
    spare: int = 0

    def __post_init__(self) -> None:
        if self.bays < 1 or not self.service_s > 0 or min(self.standing, self.spare) < 0:
            raise ValueError("Expected a bay, a time of service above 0, nobody fewer than 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTrip:
    """A trip that has not left.

    Parameters
    ----------
    trip_id
        Its id.
    wanted_s
        When it would leave if nobody held it, seconds since 1970.
    passes
        Places in order, each with the seconds from departure to arrival when nobody waits (the
        work at earlier places included).
    latest_s
        By when it has to leave to be in time by what is known, with what reserve the caller
        wants; infinite without a deadline. One that lies before `wanted_s` holds nothing up: such
        a trip goes at once.
    due_s
        When it has to be through the last of its passes; infinite without a deadline.
    """

    trip_id: str
    wanted_s: float
    passes: tuple[tuple[str, float], ...]
    latest_s: float = math.inf
    due_s: float = math.inf

    def __post_init__(self) -> None:
        times = [0.0, *(after_s for _, after_s in self.passes)]
        if not math.isfinite(self.wanted_s) or times != sorted(times):
            raise ValueError("Expected a time of departure, and passes in their order.")
        if len({place_id for place_id, _ in self.passes}) < len(self.passes):
            raise ValueError("Expected each place once.")

    @property
    def key(self) -> tuple[float, str]:
        """By which trips go where none is more urgent: who wants to be there first."""
        return self.wanted_s + (self.passes[0][1] if self.passes else 0.0), self.trip_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterParams:
    """Say how finely and how tightly arrivals are metered.

    Parameters
    ----------
    bin_s
        Arrivals are counted by pieces of this length.
    use
        Share of a place's rate that is given away: the rest takes up chance (assumed).
    """

    bin_s: float = 900.0
    use: float = 0.95

    def __post_init__(self) -> None:
        if not (self.bin_s > 0 and 0 < self.use <= 1):
            raise ValueError("Expected pieces above 0 s and a use in (0, 1].")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """When one trip leaves, and why not earlier.

    Parameters
    ----------
    trip_id
        Which.
    wanted_s, depart_s
        When it wanted to leave, and leaves.
    code
        ``none``, ``place_full``, or ``over_capacity``: it cannot wait, so it goes though the place
        is full.
    place_id, from_s, until_s
        The place that was full, and from when until when; empty and 0 with ``none``.
    due, clears
        Trucks that want to be there within that time or still stand from before, this one among
        them, and how many it is given by capacity. With ``place_full``, due > clears.
    """

    trip_id: str
    wanted_s: float
    depart_s: float
    code: str = "none"
    place_id: str = ""
    from_s: float = 0.0
    until_s: float = 0.0
    due: int = 0
    clears: int = 0

    @property
    def held_s(self) -> float:
        """Return for how long it is held."""
        return self.depart_s - self.wanted_s


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """Departures of all trips.

    Parameters
    ----------
    holds
        One for each trip, by trip.
    over
        Arrivals beyond capacity that no hold could prevent.
    given_up
        Whether metering was given up, as each way that was tried would have made a trip late that
        is in time unmetered: then everybody leaves as wanted.
    """

    holds: tuple[Hold, ...]
    over: int
    given_up: bool = False

    @property
    def held_s(self) -> float:
        """Return the seconds of all holds."""
        return math.fsum(one.held_s for one in self.holds)

    @property
    def departures(self) -> dict[str, float]:
        """Return when each trip leaves."""
        return {one.trip_id: one.depart_s for one in self.holds}


@dataclass(slots=True)
class _Try:
    """One way to give the pieces away."""

    holds: dict[str, Hold] = field(default_factory=dict)
    over: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    @property
    def cost(self) -> tuple[int, int, float]:
        return len(self.late), len(self.over), math.fsum(one.held_s for one in self.holds.values())


def meter(
    trips: Iterable[MeterTrip],
    places: Iterable[MeterPlace],
    now_s: float,
    params: MeterParams | None = None,
) -> MeterPlan:
    """Assign departures so that arrivals stay under capacity, with the least total hold found.

    Trips choose one after another, each the earliest departure that finds room at all its places.
    First they choose in the order in which they would arrive; who cannot wait and found no room
    chooses before the others next time, and the order of deadlines is tried too. Where one place
    counts and arrivals start with pieces, the order of deadlines finds room for everybody if any
    order does, and holds for the least time: no piece stays free that a later one could use.

    No trip is late that would be in time unmetered: both plans are played against what is
    expected, and one that loses a trip is mended or thrown away. What this cannot promise is what
    chance does on the road: the reserve in `MeterTrip.latest_s` is for that.

    Parameters
    ----------
    trips
        Those that can be held; departures wanted before now count as wanted now.
    places
        All that the trips pass and that are to be metered; a place not named has room for all.
    now_s
        The moment, seconds since 1970.
    params
        Pieces and use.
    """
    p = params or MeterParams()
    known = {one.place_id: one for one in sorted(places, key=lambda one: one.place_id)}
    told = [_from(one, now_s, known) for one in trips]
    told.sort(key=lambda one: one.key)
    free = {one.trip_id: one.wanted_s for one in told}
    fine = leaves_in_time(told, free, known.values(), now_s)

    def attempt(order: Sequence[MeterTrip]) -> _Try:
        one = _choose(order, Room(known.values(), now_s, p.bin_s, p.use))
        departures = {name: hold.depart_s for name, hold in one.holds.items()}
        still = leaves_in_time(told, departures, known.values(), now_s)
        one.late = sorted(fine - still)
        return one

    best = _best(told, attempt)
    if best.late:
        return MeterPlan(tuple(_unheld(one) for one in _by_id(told)), 0, given_up=True)
    _count(best, Room(known.values(), now_s, p.bin_s, p.use), told)
    return MeterPlan(tuple(best.holds[one.trip_id] for one in _by_id(told)), len(best.over))


def _best(told: list[MeterTrip], attempt: Callable[[Sequence[MeterTrip]], _Try]) -> _Try:
    """Try orders of choosing, and return the way that loses, overfills and holds the least."""
    best = attempt(sorted(told, key=lambda one: (_latest_there(one), one.key)))
    first: dict[str, int] = {}
    for round_ in range(ROUNDS):
        order = sorted(told, key=lambda one: (-first.get(one.trip_id, 0), one.key))
        one = attempt(order)
        best = min(best, one, key=lambda each: each.cost)
        hurt = {*one.over, *one.late}
        if not hurt:
            break
        for name in hurt:
            first[name] = ROUNDS - round_ + first.get(name, 0)
    return best


def _from(trip: MeterTrip, now_s: float, known: dict[str, MeterPlace]) -> MeterTrip:
    passes = tuple(one for one in trip.passes if one[0] in known)
    return replace(trip, wanted_s=max(trip.wanted_s, now_s), passes=passes)


def _by_id(trips: Iterable[MeterTrip]) -> list[MeterTrip]:
    return sorted(trips, key=lambda one: one.trip_id)


def _latest_there(trip: MeterTrip) -> float:
    return trip.latest_s + (trip.passes[-1][1] if trip.passes else 0.0)


def _unheld(trip: MeterTrip) -> Hold:
    return Hold(trip_id=trip.trip_id, wanted_s=trip.wanted_s, depart_s=trip.wanted_s)


def _choose(order: Sequence[MeterTrip], room: Room) -> _Try:
    """Let trips choose, one after another."""
    done = _Try()
    for trip in order:
        depart_s, was_full = room.earliest(trip.wanted_s, trip.passes, trip.latest_s)
        full = room.full(depart_s, trip.passes)
        if full is not None:
            done.over.append(trip.trip_id)
        code = "none"
        if full is not None or depart_s > trip.wanted_s:
            code = "place_full" if full is None else "over_capacity"
        hold = Hold(trip_id=trip.trip_id, wanted_s=trip.wanted_s, depart_s=depart_s, code=code)
        done.holds[trip.trip_id] = _because(trip, hold, full or was_full, room)
        room.take(depart_s, trip.passes)
    return done


def _count(done: _Try, room: Room, trips: Sequence[MeterTrip]) -> None:
    """Write into each hold how many were due at its place, and how many that clears."""
    there: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for trip in trips:
        for place_id, after_s in trip.passes:
            comes_s = done.holds[trip.trip_id].depart_s + after_s
            there[place_id].append((trip.wanted_s + after_s, comes_s))
    for trip_id, hold in done.holds.items():
        if hold.code != "none":
            done.holds[trip_id] = _counted(hold, there[hold.place_id], room)


def _because(trip: MeterTrip, hold: Hold, full: str, room: Room) -> Hold:
    """Name the place that was full, and when it was."""
    if hold.code == "none":
        return hold
    after_s = dict(trip.passes)[full]
    there_s = hold.depart_s + after_s
    if hold.code == "over_capacity":
        from_s, until_s = room.piece_of(full, there_s)
    else:
        from_s, until_s = room.full_span(full, trip.wanted_s + after_s, there_s)
    return replace(hold, place_id=full, from_s=from_s, until_s=until_s)


def _counted(hold: Hold, there: Sequence[tuple[float, float]], room: Room) -> Hold:
    """Count who wants to be at the full place in that time, or waits for it from before."""
    due = room.others(hold.place_id, hold.from_s, hold.until_s)
    due += sum(
        wants_s < hold.until_s - NEAR_S and comes_s > hold.from_s - NEAR_S
        for wants_s, comes_s in there
    )
    return replace(hold, due=due, clears=room.clears(hold.place_id, hold.from_s, hold.until_s))
