"""See a hit trip as the rules of dispatch see it: its truck, goods and times from where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from routing.dispatch import DrivingState, Facility, Lot, Params, Point, Slot, Truck
from routing.dispatch.rules import Candidate, judge
from routing.dispatch.timeline import Itinerary, travel_through
from routing.roads.errors import NoRoute, TooFarFromRoad
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS

if TYPE_CHECKING:
    from datetime import datetime

    from routing.dispatch import Refusal
    from routing.travel import RoadTravel, RoutePath
    from routing.whatif.scene import Scene
    from routing.whatif.standing import Standing
    from routing.whatif.world import KnownTrip

_HOLDS = timedelta(days=2)
"""Goods of a lot that is not known hold so long after their delivery (assumed)."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A trip as the rules of dispatch see it."""

    scene: Scene
    trip: KnownTrip
    standing: Standing
    truck: Truck
    lot: Lot
    facility: Facility
    params: Params

    @property
    def start(self) -> Point:
        """Where the goods are taken from now on: the pickup, or where the loaded truck is."""
        return self.standing.origin if self.standing.is_loaded else self.trip.pickup

    @property
    def via(self) -> list[Point]:
        """The places still to be passed."""
        ends = [self.start, self.facility.position]
        drives_empty = not (self.standing.is_loaded or self.standing.at_pickup)
        return [self.standing.origin, *ends] if drives_empty else ends

    def way(self, legs_s: tuple[float, ...], start_s: int) -> Itinerary | None:
        """Lay the rest of the trip out in time; None where a leg has no way."""
        if not all(math.isfinite(leg_s) for leg_s in legs_s):
            return None
        empty_s = math.ceil(legs_s[0]) if len(legs_s) > 1 else 0
        standing = self.standing
        is_there = standing.is_loaded or standing.at_pickup
        driven_s = self.scene.world.driven_s.get(self.trip.truck_id, 0) + standing.driven_s
        return travel_through(
            start_s=start_s,
            driving=DrivingState(standing.since_break_s, min(driven_s, 86_400)),
            empty_s=empty_s,
            loaded_s=math.ceil(legs_s[-1]),
            ready_s=start_s if is_there else self.scene.seconds(self.lot.ready_from),
            load_s=standing.load_s,
            params=self.params,
        )

    def own_slot(self, way: Itinerary | None) -> tuple[tuple[Refusal, ...], datetime | None]:
        """Return what refuses its own slot, and when the truck would enter.

        A trip that has to change may use the margin up, as dispatch lets it.
        """
        return self.judged(way, self.trip.window, self.facility, 1, may_be_tight=True)

    def judged(
        self,
        way: Itinerary | None,
        slot: Slot,
        facility: Facility,
        free: int,
        *,
        may_be_tight: bool,
    ) -> tuple[tuple[Refusal, ...], datetime | None]:
        """Return what refuses a slot, and when the truck would enter."""
        candidate = Candidate(
            self.scene.world.now,
            replace(self.params, margin_s=0) if may_be_tight else self.params,
            self.truck,
            self.lot,
            facility,
            slot,
            way,
            free=free,
        )
        return judge(candidate, forced=True), candidate.delivery_eta


def case_of(scene: Scene, trip: KnownTrip, standing: Standing) -> Case:
    """See a trip as the rules do; what is not known of its truck or lot is taken from the trip.

    Parameters
    ----------
    scene
        The world.
    trip, standing
        The trip, and where it is.
    """
    world = scene.world
    known, lot = world.trucks.get(trip.truck_id), world.lots.get(trip.lot_id)
    truck = known.truck if known else _unknown_truck(scene, trip)
    last = trip.line.coords[-1]
    facility = world.facilities.get(trip.window.facility_id) or Facility(
        trip.window.facility_id, "port", Point(last[1], last[0])
    )
    goods = lot.lot if lot else _unknown_lot(trip)
    goods = replace(goods, quantity_kg=trip.quantity_kg)
    if standing.is_loaded:
        goods = replace(goods, pickup=standing.origin)
    truck = replace(  # who has the goods, or was promised them, can carry them
        truck,
        payload_kg=max(truck.payload_kg, goods.quantity_kg),
        temperature_classes=truck.temperature_classes | {goods.temperature},
    )
    return Case(scene, trip, standing, truck, goods, facility, scene.params)


def _unknown_truck(scene: Scene, trip: KnownTrip) -> Truck:
    return Truck(
        trip.truck_id,
        trip.doc["haulier_id"],
        DEFAULT_VEHICLE_CLASS,
        trip.quantity_kg,
        frozenset({trip.doc["temperature"]}),
        trip.pickup,
        scene.world.now,
    )


def _unknown_lot(trip: KnownTrip) -> Lot:
    """Return a lot as its trip knows it; it holds as long as anybody plans."""
    return Lot(
        trip.lot_id,
        trip.doc["region"],
        trip.doc["product"],
        trip.quantity_kg,
        trip.doc["temperature"],
        trip.pickup,
        trip.lot_id,
        trip.pickup_eta,
        trip.delivery_eta + _HOLDS,
    )


def path_of(travel: RoadTravel, case: Case, end: Point | None = None) -> RoutePath | None:
    """Return the fastest way of the rest of a trip; None where there is none.

    Parameters
    ----------
    travel
        The roads.
    case
        The trip.
    end
        Where it ends, if not at its own facility.
    """
    via = case.via if end is None else [*case.via[:-1], end]
    try:
        return travel.route(case.truck.vehicle_class, via)
    except (NoRoute, TooFarFromRoad):
        return None


def legs_of(path: RoutePath | None) -> tuple[float, ...]:
    """Return the seconds of each leg of a way, `inf` where there is none."""
    return path.leg_durations_s if path else (math.inf,)
