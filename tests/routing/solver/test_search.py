"""The search breaks no rule, repeats itself, and finds what an exhaustive one finds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pytest

from routing.solver.draft import Draft
from routing.solver.errors import InvalidModel
from routing.solver.live import Live
from routing.solver.model import NO_WAY, Lot, Request, Stop, Vehicle
from routing.solver.params import SearchParams
from routing.solver.solve import solve
from routing.solver.stop import Deadline, FirstOf, Rounds, Until
from tests.routing.solver.draws import draw, faults

PARTS = SearchParams(part=2)
TWO = SearchParams(threads=2)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("params", [SearchParams(), PARTS, TWO, SearchParams(part=2, threads=2)])
def test_no_solution_breaks_a_rule(seed: int, params: SearchParams) -> None:
    world = draw(seed, vehicles=4, requests=9, plain=seed % 4 == 0)
    solution = solve(world.model(), stop=Rounds(60), seed=seed, params=params)
    assert faults(world, solution) == []


@pytest.mark.parametrize("seed", range(12))
def test_what_an_insertion_is_said_to_cost_is_what_the_solution_costs_more(seed: int) -> None:
    world = draw(seed, vehicles=4, requests=9, plain=seed % 3 == 0)
    live = Live(world.model(), seed=seed)
    for number, request in enumerate(world.requests):
        place = live.cheapest(number)
        if place is None or request.lot is not None:
            continue
        before = live.solution().cost
        assert live.insert(number, place)
        assert live.solution().cost == pytest.approx(before + place.cost)
    assert faults(world, live.solution()) == []


@pytest.mark.parametrize("seed", range(12))
def test_what_was_put_in_and_taken_out_leaves_no_trace(seed: int) -> None:
    world = draw(seed, vehicles=3, requests=8, plain=seed % 3 == 0)
    live = Live(world.model(), seed=seed)
    solve(live.model, stop=Rounds(20), start=live)
    before = live.solution()
    out = [r for r in before.unserved if live.cheapest(r) is not None]
    for request in out:
        place = live.cheapest(request)
        if place is not None and live.insert(request, place):
            live.remove(request)
    after = live.solution()
    assert after.unserved == before.unserved
    assert after.cost == pytest.approx(before.cost)
    assert after.unserved_cost == pytest.approx(before.unserved_cost)


@pytest.mark.parametrize("params", [SearchParams(), PARTS, TWO])
def test_equal_seeds_and_rounds_give_equal_solutions(params: SearchParams) -> None:
    world = draw(5, vehicles=4, requests=9)
    one, two = (solve(world.model(), stop=Rounds(80), seed=3, params=params) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("seed", range(10))
def test_no_order_of_three_shipments_on_two_vehicles_is_cheaper(seed: int) -> None:
    """The best of all ways to drive three shipments, each tried with the stops in every order."""
    world = draw(seed, vehicles=2, requests=2, plain=True)
    model = world.model()
    found = solve(model, stop=Rounds(200), seed=seed)
    stops = [(r, 0, p) for r, q in enumerate(world.requests) for p in range(len(q.options[0]))]
    best = np.inf
    for owners in product((-1, 0, 1), repeat=len(world.requests)):
        mine = [[s for s in stops if owners[s[0]] == v] for v in (0, 1)]
        for one in permutations(mine[0]):
            for two in permutations(mine[1]):
                if any(
                    r.index((n, 0, 0)) > r.index((n, 0, 1))
                    for r in (one, two)
                    for n, _, p in r
                    if p
                ):
                    continue
                live = Live(model)
                if not live.load_what_fits([one, two]):
                    solution = live.solution()
                    best = min(best, solution.cost + solution.unserved_cost)
    assert found.cost + found.unserved_cost == pytest.approx(best)


def test_frozen_and_locked_requests_stay_where_they_are() -> None:
    world = draw(8, vehicles=3, requests=9, plain=True)
    live = Live(world.model(), seed=1)
    solve(live.model, stop=Rounds(0), start=live)
    longest = max(range(3), key=lambda v: len(live.solution().routes[v]))
    head = live.solution().routes[longest][:2]
    live.freeze(longest, 2)
    solved = solve(live.model, stop=Rounds(200), seed=2, start=live)
    assert [(v.request, v.part) for v in solved.routes[longest][:2]] == [
        (v.request, v.part) for v in head
    ]


def test_places_that_no_way_joins_are_never_driven_between() -> None:
    times = np.array([[0, NO_WAY, 5], [NO_WAY, 0, NO_WAY], [5, NO_WAY, 0]], np.int32)
    draft = Draft()
    draft.matrix([times])
    draft.vehicle(Vehicle(start=0, capacity=(9,), drive_cost=0.0))
    draft.request(Request(options=((Stop(place=1), Stop(place=2)),)))
    draft.request(Request(options=((Stop(place=0), Stop(place=2)),)))
    assert solve(draft.model(), stop=Rounds(50)).unserved == (0,)


def test_a_lot_larger_than_any_vehicle_is_carried_in_several_trips() -> None:
    draft = Draft()
    draft.matrix([np.array([[0, 100], [100, 0]], np.int32)])
    lot = draft.lot(Lot(quantity=(25,), least=2, unserved_cost=1e4, unserved_unit_cost=1e4))
    for _ in range(2):
        draft.vehicle(Vehicle(start=0, capacity=(10,)))
    for _ in range(3):
        draft.request(Request(options=((Stop(place=0), Stop(place=1)),), lot=lot))
    solution = solve(draft.model(), stop=Rounds(100))
    loads = sorted(v.amount[0] for route in solution.routes for v in route if v.part == 0)
    assert sum(loads) == 25
    assert solution.left == (0,)
    assert max(loads) <= 10


def test_a_rest_that_nobody_would_come_for_is_avoided() -> None:
    draft = Draft()
    draft.matrix([np.array([[0, 100], [100, 0]], np.int32)])
    lot = draft.lot(Lot(quantity=(11,), least=4, unserved_unit_cost=1e4))
    draft.vehicle(Vehicle(start=0, capacity=(10,)))
    for _ in range(2):
        draft.request(Request(options=((Stop(place=0), Stop(place=1)),), lot=lot))
    solution = solve(draft.model(), stop=Rounds(20))
    loads = sorted(v.amount[0] for v in solution.routes[0] if v.part == 0)
    assert loads == [4, 7]


def test_a_search_without_time_still_answers() -> None:
    world = draw(3, vehicles=3, requests=9)
    solution = solve(world.model(), stop=Deadline(lambda: 1.0, 0.001))
    assert faults(world, solution) == []
    assert solution.rounds == 0


def test_a_search_of_nothing_answers_with_nothing() -> None:
    draft = Draft()
    draft.matrix([np.zeros((1, 1), np.int32)])
    assert solve(draft.model(), stop=Rounds(5)).routes == ()


def test_the_furthest_of_several_criteria_counts() -> None:
    assert FirstOf((Rounds(10), Until(lambda: False)))(5) == 0.5
    assert FirstOf((Rounds(10), Until(lambda: True)))(5) == 1.0
    assert FirstOf(())(5) == 0.0


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda d: d.vehicle(Vehicle(start=7)), "place in"),
        (lambda d: d.vehicle(Vehicle(start=0, capacity=(1, 2))), "dimensions"),
        (lambda d: d.vehicle(Vehicle(start=0, fixed_cost=float("nan"))), "fixed_cost"),
        (lambda d: d.vehicle(Vehicle(start=0, second_cost=1.0)), "second matrix"),
        (lambda d: d.request(Request(options=())), "option"),
        (lambda d: d.request(Request(options=((Stop(place=0),),), amount=(-1,))), "amount"),
        (lambda d: d.request(Request(options=((Stop(place=0, service=-1),),))), "service"),
        (lambda d: d.request(Request(options=((Stop(place=0, facility=4),),))), "facility"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(what: Callable[[Draft], object], says: str) -> None:
    draft = Draft()
    draft.matrix([np.zeros((1, 1), np.int32)])
    what(draft)
    with pytest.raises(InvalidModel, match=says) as caught:
        draft.model()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[np.nan]])])
def test_a_matrix_with_impossible_times_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(InvalidModel, match=">= 0"):
        Draft().matrix([bad])
