"""Drive one truck through one assignment: to the farm, load, through checkpoints, deliver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from infra.scenario.stray import REPORT_S, Detour, Strays, find_detour
from infra.scenario.way import LatLon, Way
from infra.scenario.world import Post, Vehicle, World
from schemas.assignment import (
    AssignmentFact,
    AssignmentReportDelivered,
    AssignmentReportLoaded,
)
from schemas.checkpoint import CheckpointArrived, CheckpointCleared, CheckpointHeld
from schemas.model import Fact

REPORT_EVERY = timedelta(minutes=5)
"""How often a driving truck reports its position."""
STAND_REPORT_EVERY = timedelta(minutes=15)
"""How often a truck reports that waits with an assignment."""
_NEAR_M = 1_000.0
_HELD_SHARE = 0.015


@dataclass(slots=True)
class Job:
    """One assignment as its driver knows it; `fact` is replaced when dispatch revises it."""

    fact: AssignmentFact
    accepted: bool = False
    loaded: bool = False
    done: bool = False
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """One event that a simulated truck, officer or haulier causes."""

    time: datetime
    type: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing that happens to a truck: where it is by then, and what is said."""

    at: datetime
    spot: LatLon
    speed_kph: float = 0.0
    events: tuple[Said, ...] = ()


@dataclass
class Bays:
    """When each bay of each checkpoint is free again."""

    free: dict[str, list[datetime]] = field(default_factory=dict)

    def serve(self, post: Post, arrived: datetime, service: timedelta) -> datetime:
        """Take the first free bay and return when its work on the truck ends."""
        bays = self.free.setdefault(post.place_id, [arrived] * post.bays)
        first = min(range(len(bays)), key=bays.__getitem__)
        bays[first] = max(bays[first], arrived) + service
        return bays[first]


