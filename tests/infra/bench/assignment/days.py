"""Small days for the tests, and every plan there is for the smallest ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

import numpy as np

from infra.bench.assignment.checker import Call, judge
from infra.bench.assignment.instances import Instance


def line(**changes: object) -> Instance:
    """Lay one truck, two lots and one port on a line, ten minutes apart; all in seconds.

    The truck starts at the port. Slots: an hour each from 08:00 on, with one place each.
    """
    hour = 3600
    at_s = np.array([0, 600, 1200, 0])
    day = Instance(
        name="line",
        places=np.array([[9.0, 105.0], [9.1, 105.0], [9.2, 105.0], [9.0, 105.0]]),
        drive_s=np.abs(at_s[:, None] - at_s).astype(np.int32),
        shift_start_s=np.array([6 * hour]),
        shift_end_s=np.array([14 * hour]),
        reefer=np.array([False]),
        ready_s=np.array([7 * hour, 7 * hour]),
        hold_s=np.array([12 * hour, 12 * hour]),
        chilled=np.array([False, False]),
        takes=np.array([[True], [True]]),
        slot_port=np.array([0, 0, 0]),
        slot_start_s=np.array([8, 9, 10]) * hour,
        slot_end_s=np.array([9, 10, 11]) * hour,
        slot_places=np.array([1, 1, 1]),
    )
    return replace(day, **changes)  # type: ignore[arg-type]


def cheapest(day: Instance) -> float:
    """Try every plan of a day with few lots and return the least cost."""
    best = np.inf
    for owners in product(range(-1, day.trucks), repeat=day.lots):
        mine = [[lot for lot in range(day.lots) if owners[lot] == t] for t in range(day.trucks)]
        for routes in product(
            *(list(_routes(day, truck, lots)) for truck, lots in enumerate(mine))
        ):
            verdict = judge(day, routes)
            if not verdict.violations:
                best = min(best, verdict.cost)
    return best


def _routes(day: Instance, truck: int, lots: list[int]) -> Iterator[list[Call]]:
    """Yield every route of a truck over its lots that breaks none of the truck's own rules."""
    alone: list[list[Call]] = [[] for _ in range(day.trucks)]
    for order in permutations(lots):
        for slots in product(range(day.slots), repeat=len(order)):
            calls = [
                Call(lot, int(day.slot_port[slot]), slot)
                for lot, slot in zip(order, slots, strict=True)
            ]
            alone[truck] = calls
            if not judge(day, alone).violations:
                yield calls


def subset(day: Instance, lots: int, slots: int, rng: np.random.Generator) -> Instance:
    """Keep some lots and slots of a day, so that all its plans can be tried."""
    kept = np.sort(rng.permutation(day.lots)[:lots])
    open_slots = np.flatnonzero(day.slot_places > 0)
    kept_slots = np.sort(rng.permutation(open_slots)[:slots])
    places = np.concatenate(
        [np.arange(day.trucks), day.trucks + kept, day.trucks + day.lots + np.arange(day.ports)]
    )
    return replace(
        day,
        places=day.places[places],
        drive_s=day.drive_s[np.ix_(places, places)],
        ready_s=day.ready_s[kept],
        hold_s=day.hold_s[kept] + 4 * 3600,
        chilled=day.chilled[kept],
        takes=np.ones((lots, day.ports), bool),
        slot_port=day.slot_port[kept_slots],
        slot_start_s=day.slot_start_s[kept_slots],
        slot_end_s=day.slot_end_s[kept_slots],
        slot_places=np.ones(slots, np.int64),
    )
