"""Write trips out in full: times, stops, cost by part, the corridor or why none, alternatives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.dispatch.alternatives import alternatives_to
from routing.dispatch.board import NO_WAY_S, asked
from routing.dispatch.options import admitted, cost_of
from routing.dispatch.outcome import Trip
from routing.dispatch.problem import DrivingState, InvalidProblem, Point
from routing.dispatch.words import Word, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routing.dispatch.board import Board, Lane
    from routing.dispatch.construct import Ledger, Placement
    from routing.dispatch.options import Options
    from routing.dispatch.outcome import Alternative


STAGES = (
    "no_route",
    "not_on_roster",
    "not_valid",
    "outside_hours",
    "driving_hours",
    "too_late",
    "dearer",
)
"""What may stand between a trip and a corridor that its pickup is near to, in order."""


def trips_of(
    board: Board,
    ledger: Ledger,
    placements: Sequence[Placement],
    options: Mapping[int, Options],
) -> list[Trip]:
    """Return the trips of some placements, in their order.

    Parameters
    ----------
    board, ledger
        The problem, and the whole plan (to say what became of alternatives).
    placements
        The placements to write out.
    options
        The ways to serve each of their lots.
    """
    ways = [_via(board, placement) for placement in placements]
    empty_m = _metres(board, placements, [(via[0], via[1]) for via in ways])
    loaded_m = np.zeros(len(ways))
    for leg in (1, 2):
        longer = [number for number, via in enumerate(ways) if len(via) > leg + 1]
        pairs = [(ways[number][leg], ways[number][leg + 1]) for number in longer]
        loaded_m[longer] += _metres(board, [placements[number] for number in longer], pairs)
    carriers = {placement.truck: placement.lot for placement in ledger.placements}
    return [
        _trip(
            board,
            placement,
            options[placement.lot],
            via,
            (float(empty_m[number]), float(loaded_m[number])),
            alternatives_to(board, ledger, carriers, placement, options[placement.lot]),
        )
        for number, (placement, via) in enumerate(zip(placements, ways, strict=True))
    ]


def _via(board: Board, placement: Placement) -> tuple[Point, ...]:
    problem, lane = board.problem, placement.lane
    stops = [problem.trucks[placement.truck].position, problem.lots[placement.lot].pickup]
    if lane.assembly is not None:
        stops.append(board.assembly[lane.assembly][1].position)
    return (*stops, problem.facilities[lane.facility].position)


def _metres(
    board: Board, placements: Sequence[Placement], pairs: Sequence[tuple[Point, Point]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    answer = np.zeros(len(pairs))
    vehicle = board.vehicle[[placement.truck for placement in placements]]
    for number, name in enumerate(board.classes):
        rows = np.flatnonzero(vehicle == number).tolist()
        origins, destinations = [pairs[r][0] for r in rows], [pairs[r][1] for r in rows]
        travel = board.problem.travel
        answer[rows] = np.diagonal(asked(travel.distance_m, name, origins, destinations))
    if not np.isfinite(answer).all():
        raise InvalidProblem("Expected travel to know the distance wherever it knows a duration.")
    return answer


def _trip(
    board: Board,
    placement: Placement,
    option: Options,
    via: tuple[Point, ...],
    metres: tuple[float, float],
    alternatives: tuple[Alternative, ...],
) -> Trip:
    problem, lane = board.problem, placement.lane
    truck, lot = problem.trucks[placement.truck], problem.lots[placement.lot]
    slot = board.slots[placement.slot]
    way = option.itinerary(board, placement.truck, placement.lane_number)
    eta_s = max(way.arrival_s, int(board.opens_s[placement.slot]))
    spare_kg = truck.payload_kg - placement.quantity_kg
    cost = cost_of(board, option, placement.truck, placement.slot, placement.lane_number)
    cost["spare_payload"] = board.params.spare_cost_per_kg * spare_kg
    cost["total"] = sum(cost.values())
    unload_s = board.params.unload_of(lot.product)

    def at(seconds: int) -> datetime:
        return problem.now + timedelta(seconds=seconds)

    corridor = None if lane.corridor is None else problem.corridors[lane.corridor]
    reason = None if corridor else _corridor_reason(board, placement, option)
    corridor_id = corridor.corridor_id if corridor else None
    said = {
        "truck_id": truck.truck_id,
        "carried_kg": placement.quantity_kg,
        "open_before_kg": placement.open_before_kg,
        "product": Word("product", lot.product),
        "lot_id": lot.lot_id,
        "pickup_name": lot.pickup_name,
        "pickup_eta": at(way.pickup_eta_s),
        "facility_id": slot.facility_id,
        "gate_id": slot.gate_id,
        "delivery_eta": at(eta_s),
    }
    return Trip(
        truck_id=truck.truck_id,
        haulier_id=truck.haulier_id,
        lot_id=lot.lot_id,
        quantity_kg=placement.quantity_kg,
        facility_id=slot.facility_id,
        gate_id=slot.gate_id,
        slot_id=slot.slot_id,
        window_start=slot.window_start,
        window_end=slot.window_end,
        corridor_id=corridor_id,
        corridor_reason=reason,
        via=via,
        departure=at(way.departure_s),
        pickup_eta=at(way.pickup_eta_s),
        pickup_done=at(way.pickup_done_s),
        delivery_eta=at(eta_s),
        delivery_done=at(eta_s + unload_s),
        breaks=tuple((at(start), at(end)) for start, end in way.breaks_s),
        driving=DrivingState(way.since_break_s, way.today_s),
        drive_s=way.empty_s + way.loaded_s,
        empty_m=metres[0],
        loaded_m=metres[1],
        cost=cost,
        alternatives=alternatives,
        explanation={
            "summary": tell("trip", said, utc_offset_s=board.params.local_utc_offset_s),
            "cost": {part: round(value, 1) for part, value in cost.items()},
            "corridor": {"corridor_id": corridor_id, "reason": reason},
            "forced": placement.forced,
            "quantity": {
                "open_before_kg": placement.open_before_kg,
                "carried_kg": placement.quantity_kg,
                "spare_payload_kg": spare_kg,
            },
            "slack_s": {
                "hold": board.hold_s[placement.lot] - eta_s,
                "window": board.seconds(slot.window_end) - eta_s,
                "day_driving": board.params.day_s - way.today_s,
            },
            "wait_s": {
                "pickup": max(0, board.ready_s[placement.lot] - way.pickup_eta_s),
                "facility": eta_s - way.arrival_s,
            },
            "alternatives": [
                {
                    "truck_id": other.truck_id,
                    "facility_id": other.facility_id,
                    "slot_id": other.slot_id,
                    "corridor_id": other.corridor_id,
                    "cost_difference": other.cost_difference,
                    "why_code": other.why_code,
                    "why": other.why,
                    "why_vi": other.why_vi,
                }
                for other in alternatives
            ],
        },
        forced=placement.forced,
    )


def _corridor_reason(board: Board, placement: Placement, option: Options) -> str:
    """Say how near the trip came to a corridor: the last thing that stood in the way."""
    facility_id = board.problem.facilities[placement.lane.facility].facility_id
    serving = [c for c in board.problem.corridors if facility_id in c.facilities]
    if not serving:
        return "no_corridor"
    lanes = [
        (number, lane)
        for number, lane in enumerate(option.lanes)
        if lane.corridor is not None and lane.facility == placement.lane.facility
    ]
    stages = [_stage(board, placement, option, number, lane) for number, lane in lanes]
    return STAGES[max(stages)] if stages else "too_far"


def _stage(board: Board, placement: Placement, option: Options, number: int, lane: Lane) -> int:
    truck = placement.truck
    if option.loaded_s[truck, number] >= NO_WAY_S:
        return 0
    way = option.itinerary(board, truck, number)
    arrival = np.full(len(board.problem.trucks), float(way.arrival_s))
    joined = option.join_s[:, number]
    roster, valid, hours = (m[truck] for m in admitted(board, lane.corridor or 0, joined, arrival))
    eta_s = max(way.arrival_s, int(board.opens_s[placement.slot]))
    timely = eta_s <= min(board.last_s[placement.slot], board.due_s[placement.lot])
    passed = (roster, valid, hours, bool(option.within_day[truck, number]), timely)
    return 1 + next((n for n, ok in enumerate(passed) if not ok), len(passed))
