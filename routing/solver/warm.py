"""Compile the search's loops once, so that what follows finds them on disk."""

from __future__ import annotations

import numpy as np

from routing.solver.draft import Draft
from routing.solver.live import Live
from routing.solver.model import Request, Slot, Stop, Vehicle
from routing.solver.params import SearchParams
from routing.solver.solve import solve
from routing.solver.stop import Rounds


def warm() -> None:
    """Search for the routes of two vehicles, in parts and as a whole, and ask about one request.

    It takes about a minute where nothing has been compiled yet, and a moment where it has: numba
    keeps what it compiles beside the source, or in the user's own cache where that is not to be
    written.
    """
    draft = Draft()
    draft.matrix([np.array([[0, 9, 9], [9, 0, 9], [9, 9, 0]], np.int32)])
    port = draft.facility()
    draft.slot(Slot(facility=port, start=0, last=900, capacity=2))
    for _ in range(2):
        draft.vehicle(Vehicle(start=0, capacity=(1,), fixed_cost=1.0))
    for place in (0, 1):
        ways = ((Stop(place=place), Stop(place=2, facility=port)),)
        draft.request(Request(options=ways, amount=(1,)))
    model = draft.model()
    for part in (1, 100):
        live = Live(model)
        solve(model, stop=Rounds(2), params=SearchParams(part=part), start=live)
    live.remove(0)
    found = live.cheapest(0)
    if found is not None:
        live.insert(0, found)
