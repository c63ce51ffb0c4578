"""Play loads through checkpoints and yards, event by event: all leave when ready, or metered.

The same loads, drives and services are played twice. Metering is asked every ten minutes and sees
what the field would show: visits scanned so far, positions with an error, when loads were declared
to be ready (which they are not quite), the stated driving times, deadlines. It sees nothing of
what is still to come: not how long a drive or a service will be, not when a load will really be
ready, not who else will come.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from routing.checkpoints import (
    Approach,
    CheckpointParams,
    EtaParams,
    MeterParams,
    MeterPlace,
    MeterTrip,
    Visit,
    estimate,
    etas,
    meter,
)

EVERY_S = 600.0
AHEAD_S = 7_200.0
"""So far ahead loads that are not ready are planned with."""
POSITION_NOISE = 0.03
"""Error of a position, as a share of the stated driving time [assumed]."""
RESERVE = 0.25
"""Share of the stated driving time that a deadline is kept clear by, against what chance does."""
USE = 1.0
"""All of a place's rate is given away."""

_DONE, _COME, _READY, _METER, _LEAVE = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A checkpoint or yard.

    Parameters
    ----------
    place_id
        Its id.
    bays
        So many trucks at once.
    params
        What is assumed of it until enough is seen.
    spare
        So many may stand before it, so that no bay idles.
    """

    place_id: str
    bays: int
    params: CheckpointParams
    spare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A drive to a place and the work there, seconds: as stated, and as it will be."""

    place_id: str
    stated_s: float
    real_s: float
    service_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One truck of a day, with all that will happen to it; times in seconds of the day.

    Parameters
    ----------
    name, tonnes
        Which, and what it carries.
    ready_s, declared_s
        When it may leave, and when that was said to be.
    due_s
        By when it has to be through its last place.
    legs
        Its way, place by place.
    planned
        Whether anybody can hold it.
    """

    name: str
    tonnes: float
    ready_s: float
    declared_s: float
    due_s: float
    legs: tuple[Leg, ...]
    planned: bool


@dataclass(slots=True)
class Played:
    """What came of a day."""

    peak: dict[str, int] = field(default_factory=dict)
    tonnes_in_time: float = 0.0
    waited_s: float = 0.0
    others_waited_s: float = 0.0
    held_s: float = 0.0
    over: int = 0
    given_up: int = 0
    rounds: int = 0


class Yard:
    """One place of a day: who waits, who is in a bay, and what officers scanned.

    Parameters
    ----------
    bays
        How many trucks at once.
    """

    def __init__(self, bays: int) -> None:
        self.free = bays
        self.line: list[str] = []
        self.visits: list[Visit] = []
        self.peak = 0

    def scan(self, now_s: float, name: str, decision: Literal["arrived", "cleared"]) -> None:
        """Write a visit down."""
        self.visits.append(Visit(now_s, name, decision, name=f"{name}/{decision}"))

    def next(self) -> str | None:
        """Take the first of the line into a free bay, if there is one."""
        if self.line and self.free:
            self.free -= 1
            return self.line.pop(0)
        self.peak = max(self.peak, len(self.line))
        return None


class Day:
    """Play one day, event by event.

    Parameters
    ----------
    loads
        The trucks.
    places
        All that they pass.
    metered
        Whether planned ones wait for a word before they leave.
    seed
        Of the errors of positions.
    """

    def __init__(
        self, loads: Sequence[Load], places: Sequence[Place], *, metered: bool, seed: int
    ) -> None:
        self._loads = {one.name: one for one in loads}
        self._places = {one.place_id: one for one in places}
        self._metered = metered
        self._chance = Random(f"{seed}/positions")
        self._events: list[tuple[float, int, str, int]] = []
        self._yards = {one.place_id: Yard(one.bays) for one in places}
        self._at_farm = {one.name for one in loads if one.planned}
        self._ready: set[str] = set()
        self._leg: dict[str, tuple[int, float]] = {}
        self._came_s: dict[str, float] = {}
        self.result = Played()

    def play(self) -> Played:
        """Play until everybody is through, and return what came of it."""
        for load in self._loads.values():
            self._push(load.ready_s, _READY, load.name)
        if self._metered:
            self._push(0.0, _METER)
        steps = {
            _READY: self._is_ready, _METER: self._meter, _LEAVE: self._leave, _COME: self._come,
            _DONE: self._done,
        }  # fmt: skip
        while self._events:
            now_s, what, name, leg = heapq.heappop(self._events)
            steps[what](now_s, name, leg)
        self.result.peak = {name: yard.peak for name, yard in self._yards.items()}
        return self.result

    def _push(self, at_s: float, what: int, name: str = "", leg: int = 0) -> None:
        heapq.heappush(self._events, (at_s, what, name, leg))

    def _is_ready(self, now_s: float, name: str, _leg: int) -> None:
        self._ready.add(name)
        if not (self._metered and self._loads[name].planned):
            self._push(now_s, _LEAVE, name)

    def _leave(self, now_s: float, name: str, _leg: int) -> None:
        self._at_farm.discard(name)
        self.result.held_s += now_s - self._loads[name].ready_s
        self._drive(now_s, name, 0)

    def _drive(self, now_s: float, name: str, leg: int) -> None:
        self._leg[name] = leg, now_s
        self._push(now_s + self._loads[name].legs[leg].real_s, _COME, name, leg)

    def _come(self, now_s: float, name: str, leg: int) -> None:
        del self._leg[name]
        place_id = self._loads[name].legs[leg].place_id
        yard = self._yards[place_id]
        yard.scan(now_s, name, "arrived")
        yard.line.append(name)
        self._came_s[name] = now_s
        self._serve(now_s, place_id)

    def _serve(self, now_s: float, place_id: str) -> None:
        while (name := self._yards[place_id].next()) is not None:
            load = self._loads[name]
            if load.planned:
                self.result.waited_s += now_s - self._came_s[name]
            else:
                self.result.others_waited_s += now_s - self._came_s[name]
            number = next(at for at, leg in enumerate(load.legs) if leg.place_id == place_id)
            self._push(now_s + load.legs[number].service_s, _DONE, name, number)

    def _done(self, now_s: float, name: str, leg: int) -> None:
        load = self._loads[name]
        place_id = load.legs[leg].place_id
        yard = self._yards[place_id]
        yard.scan(now_s, name, "cleared")
        yard.free += 1
        if leg + 1 < len(load.legs):
            self._drive(now_s, name, leg + 1)
        elif load.planned and now_s <= load.due_s:
            self.result.tonnes_in_time += load.tonnes
        self._serve(now_s, place_id)

    def _meter(self, now_s: float, _name: str, _leg: int) -> None:
        """Ask the metering with what is known, and let those go whose time has come."""
        if not self._at_farm:
            return
        plan = meter(
            self._trips(now_s), self._known(now_s), now_s, MeterParams(bin_s=EVERY_S, use=USE)
        )
        self.result.rounds += 1
        self.result.given_up += plan.given_up
        for hold in plan.holds:
            if hold.trip_id in self._ready and hold.depart_s < now_s + EVERY_S:
                self.result.over += hold.code == "over_capacity"
                self._ready.discard(hold.trip_id)
                self._at_farm.discard(hold.trip_id)
                self._push(hold.depart_s, _LEAVE, hold.trip_id)
        self._push(now_s + EVERY_S, _METER)

    def _trips(self, now_s: float) -> list[MeterTrip]:
        """Return what the planner knows of those who have not left: nothing of what is to come."""
        found = []
        for name in sorted(self._at_farm):
            load = self._loads[name]
            ready = name in self._ready
            if not ready and load.declared_s > now_s + AHEAD_S:
                continue
            # of a load that is not ready the planner has what was declared; due counts from there
            due_s = load.due_s if ready else load.due_s - load.ready_s + load.declared_s
            passes = self._ahead(load, 0, load.legs[0].stated_s)
            work_s = self._places[load.legs[-1].place_id].params.service_s
            found.append(
                MeterTrip(
                    trip_id=name,
                    wanted_s=now_s if ready else max(load.declared_s, now_s),
                    passes=passes,
                    latest_s=due_s - (1 + RESERVE) * passes[-1][1] - 2 * work_s,
                    due_s=due_s,
                )
            )
        return found

    def _ahead(self, load: Load, leg: int, left_s: float) -> tuple[tuple[str, float], ...]:
        """Return the places ahead with the seconds until each, by what is stated."""
        found = [(load.legs[leg].place_id, left_s)]
        for before, after in zip(load.legs[leg:], load.legs[leg + 1 :], strict=False):
            left_s = left_s + self._places[before.place_id].params.service_s + after.stated_s
            found.append((after.place_id, left_s))
        return tuple(found)

    def _known(self, now_s: float) -> list[MeterPlace]:
        approaches = [self._approach(name, now_s) for name in sorted(self._leg)]
        planned = [one for one in approaches if self._loads[one.vehicle].planned]
        expected = etas(planned, now_s, EtaParams())
        found = []
        for place in self._places.values():
            visits = self._yards[place.place_id].visits
            known = estimate(visits, place.bays, now_s, place.params)
            come = [one.median_s for one in expected if one.checkpoint_id == place.place_id]
            come += self._strangers(visits, now_s)
            # those in a bay are half done, as far as anybody knows
            waiting = known.waiting - min(known.waiting, place.bays) // 2
            found.append(
                MeterPlace(
                    place_id=place.place_id, bays=place.bays, service_s=known.service_s,
                    standing=waiting, spare=place.spare, others_s=tuple(sorted(come)),
                )
            )  # fmt: skip
        return found

    def _approach(self, name: str, now_s: float) -> Approach:
        """Return where a truck is, by a position with an error."""
        load = self._loads[name]
        leg, since_s = self._leg[name]
        left = 1.0 - (now_s - since_s) / max(load.legs[leg].real_s, 1.0)
        left = min(1.0, max(0.0, left + self._chance.gauss(0.0, POSITION_NOISE)))
        ahead = self._ahead(load, leg, left * load.legs[leg].stated_s)
        return Approach(vehicle=name, from_s=now_s, ahead=ahead)

    def _strangers(self, visits: Sequence[Visit], now_s: float) -> list[float]:
        """Expect as many trucks of others in the next hour as were scanned in the last one."""
        seen = {
            one.vehicle
            for one in visits
            if one.decision == "arrived" and one.at_s > now_s - 3_600.0
            and not self._loads[one.vehicle].planned
        }  # fmt: skip
        return [now_s + 3_600.0 * (at + 0.5) / len(seen) for at in range(len(seen))]
