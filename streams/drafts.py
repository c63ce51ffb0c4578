"""Find the road of a planned trip, and hold it against the corridor that it uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.dispatch import Lot, Params, Problem, Trip
from routing.dispatch.table import Table
from routing.travel import RoadTravel, RoutePath
from streams.journey import Journey, journey

if TYPE_CHECKING:
    from streams.planning import Picture

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Draft:
    """A trip that is planned, with its road."""

    trip: Trip
    path: RoutePath
    journey: Journey


def draft(
    picture: Picture,
    travel: RoadTravel,
    trip: Trip,
    lot: Lot,
    assignment_id: str,
    *,
    params: Params,
) -> Draft:
    """Find a trip's road, and the checkpoints beside it.

    Parameters
    ----------
    picture, travel, params
        What the plan was made of.
    trip, lot
        What is planned.
    assignment_id
        Its name.
    """
    path = travel.route(_class_of(picture, trip), trip.via)
    reach = None if trip.corridor_id is None else picture.reaches.get(trip.corridor_id)
    passing = journey(
        assignment_id,
        trip,
        lot,
        path,
        picture.checkpoints,
        reach,
        closes_s=_closing_s(picture, travel, trip, params),
    )
    return Draft(trip, path, passing)


def _class_of(picture: Picture, trip: Trip) -> str:
    return next(
        truck.vehicle_class
        for truck in (*picture.trucks, *(need.truck for need in picture.needs))
        if truck.truck_id == trip.truck_id
    )


def _closing_s(picture: Picture, travel: RoadTravel, trip: Trip, params: Params) -> float:
    """Return when a trip has to be through its corridor; infinite where it uses none."""
    number = next(
        (n for n, one in enumerate(picture.corridors) if one.corridor_id == trip.corridor_id), None
    )
    if number is None or not picture.checkpoints:
        return math.inf
    problem = Problem(picture.now, (), (), (), (), travel, corridors=picture.corridors)
    table = Table(problem, params)
    arrival_s = table.seconds(trip.delivery_eta) - trip.explanation["wait_s"]["facility"]
    openings = table.openings(number, arrival_s + _DAY_S)
    ends = [ends_s for begins_s, ends_s in openings if begins_s <= arrival_s <= ends_s]
    return picture.now.timestamp() + max(ends, default=arrival_s)
