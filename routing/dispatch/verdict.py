"""Judge a dispatcher's override: the rules it breaks, what it costs, and whom it displaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from routing.dispatch.solve import plan

if TYPE_CHECKING:
    from routing.dispatch.outcome import Plan
    from routing.dispatch.params import Params
    from routing.dispatch.problem import Forced, Problem
    from routing.dispatch.rules import Refusal
    from routing.dispatch.stop import StopCriterion


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an override breaks and costs.

    Attributes
    ----------
    allowed, refusals
        Whether it may be done, or all rules that it breaks, with their numbers.
    cost_difference
        Cost seconds by which the trips are dearer than without it.
    displaced
        Lots of which less is carried, with the kilograms that they lose.
    gained
        Lots of which more is carried, likewise.
    """

    allowed: bool
    refusals: tuple[Refusal, ...]
    cost_difference: float
    displaced: dict[str, int]
    gained: dict[str, int]


def verdict(
    problem: Problem,
    forced: Forced,
    *,
    stop: StopCriterion,
    without: Plan | None = None,
    seed: int = 0,
    params: Params | None = None,
) -> Verdict:
    """Plan with an override, and say how that differs from the plan without it.

    Parameters
    ----------
    problem, forced
        The world, and the override, which comes after those the problem has.
    stop, seed, params
        As for `plan`.
    without
        The plan without it; None: it is made.
    """
    before = without or plan(problem, stop=stop, seed=seed, params=params)
    asked = replace(problem, forced=(*problem.forced, forced))
    after = plan(asked, stop=stop, seed=seed, params=params)
    answer = after.forced[-1]
    if not answer.planned:
        return Verdict(
            allowed=False,
            refusals=answer.refusals,
            cost_difference=0.0,
            displaced={},
            gained={},
        )
    more = {
        lot_id: kg - _carried(before).get(lot_id, 0)
        for lot_id, kg in (dict.fromkeys(_carried(before), 0) | _carried(after)).items()
    }
    return Verdict(
        allowed=True,
        refusals=(),
        cost_difference=round(after.stats["cost"] - before.stats["cost"], 1),
        displaced={lot_id: -kg for lot_id, kg in more.items() if kg < 0},
        gained={lot_id: kg for lot_id, kg in more.items() if kg > 0},
    )


def _carried(made: Plan) -> dict[str, int]:
    """Return the kilograms of each lot that leave the farm."""
    found: dict[str, int] = {}
    for trip in made.trips:
        if trip.leg == 1:
            found[trip.lot_id] = found.get(trip.lot_id, 0) + trip.quantity_kg
    return found
