"""Plan in a process of its own: from a picture of what dispatch knows to trips with their roads.

Everything here is picklable and pure but for the road network, which `start` loads once.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from routing.checkpoints import Approach
from routing.dispatch import (
    Corridor,
    Facility,
    FirstOf,
    Forced,
    Iterations,
    Lot,
    Params,
    Plan,
    Problem,
    Slot,
    Trip,
    Truck,
    Until,
    plan,
)
from routing.engine.warm import warm
from routing.roads.closures import Closure
from routing.roads.metric import topology_of
from routing.roads.network import RoadNetwork, load_network
from routing.travel import RoadTravel
from schemas.model import format_time
from streams.answers import (
    TOO_SMALL,
    blank_answer,
    leave_out,
    left_lots,
    reason_doc,
    trip_changes,
    trip_fields,
)
from streams.drafts import Draft, draft
from streams.explained import missed, told_anew, written
from streams.fold import Doc, derived_id
from streams.gates import Gates
from streams.gates import warm as warm_gates
from streams.journey import Journey, Timed, in_order, into_later_slot, timed
from streams.metering import settle
from streams.promised import Checkpoint, Reach
from streams.rehearsal import rehearse

log = logging.getLogger(__name__)

SEED = 308
"""Kế hoạch 308/KH-TB; any number would do, as long as it is always the same."""

BUDGET_S = 2.0
"""How long a plan may be searched for where nothing else is said."""
_ROUNDS_A_LOT = 20
"""So many rounds of search for each lot, where there is time (chosen by trying)."""
_PARAMS = Params(pool=False)
"""An assignment is one consignment, and its truck has no other one aboard."""
_SETTLE_S = 3.0
"""So long are departures tried against checkpoints; then the best that was found counts."""
_NEEDS_S = 3.0
"""So long are trips changed before goods are planned; the rest of them is for the next plan."""


@dataclass(frozen=True, slots=True)
class Need:
    """An assignment that has to change, with its truck, goods and slots as they are now.

    ``kind`` is ``road`` (another road to the same slot), ``slot`` (another slot) or
    ``override``. Of a loaded truck, the lot's pickup is where the truck is.
    """

    assignment_id: str
    kind: Literal["road", "slot", "override"]
    truck: Truck
    lot: Lot
    slot_id: str | None
    slots: tuple[Slot, ...]
    loaded: bool
    command_id: str | None = None
    explanation: Doc | None = None
    """What the assignment says of itself by now."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a plan is made from; it lacks only the roads."""

    plan_id: str
    now: datetime
    trucks: tuple[Truck, ...]
    plates: dict[str, str | None]
    lots: tuple[Lot, ...]
    facilities: tuple[Facility, ...]
    slots: tuple[Slot, ...]
    corridors: tuple[Corridor, ...]
    closures: tuple[tuple[str, str, Doc], ...]
    """Kind, id and geometry of each closure that binds."""
    forbidden: frozenset[tuple[str, str]]
    needs: tuple[Need, ...]
    checkpoints: tuple[Checkpoint, ...] = ()
    promised: tuple[Approach, ...] = ()
    """Trips under way and planned that come to checkpoints."""
    reaches: dict[str, Reach] = field(default_factory=dict)
    """By corridor, which checkpoints stand beside it."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Name of, and what is wrong with, each thing that could not be drawn."""


_network: RoadNetwork | None = None


def start(network_dir: Path) -> None:
    """Prepare this process: load the roads and compiled code.

    Parameters
    ----------
    network_dir
        Folder of the road network.
    """
    global _network  # noqa: PLW0603 - one process, one network
    _network = load_network(network_dir)
    topology_of(_network)
    warm()
    warm_gates()
    rehearse()


def travel_around(closures: Iterable[tuple[str, str, Doc]], now: datetime) -> RoadTravel:
    """Return travel on the roads of that day that closures leave open."""
    assert _network is not None
    closed = tuple(
        Closure.from_geojson(closure_id, geometry, kind=kind)
        for kind, closure_id, geometry in closures
    )
    return RoadTravel(_network, closures=closed, at=now)