class Trip:
    """One truck's way through its job, from one moment and place on.

    Parameters
    ----------
    world, bays, strays
        What trucks know, the checkpoints' queues that they share, and how many leave a corridor.
    vehicle, job
        Who drives what.
    start, spot
        When and where the truck starts.
    on_road
        The truck is under way already: it joins the road where it is.
    """

    def __init__(
        self,
        world: World,
        bays: Bays,
        strays: Strays,
        vehicle: Vehicle,
        job: Job,
        *,
        start: datetime,
        spot: LatLon,
        on_road: bool,
    ) -> None:
        self._world, self._bays, self._strays = world, bays, strays
        self._vehicle, self._job = vehicle, job
        self._detour: Detour | None = None
        self._chance = world.chance(vehicle.truck_id, job.fact.lot_id, "trip")
        self._clock, self._spot = start, spot
        self._way = Way.from_geojson(job.fact.route.geometry.model_dump())
        pace = self._chance.uniform(1.0, 1.06)
        duration_s = max(job.fact.route.duration_s, 1.0)
        self._speed_mps = min(max(pace * self._way.length_m / duration_s, 5.0), 25.0)
        self._breaks = [(one, other) for one, other in job.fact.breaks if one >= start]
        self._next_report = start
        self.visit: CheckpointCleared | None = None
        """What ends the visit of a checkpoint, while the truck is at one."""
        pickup = job.fact.pickup
        self._pickup_m = 0.0 if job.loaded else self._way.nearest((pickup.lat, pickup.lon))[0]
        self._along_m = self._join() if on_road else 0.0

    def _join(self) -> float:
        reach_m = self._way.length_m if self._job.loaded else self._pickup_m
        along_m, off_m = self._way.cut(0.0, reach_m).nearest(self._spot)
        return along_m if off_m < _NEAR_M else 0.0

    def steps(self) -> Iterator[Step]:
        """Yield what happens, in the order of time; each step is worked out when it is due."""
        yield self._step()
        if not self._job.loaded:
            yield from self._drive(self._pickup_m)
            yield from self._load()
        self._detour = self._find_detour()
        yield from self._drive(self._way.length_m)
        yield from self._deliver()

    def _drive(self, to_m: float) -> Iterator[Step]:
        for stop_m, post in self._posts(self._along_m, to_m):
            yield from self._stray(stop_m)
            yield from self._roll(stop_m)
            yield from self._pass(post)
        yield from self._stray(to_m)
        yield from self._roll(to_m)

    def _find_detour(self) -> Detour | None:
        """Find where the truck could leave its corridor, while one truck is still to do so."""
        fact = self._job.fact
        lane = self._world.lanes.get(fact.corridor_id or "")
        if lane is None or self._strays.left == 0:
            return None
        posts = self._posts(self._along_m, self._way.length_m)
        return find_detour(
            self._way,
            self._along_m,
            lane,
            self._world.chance(self._vehicle.truck_id, fact.lot_id, "stray"),
            speed_mps=self._speed_mps,
            posts_m=tuple(post_m for post_m, _ in posts),
        )

    def _stray(self, until_m: float) -> Iterator[Step]:
        """Leave the corridor before a point of the way, if that was found possible."""
        detour = self._detour
        if detour is None or detour.end_m > until_m:
            return
        self._detour = None
        yield from self._roll(detour.begin_m)
        if not self._strays.take():
            return
        gone_m = 0.0
        while gone_m < detour.way.length_m:
            moved_m = min(REPORT_S * self._speed_mps, detour.way.length_m - gone_m)
            gone_m += moved_m
            self._clock += timedelta(seconds=moved_m / self._speed_mps)
            self._spot = detour.way.at(gone_m)
            yield self._step(speed_kph=round(self._speed_mps * 3.6, 1))
        self._along_m = detour.end_m
        self._next_report = self._clock + REPORT_EVERY

    def _posts(self, from_m: float, to_m: float) -> list[tuple[float, Post]]:
        """Return the checkpoints between two points of the way, but not at its very ends."""
        part, found = self._way.cut(from_m, to_m), []
        for post in self._world.posts:
            along_m, off_m = part.nearest(post.spot)
            if off_m < _NEAR_M and 300 < along_m < part.length_m - 300:
                found.append((from_m + along_m, post))
        return sorted(found, key=lambda met: (met[0], met[1].place_id))

    def _roll(self, to_m: float) -> Iterator[Step]:
        while self._along_m < to_m:
            if self._breaks and self._breaks[0][0] <= self._clock:
                begin, end = self._breaks.pop(0)
                yield from self._stand(self._clock + (end - begin))
                continue
            left_s = (to_m - self._along_m) / self._speed_mps
            report_s = max((self._next_report - self._clock).total_seconds(), 1.0)
            moved_s = min(left_s, report_s)
            self._along_m = to_m if moved_s == left_s else self._along_m + moved_s * self._speed_mps
            self._clock += timedelta(seconds=moved_s)
            self._spot = self._way.at(self._along_m)
            if self._clock >= self._next_report:
                self._next_report = self._clock + REPORT_EVERY
                yield self._step(speed_kph=round(self._speed_mps * 3.6, 1))

    def _stand(self, until: datetime) -> Iterator[Step]:
        while self._clock < until:
            self._clock = min(until, self._clock + STAND_REPORT_EVERY)
            yield self._step()
        self._next_report = self._clock + REPORT_EVERY

    def _pass(self, post: Post) -> Iterator[Step]:
        chance = self._world.chance(
            self._vehicle.truck_id, self._job.fact.lot_id, post.place_id, str(self._job.loaded)
        )
        seen = {
            "checkpoint_id": post.place_id,
            "truck_id": self._vehicle.truck_id,
            "plate": self._vehicle.plate,
            "officer_id": f"officer-{post.place_id.removeprefix('cp-')}",
            "people_count": 1 + (chance.random() < 0.4),
            "transit": True,
        }
        cleared = CheckpointCleared.model_validate(seen)
        yield self._step(("checkpoint.arrived", CheckpointArrived.model_validate(seen)))
        self.visit = cleared
        service, held_for = dwell(chance)
        done = self._bays.serve(post, self._clock, service)
        if held_for:
            self._clock = done
            held = CheckpointHeld.model_validate({**seen, "reason_code": "papers_missing"})
            yield self._step(("checkpoint.held", held))
            yield from self._stand(done + held_for)
        else:
            self._clock = done
        yield self._step(("checkpoint.cleared", cleared))
        self.visit = None
        self._next_report = self._clock + REPORT_EVERY

    def _load(self) -> Iterator[Step]:
        pickup = self._job.fact.pickup
        self._spot = (pickup.lat, pickup.lon)
        yield self._step()
        ready = self._world.ready_from.get(self._job.fact.lot_id, self._clock)
        loading = timedelta(seconds=self._chance.randrange(1_200, 1_740))
        yield from self._stand(max(self._clock, ready) + loading)
        self._job.loaded = True
        yield self._step(("assignment.report_loaded", loaded_report(self._job, self._vehicle)))

    def _deliver(self) -> Iterator[Step]:
        facility_id = self._job.fact.facility_id
        self._spot = self._world.facilities.get(facility_id, self._spot)
        yield self._step()
        # Received when the truck enters the gate inside its window; unloading follows.
        entry = timedelta(seconds=self._chance.randrange(60, 300))
        yield from self._stand(max(self._clock, self._job.fact.window_start) + entry)
        self._job.done = True
        report = delivered_report(self._job, self._vehicle)
        yield self._step(("assignment.report_delivered", report))

    def _step(self, *events: tuple[str, Fact], speed_kph: float = 0.0) -> Step:
        at = self._clock.replace(microsecond=0)
        said = tuple(Said(at, event_type, fact) for event_type, fact in events)
        return Step(at, self._spot, speed_kph, said)


def loaded_report(job: Job, vehicle: Vehicle) -> AssignmentReportLoaded:
    """Return the driver's report of what was loaded."""
    return AssignmentReportLoaded(**_names(job, vehicle), quantity_kg=job.fact.quantity_kg)


def delivered_report(job: Job, vehicle: Vehicle) -> AssignmentReportDelivered:
    """Return the driver's report of the delivery."""
    return AssignmentReportDelivered(**_names(job, vehicle))


def _names(job: Job, vehicle: Vehicle) -> dict[str, Any]:
    return {
        "assignment_id": job.fact.assignment_id,
        "region": job.fact.region,
        "actor": f"driver:{vehicle.driver_id}",
    }


def dwell(chance: Random) -> tuple[timedelta, timedelta | None]:
    """Draw how long a bay works on a truck, and how long the truck is held after that."""
    draw = chance.random()
    if draw < _HELD_SHARE:
        return timedelta(minutes=3), timedelta(seconds=chance.randrange(900, 1_800))
    if draw < 0.06:
        return timedelta(seconds=chance.randrange(360, 720)), None
    return timedelta(seconds=chance.randrange(100, 200)), None
