"""Plan the demo's morning without a stack: every state as the views hold it, at one moment.

Dispatch's own planner plans at two moments over the given roads, and every trip is accepted; what
was planned first is under way at the second, its trucks where the plan says.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from infra.scenario.draft import Draft
from infra.scenario.fleet import make_fleet
from infra.scenario.generate import DEFAULT_SEED, SCENARIOS
from infra.scenario.harvest import make_harvest
from infra.scenario.places import open_corridors, open_slots, register_places
from routing.dispatch import AssemblyPoint, Corridor
from routing.travel import RoadTravel
from routing.whatif.scene import PARAMS
from routing.whatif.standing import measure_track, stand
from routing.whatif.world import KINDS, read_world
from schemas.assignment import AssignmentState
from schemas.checkpoint import CheckpointState
from schemas.corridor import CorridorState
from schemas.lot import LotState
from schemas.model import Fact, format_time, parse_time
from schemas.place import FacilityState
from schemas.slot import SlotState, slot_key
from schemas.truck import TruckState
from streams.planning import Picture, solve

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork
    from routing.whatif.world import World

LEAST_TRIPS = 100
FIRST_H, SECOND_H, NOW_H = 9.0, 10.0, 10.1
"""Hours of the day at which is planned, and of now."""

_SCENARIO = "kien-giang-2021-08"
_BUDGET_S = 60.0
"""More than the search needs: its rounds end it, so that the plan is always the same."""
_STATES: dict[str, tuple[type[Fact], str, dict[str, Any]]] = {
    "facility.registered": (FacilityState, "place_id", {}),
    "checkpoint.registered": (CheckpointState, "place_id", {}),
    "slot.opened": (SlotState, "slot_id", {"status": "open"}),
    "corridor.opened": (CorridorState, "corridor_id", {"status": "open"}),
    "truck.registered": (
        TruckState,
        "truck_id",
        {
            "registered": True,
            "status": "available",
            "vehicle_class": "rigid_2_axle",
            "temperature_classes": ["ambient"],
        },
    ),
    "lot.declared": (LotState, "lot_id", {"status": "ready", "temperature": "ambient"}),
}
"""The state, its id, and what a registration leaves out."""

Doc = dict[str, Any]
Docs = dict[str, dict[str, Doc]]


def demo_morning(network: RoadNetwork) -> tuple[Docs, datetime]:
    """Return the states of the demo's world at `NOW_H`, by kind and id, and that moment.

    Parameters
    ----------
    network
        The roads.

    Raises
    ------
    RuntimeError
        If fewer than `LEAST_TRIPS` trips are on their way or promised.
    """
    start = SCENARIOS[_SCENARIO].start
    draft = Draft(_SCENARIO, DEFAULT_SEED, start, start + timedelta(hours=24))
    register_places(draft)
    open_slots(draft)
    open_corridors(draft)
    make_fleet(draft)
    declared = {lot.lot_id: lot.declared_at for lot in make_harvest(draft)}
    docs = _states(draft)
    first, second, now = (draft.hour(hour) for hour in (FIRST_H, SECOND_H, NOW_H))
    for moment in (first, second):
        _age(docs, moment)
        _plan(docs, declared, moment, RoadTravel(network, at=moment))
    docs["lot"] = {key: doc for key, doc in docs["lot"].items() if declared[key] <= now}
    _age(docs, now)
    active = sum(doc["status"] != "delivered" for doc in docs["assignment"].values())
    if active < LEAST_TRIPS:
        raise RuntimeError(f"the demo's morning has only {active} trips")
    return docs, now


def _states(draft: Draft) -> Docs:
    docs: Docs = {kind: {} for kind in KINDS}
    stamp = {"version": 1, "updated_at": format_time(draft.start)}
    for line in draft.lines():
        if line["type"] not in _STATES:
            continue
        model, id_field, defaults = _STATES[line["type"]]
        data = {**stamp, **defaults, **line["data"]}
        if model is SlotState:
            start = parse_time(data["window_start"])
            data["slot_id"] = slot_key(data["facility_id"], data["gate_id"], start)
        state = model.model_validate(data).model_dump(mode="json")
        docs[line["type"].split(".")[0]][state[id_field]] = state
    return docs


def _plan(docs: Docs, declared: dict[str, datetime], moment: datetime, travel: RoadTravel) -> None:
    """Plan what is known at a moment, and take every trip as accepted."""
    for planned in solve(_picture(docs, declared, moment), travel, budget_s=_BUDGET_S)["trips"]:
        name, fields = planned["assignment_id"], planned["fields"]
        state = {
            "assignment_id": name,
            "version": 1,
            "updated_at": format_time(moment),
            "status": "accepted",
            "accept_by": fields["departure"],
            **fields,
        }
        docs["assignment"][name] = AssignmentState.model_validate(state).model_dump(mode="json")
        place = {"reservation_id": name, "assignment_id": name, "truck_id": fields["truck_id"]}
        docs["slot"][fields["slot_id"]]["reserved"].append(place)
        docs["lot"][fields["lot_id"]]["booked_kg"] += fields["quantity_kg"]


def _picture(docs: Docs, declared: dict[str, datetime], moment: datetime) -> Picture:
    world = read_world(docs, moment)
    busy = {trip.truck_id for trip in world.trips.values()}
    return Picture(
        plan_id=f"bench-{moment:%H%M}",
        now=moment,
        trucks=tuple(
            known.truck
            for truck_id, known in world.trucks.items()
            if truck_id not in busy and docs["truck"][truck_id]["status"] == "available"
        ),
        plates={truck_id: doc["plate"] for truck_id, doc in docs["truck"].items()},
        lots=tuple(
            replace(known.lot, quantity_kg=known.open_kg)
            for lot_id, known in world.lots.items()
            if known.open_kg and declared[lot_id] <= moment < known.lot.hold_until
        ),
        facilities=tuple(world.facilities.values()),
        slots=tuple(known.slot for known in world.slots.values() if known.slot.free),
        corridors=tuple(_corridor(doc, world) for doc in docs["corridor"].values()),
        closures=(),
        forbidden=frozenset(),
        needs=(),
    )


def _corridor(doc: Doc, world: World) -> Corridor:
    return Corridor(
        corridor_id=doc["corridor_id"],
        kind=doc["kind"],
        facilities=tuple(doc["facilities"]),
        roster=frozenset(doc["roster"]),
        assembly_points=tuple(
            AssemblyPoint(place_id, world.facilities[place_id].position)
            for place_id in dict.fromkeys([*doc["facilities"], *doc["allowed_stops"]])
        ),
        valid_from=parse_time(doc["valid_from"]),
        valid_until=parse_time(doc["valid_until"]) if doc["valid_until"] else None,
        hours=(
            time.fromisoformat(doc["hours"]["start"]),
            time.fromisoformat(doc["hours"]["end"]),
        )
        if doc["hours"]
        else None,
    )


def _age(docs: Docs, now: datetime) -> None:
    """Let time pass until a moment: trips load and deliver as planned, and trucks are seen."""
    world = read_world(docs, now)
    for name, trip in world.trips.items():
        doc = docs["assignment"][name]
        track = measure_track(trip)
        standing = stand(trip, track, None, world, PARAMS)
        lot, truck = docs["lot"][trip.lot_id], docs["truck"][trip.truck_id]
        if trip.departure > now:
            continue
        if trip.status == "accepted" and standing.at_pickup and standing.load_s == 0:
            doc["status"] = "loaded"
            lot["booked_kg"] -= trip.quantity_kg
            lot["loaded_kg"] += trip.quantity_kg
            standing = stand(replace(trip, status="loaded"), track, None, world, PARAMS)
        if doc["status"] == "loaded" and trip.delivery_eta <= now:
            doc["status"] = "delivered"
            lot["loaded_kg"] -= trip.quantity_kg
            lot["delivered_kg"] += trip.quantity_kg
            slot = docs["slot"][trip.slot_id]
            slot["reserved"] = [p for p in slot["reserved"] if p["assignment_id"] != name]
        place = standing.origin
        truck["position"] = {"lat": place.lat, "lon": place.lon, "at": format_time(now)}