def solve(
    picture: Picture,
    travel: RoadTravel | None = None,
    *,
    budget_s: float = BUDGET_S,
    metering: bool = True,
) -> Doc:
    """Plan, and write the answer as `schemas.dispatch.PlanComputed` has it.

    An error in one trip, or in one need, costs no more than that one: it is named in ``skipped``.

    Parameters
    ----------
    picture
        What dispatch knows.
    travel
        The roads; by default this process's own, round the picture's closures.
    budget_s
        How long to search for a better plan.
    metering
        Whether departures may be held so that checkpoints' arrivals stay under their capacity.

    Returns
    -------
    dict
        JSON of the event's data, and ``more``: whether needs are left for the next plan.
    """
    began = time.monotonic()

    def passed(limit_s: float) -> bool:
        return time.monotonic() - began > limit_s

    travel = travel or travel_around(picture.closures, picture.now)
    answer = blank_answer(picture)
    gates = Gates.of(picture.checkpoints, picture.promised, picture.now)
    spoken_for = _meet_all(picture, travel, answer, gates, until=lambda: passed(_NEEDS_S))
    if picture.lots:
        searching_from_s = time.monotonic() - began
        late = Until(lambda: passed(searching_from_s + budget_s))
        try:
            found = _plan_lots(picture, travel, spoken_for, late)
        except Exception as error:
            if not (answer["trips"] or answer["stranded"] or answer["refused_overrides"]):
                raise
            leave_out(answer, "lots", error)
        else:
            settling_from_s = time.monotonic() - began
            _write_plan(
                picture,
                travel,
                found,
                answer,
                gates,
                metering=metering,
                late=lambda: passed(settling_from_s + _SETTLE_S),
            )
    answer["took_ms"] = round((time.monotonic() - began) * 1000, 1)
    return answer


def _plan_lots(picture: Picture, travel: RoadTravel, spoken_for: set[str], late: Until) -> Plan:
    trucks = tuple(truck for truck in picture.trucks if truck.truck_id not in spoken_for)
    return plan(
        _problem(picture, travel, trucks, picture.lots, picture.slots),
        stop=FirstOf((late, Iterations(_ROUNDS_A_LOT * len(picture.lots)))),
        seed=SEED,
        params=_PARAMS,
    )


def _problem(
    picture: Picture,
    travel: RoadTravel,
    trucks: Iterable[Truck],
    lots: Iterable[Lot],
    slots: Iterable[Slot],
    forced: tuple[Forced, ...] = (),
) -> Problem:
    return Problem(
        now=picture.now,
        trucks=tuple(trucks),
        lots=tuple(lots),
        facilities=picture.facilities,
        slots=tuple(slots),
        travel=travel,
        corridors=picture.corridors,
        forbidden=picture.forbidden if not forced else frozenset(),
        forced=forced,
    )


def _write_plan(
    picture: Picture,
    travel: RoadTravel,
    found: Plan,
    answer: Doc,
    gates: Gates,
    *,
    metering: bool,
    late: Callable[[], bool],
) -> None:
    """Write each truck's first trip; what its later ones would carry stays open for later plans."""
    lots = {lot.lot_id: lot for lot in picture.lots}
    now = [trip for trip in found.trips if trip.sequence == 0]
    drafts: dict[str, Draft] = {}
    for trip in now:
        assignment_id = f"A-{derived_id(picture.plan_id, trip.lot_id, trip.truck_id)[:12]}"
        try:
            drafts[assignment_id] = draft(
                picture, travel, trip, lots[trip.lot_id], assignment_id, params=_PARAMS
            )
        except Exception as error:  # noqa: BLE001 - the other trips are sound
            leave_out(answer, trip.lot_id, error)
    trips, missing = _settled(picture, drafts, gates, answer, metering=metering, passed=late)
    for assignment_id, trip in trips.items():
        try:
            path, lot = drafts[assignment_id].path, lots[trip.lot_id]
            fields = trip_fields(picture, trip, path, lot, assignment_id)
        except Exception as error:  # noqa: BLE001 - the other trips are sound
            leave_out(answer, trip.lot_id, error)
        else:
            answer["trips"].append({"assignment_id": assignment_id, "fields": fields})
    later = {trip.lot_id for trip in found.trips} - {trip.lot_id for trip in now}
    answer["waiting"] = [*found.waiting, *sorted(later)]
    answer["unassigned"] = left_lots(found, missing, gates)


def _settled(
    picture: Picture,
    drafts: dict[str, Draft],
    gates: Gates,
    answer: Doc,
    *,
    metering: bool,
    passed: Callable[[], bool],
) -> tuple[dict[str, Trip], list[Timed]]:
    """Return the trips with what checkpoints make of them, and those that they make late."""
    planned = {name: one.trip for name, one in drafts.items()}
    if not any(one.journey.passes for one in drafts.values()):
        return planned, []
    taken = Counter(trip["fields"]["slot_id"] for trip in answer["trips"])
    slots = [replace(one, free=max(0, one.free - taken[one.slot_id])) for one in picture.slots]
    journeys = [one.journey for one in drafts.values()]
    try:
        fine, late = settle(gates, journeys, slots, _PARAMS, metering=metering, passed=passed)
        told = {one.journey.trip_id: written(one, gates.checkpoints, _PARAMS) for one in fine}
    except Exception as error:  # noqa: BLE001 - the trips are sound without
        leave_out(answer, "checkpoints", error)
        return planned, []
    return {name: told[name] for name in planned if name in told}, late


