"""Change models while their solutions are driven: what is remembered stays true."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.solver.amend import Moving
from routing.solver.draft import Draft
from routing.solver.kernels.booking import release
from routing.solver.kernels.walk import walk
from routing.solver.live import Live
from routing.solver.merge import merge
from routing.solver.model import Request, Slot, Stop, Vehicle
from routing.solver.solve import solve
from routing.solver.states import copy_state, totals
from routing.solver.stop import Rounds

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
SEEDS = st.integers(0, 2**32)


def shipment(random: Random, places: int) -> Request:
    """Draw goods on their way to a port with slots, or to any place."""
    pickup = Stop(place=random.randrange(places), service=100, windows=((0, 20_000),))
    port = Stop(place=0, service=100, facility=0, windows=((0, 30_000),))
    other = Stop(place=random.randrange(places), service=50, windows=((0, 30_000),))
    options = random.choice(
        [((pickup, port),), ((pickup, other),), ((pickup, port), (pickup, other))]
    )
    return Request(options=options, amount=(random.randint(1, 3),), unserved_cost=50_000.0)


def moving(seed: int) -> tuple[Moving, Random]:
    """Solve a small random model, and let it move."""
    random = Random(seed)
    places = 8
    times = np.array([[random.randint(0, 4_000) for _ in range(places)] for _ in range(places)])
    np.fill_diagonal(times, 0)
    draft = Draft()
    draft.matrix([times.astype(np.int32)])
    draft.facility(random.choice((None, 1)))
    for hour in range(6):
        draft.slot(Slot(facility=0, start=5_000 * hour, last=5_000 * hour + 4_999, capacity=2))
    for _ in range(3):
        start = random.randrange(places)
        draft.vehicle(Vehicle(start=start, capacity=(4,), shift_end=40_000, wait_cost=0.3))
    for _ in range(7):
        draft.request(shipment(random, places))
    live = Live(draft.model(), seed=seed)
    solve(live.model, stop=Rounds(20), start=live)
    return Moving(live), random


def change(live: Moving, random: Random) -> None:
    """Let something happen."""
    m, vehicle = live.model.arrays, random.randrange(len(live.model.arrays.vehicle))
    request = random.randrange(len(m.request))
    which = random.randrange(8)
    if which == 0:
        live.delay(vehicle, random.choice((100, 3_000, 20_000)))
    elif which == 1:
        live.forbid(request, vehicle)
    elif which == 2:
        live.withdraw(request)
    elif which == 3:
        live.stop_vehicle(vehicle)
    elif which == 4:
        live.cut_slot(random.randrange(6), random.randrange(3))
    elif which == 5:
        times = live.model.arrays.time[:, : live.places, : live.places].copy()
        times[0, random.randrange(live.places)] *= random.choice((1, 2, 5))
        every = np.arange(live.places)
        live.set_times([(every, every, times)])
    elif which == 6:
        out = np.array([[random.randint(0, 4_000) for _ in range(live.places)]], np.int64)
        live.with_place(out, out[:, ::-1])
        live.with_requests([shipment(random, live.places) for _ in range(2)])
    else:
        live.price(request, random.choice((10.0, 500_000.0)))


def flaws(live: Moving) -> list[str]:
    """Return what a solution remembers wrongly: every route is walked again."""
    m, found = live.model.arrays, []
    if (live.state.used > m.slot[:, 2]).any() and live.state.locked.any():
        return []  # what is locked keeps its place in a slot that was cut
    if not np.allclose(live.state.total, totals(m, live.state)):
        found.append("total")
    for vehicle in range(len(m.vehicle)):
        if vehicle in live.apart:
            continue
        s = copy_state(live.state)
        before = float(s.cost[vehicle])
        release(m, s, vehicle)
        if not walk(m, s, vehicle):
            found.append(f"vehicle {vehicle} cannot drive its route")
        elif s.cost[vehicle] > before + 1e-6:
            found.append(f"vehicle {vehicle} costs more than remembered")
    owner = live.vehicles_of()
    barred = [r for r in range(len(owner)) if owner[r] >= 0 and not m.allowed[r, owner[r]]]
    if any(int(owner[r]) not in live.apart and not live.state.locked[r] for r in barred):
        found.append("somebody serves what he may not")
    if (live.state.used > m.slot[:, 2]).any():
        found.append("a slot is overfull")
    return found


@settings(CALM)
@given(SEEDS)
def test_after_each_change_what_is_remembered_is_what_a_fresh_walk_finds(seed: int) -> None:
    """Random changes, with searches and passing time between them."""
    live, random = moving(seed)
    moment = 0
    for _ in range(6):
        change(live, random)
        assert flaws(live) == []
        live.settle(Rounds(10))
        assert flaws(live) == []
        if random.random() < 0.4:
            moment += random.choice((500, 4_000))
            live.hold(moment)
            assert flaws(live) == []


@settings(CALM)
@given(SEEDS)
def test_what_is_done_or_begun_stays_where_it_is(seed: int) -> None:
    """Visits that were made are never told otherwise, and goods aboard stay on their vehicle."""
    live, random = moving(seed)
    for step in range(1, 5):
        live.hold(3_000 * step)
        done = list(live.past.done)
        held = {r: live.vehicle_of(r) for r in live.past.aboard | live.past.under_way}
        change(live, random)
        live.settle(Rounds(10))
        assert live.past.done == done
        assert {r: live.vehicle_of(r) for r in held} == held


@settings(CALM)
@given(SEEDS)
def test_merging_takes_over_only_what_is_cheaper(seed: int) -> None:
    """A copy that was searched on is merged after a change, and the cost never grows."""
    live, random = moving(seed)
    twin = live.copy()
    solve(twin.model, stop=Rounds(100), start=twin)
    change(live, random)
    live.settle(Rounds(0))
    before = float(live.state.total.sum())
    merge(live, twin)
    live.recount()
    assert live.state.total.sum() <= before + 1e-6
    assert flaws(live) == []


def test_nothing_happens_where_nothing_was_touched() -> None:
    """A search without a change, or after an unserved request is withdrawn, leaves all as it is."""
    live, _ = moving(1)
    alone = Request(
        options=((Stop(place=1, windows=((0, 0),)), Stop(place=2, windows=((0, 0),))),), amount=(9,)
    )
    (number,) = live.with_requests([alone])
    live.settle(Rounds(10))
    before = copy_state(live.state)
    live.withdraw(number)
    assert live.settle(Rounds(100)) == 0
    assert (before.node == live.state.node).all()


def test_the_fewest_requests_leave_a_route_that_is_late() -> None:
    """Of three jobs on a road, a delay that leaves time for two takes one away."""
    draft = Draft()
    times = np.abs(np.subtract.outer(np.arange(4), np.arange(4))) * 100
    draft.matrix([times.astype(np.int32)])
    draft.vehicle(Vehicle(start=0, shift_end=500))
    for place in (1, 2, 3):
        draft.request(Request(options=((Stop(place=place, service=50),),), unserved_cost=9_999.0))
    live = Live(draft.model())
    live.load([[(0, 0, 0), (1, 0, 0), (2, 0, 0)]])
    late = Moving(live)
    late.delay(0, 60)
    assert len(late.out) == 1
