"""What the search does where nobody drives between farms: what is near, and what fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.solver.draft import Draft
from routing.solver.errors import InvalidModel
from routing.solver.live import Live
from routing.solver.model import NO_WAY, Request, Slot, Stop, Vehicle
from routing.solver.near import find_near
from routing.solver.solve import solve
from routing.solver.stop import Rounds

FARMS = 4
PORT = FARMS


def _draft(where: list[tuple[float, float]] | None) -> Draft:
    """Lay out farms that nobody drives between, and one port."""
    time = np.full((FARMS + 1, FARMS + 1), NO_WAY, np.int32)
    time[:, PORT] = time[PORT, :] = 600
    np.fill_diagonal(time, 0)
    draft = Draft()
    draft.matrix([time], where=None if where is None else np.array(where))
    port = draft.facility()
    draft.vehicle(Vehicle(start=PORT, capacity=(1,)))
    for farm in range(FARMS):
        stops = (Stop(place=farm), Stop(place=PORT, facility=port))
        draft.request(Request(options=(stops,), amount=(1,)))
    return draft


def _port() -> Stop:
    return Stop(place=PORT, facility=0)


def test_farms_that_nobody_drives_between_are_near_by_where_they_lie() -> None:
    """Along a line 0, 3, 1, 10: the pickups' nearest are in that order."""
    model = _draft([(0.0, 0.0), (3.0, 0.0), (1.0, 0.0), (10.0, 0.0), (5.0, 5.0)]).model()
    pickups = model.arrays.option[:, 0]
    near = [[int(pickups.tolist().index(n)) for n in find_near(model)[p]] for p in pickups]
    assert near == [[2, 1, 3], [2, 0, 3], [0, 1, 3], [1, 2, 0]]


@pytest.mark.parametrize(
    "where", [[(0.0, 0.0)], [(0.0, 0.0)] * FARMS + [(float("nan"), 0.0)], [(0.0,)] * (FARMS + 1)]
)
def test_positions_that_cannot_be_are_refused(where: list[tuple[float, float]]) -> None:
    with pytest.raises(InvalidModel, match=r"5 x 2 finite metres"):
        _draft(where)


def test_a_request_goes_before_another_one_whose_farm_no_road_leads_to_from_its_own() -> None:
    """The first farm's goods are ready late, the second's spoil early: port lies between them."""
    draft = _draft(None)
    draft.slot(Slot(facility=0, start=0, last=86_400, capacity=FARMS))
    windows = ((7_200, 9_000), (0, 1_800))
    draft.requests = [
        replace(request, options=((Stop(place=farm, windows=(window,)), _port()),) * 2)
        for farm, (request, window) in enumerate(zip(draft.requests[:2], windows, strict=True))
    ]
    draft.vehicles = [replace(draft.vehicles[0], fixed_cost=cost) for cost in (5_000.0, 0.0)]
    live = Live(draft.model())
    place = next(place for place in live.insertions(0) if place.vehicle == 1)
    assert live.insert(0, place)
    solve(live.model, stop=Rounds(0), start=live)
    assert [visit.request for visit in live.route(1)] == [1, 1, 0, 0]
