"""Hold a plan as the explanations look at it: placements, and what they have used up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.dispatch.board import Board, Floats
    from routing.dispatch.table import Lane


@dataclass(frozen=True, slots=True)
class Placement:
    """One consignment put on one truck into one slot; numbers are places in the problem."""

    lot: int
    truck: int
    slot: int
    lane: Lane | None
    lane_number: int
    quantity_kg: int
    open_before_kg: int
    cost: float
    forced: bool = False


@dataclass(slots=True)
class Ledger:
    """What a growing plan has used up."""

    free: NDArray[np.int64]
    used: NDArray[np.bool_]
    open_kg: list[int]
    placements: list[Placement] = field(default_factory=list)


def consignments(
    board: Board, open_kg: int, able: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Floats]:
    """Return what each truck would carry of an open quantity, and what that adds to its cost.

    A truck takes all it can, but leaves no rest that is too small for another truck if it can
    help it. The cost counts unused payload, and a guess at the further trips that a rest needs.

    Parameters
    ----------
    board
        The problem as arrays.
    open_kg
        Kilograms still to be carried.
    able
        The trucks that may carry the lot at all.
    """
    params, payload = board.params, board.payload_kg
    least = max(params.min_consignment_kg, 1)
    takes = np.minimum(open_kg, payload)
    rest = open_kg - takes
    short = (rest > 0) & (rest < least) & (open_kg - least >= least)
    takes = np.where(short, open_kg - least, takes)
    rest = open_kg - takes
    largest = max(int(payload[able].max(initial=1)), 1)
    cost = params.spare_cost_per_kg * (payload - takes) + params.split_cost * -(-rest // largest)
    return takes, np.where(able & (takes >= least), cost, np.inf)
