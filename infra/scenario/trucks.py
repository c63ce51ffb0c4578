"""Simulate the trucks of a scenario: they answer offers and drive what dispatch assigns to them.

The simulation is pure. It hears the events of `dispatch.assignment.v1` and is told the time; it
answers with what trucks, drivers and officers say. Given the same assignments it says the same,
whatever the speed, and an event's id is made of its content, so that saying it again is harmless.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from infra.scenario.script import with_run
from infra.scenario.stray import Strays
from infra.scenario.trip import Bays, Job, Said, Step, Trip, delivered_report, loaded_report
from infra.scenario.way import LatLon
from infra.scenario.world import Manner, Vehicle, World
from schemas.assignment import (
    AssignmentAccept,
    AssignmentDecline,
    AssignmentFact,
    CommandRefused,
)
from schemas.envelope import Event, Record, encode
from schemas.topics import TOPIC_OF_TYPE
from schemas.truck import TruckPositionReported

SOURCE = "/sim/trucks"
"""The CloudEvents source of everything simulated."""
IDLE_REPORT_EVERY = timedelta(minutes=45)
"""How often a truck without an assignment says where it stands."""
_OVER = frozenset(
    {
        "assignment.delivered",
        "assignment.declined",
        "assignment.expired",
        "assignment.cancelled",
    }
)
_REPORTS = {"assignment.report_loaded", "assignment.report_delivered"}
_RETRY_AFTER, _RETRIES = timedelta(minutes=5), 3
_NAMESPACE = uuid.UUID("6f1d1c5e-3080-4083-9d5c-20210908a001")


@dataclass(slots=True)
class Actor:
    """One truck: where it is and what it does."""

    vehicle: Vehicle
    spot: LatLon
    jobs: dict[str, Job] = field(default_factory=dict)
    current: Job | None = None
    trip: Trip | None = None
    steps: Iterator[Step] | None = None
    reported_at: datetime | None = None
    turn: int = 0
    """Grows with every change of plan: what was due under an earlier turn does not happen."""


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    order: int
    kind: Literal["step", "answer", "idle", "again"] = field(compare=False)
    truck_id: str = field(compare=False)
    turn: int = field(compare=False, default=0)
    step: Step | None = field(compare=False, default=None)
    assignment_id: str = field(compare=False, default="")
    type: str = field(compare=False, default="")


class Simulation:
    """All trucks of one scenario.

    Parameters
    ----------
    world
        What the trucks know.
    start
        When they begin to report where they stand.
    """

    def __init__(self, world: World, start: datetime) -> None:
        self._world, self._bays, self._strays = world, Bays(), Strays(world.strays)
        self._due: list[_Due] = []
        self._count = 0
        self._out: list[Said] = []
        self._trucks: dict[str, str] = {}
        self._over: set[str] = set()
        self._actors = {
            vehicle.truck_id: Actor(vehicle, vehicle.home) for vehicle in world.vehicles.values()
        }
        for truck_id in self._actors:
            offset_s = world.chance(truck_id, "idle").randrange(
                60, round(IDLE_REPORT_EVERY.total_seconds())
            )
            self._push(start + timedelta(seconds=offset_s), "idle", truck_id)

    @property
    def active(self) -> int:
        """How many assignments are proposed, accepted or loaded."""
        return len(self._trucks)

    def step(self, now: datetime, events: Iterable[Event] = ()) -> list[Said]:
        """Hear what dispatch said, each at its own time, and let everything happen until `now`.

        Parameters
        ----------
        now
            What the stack's clock shows.
        events
            New events of `dispatch.assignment.v1` in their order.

        Returns
        -------
        list of Said
            What is said, in the order of time but for what was heard late.
        """
        self._out = []
        for event in events:
            self._run(min(event.time, now))
            self._hear(event)
        self._run(now)
        return self._out

    def _run(self, now: datetime) -> None:
        while self._due and self._due[0].at <= now:
            due = heapq.heappop(self._due)
            actor = self._actors[due.truck_id]
            if due.kind == "idle":
                self._idle(actor, due.at)
            elif due.kind == "answer":
                self._answer(actor, due)
            elif due.kind == "again":
                self._say_again(actor, due)
            elif due.turn == actor.turn and due.step is not None:
                self._take(actor, due.step)

    def _hear(self, event: Event) -> None:
        fact = event.data
        if isinstance(fact, CommandRefused):
            self._hear_refusal(fact, event.time)
            return
        if not isinstance(fact, AssignmentFact):
            return
        holder = self._trucks.get(fact.assignment_id)
        if event.type in _OVER or (holder is not None and holder != fact.truck_id):
            self._drop(fact.assignment_id, event.time)
        if event.type in _OVER:
            self._over.add(fact.assignment_id)
        if fact.assignment_id in self._over or fact.truck_id not in self._actors:
            return
        actor = self._actors[fact.truck_id]
        job = actor.jobs.get(fact.assignment_id)
        if job is None:
            job = actor.jobs[fact.assignment_id] = Job(fact)
            self._trucks[fact.assignment_id] = fact.truck_id
            if fact.status == "proposed":
                self._consider(actor, job, event.time)
        elif fact.revision < job.fact.revision:
            return
        self._learn(actor, job, fact, event.time)

    def _learn(self, actor: Actor, job: Job, fact: AssignmentFact, now: datetime) -> None:
        known, job.fact = job.fact, fact
        job.accepted = job.accepted or fact.status in {"accepted", "loaded"}
        job.loaded = job.loaded or fact.status == "loaded"
        if actor.current is None:
            self._begin(actor, now)
        elif actor.current is job and not job.done and _other_road(known, fact):
            self._start(actor, job, now, on_road=True)

    def _hear_refusal(self, fact: CommandRefused, now: datetime) -> None:
        truck_id = self._trucks.get(fact.assignment_id)
        if truck_id is None or fact.command not in _REPORTS:
            return
        job = self._actors[truck_id].jobs[fact.assignment_id]
        if job.retries < _RETRIES:
            job.retries += 1
            self._push(
                now + _RETRY_AFTER,
                "again",
                truck_id,
                assignment_id=fact.assignment_id,
                type=fact.command,
            )

    def _consider(self, actor: Actor, job: Job, now: datetime) -> None:
        """Answer an offer within one to four minutes."""
        chance = self._world.chance(actor.vehicle.truck_id, job.fact.lot_id, "when")
        at = now + timedelta(seconds=chance.randrange(60, 230))
        self._push(at, "answer", actor.vehicle.truck_id, assignment_id=job.fact.assignment_id)

    def _answer(self, actor: Actor, due: _Due) -> None:
        job = actor.jobs.get(due.assignment_id)
        if job is None or job.accepted:
            return
        fact = job.fact
        manner = self._world.manners.get(fact.haulier_id, Manner())
        chance = self._world.chance(fact.truck_id, fact.lot_id, "answer")
        silent, declines = chance.random() < manner.silent_share, self._declines(fact, manner)
        names = {
            "assignment_id": fact.assignment_id,
            "region": fact.region,
            "actor": f"haulier:{fact.haulier_id}",
        }
        if declines:
            command = AssignmentDecline.model_validate({**names, "reason": "Không nhận chuyến"})
            self._out.append(Said(due.at, "assignment.decline", command))
        elif not silent:
            accept = AssignmentAccept.model_validate(names)
            self._out.append(Said(due.at, "assignment.accept", accept))

    def _declines(self, fact: AssignmentFact, manner: Manner) -> bool:
        there = self._world.facility_regions.get(fact.facility_id)
        if manner.decline_facility_region not in {None, there}:
            return False
        chance = self._world.chance(fact.truck_id, fact.lot_id, "decline")
        return chance.random() < manner.decline_share

    def _drop(self, assignment_id: str, now: datetime) -> None:
        truck_id = self._trucks.pop(assignment_id, None)
        if truck_id is None:
            return
        actor = self._actors[truck_id]
        job = actor.jobs.pop(assignment_id)
        if actor.current is job:
            self._halt(actor, now)
            self._begin(actor, now)

    def _halt(self, actor: Actor, now: datetime) -> None:
        """End what the truck does; one that stands at a checkpoint is let go."""
        if actor.trip is not None and actor.trip.visit is not None:
            self._out.append(Said(now, "checkpoint.cleared", actor.trip.visit))
        actor.current, actor.trip, actor.steps = None, None, None
        actor.turn += 1

    def _begin(self, actor: Actor, now: datetime) -> None:
        """Start on the accepted assignment that is to leave first, if there is one."""
        waiting = [job for job in actor.jobs.values() if job.accepted and not job.done]
        if waiting:
            job = min(waiting, key=lambda job: (job.fact.departure, job.fact.assignment_id))
            self._start(actor, job, max(now, job.fact.departure), on_road=False)

    def _start(self, actor: Actor, job: Job, start: datetime, *, on_road: bool) -> None:
        self._halt(actor, start)
        actor.current = job
        actor.trip = Trip(
            self._world,
            self._bays,
            self._strays,
            actor.vehicle,
            job,
            start=start,
            spot=actor.spot,
            on_road=on_road or job.loaded,
        )
        actor.steps = actor.trip.steps()
        self._next(actor, start)

    def _next(self, actor: Actor, now: datetime) -> None:
        step = next(actor.steps, None) if actor.steps is not None else None
        if step is None:
            self._halt(actor, now)
            self._begin(actor, now)
        else:
            self._push(step.at, "step", actor.vehicle.truck_id, turn=actor.turn, step=step)

    def _take(self, actor: Actor, step: Step) -> None:
        actor.spot = step.spot
        self._report(actor, step.at, step.speed_kph)
        self._out += step.events
        self._next(actor, step.at)

    def _idle(self, actor: Actor, at: datetime) -> None:
        if actor.current is None:
            self._report(actor, at, 0.0)
        self._push(at + IDLE_REPORT_EVERY, "idle", actor.vehicle.truck_id)

    def _say_again(self, actor: Actor, due: _Due) -> None:
        job = actor.jobs.get(due.assignment_id)
        if job is None:
            return
        make = loaded_report if due.type == "assignment.report_loaded" else delivered_report
        self._out.append(Said(due.at, due.type, make(job, actor.vehicle)))

    def _report(self, actor: Actor, at: datetime, speed_kph: float) -> None:
        if at == actor.reported_at:
            return
        actor.reported_at = at
        fact = TruckPositionReported(
            truck_id=actor.vehicle.truck_id,
            lat=round(actor.spot[0], 5),
            lon=round(actor.spot[1], 5),
            speed_kph=speed_kph,
            accuracy_m=8.0,
        )
        self._out.append(Said(at, "truck.position_reported", fact))

    def _push(
        self,
        at: datetime,
        kind: Literal["step", "answer", "idle", "again"],
        truck_id: str,
        *,
        turn: int = 0,
        step: Step | None = None,
        assignment_id: str = "",
        type: str = "",  # noqa: A002 - an event's type
    ) -> None:
        self._count += 1
        heapq.heappush(
            self._due, _Due(at, self._count, kind, truck_id, turn, step, assignment_id, type)
        )


def _other_road(known: AssignmentFact, fact: AssignmentFact) -> bool:
    return known.facility_id != fact.facility_id or known.route.geometry != fact.route.geometry


def record_of(said: Said, run_id: str | None) -> Record:
    """Return the Kafka record of what a simulated truck said, under an id made of its content."""
    content = f"{said.type}|{said.time.isoformat()}|{said.fact.model_dump_json()}"
    return encode(
        TOPIC_OF_TYPE[said.type].name,
        said.type,
        said.fact,
        event_id=with_run(uuid.uuid5(_NAMESPACE, content).hex, run_id),
        source=SOURCE,
        time=said.time,
    )