def _meet_all(
    picture: Picture, travel: RoadTravel, answer: Doc, gates: Gates, *, until: Callable[[], bool]
) -> set[str]:
    """Meet needs one after another while there is time; return the trucks that they take."""
    taken: set[str] = set()
    for number, need in enumerate(picture.needs):
        if number and until():
            answer["more"] = True
            break
        try:
            taken |= _meet(picture, travel, need, answer, gates, taken)
        except Exception as error:  # noqa: BLE001 - the other needs are met
            leave_out(answer, need.assignment_id, error)
    return taken


def _meet(
    picture: Picture,
    travel: RoadTravel,
    need: Need,
    answer: Doc,
    gates: Gates,
    taken: set[str],
) -> set[str]:
    """Meet one need by a plan for its truck and goods alone; return the truck it takes."""
    if need.truck.truck_id in taken:
        return set()
    forced = Forced(need.truck.truck_id, need.lot.lot_id, need.slot_id)
    params = _PARAMS
    if need.loaded:  # the goods are aboard: nothing is loaded, and the truck is on its way
        params = replace(params, load_s=0, load_s_by_product={}, accept_s=0)
    elif need.kind != "override":
        params = replace(params, accept_s=0)
    found = plan(
        _problem(picture, travel, (need.truck,), (need.lot,), need.slots, (forced,)),
        stop=Iterations(0),
        seed=SEED,
        params=params,
    )
    trip = next((trip for trip in found.trips if trip.quantity_kg >= need.lot.quantity_kg), None)
    if trip is None or not found.forced[0].planned:  # the lot's free choice is not what was asked
        refusals = found.forced[0].refusals if found.forced else ()
        _tell_unmet(need, [reason_doc(refusal) for refusal in refusals] or [TOO_SMALL], answer)
        return set()
    assignment_id = need.assignment_id
    if need.kind == "override":
        assignment_id = f"A-{derived_id(picture.plan_id, need.assignment_id, 'override')[:12]}"
    drawn = draft(picture, travel, trip, need.lot, assignment_id, params=params)
    gates.forget(need.assignment_id)
    laid = _on_the_way(need, drawn.journey, gates)
    if not laid.in_time:
        _tell_unmet(need, [missed(laid, gates.checkpoints)], answer)
        return set()
    gates.add(laid)
    trip = written(laid, gates.checkpoints, params)
    if need.kind == "override":
        fields = trip_fields(picture, trip, drawn.path, need.lot, assignment_id)
        fields["overrides"] = need.assignment_id
        answer["trips"].append({"assignment_id": assignment_id, "fields": fields})
    else:
        changes = trip_changes(trip, drawn.path)
        if not need.loaded:
            changes["pickup_eta"] = format_time(trip.pickup_eta)
        if need.explanation is not None:
            changes["explanation"] = told_anew(need.explanation, trip)
        answer["trips"].append(
            {
                "assignment_id": need.assignment_id,
                "revises": need.assignment_id,
                "fields": changes,
            }
        )
    return {trip.truck_id}


def _on_the_way(need: Need, journey: Journey, gates: Gates) -> Timed:
    """Lay a changed trip out; nobody holds it, and where it may it takes a later slot."""
    laid = timed(journey, None, gates.delay_of)
    if laid.in_time or need.slot_id is not None:
        return laid
    free = {slot.slot_id: slot.free for slot in need.slots}
    return into_later_slot(laid, in_order(need.slots), free) or laid


def _tell_unmet(need: Need, reasons: list[Doc], answer: Doc) -> None:
    if need.kind == "override":
        answer["refused_overrides"].append(
            {
                "command_id": need.command_id,
                "assignment_id": need.assignment_id,
                "reason": reasons[0]["code"],
                "detail": " ".join(str(reason["detail"]) for reason in reasons),
            }
        )
    else:
        answer["stranded"].append(
            {
                "lot_id": need.assignment_id,
                "quantity_kg": need.lot.quantity_kg,
                "reasons": reasons,
            }
        )
