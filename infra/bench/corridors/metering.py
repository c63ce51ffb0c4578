"""Measure what metering does to the queue at a yard, by simulated harvest days.

A day: trucks of a plan leave farms in two waves, pass a checkpoint on the road and end in a yard;
other trucks, of which nobody told the planner, come too. The same trucks, drives, services and
moments of readiness are drawn once and played twice: everybody leaves when loaded, or metered. The
metering is asked every ten minutes and sees what the field would show: visits scanned so far,
positions with an error, when loads were declared to be ready (which they are not quite), the stated
driving times, deadlines. It sees no drawn number: not how long a drive or a service will be, not
when a load will really be ready, not who else will come.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from infra.bench.measure import Measure
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.bench.measure import Tell

DAYS = 5
TRIPS = 280
"""Trucks of the plan [assumed]."""
OTHERS = 70
"""Trucks that nobody told the planner of [assumed]: a fifth, "hundreds" in all (docs/domain.md)."""
CHECKPOINT, YARD = "checkpoint", "yard"
PLACES = (CHECKPOINT, YARD)
_DONE, _COME, _READY, _METER, _LEAVE = range(5)
AHEAD_S = 7_200.0
"""So far ahead loads that are not ready are planned with."""
BAYS = {CHECKPOINT: 4, YARD: 13}
"""[assumed]: the accounts of 2021 count the trucks that stood, not the bays."""
SERVICE_S = {CHECKPOINT: (120.0, 180.0), YARD: (1_200.0, 2_400.0)}
"""2 to 3 minutes with papers in order, about 30 with a convoy or disinfection (docs/domain.md);
the spread round 30 minutes is assumed."""
WAVES_H = ((2.0, 6.0), (9.0, 13.0))
"""When loads are ready: two tides a day [assumed]."""
DRIVES_S = ((1_800.0, 5_400.0), (1_800.0, 5_400.0))
"""Stated driving to the checkpoint, and from there to the yard [assumed]."""
PAYLOADS_T = (2.5, 5.0, 8.0, 15.0)
"""Payload classes [u] (docs/domain.md); all equally common [assumed]."""
HOLDS_H = ((0.3, 6.0), (0.3, 24.0), (0.4, 72.0))
"""Hours that goods hold from when they are ready: the table of docs/domain.md; shares assumed."""
EVERY_S = 600.0
POSITION_NOISE = 0.03
"""Error of a position, as a share of the stated driving time [assumed]."""
DECLARED_S = 1_800.0
"""Standard error of when a load is declared to be ready [assumed]."""
RESERVE = 0.25
"""Share of the stated driving time that a deadline is kept clear by, against what chance does."""
USE = 1.0
"""All of a place's rate is given away."""
SPARE = {CHECKPOINT: 0, YARD: 20}
"""So many may stand before the yard, 45 minutes of its work, so that no bay idles [assumed; chosen
on seeds 3 and 308]: fewer make the queue shorter and holds longer (docs/checkpoints.md)."""
GOAL_QUEUE, GOAL_TONNES = 0.6, 0.98
ROAD_PARAMS = CheckpointParams()
YARD_PARAMS = CheckpointParams(
    service_s=1_800.0, service_weight=20.0, dwell_median_s=2_400.0, dwell_p90_s=5_400.0
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One truck of a day, with all that chance will do to it."""

    name: str
    tonnes: float
    ready_s: float
    declared_s: float
    due_s: float
    stated_s: tuple[float, float]
    real_s: tuple[float, float]
    service_s: tuple[float, float]
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


def day(seed: int) -> list[Load]:
    """Draw the trucks of one day, planned ones and others."""
    chance = Random(seed)
    found = []
    for at in range(TRIPS + OTHERS):
        first, second = WAVES_H
        wave = first if chance.random() < 0.5 else second
        ready_s = 3_600.0 * chance.triangular(*wave)
        holds = chance.choices([hours for _, hours in HOLDS_H], [one for one, _ in HOLDS_H])[0]
        stated = tuple(chance.uniform(*one) for one in DRIVES_S)
        pace = chance.lognormvariate(0.05, 0.08)
        real = [one * pace * chance.lognormvariate(0.0, 0.10) for one in stated]
        if chance.random() < 0.05:
            real[chance.randrange(2)] += chance.uniform(600, 1_800)
        service = [chance.triangular(*SERVICE_S[one]) for one in (CHECKPOINT, YARD)]
        if chance.random() < 0.015:
            service[1] += chance.uniform(600, 3_600)
        found.append(
            Load(
                name=f"t{at:03}",
                tonnes=chance.choice(PAYLOADS_T),
                ready_s=ready_s,
                declared_s=ready_s + chance.gauss(0.0, DECLARED_S),
                due_s=ready_s + 3_600.0 * holds,
                stated_s=(stated[0], stated[1]),
                real_s=(real[0], real[1]),
                service_s=(service[0], service[1]),
                planned=at < TRIPS,
            )
        )
    return found


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
    metered
        Whether planned ones wait for a word before they leave.
    seed
        Of the errors of positions.
    """

    def __init__(self, loads: Sequence[Load], *, metered: bool, seed: int) -> None:
        self._loads = {one.name: one for one in loads}
        self._metered = metered
        self._chance = Random(f"{seed}/positions")
        self._events: list[tuple[float, int, str, str]] = []
        self._places = {name: Yard(BAYS[name]) for name in PLACES}
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
            now_s, what, name, where = heapq.heappop(self._events)
            steps[what](now_s, name, where)
        self.result.peak = {name: place.peak for name, place in self._places.items()}
        return self.result

    def _push(self, at_s: float, what: int, name: str = "", where: str = "") -> None:
        heapq.heappush(self._events, (at_s, what, name, where))

    def _is_ready(self, now_s: float, name: str, _where: str) -> None:
        self._ready.add(name)
        if not (self._metered and self._loads[name].planned):
            self._push(now_s, _LEAVE, name)

    def _leave(self, now_s: float, name: str, _where: str) -> None:
        self._at_farm.discard(name)
        self.result.held_s += now_s - self._loads[name].ready_s
        self._drive(now_s, name, 0)

    def _drive(self, now_s: float, name: str, leg: int) -> None:
        self._leg[name] = leg, now_s
        self._push(now_s + self._loads[name].real_s[leg], _COME, name, PLACES[leg])

    def _come(self, now_s: float, name: str, where: str) -> None:
        del self._leg[name]
        place = self._places[where]
        place.scan(now_s, name, "arrived")
        place.line.append(name)
        self._came_s[name] = now_s
        self._serve(now_s, where)

    def _serve(self, now_s: float, where: str) -> None:
        while (name := self._places[where].next()) is not None:
            if self._loads[name].planned:
                self.result.waited_s += now_s - self._came_s[name]
            else:
                self.result.others_waited_s += now_s - self._came_s[name]
            service_s = self._loads[name].service_s[PLACES.index(where)]
            self._push(now_s + service_s, _DONE, name, where)

    def _done(self, now_s: float, name: str, where: str) -> None:
        place = self._places[where]
        place.scan(now_s, name, "cleared")
        place.free += 1
        load = self._loads[name]
        if where == CHECKPOINT:
            self._drive(now_s, name, 1)
        elif load.planned and now_s <= load.due_s:
            self.result.tonnes_in_time += load.tonnes
        self._serve(now_s, where)

    def _meter(self, now_s: float, _name: str, _where: str) -> None:
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
        """Return what the planner knows of those who have not left: nothing that was drawn."""
        found = []
        for name in sorted(self._at_farm):
            load = self._loads[name]
            ready = name in self._ready
            if not ready and load.declared_s > now_s + AHEAD_S:
                continue
            # of a load that is not ready the planner has what was declared; due counts from there
            due_s = load.due_s if ready else load.due_s - load.ready_s + load.declared_s
            first_s, second_s = load.stated_s
            work_s = YARD_PARAMS.service_s
            there_s = first_s + ROAD_PARAMS.service_s + second_s
            found.append(
                MeterTrip(
                    trip_id=name,
                    wanted_s=now_s if ready else max(load.declared_s, now_s),
                    passes=((CHECKPOINT, first_s), (YARD, there_s)),
                    latest_s=due_s - (1 + RESERVE) * there_s - 2 * work_s,
                    due_s=due_s,
                )
            )
        return found

    def _known(self, now_s: float) -> list[MeterPlace]:
        approaches = [self._approach(name, now_s) for name in sorted(self._leg)]
        planned = [one for one in approaches if self._loads[one.vehicle].planned]
        expected = etas(planned, now_s, EtaParams())
        found = []
        for where, params in zip(PLACES, (ROAD_PARAMS, YARD_PARAMS), strict=True):
            visits = self._places[where].visits
            known = estimate(visits, BAYS[where], now_s, params)
            come = [one.median_s for one in expected if one.checkpoint_id == where]
            come += self._strangers(visits, now_s)
            # those in a bay are half done, as far as anybody knows
            waiting = known.waiting - min(known.waiting, BAYS[where]) // 2
            found.append(
                MeterPlace(
                    place_id=where, bays=BAYS[where], service_s=known.service_s,
                    standing=waiting, spare=SPARE[where], others_s=tuple(sorted(come)),
                )
            )  # fmt: skip
        return found

    def _approach(self, name: str, now_s: float) -> Approach:
        """Return where a truck is, by a position with an error."""
        load = self._loads[name]
        leg, since_s = self._leg[name]
        left = 1.0 - (now_s - since_s) / load.real_s[leg]
        left = min(1.0, max(0.0, left + self._chance.gauss(0.0, POSITION_NOISE)))
        left_s = left * load.stated_s[leg]
        ahead = [(PLACES[leg], left_s)]
        if leg == 0:
            ahead.append((YARD, left_s + ROAD_PARAMS.service_s + load.stated_s[1]))
        return Approach(vehicle=name, from_s=now_s, ahead=tuple(ahead))

    def _strangers(self, visits: Sequence[Visit], now_s: float) -> list[float]:
        """Expect as many trucks of others in the next hour as were scanned in the last one."""
        seen = {
            one.vehicle
            for one in visits
            if one.decision == "arrived" and one.at_s > now_s - 3_600.0
            and not self._loads[one.vehicle].planned
        }  # fmt: skip
        return [now_s + 3_600.0 * (at + 0.5) / len(seen) for at in range(len(seen))]


def metering(seed: int, tell: Tell, facts: dict[str, Any]) -> list[Measure]:
    """Play days unmetered and metered, and compare the longest queues and the tonnes in time.

    Parameters
    ----------
    seed
        Where all chance comes from.
    tell
        Is told what happens.
    facts
        Gets each day's figures.

    Returns
    -------
    list of Measure
        Medians of the days' ratios, metered over unmetered.
    """
    rows = []
    for index in range(DAYS):
        drawn = 1_000 * seed + index
        loads = day(drawn)
        free, held = (Day(loads, metered=one, seed=drawn).play() for one in (False, True))
        rows.append(_row(loads, free, held))
        tell(f"metering, day {index + 1} of {DAYS}: {rows[-1]}")
    queue = [row["queue_peak"][1] / max(1, row["queue_peak"][0]) for row in rows]
    tonnes = [row["tonnes_in_time"][1] / row["tonnes_in_time"][0] for row in rows]
    facts["metering"] = {
        "trips": TRIPS, "others": OTHERS, "bays": BAYS, "spare": SPARE,
        "days_unmetered_and_metered": rows,
        "queue_peak_ratio": [round(one, 3) for one in sorted(queue)],
        "tonnes_in_time_ratio": [round(one, 3) for one in sorted(tonnes)],
    }  # fmt: skip
    return [
        Measure(
            name="queue_peak_metered_vs_unmetered", value=median(queue), unit="times",
            goal=GOAL_QUEUE, better="lower",
        ),
        Measure(
            name="tonnes_in_time_metered_vs_unmetered", value=median(tonnes), unit="times",
            goal=GOAL_TONNES, better="higher",
        ),
    ]  # fmt: skip


def _row(loads: Sequence[Load], free: Played, held: Played) -> dict[str, Any]:
    return {
        "queue_peak": [free.peak[YARD], held.peak[YARD]],
        "checkpoint_queue_peak": [free.peak[CHECKPOINT], held.peak[CHECKPOINT]],
        "tonnes": sum(one.tonnes for one in loads if one.planned),
        "tonnes_in_time": [free.tonnes_in_time, held.tonnes_in_time],
        "mean_wait_min": [round(one.waited_s / TRIPS / 60, 1) for one in (free, held)],
        "mean_wait_of_others_min": [
            round(one.others_waited_s / OTHERS / 60, 1) for one in (free, held)
        ],
        "mean_delay_of_all_min": [
            round((one.waited_s + one.others_waited_s + one.held_s) / (TRIPS + OTHERS) / 60, 1)
            for one in (free, held)
        ],
        "mean_hold_min": round(held.held_s / TRIPS / 60, 1),
        "sent_over_capacity": held.over,
        "rounds_given_up": [held.given_up, held.rounds],
    }
