"""Name the best ways that a trip did not take, what more they cost, and why they were not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.construct import consignments
from routing.dispatch.options import cost_of
from routing.dispatch.outcome import Alternative
from routing.dispatch.words import tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routing.dispatch.board import Board
    from routing.dispatch.construct import Ledger, Placement
    from routing.dispatch.options import Options

_SHOWN = 3


def alternatives_to(
    board: Board,
    ledger: Ledger,
    carriers: Mapping[int, int],
    placement: Placement,
    option: Options,
) -> tuple[Alternative, ...]:
    """Return the three cheapest other ways, at most one a truck, free or not.

    A way may be cheaper than the trip: then another lot needs its truck or slot more.

    Parameters
    ----------
    board, ledger
        The problem, and the finished plan.
    carriers
        The lot that each used truck carries.
    placement, option
        The trip, and all ways to serve its lot.
    """
    if not option.base.size:
        return ()
    takes, extra = consignments(board, placement.open_before_kg, option.able)
    costs = option.base + extra[:, None]
    costs[placement.truck, option.slots == placement.slot] = np.inf
    column = costs.argmin(axis=1)
    least = costs[np.arange(len(costs)), column]
    taken = _parts(board, placement.open_before_kg, option, placement, placement.quantity_kg)
    found = []
    for truck in np.argsort(least, kind="stable")[:_SHOWN]:
        if not np.isfinite(least[truck]):
            continue
        slot = int(option.slots[column[truck]])
        lane = int(option.lane[truck, column[truck]])
        way = Way(int(truck), slot, lane)
        parts = _parts(board, placement.open_before_kg, option, way, int(takes[truck]))
        more = {part: parts[part] - taken[part] for part in parts}
        lane_corridor = option.lanes[lane].corridor
        corridors = board.problem.corridors
        found.append(
            Alternative(
                truck_id=board.problem.trucks[truck].truck_id,
                facility_id=board.slots[slot].facility_id,
                slot_id=board.slots[slot].slot_id,
                corridor_id=None if lane_corridor is None else corridors[lane_corridor].corridor_id,
                cost_difference=round(sum(more.values()), 1),
                **_why(board, ledger, carriers, placement, way, more),
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Way:
    """A truck on a lane into a slot."""

    truck: int
    slot: int
    lane_number: int


def _parts(
    board: Board, open_kg: int, option: Options, way: Way | Placement, takes: int
) -> dict[str, float]:
    params = board.params
    parts = cost_of(board, option, way.truck, way.slot, way.lane_number)
    parts["spare_payload"] = params.spare_cost_per_kg * (
        board.problem.trucks[way.truck].payload_kg - takes
    )
    largest = max(int(board.payload_kg[option.able].max(initial=1)), 1)
    parts["further_trips"] = params.split_cost * -(-(open_kg - takes) // largest)
    return parts


def _why(
    board: Board,
    ledger: Ledger,
    carriers: Mapping[int, int],
    placement: Placement,
    way: Way,
    more: Mapping[str, float],
) -> dict[str, str]:
    lots, trucks = board.problem.lots, board.problem.trucks
    if way.truck != placement.truck and way.truck in carriers:
        lot_id, truck_id = lots[carriers[way.truck]].lot_id, trucks[way.truck].truck_id
        return _told(board, "truck_taken", truck_id=truck_id, lot_id=lot_id)
    if ledger.free[way.slot] <= 0:
        return _told(board, "slot_full", slot_id=board.slots[way.slot].slot_id)
    worst = max(more, key=lambda part: more[part])
    return _told(board, worst if more[worst] > 0 else "no_better")


def _told(board: Board, code: str, **values: str) -> dict[str, str]:
    words = tell(f"why.{code}", values, utc_offset_s=board.params.local_utc_offset_s)
    return {"why_code": code, "why": words["en"], "why_vi": words["vi"]}
