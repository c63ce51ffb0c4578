"""Which stops are near one another: by positions where there are any, by times otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from routing.solver.draft import Draft
from routing.solver.errors import InvalidModel
from routing.solver.model import NO_WAY, Request, Stop, Vehicle
from routing.solver.near import find_near

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
