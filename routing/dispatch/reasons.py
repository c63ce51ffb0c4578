"""Find out truly why goods were left over, by asking what stands between them and each truck.

For every truck the rules that refuse it are collected, as if each stood alone. The trucks that the
fewest rules refuse are the nearest to a trip, and only their rules are told: lift one of those
obstacles (all that are named together, where it takes several) and the goods can be carried.
What cannot be known is taken at its best: a road that is not there takes no time, and goods that
no facility takes go to the facility that suits best.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.dispatch.board import NO_WAY_S
from routing.dispatch.options import weigh
from routing.dispatch.outcome import Reason
from routing.dispatch.words import Hours, Word, plain, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from routing.dispatch.board import Board, Floats
    from routing.dispatch.construct import Ledger
    from routing.dispatch.options import Options

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Case:
    """One lot's obstacles: for each rule the trucks it refuses, and who is nearest to a trip."""

    board: Board
    option: Options
    open_kg: int
    refused: dict[str, Mask]
    nearest: Mask
    earliest_s: Floats
    inside: Mask
    """The slots, of all facilities in question, that a nearest truck reaches in time."""


def stopped(board: Board) -> Reason:
    """Return the reason of a lot that the search had no time for."""
    return _told(board, "stopped", {}, {})


def reasons_for(board: Board, ledger: Ledger, option: Options) -> tuple[Reason, ...]:
    """Return why the open rest of a lot is on no truck, the most frequent obstacle first.

    Parameters
    ----------
    board, ledger
        The problem, and what the plan has used up so far.
    option
        All ways to serve the lot.
    """
    trucks = len(board.problem.trucks)
    if not trucks:
        return (_told(board, "no_truck", {}, {"trucks": 0}),)
    nowhere = not option.lanes
    if nowhere:
        anywhere = range(len(board.problem.facilities))
        option = weigh(board, option.lot, board.legs([option.lot]), 0, takers=anywhere)
    earliest_s, refused, inside = _on_the_way(board, ledger, option)
    refused |= _standing(board, ledger, option)
    refused["destination_unknown"] = np.full(trucks, nowhere)
    count: NDArray[np.int64] = np.array(list(refused.values())).sum(axis=0)
    fewest = int(count.min())
    if fewest == 0:
        return (stopped(board),)
    nearest: Mask = np.array(count == fewest, bool)
    reached = _some((inside & nearest[:, None]).T)
    case = _Case(board, option, ledger.open_kg[option.lot], refused, nearest, earliest_s, reached)
    codes = [code for code, mask in refused.items() if (mask & nearest).any()]
    codes.sort(key=lambda code: (-int((refused[code] & nearest).sum()), code))
    return tuple(_reason(case, code, alone=fewest == 1) for code in codes)


def _standing(board: Board, ledger: Ledger, option: Options) -> dict[str, Mask]:
    """Judge what no road changes: the trucks themselves, and the size of the rest."""
    problem, lot = board.problem, board.problem.lots[option.lot]
    least = max(board.params.min_consignment_kg, 1)
    forbidden = [(truck.truck_id, lot.lot_id) in problem.forbidden for truck in problem.trucks]
    warm = [lot.temperature not in truck.temperature_classes for truck in problem.trucks]
    small = ledger.open_kg[option.lot] < least
    return {
        "declined": np.array(forbidden, bool),
        "temperature": np.array(warm, bool),
        "payload": board.payload_kg < least,
        "truck_busy": ledger.used.copy(),
        "too_small": np.full(len(problem.trucks), small),
    }


def _some(mask: Mask) -> Mask:
    """Return in which rows of a mask anything is true."""
    return np.array(mask.any(axis=1), bool)


def _arrivals(board: Board, option: Options) -> tuple[Floats, Mask, Mask]:
    """Return each truck's arrivals by the lanes open to it, and who has a way, and a legal one.

    Where no lane is within the day's driving all lanes count; where there is no road at all,
    the truck arrives as soon as it could have loaded.
    """
    way: Mask = np.array(option.arrival_s < NO_WAY_S, bool)
    legal = way & option.within_day
    usable = np.where(_some(legal)[:, None], legal, way)
    arrival_s = np.where(usable, option.arrival_s, NO_WAY_S)
    load_s = board.params.load_of(board.problem.lots[option.lot].product)
    soonest_s = np.maximum(board.start_s, board.ready_s[option.lot]) + load_s
    some_way = _some(way)
    arrival_s = np.where(some_way[:, None], arrival_s, soonest_s[:, None])
    return arrival_s, some_way, _some(legal)


