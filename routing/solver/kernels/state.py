"""Hold a solution that changes: routes as linked stops, with the walk along each one remembered.

Stops are numbered as in the model, N of them; vehicle v's beginning is N + v, its end N + V + v.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

NEXT, PREVIOUS, VEHICLE, RANK, LEG = 0, 1, 2, 3, 4
ARRIVAL, BEGIN, LEAVE, SINCE, DRIVEN, BREAK = 5, 6, 7, 8, 9, 10
SLOT, BOOKS, LATE = 11, 12, 13
NODE_COLUMNS = 14
"""What is remembered of a stop: its neighbours, vehicle and place in the route; seconds of driving
to it; when the vehicle arrives, begins and leaves; then, on leaving: driving since the last break,
driving in all, breaks taken; the slot, whether it is this stop that books it; and the latest
arrival from which all that follows is still in time (in plain models)."""

COST, SECOND = 0, 1
"""What the route has cost, and the second amount, up to leaving a stop."""


class State(NamedTuple):
    """A solution in the making; V vehicles, R requests, M = stops + 2 V nodes."""

    node: Ints
    price: Floats
    load: Ints
    """M × 3 K: aboard on leaving; the most so far; the most from here on."""
    served: Ints
    """The option of each request, -1 where it is unserved."""
    aboard: Ints
    """R × K: what each request carries."""
    left: Ints
    """Of each lot, what nobody carries yet."""
    cost: Floats
    """Of each vehicle."""
    pair: Floats
    """The part of a vehicle's cost that comes from whose requests it has, not from its road."""
    stops: Ints
    """Stops of each vehicle."""
    frozen: Ints
    """Stops at the head of each route between which nothing may be put."""
    locked: Ints
    """Requests that may not be taken out."""
    used: Ints
    """Vehicles in each slot."""
    quota: Ints
    """The same by group."""
    bay: Ints
    """Facilities × room × (begin, end, vehicle)."""
    bays: Ints
    """Bookings at each facility."""
    total: Floats
    """Cost of the routes, cost of what is unserved."""
    chance: NDArray[np.uint64]
    """The state of the generator of chance."""
