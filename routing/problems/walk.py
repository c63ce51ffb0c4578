"""Walk along one route of a solution and tell every rule of VROOM's API that it breaks.

Written from the API's text alone, for `check`; nothing here is shared with what makes solutions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Json = Mapping[str, Any]

_WORK = ("job", "pickup", "delivery")
_ENDLESS = 10**15
_NO_WAY = 10**9


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that a solution must not do.

    Attributes
    ----------
    code
        A word for the rule.
    where
        Where in the solution.
    detail
        A sentence with the numbers.
    """

    code: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class Work:
    """A task as the checker knows it, by its type and id."""

    at: int
    setup: int
    service: int
    setup_by_type: Mapping[str, int]
    service_by_type: Mapping[str, int]
    windows: tuple[tuple[int, int], ...]
    skills: frozenset[int]
    priority: int
    delivery: NDArray[np.int64]
    pickup: NDArray[np.int64]
    amount: NDArray[np.int64]
    needs_slot: bool


@dataclass(slots=True)
class Walked:
    """What a walk along a route found; times in exact seconds, amounts summed."""

    travel_s: float = 0.0
    distance_m: float = 0.0
    price: float = 0.0
    setup: int = 0
    service: int = 0
    waiting: int = 0
    priority: int = 0
    legs: int = 0
    delivered: Any = 0
    picked: Any = 0
    served: list[tuple[str, int]] = field(default_factory=list)
    slotted: list[tuple[int, int, Json, str]] = field(default_factory=list)
    """Each step that needs a slot: place, beginning, the step, where it stands."""
    found: list[Violation] = field(default_factory=list)
    vehicle: int = -1

    def say(self, code: str, where: str, detail: str) -> None:
        """Note a violation."""
        self.found.append(Violation(code, where, detail))


