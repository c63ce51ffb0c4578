"""Tell why tasks are left: what stands in the way, and the smallest change that would help.

A reason is true by trial: with its change, and no other, the task fits into a route as they are.
Where no single change helps, a smallest set of changes is told, and each says that it needs the
others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.problems.lift import LIFTS, LIMITS, Lifter, Tried, widened
from routing.problems.needs import NEEDS, Case, case_of
from routing.problems.problem import Job
from routing.solver.arrays import N_REQUEST
from routing.solver.model import NO_WAY

if TYPE_CHECKING:
    from routing.problems.lower import Lowered
    from routing.problems.problem import Problem, Shipment, Task
    from routing.solver.arrays import Arrays
    from routing.solver.live import Live
    from routing.solver.solution import Solution
    from routing.solver.stop import StopCriterion

    Json = dict[str, Any]

_WIDEST_S = 2**22
"""Windows are widened by up to 48 days to find what helps."""
_NEAREST = 2
"""Of so many vehicles, those that need least at first, the smallest raise of a limit is sought."""
_TOGETHER = ", and make the other changes that are named here"


def reasons_of(
    problem: Problem,
    lowered: Lowered,
    live: Live,
    found: Solution,
    *,
    stop: StopCriterion | None = None,
) -> dict[int, list[Json]]:
    """Return the reasons for each unserved request: ``code``, ``detail``, ``fix``.

    Parameters
    ----------
    problem
        With matrices.
    lowered
        The same, as the solver took it.
    live
        The solution as the search left it.
    found
        The same, as it is told.
    stop
        When to stop trying; it is called with how many are explained.
    """
    if not problem.vehicles:
        fix = "Give at least one vehicle."
        return {
            request: [_reason("no_vehicle", "There are no vehicles.", fix)]
            for request in found.unserved
        }
    if not found.unserved:
        return {}
    explainer = _Explainer(problem, lowered, Lifter(live))
    told = {}
    for number, request in enumerate(found.unserved):
        if stop is not None and stop(number) >= 1.0:
            told[request] = [
                _reason(
                    "not_examined",
                    "The time was up before it was known why nobody serves it.",
                    "Give the search more time.",
                )
            ]
        else:
            told[request] = explainer.reasons(request)
    return told


def _reason(code: str, detail: str, fix: str) -> Json:
    return {"code": code, "detail": detail, "fix": fix}


class _Explainer:
    """Explains one request after another."""

    def __init__(self, problem: Problem, lowered: Lowered, lifter: Lifter) -> None:
        self.problem, self.lowered, self.lifter = problem, lowered, lifter
        self.ways_miss = bool((lifter.arrays.time >= NO_WAY).any())

    def reasons(self, request: int) -> list[Json]:
        """Return why nobody serves a request."""
        if self.lifter.tries(request, frozenset()):
            return [
                _reason(
                    "time_limit",
                    "The time was up before a place was found for it, though there is one.",
                    "Give the search more time.",
                )
            ]
        rules = self._in_force(request)
        single = [found for rule in rules if (found := self._single(rule, request))]
        if not any(found["code"] == "unreachable" for found in single):
            single += self._one_more(request)
        return single or self._several(rules, request)

    def _in_force(self, request: int) -> list[str]:
        """Return the rules that can stand in the way of a request at all."""
        carrier, vehicles = self.lowered.carriers[request], self.problem.vehicles
        tasks = _tasks(carrier)
        places = {slot.location_index for slot in self.problem.slots}
        slotted = any(task.location_index in places for task in tasks)
        held = {
            "skills": bool(carrier.skills),
            "capacity": self.problem.dimensions > 0,
            "time_window": any(task.time_windows for task in tasks),
            "slot_full": slotted,
            "slot_hours": slotted,
            "max_tasks": any(one.max_tasks is not None for one in vehicles),
            "max_travel_time": any(one.max_travel_time is not None for one in vehicles),
            "max_distance": any(one.max_distance is not None for one in vehicles),
            "shift_end": any(one.time_window for one in vehicles),
            "shift_start": any(one.time_window for one in vehicles),
            "break": any(one.breaks for one in vehicles),
            "unreachable": self.ways_miss,
        }
        return [rule for rule in LIFTS if held[rule]]

    def _single(self, rule: str, request: int) -> Json | None:
        """Return the reason that a rule is by itself, if lifting it helps."""
        tries = self.lifter.tries(request, frozenset({rule}))
        if not tries:
            return None
        if rule == "time_window":
            tries = self._least_widening(request) or tries
        if rule == "slot_full":
            tries = [better for tried in tries for better in self._one_place_more(tried)]
            if not tries:
                return None
        cases = [self._case(tried, rule) for tried in tries]
        if rule in LIMITS:
            nearest = sorted(cases, key=lambda case: NEEDS[rule](case)[0])[:_NEAREST]
            cases = [self._least_raise(case, rule) for case in nearest]
        size, detail, fix = min((NEEDS[rule](case) for case in cases), key=lambda one: one[0])
        # what is not needed is no reason: a full slot beside one that is open
        return _reason(rule, detail, f"{fix}.") if size else None

    def _several(self, rules: list[str], request: int) -> list[Json]:
        """Return a smallest set of rules that have to be lifted together."""
        needed = frozenset(rules)
        tries = self.lifter.tries(request, needed)
        for rule in rules:
            if without := self.lifter.tries(request, needed - {rule}):
                needed, tries = needed - {rule}, without
        if not tries:
            detail = "It stands against several rules at once."
            return [_reason("several", detail, "Try it in a problem of its own.")]
        case = self._case(tries[0], *needed)
        told = [(rule, *NEEDS[rule](case)) for rule in rules if rule in needed]
        ending = _TOGETHER if len(told) > 1 else ""
        return [_reason(rule, detail, f"{fix}{ending}.") for rule, _size, detail, fix in told]

    def _one_more(self, request: int) -> list[Json]:
        tries = self.lifter.alone(request)
        if not tries:
            return []
        like = self.problem.vehicles[tries[0].vehicle].id
        detail = "The vehicles that could serve it are busy with other tasks."
        return [_reason("vehicles_busy", detail, f"Add one more vehicle like vehicle {like}.")]

    def _least_widening(self, request: int) -> list[Tried]:
        """Return the places that the smallest widening of one window gives, on one side of it."""
        m = self.lifter.arrays
        best: tuple[int, list[Tried]] = (_WIDEST_S, [])
        for stop in np.flatnonzero(m.stop[:, N_REQUEST] == request).tolist():
            for side in (0, 1):
                best = self._widening(request, m, stop, side, best)
        return best[1]

    def _widening(
        self, request: int, m: Arrays, stop: int, side: int, best: tuple[int, list[Tried]]
    ) -> tuple[int, list[Tried]]:
        """Return a smaller widening than the best one so far, or that one."""

        def tries(by: int) -> list[Tried]:
            sooner, later = (0, by) if side else (by, 0)
            return self.lifter.fits(request, widened(m, [stop], sooner, later))

        low, high = 0, best[0]
        found = tries(high)
        if not found:
            return best
        while high - low > 1:
            middle = (low + high) // 2
            if one := tries(middle):
                high, found = middle, one
            else:
                low = middle
        return high, found

    def _least_raise(self, case: Case, rule: str) -> Case:
        """Return the same request in the same route where it needs the least of a limit."""
        over = self._over(case, rule)
        most = max(over, default=0)

        def raised(by: int) -> Case | None:
            tries = self.lifter.raised(case.tried, rule, tuple(-(-n * by // most) for n in over))
            return replace(self._case(tries[0], rule), changed_by=by) if tries else None

        found = raised(most) if most else None
        if found is None:
            return case
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            if less := raised(middle):
                high, found = middle, less
            else:
                low = middle
        return found

    def _over(self, case: Case, rule: str) -> tuple[int, ...]:
        """Return by how much a route is over a limit."""
        if rule == "shift_start":  # where slots are scarce, only the whole change is sure to help
            return ((case.vehicle.time_window or (0, 0))[0],)
        if rule != "capacity":
            return (NEEDS[rule](case)[0],)
        room = case.vehicle.capacity or ()
        return tuple(max(0, most - fits) for most, fits in zip(case.most, room, strict=True))

    def _one_place_more(self, tried: Tried) -> list[Tried]:
        """Return the place of a tried request again if its own slot alone has to grow for it."""
        own = [v.slot for v in tried.visits if v.request == tried.request and v.slot is not None]
        grown = [self.lifter.fits(tried.request, self.lifter.with_room(slot)) for slot in own]
        return [one for found in grown for one in found if one.vehicle == tried.vehicle]

    def _case(self, tried: Tried, *lifted: str) -> Case:
        return case_of(self.problem, self.lowered, tried, frozenset(lifted))


def _tasks(carrier: Job | Shipment) -> tuple[Task, ...]:
    return (carrier,) if isinstance(carrier, Job) else (carrier.pickup, carrier.delivery)
