"""Hold what is computed for all trucks at once against the rules, asked one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import given, settings

from routing.dispatch import Problem
from routing.dispatch.board import NO_WAY_S, Board
from routing.dispatch.options import Options, cost_of, weigh
from routing.dispatch.rules import OVERRIDABLE, RULES, Candidate, judge
from routing.dispatch.table import Table
from tests.routing.dispatch.test_plan import worlds
from tests.routing.dispatch.worlds import CALM, PARAMS


def _allowed(board: Board, option: Options, truck: int, slot: int) -> list[float]:
    """Return the costs of the lanes by which the rules let the truck into the slot."""
    problem, lot = board.problem, board.problem.lots[option.lot]
    place = board.slots[slot]
    costs = []
    for number, lane in enumerate(option.lanes):
        open_way = option.arrival_s[truck, number] < NO_WAY_S
        candidate = Candidate(
            now=problem.now,
            params=board.params,
            truck=problem.trucks[truck],
            lot=lot,
            facility=problem.facilities[lane.facility],
            slot=place,
            way=option.itinerary(board, truck, number) if open_way else None,
            free=place.free,
            declined=(problem.trucks[truck].truck_id, lot.lot_id) in problem.forbidden,
        )
        here = problem.facilities[lane.facility].facility_id == place.facility_id
        if here and not judge(candidate):
            costs.append(sum(cost_of(board, option, truck, slot, number).values()))
    return costs


@settings(CALM, max_examples=80)
@given(worlds())
def test_all_trucks_at_once_are_allowed_and_priced_as_one_by_one(problem: Problem) -> None:
    """A finite cost stands where the rules refuse nothing, and it is the cheapest lane's."""
    whole = replace(problem, now=problem.now.replace(microsecond=0))
    slots = tuple(
        replace(
            slot,
            window_start=slot.window_start.replace(microsecond=0),
            window_end=slot.window_end.replace(microsecond=0),
        )
        for slot in whole.slots
    )
    lots = tuple(
        replace(lot, quantity_kg=5_000, ready_from=min(lot.ready_from, whole.now))
        for lot in whole.lots
    )
    board = Board(Table(replace(whole, slots=slots, lots=lots), PARAMS))
    for at in range(len(lots)):
        option = weigh(board, at, board.legs([at]), 0)
        known = np.full((len(whole.trucks), len(board.slots)), np.inf)
        known[:, option.slots] = option.base
        for truck, slot in product(range(len(whole.trucks)), range(len(board.slots))):
            costs = _allowed(board, option, truck, slot)
            assert bool(costs) == bool(np.isfinite(known[truck, slot]))
            if costs:
                assert abs(min(costs) - known[truck, slot]) < 1e-6


def test_every_rule_stands_in_the_table_once() -> None:
    """What may be overridden is among the rules."""
    assert len(set(RULES)) == len(RULES)
    assert set(RULES) >= OVERRIDABLE
