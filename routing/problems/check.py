"""Judge a solution by the text of VROOM's API alone, apart from everything that makes solutions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.problems.walk import Violation, Walk, Walked, Work, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Json = Mapping[str, Any]

_ENDLESS = 10**15
_SUMS = ("setup", "service", "waiting_time", "duration", "distance", "cost", "priority")


def check(problem: Any, solution: Json, *, slots_named: bool = True) -> list[Violation]:
    """Return everything that a solution does wrong; nothing at all if it may stand.

    Parameters
    ----------
    problem
        The JSON object of a problem with matrices, or the `Problem` that was read from it.
    solution
        The JSON object of a solution: ours, VROOM's, or anybody's in this form.
    slots_named
        Whether the steps must name the slots they use. If not, it is tried whether slots can be
        found for them.
    """
    return _Judge(problem).judge(solution, slots_named=slots_named)


def cost_of(problem: Any, solution: Json) -> float:
    """Return the exact cost of a solution's routes by the problem's own prices."""
    return sum(walked.price for walked in _Judge(problem).walks(solution))


def distance_of(problem: Any, solution: Json) -> float:
    """Return how far all vehicles drive: metres, or seconds where there are no distances."""
    judge = _Judge(problem)
    walks = judge.walks(solution)
    if judge.has_distances:
        return sum(walked.distance_m for walked in walks)
    return sum(walked.travel_s for walked in walks)


def vehicles_of(problem: Any, solution: Json) -> int:
    """Return how many vehicles serve anything."""
    return sum(bool(walked.served) for walked in _Judge(problem).walks(solution))


class _Judge:
    """A problem, taken apart for judging."""

    def __init__(self, problem: Any) -> None:
        plain = problem.model_dump() if hasattr(problem, "model_dump") else problem
        self.problem: Json = plain
        self.vehicles = {vehicle["id"]: vehicle for vehicle in plain["vehicles"]}
        self.size = max((len(v.get("capacity") or ()) for v in plain["vehicles"]), default=0)
        self.works = {
            (kind, number): self._work(kind, task, carrier)
            for kind, number, task, carrier in rows_of(plain)
        }
        given = plain.get("matrices") or {"car": {"durations": plain["matrix"]}}
        self.matrices = {name: _matrices(one) for name, one in given.items()}
        self.has_distances = all(one[1] is not None for one in self.matrices.values())
        self.pairs = {
            one["delivery"]["id"]: one["pickup"]["id"] for one in plain.get("shipments") or ()
        }

    def _work(self, kind: str, task: Json, carrier: Json) -> Work:
        zero = np.zeros(self.size, np.int64)
        delivery = pickup = amount = zero
        if kind == "job":
            old = carrier.get("delivery") is None and carrier.get("pickup") is None
            delivery = self._amount(carrier.get("amount" if old else "delivery"))
            pickup = self._amount(carrier.get("pickup"))
        else:
            amount = self._amount(carrier.get("amount"))
        places = {slot["location_index"] for slot in self.problem.get("slots") or ()}
        return Work(
            at=task["location_index"],
            setup=task.get("setup") or 0,
            service=task.get("service") or 0,
            setup_by_type=task.get("setup_per_type") or {},
            service_by_type=task.get("service_per_type") or {},
            windows=tuple(map(tuple, task.get("time_windows") or [(0, _ENDLESS)])),
            skills=frozenset(carrier.get("skills") or ()),
            priority=carrier.get("priority") or 0,
            delivery=delivery,
            pickup=pickup,
            amount=amount,
            needs_slot=task["location_index"] in places
            and (kind == "delivery" or bool(delivery.any())),
        )

    def _amount(self, given: Any) -> NDArray[np.int64]:
        return np.array(given or [0] * self.size, np.int64)

    def walks(self, solution: Json) -> list[Walked]:
        """Walk along every route of a known vehicle."""
        return [
            self._walk(route, f"routes[{at}]")
            for at, route in enumerate(solution.get("routes") or ())
            if route["vehicle"] in self.vehicles
        ]

    def _walk(self, route: Json, where: str) -> Walked:
        vehicle = self.vehicles[route["vehicle"]]
        matrices = self.matrices[vehicle.get("profile") or "car"]
        walk = Walk(vehicle, self.works, matrices, self.pairs, self.size)
        return walk.along(route, where)

    def judge(self, solution: Json, *, slots_named: bool) -> list[Violation]:
        """Return everything wrong."""
        found: list[Violation] = []
        if solution.get("code") != 0:
            found.append(Violation("code", "code", f"is {solution.get('code')!r}"))
        routes = solution.get("routes") or []
        for at, route in enumerate(routes):
            if route["vehicle"] not in self.vehicles:
                detail = f"there is no vehicle {route['vehicle']}"
                found.append(Violation("unknown_vehicle", f"routes[{at}]", detail))
        for number, times in Counter(route["vehicle"] for route in routes).items():
            if times > 1:
                found.append(Violation("vehicle_twice", "routes", f"{number} has {times} routes"))
        walks = self.walks(solution)
        found += [one for walked in walks for one in walked.found]
        found += self._accounted(walks, solution)
        found += self._slots(walks, named=slots_named)
        return found + self._sums(walks, solution)

    def _accounted(self, walks: list[Walked], solution: Json) -> list[Violation]:
        """Require each task once: in one route, or among the unassigned."""
        served = Counter(key for walked in walks for key in walked.served)
        left = Counter(
            (one.get("type", "job"), one["id"]) for one in solution.get("unassigned") or ()
        )
        found = []
        for (kind, number), times in (served + left).items():
            if times > 1:
                detail = f"{kind} {number} stands {times} times in routes and unassigned"
                found.append(Violation("task_twice", "routes", detail))
            if (kind, number) not in self.works:
                found.append(Violation("unknown_task", "unassigned", f"no {kind} {number}"))
        for kind, number in self.works.keys() - served.keys() - left.keys():
            found.append(Violation("task_lost", "routes", f"{kind} {number} stands nowhere"))
        for delivery, pickup in self.pairs.items():
            if (("pickup", pickup) in left) != (("delivery", delivery) in left):
                detail = f"only one of pickup {pickup} and delivery {delivery} is unassigned"
                found.append(Violation("half_shipment", "unassigned", detail))
        return found

    def _slots(self, walks: list[Walked], *, named: bool) -> list[Violation]:
        """Require every delivery where there are slots to begin in one that has room."""
        slots = self.problem.get("slots") or ()
        users: list[set[int]] = [set() for _slot in slots]
        found = []
        waiting = []
        for walked in walks:
            for place, begin, step, where in walked.slotted:
                if "slot" in step:
                    found += _named(slots, users, step, (place, begin, walked.vehicle, where))
                elif named:
                    found.append(Violation("slot", where, "names no slot"))
                else:
                    waiting.append((begin, place, walked.vehicle, where))
        for begin, place, vehicle, where in sorted(waiting):
            fitting = _fitting(slots, users, place, begin, vehicle)
            if fitting is None:
                found.append(Violation("slot", where, f"begins at {begin}, in no free slot"))
            else:
                users[fitting].add(vehicle)
        for at, (slot, vehicles) in enumerate(zip(slots, users, strict=True)):
            if len(vehicles) > slot["capacity"]:
                detail = f"holds {len(vehicles)} vehicles, {slot['capacity']} at most"
                found.append(Violation("slot_capacity", f"slots[{at}]", detail))
        return found

    def _sums(self, walks: list[Walked], solution: Json) -> list[Violation]:
        """Compare the sums of routes and summary with the steps."""
        found: list[Violation] = []
        routes = [r for r in solution.get("routes") or () if r["vehicle"] in self.vehicles]
        pairs = [
            (f"routes[{at}]", route, [walked])
            for at, (route, walked) in enumerate(zip(routes, walks, strict=True))
        ]
        summary = solution.get("summary") or {}
        for where, said, of in [*pairs, ("summary", summary, walks)]:
            for name, real, slack in self._totals(of):
                if name in said and abs(said[name] - real) > slack:
                    found.append(Violation(name, where, f"says {said[name]}, is {real:g}"))
            for name, field in (("delivery", "delivered"), ("pickup", "picked")):
                zero = np.zeros(self.size, np.int64)
                moved = sum((getattr(w, field) for w in of), zero).tolist()
                if self.size and name in said and list(said[name]) != moved:
                    found.append(Violation(name, where, f"says {said[name]}, is {moved}"))
        for name, told in (("routes", routes), ("unassigned", solution.get("unassigned") or ())):
            if summary.get(name, len(told)) != len(told):
                found.append(Violation(name, "summary", f"says {summary[name]}, is {len(told)}"))
        return found

    def _totals(self, walks: list[Walked]) -> list[tuple[str, float, float]]:
        """Return each sum, its real value, and what rounding may add or take."""
        legs = sum(walked.legs + 1 for walked in walks)
        exact = all((v.get("speed_factor") or 1.0) == 1 for v in self.vehicles.values())
        slack = 0 if exact else legs
        rates = [(v.get("costs") or {}).get("per_hour", 3600) for v in self.vehicles.values()]
        money = len(walks) + slack * max(rates, default=0) / 3600
        whole = all(rate == 3600 for rate in rates) and exact
        by_hour = any((v.get("costs") or {}).get("per_km") for v in self.vehicles.values())
        by_task = any((v.get("costs") or {}).get("per_task_hour") for v in self.vehicles.values())
        return [
            ("setup", sum(w.setup for w in walks), 0),
            ("service", sum(w.service for w in walks), 0),
            ("waiting_time", sum(w.waiting for w in walks), 0),
            ("duration", sum(w.travel_s for w in walks), slack),
            ("priority", sum(w.priority for w in walks), 0),
            ("cost", sum(w.price for w in walks), 0 if whole and not by_hour | by_task else money),
            *([("distance", sum(w.distance_m for w in walks), 0)] if self.has_distances else []),
        ]


def _named(
    slots: Any, users: list[set[int]], step: Json, use: tuple[int, int, int, str]
) -> list[Violation]:
    """Note the use of the slot that a step names, or say why it cannot be."""
    place, begin, vehicle, where = use
    number = step["slot"]["index"]
    if not 0 <= number < len(slots):
        return [Violation("slot", where, f"there is no slot {number}")]
    slot = slots[number]
    users[number].add(vehicle)
    if slot["location_index"] != place:
        return [Violation("slot", where, f"slot {number} is of another place")]
    if not slot["start"] <= begin <= slot["end"]:
        window = [slot["start"], slot["end"]]
        return [Violation("slot", where, f"begins at {begin}, outside slot {number} {window}")]
    return []


def _fitting(slots: Any, users: list[set[int]], place: int, begin: int, vehicle: int) -> int | None:
    """Return an open slot: one that the vehicle is in, or the free one that closes first."""
    open_now = [
        at
        for at, slot in enumerate(slots)
        if slot["location_index"] == place and slot["start"] <= begin <= slot["end"]
    ]
    for at in open_now:
        if vehicle in users[at]:
            return at
    free = [at for at in open_now if len(users[at]) < slots[at]["capacity"]]
    return min(free, key=lambda at: (slots[at]["end"], at)) if free else None


def _matrices(given: Json) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
    durations = _array(given["durations"])
    others = (given.get(key) for key in ("distances", "costs"))
    distances, costs = (None if rows is None else _array(rows) for rows in others)
    return durations, distances, costs


def _array(rows: Any) -> NDArray[Any]:
    if isinstance(rows, np.ndarray):
        return rows
    return np.array([[-1 if cell is None else cell for cell in row] for row in rows], np.int64)
