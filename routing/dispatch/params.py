"""Set the weights, limits and service times of a plan.

Costs are told in *cost seconds*: one second of a truck driving costs 1 by default, and all other
weights are exchange rates to that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from routing.dispatch.invalid import InvalidProblem
from routing.solver.params import SearchParams

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Params:
    """Weights with their units, the rules' numbers, and the limits of the search.

    Attributes
    ----------
    empty_cost_per_s, loaded_cost_per_s
        Cost seconds for a second of driving to the pickup, and with the goods.
    wait_cost_per_s
        For a second that a truck stands: before leaving, at the farm, before its window.
    age_cost_per_s
        For a second between the lot being ready and its delivery.
    risk_cost_per_s, hold_buffer_s
        For each second by which a delivery comes closer to the end of the hold time than
        the buffer.
    spare_cost_per_kg
        For each kilogram of payload that a consignment leaves unused.
    split_cost
        For each further consignment that a too small truck leaves behind; it guides the
        choice and is in no trip's cost.
    spoil_share_per_h, cost_s_per_vnd
        What share of its value a lot loses in an hour between ready and delivered, and how many
        cost seconds a đồng is worth (both assumed); only lots with a value are priced.
    corridor_bonus
        Cost seconds that a trip through a corridor is better off: corridors are preferred,
        never forced.
    churn_cost
        For giving a lot to another truck than in the plan before, and again for another slot.
    fairness_cost
        For sending a truck, times its haulier's share of the work done so far.
    unserved_cost, unserved_cost_per_kg
        For a lot left over, and for each kilogram of it; both times 1 + priority.
    corridor_join_m
        How far, in a straight line, a pickup may lie from an assembly point to join there.
    horizon_s
        A lot that is ready later than this from now waits for a later plan.
    margin_s
        How long before the end of its slot's window, and of the lot's hold time, a delivery has
        to be planned, so that a queue on the way breaks nothing (assumed; an override may use
        it up).
    accept_s
        No departure is planned sooner than this from now: the haulier has to see and accept
        the offer first (assumed).
    pickup_early_s
        A truck that would be early leaves so as to be at the pickup this long before ready.
    load_s, unload_s, load_s_by_product, unload_s_by_product
        Service times: a constant, and exceptions by product.
    drive_s, break_s, day_s, week_s
        At most this much driving without a break, the break's length, and the driving of a
        day and of a week: 4 h, 15 minutes, 10 h, 48 h.
    return_home
        Whether a truck that has a home ends its route there; by default it ends anywhere.
    pool
        Whether a truck may have several consignments aboard; otherwise each trip has one.
    min_consignment_kg
        No truck is sent for less.
    local_utc_offset_s
        The offset in which corridor hours are told.
    block_lots
        How many lots are planned jointly; more are planned block after block, the most
        urgent first.
    threads
        On how many threads the search runs.
    """

    empty_cost_per_s: float = 1.0
    loaded_cost_per_s: float = 1.0
    wait_cost_per_s: float = 0.3
    age_cost_per_s: float = 0.1
    risk_cost_per_s: float = 1.0
    hold_buffer_s: int = 3_600
    spare_cost_per_kg: float = 0.05
    split_cost: float = 1_800.0
    spoil_share_per_h: float = 0.001
    cost_s_per_vnd: float = 0.01
    corridor_bonus: float = 900.0
    churn_cost: float = 600.0
    fairness_cost: float = 600.0
    unserved_cost: float = 50_000.0
    unserved_cost_per_kg: float = 10.0
    corridor_join_m: float = 25_000.0
    horizon_s: int = 4 * 3_600
    margin_s: int = 900
    accept_s: int = 300
    pickup_early_s: int = 900
    load_s: int = 1_800
    unload_s: int = 1_800
    load_s_by_product: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    unload_s_by_product: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    drive_s: int = 4 * 3_600
    break_s: int = 900
    day_s: int = 10 * 3_600
    week_s: int = 48 * 3_600
    return_home: bool = False
    pool: bool = True
    min_consignment_kg: int = 50
    local_utc_offset_s: int = 7 * 3_600
    block_lots: int = 1_024
    threads: int = 1

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            amounts = value.values() if hasattr(value, "values") else (value,)
            least = -86_400 if item.name == "local_utc_offset_s" else 0
            if not all(math.isfinite(amount) and amount >= least for amount in amounts):
                raise InvalidProblem(f"Expected {item.name} finite and >= {least}, got {value!r}.")
            if item.name.endswith(("_s", "_s_by_product")) and not item.name.endswith("_per_s"):
                _whole(item.name, tuple(amounts))
        if self.drive_s <= 0 or self.day_s > 86_400 or self.block_lots < 1 or self.threads < 1:
            raise InvalidProblem(
                "Expected drive_s > 0, day_s <= 86400, block_lots >= 1 and threads >= 1."
            )

    @property
    def search(self) -> SearchParams:
        """How the engine goes about its search."""
        return SearchParams(threads=self.threads)

    def spoil_cost_per_s(self, value_vnd: float) -> float:
        """Return what a second costs in which goods of that value wait."""
        return value_vnd * self.spoil_share_per_h / 3_600 * self.cost_s_per_vnd

    def load_of(self, product: str) -> int:
        """Return the seconds it takes to load the product."""
        return self.load_s_by_product.get(product, self.load_s)

    def unload_of(self, product: str) -> int:
        """Return the seconds it takes to unload the product."""
        return self.unload_s_by_product.get(product, self.unload_s)


def _whole(name: str, amounts: tuple[float, ...]) -> None:
    if any(amount != int(amount) for amount in amounts):
        raise InvalidProblem(f"Expected {name} in whole seconds, got {amounts!r}.")
