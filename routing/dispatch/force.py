"""Plan a dispatcher's overrides first, judged by the same rules, and answer what they break.

An override may set aside only what `rules.OVERRIDABLE` lists, and may use up the margin. Among the
ways that the named truck (and slot) leaves open, the one that breaks fewest rules is judged, the
cheapest of equals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routing.dispatch.board import NO_WAY_S
from routing.dispatch.construct import Placement, consignments
from routing.dispatch.options import cost_of, weigh
from routing.dispatch.outcome import ForcedAnswer
from routing.dispatch.rules import Candidate, Refusal, judge, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch.board import Board
    from routing.dispatch.construct import Ledger
    from routing.dispatch.options import Options
    from routing.dispatch.problem import Facility, Forced, Slot


def force(board: Board, ledger: Ledger) -> tuple[tuple[ForcedAnswer, ...], dict[int, Options]]:
    """Book the overrides of a problem in their order.

    Parameters
    ----------
    board
        The problem as arrays.
    ledger
        The empty plan; what is allowed is added to it.

    Returns
    -------
    tuple
        An answer for each override, and the options of the lots they name.
    """
    options: dict[int, Options] = {}
    answers = [_answer(board, ledger, options, forced) for forced in board.problem.forced]
    return tuple(answers), options


def _answer(
    board: Board, ledger: Ledger, options: dict[int, Options], forced: Forced
) -> ForcedAnswer:
    unknown = _unknown(board, forced)
    if unknown:
        return ForcedAnswer(forced, planned=False, refusals=unknown)
    problem = board.problem
    truck = next(n for n, t in enumerate(problem.trucks) if t.truck_id == forced.truck_id)
    at = next(n for n, lot in enumerate(problem.lots) if lot.lot_id == forced.lot_id)
    if at not in options:
        options[at] = weigh(board, at, board.legs([at]), 0)
    tried = [
        (*_judge(board, ledger, options[at], truck, slot, lane), slot, lane)
        for slot, lane in _ways(board, options[at], forced)
    ]
    refusals, cost, slot, lane = min(tried, key=lambda t: (len(t[0]), t[1], t[2] or 0))
    if refusals or slot is None or lane is None:
        return ForcedAnswer(forced, planned=False, refusals=refusals)
    ledger.add(_placement(board, ledger, options[at], truck, slot, lane, cost))
    return ForcedAnswer(forced, planned=True)


def _placement(
    board: Board,
    ledger: Ledger,
    option: Options,
    truck: int,
    slot: int,
    lane: int,
    cost: float,
) -> Placement:
    able = option.able.copy()
    able[truck] = True
    open_kg = ledger.open_kg[option.lot]
    takes = int(consignments(board, open_kg, able)[0][truck])
    spare_kg = board.problem.trucks[truck].payload_kg - takes
    return Placement(
        lot=option.lot,
        truck=truck,
        slot=slot,
        lane=option.lanes[lane],
        lane_number=lane,
        quantity_kg=takes,
        open_before_kg=open_kg,
        cost=cost + board.params.spare_cost_per_kg * spare_kg,
        forced=True,
    )


def _unknown(board: Board, forced: Forced) -> tuple[Refusal, ...]:
    problem = board.problem
    known: dict[str, tuple[str | None, set[str | None]]] = {
        "unknown_truck": (forced.truck_id, {truck.truck_id for truck in problem.trucks}),
        "unknown_lot": (forced.lot_id, {lot.lot_id for lot in problem.lots}),
        "unknown_slot": (forced.slot_id, {None, *(slot.slot_id for slot in board.slots)}),
    }
    return tuple(
        refusal(board.params, code, name=str(name))
        for code, (name, names) in known.items()
        if name not in names
    )


def _ways(board: Board, option: Options, forced: Forced) -> Iterator[tuple[int | None, int | None]]:
    """Yield slots with lanes to them; a slot that no lane leads to, or nothing, at the end."""
    found = False
    for slot, opened in enumerate(board.slots):
        if forced.slot_id not in (None, opened.slot_id):
            continue
        facility = board.facility_at[opened.facility_id]
        lanes = [n for n, lane in enumerate(option.lanes) if lane.facility == facility]
        found = found or bool(lanes) or forced.slot_id is not None
        if lanes or forced.slot_id is not None:
            yield from ((slot, lane) for lane in (lanes or (None,)))
    if not found:
        yield None, 0 if option.lanes else None


def _judge(
    board: Board, ledger: Ledger, option: Options, truck: int, slot: int | None, lane: int | None
) -> tuple[tuple[Refusal, ...], float]:
    problem, lot = board.problem, board.problem.lots[option.lot]
    open_lot = replace(lot, quantity_kg=ledger.open_kg[option.lot])
    way = None
    if lane is not None and option.arrival_s[truck, lane] < NO_WAY_S:
        way = option.itinerary(board, truck, lane)
    place = board.slots[slot] if slot is not None else None
    busy = [p.lot for p in ledger.placements if p.truck == truck]
    refusals = judge(
        Candidate(
            now=problem.now,
            params=replace(board.params, margin_s=0),
            truck=problem.trucks[truck],
            lot=open_lot,
            facility=_facility(board, option, place, lane),
            slot=place,
            way=way,
            free=int(ledger.free[slot]) if slot is not None else 0,
            busy_with=problem.lots[busy[0]].lot_id if busy else None,
        ),
        forced=True,
    )
    if lane is None and slot is not None:
        refusals = tuple(refusal for refusal in refusals if refusal.code != "no_route")
    if way is None or place is None or lane is None:
        return refusals, float("inf")
    return refusals, sum(cost_of(board, option, truck, slot or 0, lane).values())


def _facility(
    board: Board, option: Options, slot: Slot | None, lane: int | None
) -> Facility | None:
    if slot is not None:
        return board.problem.facilities[board.facility_at[slot.facility_id]]
    if lane is not None:
        return board.problem.facilities[option.lanes[lane].facility]
    return None
