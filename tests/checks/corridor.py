"""Check a corridor's use: whose it is, when, and from which pickups."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch import Corridor, Lot, Params, Point, RouteStop, Trip

_ROUNDING = timedelta(seconds=1)
_EARTH_M = 6_371_000.0


def misused(
    params: Params, trip: Trip, corridor: Corridor, lot: Lot, tour: list[RouteStop]
) -> Iterator[str]:
    """Judge whether the corridor is the truck's to use, at that time, from that pickup."""
    end = tour[-1]
    if trip.facility_id not in corridor.facilities:
        yield "corridor: it does not lead to the facility"
    if corridor.roster and trip.truck_id not in corridor.roster:
        yield "corridor: the truck is not on its roster"
    if len(tour) > 1 and tour[-2].position == end.position:
        return  # it came with goods that were unloaded before
    points = [p.position for p in corridor.assembly_points if p.place_id != trip.facility_id]
    if end.through is None or end.through_at is None or end.through not in points:
        yield "via: the truck does not join the corridor where it may"
        return
    join, leave = end.through_at, end.arrival
    if join < corridor.valid_from or (corridor.valid_until and leave > corridor.valid_until):
        yield "corridor: it is not valid then"
    if corridor.hours is not None and not any(
        opens - _ROUNDING <= join and leave <= closes + _ROUNDING
        for opens, closes in _openings(params, corridor, join)
    ):
        yield "corridor: it is not open then"
    if _straight_m(lot.pickup, end.through) > params.corridor_join_m * 1.001:
        yield "corridor: the pickup is too far from where it is joined"


def _openings(
    params: Params, corridor: Corridor, join: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the openings of the days around a time; equal hours never close."""
    assert corridor.hours is not None
    opens, closes = corridor.hours
    if opens == closes:
        yield corridor.valid_from, corridor.valid_until or join + timedelta(days=9)
        return
    offset = timedelta(seconds=params.local_utc_offset_s)
    today = (join.astimezone(UTC) + offset).date()
    for days in (-1, 0, 1):
        day = today + timedelta(days=days)
        start = datetime.combine(day, opens, UTC) - offset
        end = datetime.combine(day, closes, UTC) - offset
        yield start, end if end > start else end + timedelta(days=1)


def _straight_m(one: Point, two: Point) -> float:
    """Return metres on a sphere, by the law of cosines."""
    lat_1, lat_2 = math.radians(one.lat), math.radians(two.lat)
    turn = math.cos(math.radians(two.lon - one.lon))
    cosine = math.sin(lat_1) * math.sin(lat_2) + math.cos(lat_1) * math.cos(lat_2) * turn
    return _EARTH_M * math.acos(max(-1.0, min(1.0, cosine)))
