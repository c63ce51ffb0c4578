"""Find out truly why goods were left over, by asking what stands between them and each truck.

For every truck the rules that refuse it are collected, as if each stood alone. The trucks that the
fewest rules refuse are the nearest to a trip, and only their rules are told: lift one of those
obstacles (all that are named together, where it takes several) and the goods can be carried.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.dispatch.board import NO_WAY_S
from routing.dispatch.outcome import Reason
from routing.dispatch.rules import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from routing.dispatch.board import Board, Floats
    from routing.dispatch.construct import Ledger
    from routing.dispatch.options import Options

    Mask = NDArray[np.bool_]

STOPPED = Reason("stopped", "The search was stopped before this lot was planned to the end.")


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


def reasons_for(board: Board, ledger: Ledger, option: Options) -> tuple[Reason, ...]:
    """Return why the open rest of a lot is on no truck, the most frequent obstacle first.

    Parameters
    ----------
    board, ledger
        The problem, and what the finished plan has used up.
    option
        All ways to serve the lot.
    """
    trucks = len(board.problem.trucks)
    if not trucks:
        return (Reason("no_truck", "There are 0 trucks.", {"trucks": 0, "alone": True}),)
    earliest_s, refused, inside = _on_the_way(board, ledger, option)
    refused |= _standing(board, ledger, option)
    count: NDArray[np.int64] = np.array(list(refused.values())).sum(axis=0)
    fewest = int(count.min())
    if fewest == 0:
        return (STOPPED,)
    nearest = count == fewest
    reached = np.asarray(inside[nearest].any(axis=0), bool)
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
        "destination_unknown": np.full(len(problem.trucks), not option.lanes),
    }


def _on_the_way(
    board: Board, ledger: Ledger, option: Options
) -> tuple[Floats, dict[str, Mask], Mask]:
    """Judge roads, hours, slots and hold time, each truck as if it were able and free."""
    trucks, hold_s = len(board.problem.trucks), board.hold_s[option.lot]
    if not option.lanes:
        return np.full(trucks, NO_WAY_S), {}, np.zeros((trucks, len(board.slots)), bool)
    way = option.arrival_s < NO_WAY_S
    legal = way & option.within_day
    usable = np.where(legal.any(axis=1)[:, None], legal, way)
    arrival_s = np.where(usable, option.arrival_s, NO_WAY_S)
    earliest_s = arrival_s.min(axis=1)
    reach = np.zeros((trucks, len(board.slots)), bool)
    timely = np.zeros_like(reach)
    for facility in {lane.facility for lane in option.lanes}:
        own = board.slots_of[facility]
        lanes = [n for n, lane in enumerate(option.lanes) if lane.facility == facility]
        eta_s = np.maximum(arrival_s[:, lanes].min(axis=1)[:, None], board.opens_s[own])
        reach[:, own] = eta_s <= board.last_s[own]
        timely[:, own] = reach[:, own] & (eta_s <= hold_s)
    free = ledger.free > 0
    some_way = way.any(axis=1)
    fits = (timely & free).any(axis=1)
    early = earliest_s <= hold_s
    late = some_way & ~early
    stuck = some_way & ~fits
    refused = {
        "no_route": ~some_way,
        "driving_hours": some_way & ~legal.any(axis=1),
        "slot_full": stuck
        & np.where(late, reach.any(axis=1) & ~(reach & free).any(axis=1), timely.any(axis=1)),
        "no_slot": stuck & np.where(late, ~reach.any(axis=1), ~timely.any(axis=1)),
        "hold_exceeded": late,
    }
    return earliest_s, refused, timely


def _reason(case: _Case, code: str, *, alone: bool) -> Reason:
    these = case.refused[code] & case.nearest
    params: dict[str, Any] = {
        "trucks": len(these),
        "refused": int(case.refused[code].sum()),
        "nearest": int(these.sum()),
        "alone": alone,
    }
    if not alone:
        params["together_with"] = sorted(
            other for other, mask in case.refused.items() if other != code and (mask & these).any()
        )
    detail, more = _TELL[code](case, these)
    return Reason(code, detail, params | more)


def _of(case: _Case, code: str) -> str:
    mask = case.refused[code]
    return f"{int(mask.sum())} of {len(mask)} trucks"


def _declined(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    count = int(these.sum())
    return f"{_of(case, 'declined')} have declined the lot; {count} of them could take it.", {}


def _temperature(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    wanted = case.board.problem.lots[case.option.lot].temperature
    detail = (
        f"{_of(case, 'temperature')} cannot carry {wanted} goods; {int(these.sum())} of them "
        "could otherwise come nearest."
    )
    return detail, {"temperature": wanted}


def _payload(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    least = max(case.board.params.min_consignment_kg, 1)
    largest = int(case.board.payload_kg[these].max())
    detail = (
        f"{_of(case, 'payload')} carry less than the smallest consignment of {least:,} kg; "
        f"the largest of them carries {largest:,} kg."
    )
    return detail, {"min_consignment_kg": least, "largest_payload_kg": largest}


def _truck_busy(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    detail = (
        f"{_of(case, 'truck_busy')} have another trip in this plan, among them "
        f"{int(these.sum())} that could carry the {case.open_kg:,} kg left or part of them."
    )
    return detail, {"quantity_kg": case.open_kg}


def _too_small(case: _Case, _these: Mask) -> tuple[str, dict[str, Any]]:
    least = max(case.board.params.min_consignment_kg, 1)
    return (
        f"{case.open_kg:,} kg are left; no truck is sent for less than {least:,} kg.",
        {"quantity_kg": case.open_kg, "min_consignment_kg": least},
    )


def _destination_unknown(case: _Case, _these: Mask) -> tuple[str, dict[str, Any]]:
    lot = case.board.problem.lots[case.option.lot]
    named = ", ".join(lot.destinations) or "any facility"
    detail = (
        f"The lot goes to {named}; none of the {len(case.board.problem.facilities)} known "
        f"facilities is that and takes {lot.product}."
    )
    return detail, {"destinations": list(lot.destinations), "product": lot.product}


def _no_route(case: _Case, _these: Mask) -> tuple[str, dict[str, Any]]:
    facilities = len({lane.facility for lane in case.option.lanes})
    name = case.board.problem.lots[case.option.lot].pickup_name
    return (
        f"{_of(case, 'no_route')} have no open road by {name} to any of {facilities} facilities.",
        {"facilities": facilities},
    )


def _driving_hours(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    board, option = case.board, case.option
    total_s = (board.today_s + option.empty_s)[:, None] + option.loaded_s
    least_h = float(total_s[these].min()) / 3600
    limit_h = board.params.day_s / 3600
    detail = (
        f"{_of(case, 'driving_hours')} would drive more than {limit_h:.1f} h this day; the "
        f"nearest of them would come to {least_h:.1f} h."
    )
    return detail, {"least_s": round(least_h * 3600), "day_s": board.params.day_s}


def _earliest(case: _Case, these: Mask) -> tuple[str, str, dict[str, Any]]:
    now, lot = case.board.problem.now, case.board.problem.lots[case.option.lot]
    arrival = now + timedelta(seconds=float(case.earliest_s[these].min()))
    params = {"arrival": arrival.isoformat(), "hold_until": lot.hold_until.isoformat()}
    return clock(arrival), clock(lot.hold_until), params


def _no_slot(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    arrival, hold, params = _earliest(case, these)
    board = case.board
    owned = [board.slots_of[f] for f in {lane.facility for lane in case.option.lanes}]
    own = np.concatenate(owned) if owned else np.zeros(0, int)
    first_s = float(case.earliest_s[these].min())
    later = [at for at in own if board.last_s[at] >= first_s]
    upcoming = min((board.slots[at].window_start for at in later), default=None)
    told = f"the next one opens {clock(upcoming)}" if upcoming else "none opens later"
    detail = (
        f"The nearest able truck arrives {arrival}, but none of {len(own)} slots takes it in "
        f"by {hold}: {told}."
    )
    upcoming_text = upcoming.isoformat() if upcoming else None
    return detail, params | {"slots": len(own), "next_window_start": upcoming_text}


def _slot_full(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    arrival, hold, params = _earliest(case, these)
    full = int(case.inside.sum())
    detail = (
        f"The nearest able truck arrives {arrival}; all {full} slots that it could use by "
        f"{hold} have no place left."
    )
    return detail, params | {"full_slots": full}


def _hold_exceeded(case: _Case, these: Mask) -> tuple[str, dict[str, Any]]:
    arrival, hold, params = _earliest(case, these)
    detail = (
        f"{_of(case, 'hold_exceeded')} come too late; the nearest able truck arrives {arrival}, "
        f"after the lot holds until {hold}."
    )
    return detail, params


_TELL: dict[str, Callable[[_Case, Mask], tuple[str, dict[str, Any]]]] = {
    "declined": _declined,
    "temperature": _temperature,
    "payload": _payload,
    "truck_busy": _truck_busy,
    "too_small": _too_small,
    "destination_unknown": _destination_unknown,
    "no_route": _no_route,
    "driving_hours": _driving_hours,
    "no_slot": _no_slot,
    "slot_full": _slot_full,
    "hold_exceeded": _hold_exceeded,
}
