"""Weigh every truck and slot for one lot at once.

For one lot, trucks × lanes gives the times of arrival, and trucks × slots the cost of the cheapest
lane into each slot, infinite where a rule refuses it. What changes while a plan grows (busy trucks,
filled slots, the open quantity) is left to the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.board import NO_WAY_S
from routing.dispatch.timeline import price, travel_through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.dispatch.board import Board, Floats, Legs
    from routing.dispatch.table import Lane
    from routing.dispatch.timeline import Itinerary

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Options:
    """All ways to serve one lot; T trucks, K lanes, S slots that could be reached."""

    lot: int
    lanes: tuple[Lane, ...]
    empty_s: Floats
    """T: driving to the pickup."""
    loaded_s: Floats
    """T × K: driving from the pickup."""
    join_s: Floats
    """T × K: when a corridor would be joined."""
    arrival_s: Floats
    """T × K: arrival at the facility, `NO_WAY_S` where no way or the corridor is not open."""
    within_day: NDArray[np.bool_]
    """T × K: the driving stays within the day's limit."""
    able: NDArray[np.bool_]
    """T: neither temperature, payload nor a refusal of the haulier speaks against it."""
    fixed: Floats
    """T × K: cost that no slot changes."""
    slots: NDArray[np.int64]
    """S: places in the board's slots."""
    base: Floats
    """T × S: cost of the cheapest lane, without the unused payload; infinite if refused."""
    lane: NDArray[np.int16]
    """T × S: that lane."""

    def itinerary(self, board: Board, truck: int, lane: int) -> Itinerary:
        """Return the times of one truck on one lane."""
        lot = board.problem.lots[self.lot]
        return travel_through(
            start_s=int(board.start_s[truck]),
            driving=board.problem.trucks[truck].driving,
            empty_s=int(self.empty_s[truck]),
            loaded_s=int(self.loaded_s[truck, lane]),
            ready_s=board.ready_s[self.lot],
            load_s=board.params.load_of(lot.product),
            params=board.params,
        )


def weigh(
    board: Board, at: int, legs: Legs, column: int, *, takers: Sequence[int] | None = None
) -> Options:
    """Weigh all trucks, lanes and slots for one lot.

    Parameters
    ----------
    board
        The problem as arrays.
    at
        The lot's place in the problem.
    legs, column
        Driving times of a block of lots, and the lot's column in them.
    takers
        Facilities to weigh instead of those that may take the lot.
    """
    params, lot = board.params, board.problem.lots[at]
    ready_s, load_s = board.ready_s[at], params.load_of(lot.product)
    lanes = board.table.lanes(lot, board.table.takers(lot) if takers is None else takers)
    empty_s = legs.empty_s[:, column]
    to_join_s, loaded_s = _lane_times(board, lanes, legs, column)
    rests_s = _rests(board.since_s, empty_s, params.drive_s) * params.break_s
    departure_s = np.maximum(board.start_s, ready_s - empty_s - rests_s - params.pickup_early_s)
    pickup_eta_s = departure_s + empty_s + rests_s
    done_s = np.maximum(pickup_eta_s, ready_s) + load_s
    driven_s = board.since_s + empty_s
    since_s = driven_s - _rests(board.since_s, empty_s, params.drive_s) * params.drive_s
    since, done = since_s[:, None], done_s[:, None]
    arrival_s = done + loaded_s + _rests(since, loaded_s, params.drive_s) * params.break_s
    join_s = done + to_join_s + _rests(since, to_join_s, params.drive_s) * params.break_s
    shut = (empty_s[:, None] >= NO_WAY_S) | (loaded_s >= NO_WAY_S)
    for number, lane in enumerate(lanes):
        if lane.corridor is not None:
            roster, valid, hours = admitted(
                board, lane.corridor, join_s[:, number], arrival_s[:, number]
            )
            shut[:, number] |= ~(roster & valid & hours)
    arrival_s = np.where(shut, NO_WAY_S, arrival_s)
    idle_s = departure_s - board.start_s + done_s - load_s - pickup_eta_s
    bonus = np.array([0.0 if k.corridor is None else params.corridor_bonus for k in lanes])
    fixed = (
        (params.empty_cost_per_s * empty_s + params.wait_cost_per_s * idle_s)[:, None]
        + params.loaded_cost_per_s * loaded_s
        - bonus
    )
    within_day = (board.today_s + empty_s)[:, None] + loaded_s <= params.day_s
    able = able_trucks(board, at)
    slots, base, lane_of = _price_slots(
        board, at, lanes, np.where(within_day & able[:, None], arrival_s, NO_WAY_S), fixed
    )
    return Options(
        at,
        lanes,
        empty_s,
        loaded_s,
        join_s,
        arrival_s,
        within_day,
        able,
        fixed,
        slots,
        base,
        lane_of,
    )


def cost_of(board: Board, option: Options, truck: int, slot: int, lane: int) -> dict[str, float]:
    """Return the parts of what one truck on one lane into one slot costs.

    They sum up to `Options.base`, where that lane is the cheapest.
    """
    way = option.itinerary(board, truck, lane)
    return price(
        way,
        eta_s=max(way.arrival_s, int(board.opens_s[slot])),
        ready_s=board.ready_s[option.lot],
        hold_s=board.hold_s[option.lot],
        load_s=board.params.load_of(board.problem.lots[option.lot].product),
        corridor=option.lanes[lane].corridor is not None,
        params=board.params,
    )


def able_trucks(board: Board, at: int) -> NDArray[np.bool_]:
    """Return which trucks may carry the lot: temperature, payload, not declined."""
    lot, least = board.problem.lots[at], board.params.min_consignment_kg
    return np.array(
        [
            lot.temperature in truck.temperature_classes
            and truck.payload_kg >= max(least, 1)
            and (truck.truck_id, lot.lot_id) not in board.problem.forbidden
            for truck in board.problem.trucks
        ],
        bool,
    )