def _on_the_way(
    board: Board, ledger: Ledger, option: Options
) -> tuple[Floats, dict[str, Mask], Mask]:
    """Judge roads, hours, slots and hold time, each truck as if it were able and free."""
    trucks, due_s = len(board.problem.trucks), board.due_s[option.lot]
    reach = np.zeros((trucks, len(board.slots)), bool)
    timely = np.zeros_like(reach)
    if not option.lanes:
        return np.full(trucks, NO_WAY_S), {"no_slot": np.full(trucks, True)}, timely
    arrival_s, some_way, some_legal = _arrivals(board, option)
    for facility in {lane.facility for lane in option.lanes}:
        own = board.slots_of[facility]
        lanes = [n for n, lane in enumerate(option.lanes) if lane.facility == facility]
        eta_s = np.maximum(arrival_s[:, lanes].min(axis=1)[:, None], board.opens_s[own])
        reach[:, own] = eta_s <= board.last_s[own]
        timely[:, own] = reach[:, own] & (eta_s <= due_s)
    free = ledger.free > 0
    earliest_s: Floats = arrival_s.min(axis=1)
    late = earliest_s > due_s
    stuck = ~_some(timely & free)
    known = np.where(late, _some(reach), _some(timely))
    full = np.where(late, ~_some(reach & free), True)
    refused = {
        "no_route": ~some_way,
        "driving_hours": some_way & ~some_legal,
        "slot_full": stuck & known & full,
        "no_slot": stuck & ~known,
        "hold_exceeded": late,
    }
    return earliest_s, refused, timely


def _reason(case: _Case, code: str, *, alone: bool) -> Reason:
    these = case.refused[code] & case.nearest
    params: dict[str, Any] = {"nearest": int(these.sum()), "alone": alone}
    if not alone:
        params["together_with"] = sorted(
            other for other, mask in case.refused.items() if other != code and (mask & these).any()
        )
    values = {"trucks": len(these), "refused": int(case.refused[code].sum())}
    return _told(case.board, code, values | _TELL[code](case, these), params)


def _told(board: Board, code: str, values: dict[str, Any], params: dict[str, Any]) -> Reason:
    sentence = "no_slot_at_all" if values.get("slots") == 0 else code
    offset_s = board.params.local_utc_offset_s
    words = tell(f"left.{sentence}", values | params, utc_offset_s=offset_s)
    return Reason(code, words["en"], plain(values) | params | {"vi": words["vi"]})


def _least_kg(case: _Case) -> int:
    return max(case.board.params.min_consignment_kg, 1)


def _nothing(_case: _Case, _these: Mask) -> dict[str, Any]:
    return {}


def _temperature(case: _Case, _these: Mask) -> dict[str, Any]:
    return {
        "temperature": Word("temperature", case.board.problem.lots[case.option.lot].temperature)
    }


def _payload(case: _Case, these: Mask) -> dict[str, Any]:
    largest_kg = int(case.board.payload_kg[these].max())
    return {"min_consignment_kg": _least_kg(case), "largest_payload_kg": largest_kg}


def _truck_busy(case: _Case, _these: Mask) -> dict[str, Any]:
    return {"quantity_kg": case.open_kg}


def _too_small(case: _Case, _these: Mask) -> dict[str, Any]:
    return {"quantity_kg": case.open_kg, "min_consignment_kg": _least_kg(case)}


def _destination_unknown(case: _Case, _these: Mask) -> dict[str, Any]:
    problem = case.board.problem
    lot = problem.lots[case.option.lot]
    return {
        "destinations": lot.destinations,
        "product": Word("product", lot.product),
        "facilities": len(problem.facilities),
    }


def _no_route(case: _Case, _these: Mask) -> dict[str, Any]:
    facilities = len({lane.facility for lane in case.option.lanes})
    return {
        "facilities": facilities,
        "pickup_name": case.board.problem.lots[case.option.lot].pickup_name,
    }


def _driving_hours(case: _Case, these: Mask) -> dict[str, Any]:
    board, option = case.board, case.option
    total_s = (board.today_s + option.empty_s)[:, None] + option.loaded_s
    return {"least_s": Hours(int(total_s[these].min())), "day_s": Hours(board.params.day_s)}


def _earliest(case: _Case, these: Mask) -> dict[str, Any]:
    now, at = case.board.problem.now, case.option.lot
    found = {
        "hold_until": case.board.problem.lots[at].hold_until,
        "latest": now + timedelta(seconds=case.board.due_s[at]),
    }
    first_s = float(case.earliest_s[these].min())
    arrival = now + timedelta(seconds=first_s) if first_s < NO_WAY_S else None
    return found | {"arrival": arrival}


def _no_slot(case: _Case, these: Mask) -> dict[str, Any]:
    board = case.board
    owned = [board.slots_of[facility] for facility in {lane.facility for lane in case.option.lanes}]
    own = np.concatenate(owned) if owned else np.zeros(0, int)
    first_s = float(case.earliest_s[these].min())
    later = [board.slots[at].window_start for at in own if board.last_s[at] >= first_s]
    return _earliest(case, these) | {
        "slots": len(own),
        "next_window_start": min(later, default=None),
    }


def _slot_full(case: _Case, these: Mask) -> dict[str, Any]:
    return _earliest(case, these) | {"full_slots": int(case.inside.sum())}


_TELL: dict[str, Callable[[_Case, Mask], dict[str, Any]]] = {
    "declined": _nothing,
    "temperature": _temperature,
    "payload": _payload,
    "truck_busy": _truck_busy,
    "too_small": _too_small,
    "destination_unknown": _destination_unknown,
    "no_route": _no_route,
    "driving_hours": _driving_hours,
    "no_slot": _no_slot,
    "slot_full": _slot_full,
    "hold_exceeded": _earliest,
}
