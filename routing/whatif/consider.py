"""Answer what a measure would do: which trips, lots, slots and corridors, and what is lost.

The world is read, never changed; there is no clock and no chance in it, so that the same world and
measure give the same answer, in whatever order the world came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.roads.closures import touches
from routing.whatif.fate import decide
from routing.whatif.measure import Measure
from routing.whatif.meeting import Meeting, is_planned_anew, meets
from routing.whatif.open_lots import OpenFate, hit_open
from routing.whatif.outcome import DELAYED_S, Consequences, HitLot, HitSlot, HitTrip, totals
from routing.whatif.passages import hit_corridors
from routing.whatif.scene import Scene, set_scene
from routing.whatif.standing import Standing, Track, measure_track, stand

if TYPE_CHECKING:
    from routing.travel import RoadTravel
    from routing.whatif.world import KnownTrip, World

    Hit = tuple[KnownTrip, Track, Standing, Meeting | None]


def what_if(world: World, measure: Measure, travel: RoadTravel) -> Consequences:
    """Say what a measure would do, before anybody commits it.

    Parameters
    ----------
    world
        What is known.
    measure
        What somebody thinks of.
    travel
        The roads with what is closed already (`World.closures`).

    Returns
    -------
    Consequences
        In the order of ids. Trips are judged, and take places in other slots, in the order of
        their deliveries.

    Raises
    ------
    RoadError
        If the measure names what is not known, or its geometry is none.
    """
    scene = set_scene(world, measure, travel)
    hit = _hit(scene)
    hit.sort(key=lambda each: (each[0].delivery_eta, each[0].assignment_id))
    trips = tuple(
        sorted((decide(scene, *each) for each in hit), key=lambda trip: trip.assignment_id)
    )
    lots = _lots(scene, trips)
    return Consequences(
        now=world.now,
        valid_from=measure.valid_from,
        valid_until=measure.valid_until,
        closed=scene.closed,
        trips=trips,
        lots=lots,
        slots=_slots(scene, trips),
        corridors=hit_corridors(scene, trips),
        totals=totals(trips, lots),
        planned_anew=_planned_anew(scene, trips),
        skipped=world.skipped,
    )


def _hit(scene: Scene) -> list[Hit]:
    """Return the trips that would meet a closure, or whose window at a gate is closed."""
    world, closure = scene.world, scene.closure
    found: list[Hit] = []
    for trip in world.trips.values():
        if trip.slot_id not in scene.gone if closure is None else not touches(trip.line, closure):
            continue
        track = measure_track(trip)
        standing = stand(trip, track, world.trucks.get(trip.truck_id), world, scene.params)
        meeting = None if closure is None else meets(track, standing, closure, world)
        if closure is None or meeting is not None:
            found.append((trip, track, standing, meeting))
    return found


def _lots(scene: Scene, trips: tuple[HitTrip, ...]) -> tuple[HitLot, ...]:
    carried: dict[str, list[HitTrip]] = {}
    for trip in trips:
        carried.setdefault(trip.lot_id, []).append(trip)
    still_open = hit_open(scene)
    return tuple(
        _lot(scene, lot_id, carried.get(lot_id, []), still_open.get(lot_id))
        for lot_id in sorted({*carried, *still_open})
    )


def _lot(scene: Scene, lot_id: str, trips: list[HitTrip], fate: OpenFate | None) -> HitLot:
    known = scene.world.lots.get(lot_id)
    late = [trip for trip in trips if trip.becomes != "lost" and trip.delay_s >= DELAYED_S]
    return HitLot(
        lot_id=lot_id,
        product=known.lot.product
        if known
        else scene.world.trips[trips[0].assignment_id].doc["product"],
        assignments=tuple(trip.assignment_id for trip in trips),
        delayed_kg=sum(trip.quantity_kg for trip in late),
        lost_kg=sum(trip.lost_kg for trip in trips),
        open_kg=known.open_kg if known and fate else 0,
        open_becomes=fate.becomes if fate else None,
        open_delay_s=fate.delay_s if fate else 0.0,
    )


def _slots(scene: Scene, trips: tuple[HitTrip, ...]) -> tuple[HitSlot, ...]:
    held: dict[str, list[HitTrip]] = {slot_id: [] for slot_id in scene.gone}
    for trip in trips:
        held.setdefault(trip.slot_id, []).append(trip)
    return tuple(_slot(scene, slot_id, held[slot_id]) for slot_id in sorted(held))


def _slot(scene: Scene, slot_id: str, trips: list[HitTrip]) -> HitSlot:
    known = scene.world.slots.get(slot_id)
    slot = known.slot if known else scene.world.trips[trips[0].assignment_id].window
    return HitSlot(
        slot_id=slot_id,
        facility_id=slot.facility_id,
        gate_id=slot.gate_id,
        window_start=slot.window_start,
        window_end=slot.window_end,
        capacity_trucks=known.capacity_trucks if known else 0,
        closed=slot_id in scene.gone,
        assignments=tuple(trip.assignment_id for trip in trips),
        freed=sum(trip.becomes in {"other_slot", "lost"} for trip in trips),
    )


def _planned_anew(scene: Scene, trips: tuple[HitTrip, ...]) -> tuple[str, ...]:
    if scene.closure is None:
        return ()
    hit, closure, now = {trip.assignment_id for trip in trips}, scene.closure, scene.world.now
    return tuple(
        assignment_id
        for assignment_id, trip in scene.world.trips.items()
        if assignment_id not in hit and is_planned_anew(trip, closure, now)
    )