def admitted(
    board: Board, number: int, join_s: Floats, arrival_s: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which trucks a corridor admits: by roster, by validity, by its hours.

    Parameters
    ----------
    board, number
        The problem, and the corridor's place in it.
    join_s, arrival_s
        For each truck, when it joins the corridor and when it leaves it at the facility.
    """
    corridor = board.problem.corridors[number]
    valid = join_s >= board.table.seconds(corridor.valid_from)
    if corridor.valid_until is not None:
        valid &= arrival_s <= board.table.seconds(corridor.valid_until, down=True)
    hours = np.ones(len(join_s), bool)
    if corridor.hours is not None:
        opens, closes = (
            timedelta(hours=h.hour, minutes=h.minute, seconds=h.second).seconds
            for h in corridor.hours
        )
        open_s = (closes - opens) % _DAY_S or _DAY_S
        since_midnight_s = _midnight_offset_s(board)
        into_s = (join_s + since_midnight_s - opens) % _DAY_S
        hours = (into_s + (arrival_s - join_s) <= open_s) | (open_s == _DAY_S)
    return board.on_roster[number], valid, hours


def _midnight_offset_s(board: Board) -> float:
    now = board.problem.now
    utc = now - (now.utcoffset() or timedelta())
    clock_s = timedelta(hours=utc.hour, minutes=utc.minute, seconds=utc.second)
    return clock_s.seconds + utc.microsecond / 1e6 + board.params.local_utc_offset_s


def _lane_times(
    board: Board, lanes: tuple[Lane, ...], legs: Legs, column: int
) -> tuple[Floats, Floats]:
    shape = (len(board.classes), len(lanes))
    to_join, loaded = np.zeros(shape), np.full(shape, NO_WAY_S)
    for number, lane in enumerate(lanes):
        if lane.assembly is None:
            loaded[:, number] = legs.direct_s[:, column, lane.facility]
        else:
            to_join[:, number] = legs.to_assembly_s[:, column, lane.assembly]
            onward = board.from_assembly_s[:, lane.assembly, lane.facility]
            loaded[:, number] = to_join[:, number] + onward
    loaded = np.minimum(loaded, NO_WAY_S)
    return to_join[board.vehicle], loaded[board.vehicle]


def _rests(since_s: Floats, drive_s: Floats, limit_s: int) -> Floats:
    """Count the breaks on the way: one each time the limit is full and more is to come."""
    rests: Floats = np.maximum(np.ceil((since_s + drive_s) / limit_s) - 1, 0)
    return rests


def _price_slots(
    board: Board, at: int, lanes: tuple[Lane, ...], arrival_s: Floats, fixed: Floats
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int16]]:
    slots, columns = _in_reach(board, at, lanes, arrival_s)
    base = np.full((len(arrival_s), len(slots)), np.inf)
    best = np.zeros((len(arrival_s), len(slots)), np.int16)
    for number, lane in enumerate(lanes):
        part = columns[lane.facility]
        rows = np.flatnonzero(arrival_s[:, number] <= board.due_s[at])
        if part.start == part.stop or not len(rows):
            continue
        came_s, own = arrival_s[rows, number], slots[part]
        cost = _price_lane(board, at, came_s, own, fixed[rows, number])
        known = base[rows, part]
        better = cost < known
        np.copyto(known, cost, where=better)
        base[rows, part] = known
        chosen = best[rows, part]
        chosen[better] = number
        best[rows, part] = chosen
    return slots, base, best


def _in_reach(
    board: Board, at: int, lanes: tuple[Lane, ...], arrival_s: Floats
) -> tuple[NDArray[np.int64], dict[int | None, slice]]:
    """Return the slots that some truck might use, and which of them are whose facility's."""
    soonest: dict[int | None, float] = {}
    for lane, first_s in zip(lanes, arrival_s.min(axis=0, initial=NO_WAY_S), strict=True):
        soonest[lane.facility] = min(soonest.get(lane.facility, NO_WAY_S), float(first_s))
    columns: dict[int | None, slice] = {}
    chosen: list[NDArray[np.int64]] = []
    count = 0
    for facility, first_s in soonest.items():
        own = np.zeros(0, int) if facility is None else board.slots_of[facility]
        keep = (board.free[own] > 0) & (board.last_s[own] >= first_s)
        keep &= board.opens_s[own] <= board.due_s[at]
        chosen.append(own[keep])
        columns[facility] = slice(count, count + len(chosen[-1]))
        count = columns[facility].stop
    slots = np.concatenate(chosen).astype(np.int64) if chosen else np.zeros(0, np.int64)
    return slots, columns


def _price_lane(
    board: Board, at: int, came_s: Floats, slots: NDArray[np.int64], fixed: Floats
) -> Floats:
    """Return the cost of trucks that come at some time into each slot; `price` in one go."""
    params = board.params
    eta_s = np.maximum(came_s[:, None], board.opens_s[slots])
    cost: Floats = eta_s * (params.wait_cost_per_s + params.age_cost_per_s)
    cost += (fixed - params.wait_cost_per_s * came_s - params.age_cost_per_s * board.ready_s[at])[
        :, None
    ]
    late_s = eta_s - (board.hold_s[at] - params.hold_buffer_s)
    np.maximum(late_s, 0, out=late_s)
    late_s *= params.risk_cost_per_s
    cost += late_s
    cost[eta_s > np.minimum(board.last_s[slots], board.due_s[at])] = np.inf
    return cost