class Walk:
    """A walk along one route.

    Parameters
    ----------
    vehicle
        As the problem has it.
    works
        The tasks of the problem by type and id.
    matrices
        The vehicle's durations, distances and costs; the last two may be None.
    pairs
        The id of each delivery's pickup.
    size
        In how many dimensions amounts are counted.
    """

    def __init__(
        self,
        vehicle: Json,
        works: Mapping[tuple[str, int], Work],
        matrices: tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None],
        pairs: Mapping[int, int],
        size: int,
    ) -> None:
        self.vehicle, self.works, self.pairs, self.size = vehicle, works, pairs, size
        self.durations, self.distances, self.costs = matrices
        pace = vehicle.get("speed_factor") or 1.0
        self.factor = round(100 / pace) / 100
        self.slack = 0 if self.factor == 1 else 1
        window = vehicle.get("time_window")
        self.opens: int = window[0] if window else 0
        self.closes: int = window[1] if window else _ENDLESS
        self.type = vehicle.get("type") or ""

    def along(self, route: Json, where: str) -> Walked:
        """Return what is found along a route.

        Parameters
        ----------
        route
            As the solution has it.
        where
            Where it stands in the solution.
        """
        told = Walked(vehicle=self.vehicle["id"])
        steps = route.get("steps") or []
        if not steps:
            told.say("empty_route", where, "has no steps")
            return told
        known = self._known(steps, told, where)
        self._drive(known, told, where)
        self._clock(known, told, where)
        self._load(known, told, where)
        self._order(known, told, where)
        self._limits(known, told, where)
        self._breaks(known, told, where)
        return told

    def _known(self, steps: list[Json], told: Walked, where: str) -> list[tuple[str, Json, int]]:
        """Return the steps with their places (-1 at breaks), without those of unknown tasks."""
        works = [self.works.get((s["type"], s.get("id", -1))) for s in steps]
        places = [work.at for work in works if work is not None]
        known = []
        for number, (step, work) in enumerate(zip(steps, works, strict=True)):
            here = f"{where}.steps[{number}]"
            kind = step["type"]
            if kind in _WORK and work is None:
                told.say("unknown_task", here, f"there is no {kind} {step.get('id')}")
                continue
            if (kind == "start") != (number == 0 and kind == "start") or (
                kind == "end" and number != len(steps) - 1
            ):
                told.say("misplaced_end", here, f"a {kind} within the route")
            at = work.at if work is not None else self._end_at(kind, places)
            known.append((here, step, at))
            if kind in _WORK:
                told.served.append((kind, step["id"]))
        for kind, at in (("start", 0), ("end", -1)):
            given = self.vehicle.get(f"{kind}_index") is not None
            if given and steps[at]["type"] != kind:
                told.say("missing_end", where, f"the vehicle has its {kind}, the route has not")
        return known

    def _end_at(self, kind: str, places: list[int]) -> int:
        if kind not in ("start", "end"):
            return -1
        index = self.vehicle.get(f"{kind}_index")
        if index is not None:
            return int(index)
        return places[0 if kind == "start" else -1] if places else -1

    def _drive(self, known: list[tuple[str, Json, int]], told: Walked, where: str) -> None:
        """Sum time, length and price of the ways, and compare the steps' sums with them."""
        last = -1
        for here, step, at in known:
            if at < 0:
                continue
            if last >= 0:
                self._leg(last, at, told, here)
            last = at
            said = step.get("duration", 0)
            if abs(said - told.travel_s) > (told.legs + 1) * self.slack:
                told.say("duration", here, f"says {said} s, is {told.travel_s:.2f} s")
            if self.distances is not None and "distance" in step:
                self._same(told, here, "distance", step["distance"], told.distance_m)
        paid = self.vehicle.get("costs") or {}
        if self.costs is None:
            told.price = told.travel_s * paid.get("per_hour", 3600) / 3600
            told.price += told.distance_m * paid.get("per_km", 0) / 1000
        if told.served:
            told.price += paid.get("fixed", 0)
        for name, real, slack in (
            ("max_travel_time", told.travel_s, self.slack),
            ("max_distance", told.distance_m, 0),
        ):
            limit = self.vehicle.get(name)
            if limit is not None and real > limit + slack:
                told.say(name, where, f"drives {real:.2f}, {limit} at most")

    def _leg(self, one: int, two: int, told: Walked, here: str) -> None:
        took = float(self.durations[one, two])
        if not 0 <= took < _NO_WAY:
            told.say("no_way", here, f"there is no way from place {one} to {two}")
            return
        told.travel_s += took * self.factor
        told.legs += one != two
        if self.distances is not None:
            told.distance_m += float(self.distances[one, two])
        if self.costs is not None:
            told.price += float(self.costs[one, two])

    def _clock(self, known: list[tuple[str, Json, int]], told: Walked, where: str) -> None:
        """Compare arrivals, waiting, setup and service with what may be."""
        free = None
        driven = place = -1
        for here, step, at in known:
            arrival, waiting = step["arrival"], step.get("waiting_time", 0)
            if waiting < 0:
                told.say("waiting_time", here, f"waits {waiting} s")
            if free is not None:
                ready = free + step.get("duration", driven) - driven
                if step.get("duration", driven) < driven or arrival < ready - self.slack:
                    told.say("arrival", here, f"arrives at {arrival}, {ready} is the soonest")
            begin = arrival + waiting
            spent = self._spend(step, at, place, told, here)
            if step["type"] in _WORK:
                self._window(step, begin, told, here)
            free, driven = begin + spent, step.get("duration", driven)
            begun = step["type"] != "start" or self.vehicle.get("start_index") is not None
            place = at if at >= 0 and begun else place
        if known[0][1]["arrival"] < self.opens:
            told.say("shift", where, f"starts at {known[0][1]['arrival']}, opens at {self.opens}")
        if free is not None and free > self.closes + self.slack:
            told.say("shift", where, f"ends at {free}, closes at {self.closes}")
        told.price += (
            (told.setup + told.service)
            * (self.vehicle.get("costs") or {}).get("per_task_hour", 0)
            / 3600
        )
        for pause in (s for _h, s, _a in known if s["type"] == "break"):
            told.service += pause.get("service", 0)

    def _spend(self, step: Json, at: int, place: int, told: Walked, here: str) -> int:
        """Check setup and service of a step and return their sum."""
        told.waiting += step.get("waiting_time", 0)
        if step["type"] == "break":
            return int(step.get("service", 0))
        if step["type"] not in _WORK:
            return 0
        work = self.works[step["type"], step["id"]]
        setup = 0 if at == place else work.setup_by_type.get(self.type, work.setup)
        service = work.service_by_type.get(self.type, work.service)
        self._same(told, here, "setup", step.get("setup", 0), setup)
        self._same(told, here, "service", step.get("service", 0), service)
        told.setup += setup
        told.service += service
        return setup + service

    def _window(self, step: Json, begin: int, told: Walked, here: str) -> None:
        work = self.works[step["type"], step["id"]]
        early, late = -self.slack, self.slack
        if not any(first + early <= begin <= last + late for first, last in work.windows):
            told.say("time_window", here, f"begins at {begin}, outside {list(work.windows)}")
        if work.needs_slot:
            told.slotted.append((work.at, begin, step, here))

    def _load(self, known: list[tuple[str, Json, int]], told: Walked, where: str) -> None:
        """Follow what is aboard: a job's delivery from the start, its pickup to the end."""
        told.delivered = told.picked = zero = np.zeros(self.size, np.int64)
        works = [self.works[key] for key in told.served]
        load = sum((work.delivery for work in works), zero)
        capacity = np.array(self.vehicle.get("capacity") or [0] * self.size, np.int64)
        for here, step, _at in [(where, {"type": "start"}, 0), *known]:
            kind = step["type"]
            if kind in _WORK:
                work = self.works[kind, step["id"]]
                given = work.amount if kind == "delivery" else work.delivery
                taken = work.amount if kind == "pickup" else work.pickup
                load = load - given + taken
                told.delivered, told.picked = told.delivered + given, told.picked + taken
            if (load > capacity).any():
                told.say("load", here, f"carries {load.tolist()}, room for {capacity.tolist()}")
            if "load" in step and list(step["load"]) != load.tolist():
                told.say("load", here, f"says {step['load']}, is {load.tolist()}")
            if kind == "break":
                self._max_load(step, load, told, here)

    def _max_load(self, step: Json, load: NDArray[np.int64], told: Walked, here: str) -> None:
        for pause in self.vehicle.get("breaks") or []:
            most = pause.get("max_load")
            if pause["id"] == step.get("id") and most is not None and (load > most).any():
                told.say("max_load", here, f"carries {load.tolist()}, {most} at most")

    def _order(self, known: list[tuple[str, Json, int]], told: Walked, where: str) -> None:
        """Require a pickup before each delivery, and a delivery after each pickup."""
        aboard: set[int] = set()
        for here, step, _at in known:
            if step["type"] == "pickup":
                aboard.add(step["id"])
            elif step["type"] == "delivery":
                pair = self.pairs.get(step["id"], -1)
                if pair not in aboard:
                    told.say("precedence", here, f"delivers {step['id']} before its pickup")
                aboard.discard(pair)
        if aboard:
            told.say("precedence", where, f"never delivers pickups {sorted(aboard)}")

    def _limits(self, known: list[tuple[str, Json, int]], told: Walked, where: str) -> None:
        """Compare skills and the number of tasks."""
        has = frozenset(self.vehicle.get("skills") or ())
        for here, step, _at in known:
            if step["type"] in _WORK:
                work = self.works[step["type"], step["id"]]
                told.priority += work.priority
                if not work.skills <= has:
                    told.say("skills", here, f"needs {sorted(work.skills)}, has {sorted(has)}")
        limit = self.vehicle.get("max_tasks")
        if limit is not None and len(told.served) > limit:
            told.say("max_tasks", where, f"has {len(told.served)} tasks, {limit} at most")

    def _breaks(self, known: list[tuple[str, Json, int]], told: Walked, where: str) -> None:
        """Require each break once, of its length, begun in a window of its own."""
        given = {pause["id"]: pause for pause in self.vehicle.get("breaks") or []}
        taken: list[int] = []
        for here, step in ((h, s) for h, s, _a in known if s["type"] == "break"):
            pause = given.get(step.get("id", -1))
            if pause is None:
                told.say("unknown_break", here, f"the vehicle has no break {step.get('id')}")
                continue
            taken.append(step["id"])
            self._same(told, here, "service", step.get("service", 0), pause.get("service", 0))
            begin = step["arrival"] + step.get("waiting_time", 0)
            windows = pause.get("time_windows") or [(0, _ENDLESS)]
            if not any(one - self.slack <= begin <= two + self.slack for one, two in windows):
                told.say("break_window", here, f"begins at {begin}, outside {windows}")
        if sorted(taken) != sorted(given):
            told.say("missing_break", where, f"takes breaks {taken}, has {sorted(given)}")

    def _same(self, told: Walked, here: str, name: str, said: float, real: float) -> None:
        if abs(said - real) > 0:
            told.say(name, here, f"says {said}, is {real:g}")


def rows_of(problem: Json) -> Iterator[tuple[str, int, Json, Json]]:
    """Yield each task as (type, id, the task, what carries its skills, amounts and priority)."""
    for job in problem.get("jobs") or ():
        yield "job", job["id"], job, job
    for shipment in problem.get("shipments") or ():
        for kind in ("pickup", "delivery"):
            yield kind, shipment[kind]["id"], shipment[kind], shipment
