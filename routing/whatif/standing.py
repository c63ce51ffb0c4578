"""Find where a trip is on its planned route, and when it will be where from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from routing.dispatch import Point
from routing.roads.sphere import great_circle_m, steps_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.dispatch import Params
    from routing.whatif.world import KnownTrip, KnownTruck, World

    Floats = NDArray[np.float64]

OFF_ROUTE_M = 2_000.0
"""A truck further from its planned route is placed by the plan's times (assumed)."""

AT_PICKUP_M = 500.0
"""A truck nearer to its pickup than this is there (assumed)."""

_SAME_PLACE_M = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A planned route, measured.

    Attributes
    ----------
    lon, lat
        Its positions, degrees, shape ``(n,)``.
    along_m
        How far along the route each is, metres, shape ``(n,)``.
    pickup_m
        How far along the pickup is.
    """

    lon: Floats
    lat: Floats
    along_m: Floats
    pickup_m: float

    @property
    def length_m(self) -> float:
        """The route's length."""
        return float(self.along_m[-1])

    def at(self, along_m: float) -> Point:
        """Return the place so far along."""
        lat = float(np.interp(along_m, self.along_m, self.lat))
        return Point(lat, float(np.interp(along_m, self.along_m, self.lon)))

    def part(self, from_m: float, until_m: float) -> list[list[float]]:
        """Return the positions of a part, at least two."""
        inner = (self.along_m > from_m) & (self.along_m < until_m)
        ends = [self.at(from_m), self.at(until_m)]
        middle = np.column_stack([self.lon[inner], self.lat[inner]]).tolist()
        return [[ends[0].lon, ends[0].lat], *middle, [ends[1].lon, ends[1].lat]]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where a trip is now, and its times from now on.

    Attributes
    ----------
    placed_by
        Whether the truck's last position told it, or the plan's times.
    origin, along_m
        Where it is, or will set out; how far along its route that is.
    is_loaded
        Whether the goods are aboard.
    at_pickup
        Whether it is at the pickup and loading.
    leaves_s
        When it sets out as planned, seconds from now; 0 on the way.
    load_s
        What loading still takes.
    driven_s, since_break_s
        Driven on this trip so far, and since the last break.
    knots_m, knots_s
        How far along it is when, seconds from now; in order.
    """

    placed_by: Literal["position", "plan"]
    origin: Point
    along_m: float
    is_loaded: bool
    at_pickup: bool
    leaves_s: int
    load_s: int
    driven_s: int
    since_break_s: int
    knots_m: tuple[float, ...]
    knots_s: tuple[float, ...]

    def when_s(self, along_m: float) -> float:
        """Return when it is so far along, seconds from now."""
        return float(np.interp(along_m, self.knots_m, self.knots_s))


def measure_track(trip: KnownTrip) -> Track:
    """Measure a trip's planned route, and find its pickup on it.

    Where the route passes the pickup twice, the passage that fits the plan's driving time to it
    best is taken.

    Parameters
    ----------
    trip
        The trip.
    """
    lon, lat = shapely.get_coordinates(trip.line).T
    along_m = np.concatenate([[0.0], np.cumsum(steps_m(lat, lon))])
    away_m = great_circle_m(trip.pickup.lat, trip.pickup.lon, lat, lon)
    near = np.flatnonzero(away_m <= away_m.min() + _SAME_PLACE_M)
    share = _empty_s(trip) / trip.drive_s if trip.drive_s else 0.0
    best = near[np.argmin(np.abs(along_m[near] - min(share, 1.0) * along_m[-1]))]
    return Track(lon, lat, along_m, float(along_m[best]))


def stand(
    trip: KnownTrip, track: Track, truck: KnownTruck | None, world: World, params: Params
) -> Standing:
    """Find where a trip is now.

    A truck whose last position is younger than its departure and near its route is there; from
    then on it drives as planned. Else it is where the plan's times say. Within a leg, all of its
    length is driven at one speed.

    Parameters
    ----------
    trip, track
        The trip and its route.
    truck
        Its truck, where it is known.
    world
        Tells the time and the lot.
    params
        Service times and driving hours.
    """
    known = world.lots.get(trip.lot_id)
    plan = _Plan.of(trip, world.now, known.lot.ready_from if known else None, params)
    seen = _seen(trip, track, truck, world.now)
    if trip.status == "loaded":
        knots = _loaded(plan, track, seen)
    elif seen is not None and trip.status == "accepted":
        knots = _coming(plan, track, seen)
    else:
        late_s = max(0.0, -plan.departure_s) if trip.status == "proposed" else 0.0
        knots = plan.knots(track, late_s)
    if trip.status != "loaded":
        knots = _not_loaded_before_now(knots)
    times = [each[1] for each in knots]
    along = [each[0] for each in knots]
    now_m = float(np.interp(0.0, times, along))
    is_loaded = trip.status == "loaded"
    at_pickup = not is_loaded and times[1] <= 0
    if at_pickup:
        now_m = track.pickup_m
    loading_s = max(0, round(times[-2])) if at_pickup else params.load_of(trip.doc["product"])
    driven_s = plan.driven_s(now_m, track)
    return Standing(
        placed_by="position" if seen is not None and trip.status != "proposed" else "plan",
        origin=trip.pickup if at_pickup else track.at(now_m),
        along_m=now_m,
        is_loaded=is_loaded,
        at_pickup=at_pickup,
        leaves_s=max(0, round(times[0])),
        load_s=0 if is_loaded else loading_s,
        driven_s=round(driven_s),
        since_break_s=_since_break(trip, plan, driven_s, world.now, params),
        knots_m=tuple(along),
        knots_s=tuple(times),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """A trip's planned times, seconds from now."""

    departure_s: float
    pickup_s: float
    ready_s: float
    load_s: float
    empty_drive_s: float
    loaded_drive_s: float
    loaded_span_s: float

    @classmethod
    def of(
        cls, trip: KnownTrip, now: datetime, ready_from: datetime | None, params: Params
    ) -> _Plan:
        def seconds(moment: datetime) -> float:
            return (moment - now).total_seconds()

        pickup_s, load_s = seconds(trip.pickup_eta), params.load_of(trip.doc["product"])
        ready_s = pickup_s if ready_from is None else seconds(ready_from)
        done_s = max(pickup_s, ready_s) + load_s
        empty_s = _empty_s(trip)
        loaded_s = max(0.0, trip.drive_s - empty_s)
        rest_s = sum(
            (two - one).total_seconds() for one, two in trip.breaks if seconds(one) >= done_s
        )
        planned_s = max(0.0, seconds(trip.delivery_eta) - done_s)
        span_s = min(loaded_s + rest_s, planned_s) if planned_s else loaded_s + rest_s
        return cls(seconds(trip.departure), pickup_s, ready_s, load_s, empty_s, loaded_s, span_s)

    def done_s(self, pickup_s: float) -> float:
        return max(pickup_s, self.ready_s) + self.load_s

    def knots(self, track: Track, late_s: float) -> list[tuple[float, float]]:
        pickup_s = self.pickup_s + late_s
        done_s = self.done_s(pickup_s)
        return [
            (0.0, self.departure_s + late_s),
            (track.pickup_m, pickup_s),
            (track.pickup_m, done_s),
            (track.length_m, done_s + self.loaded_span_s),
        ]

    def driven_s(self, along_m: float, track: Track) -> float:
        """Return what was driven on this trip up to a place of its route."""
        empty = _share(along_m, 0.0, track.pickup_m)
        loaded = _share(along_m, track.pickup_m, track.length_m)
        return empty * self.empty_drive_s + loaded * self.loaded_drive_s


def _not_loaded_before_now(knots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Let a trip that is said not to have loaded yet be done with that now at the earliest."""
    late_s = max(0.0, -knots[2][1])
    return [*knots[:2], *((along_m, time_s + late_s) for along_m, time_s in knots[2:])]


def _share(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else float(value >= high)


def _empty_s(trip: KnownTrip) -> float:
    """Return the planned driving to the pickup: all the time till then but for breaks."""
    rest_s = sum(
        (min(two, trip.pickup_eta) - one).total_seconds()
        for one, two in trip.breaks
        if one < trip.pickup_eta
    )
    whole_s = (trip.pickup_eta - trip.departure).total_seconds()
    return max(0.0, min(whole_s - rest_s, float(trip.drive_s)))


def _seen(
    trip: KnownTrip, track: Track, truck: KnownTruck | None, now: datetime
) -> tuple[float, float] | None:
    """Return how far along its route the truck was seen and when, seconds from now."""
    if truck is None or truck.position_at is None or truck.position_at < trip.departure:
        return None
    place = truck.truck.position
    before = trip.status == "accepted"
    along_m, away_m = _nearest(track, place, before=before)
    if away_m > OFF_ROUTE_M:
        return None
    return along_m, min(0.0, (truck.position_at - now).total_seconds())


def _nearest(track: Track, place: Point, *, before: bool) -> tuple[float, float]:
    """Return where a route comes nearest to a place, before its pickup or after, and how near."""
    east = np.cos(np.radians(place.lat)) * (track.lon - place.lon) * 111_195.0
    north = (track.lat - place.lat) * 111_195.0
    x, y = east[:-1], north[:-1]
    dx, dy = np.diff(east), np.diff(north)
    length2 = dx * dx + dy * dy
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(length2 > 0, -(x * dx + y * dy) / length2, 0.0).clip(0.0, 1.0)
    away_m = np.hypot(x + share * dx, y + share * dy)
    along_m = track.along_m[:-1] + share * np.diff(track.along_m)
    fits = along_m <= track.pickup_m if before else along_m >= track.pickup_m
    if not fits.any():
        return track.pickup_m, float(
            great_circle_m(place.lat, place.lon, *_one(track.at(track.pickup_m)))[0]
        )
    best = int(np.argmin(np.where(fits, away_m, np.inf)))
    return float(along_m[best]), float(away_m[best])


def _one(point: Point) -> tuple[Floats, Floats]:
    return np.array([point.lat]), np.array([point.lon])


def _loaded(
    plan: _Plan, track: Track, seen: tuple[float, float] | None
) -> list[tuple[float, float]]:
    """Return the knots of a trip that has its goods."""
    done_s = plan.done_s(plan.pickup_s)
    from_m, from_s = seen or (track.pickup_m, min(done_s, 0.0))
    left = 1.0 - _share(from_m, track.pickup_m, track.length_m)
    return [(from_m, from_s), (track.length_m, from_s + left * plan.loaded_span_s)]


def _coming(plan: _Plan, track: Track, seen: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the knots of a trip on its way to the pickup, or there."""
    from_m, from_s = seen
    if from_m >= track.pickup_m - AT_PICKUP_M:  # it came when planned, or when it was seen
        from_m, from_s = track.pickup_m, min(from_s, plan.pickup_s)
    left = 1.0 - _share(from_m, 0.0, track.pickup_m)
    pickup_s = from_s + left * (plan.pickup_s - plan.departure_s)
    done_s = plan.done_s(pickup_s)
    return [
        (from_m, from_s),
        (track.pickup_m, pickup_s),
        (track.pickup_m, done_s),
        (track.length_m, done_s + plan.loaded_span_s),
    ]


def _since_break(
    trip: KnownTrip, plan: _Plan, driven_s: float, now: datetime, params: Params
) -> int:
    """Return what was driven since the last break, as far as the plan's breaks tell.

    A break is planned exactly when `drive_s` are full, so the first one tells what was driven
    before the trip. A trip without one fits into what was left.
    """
    if not trip.breaks:
        return min(round(driven_s), params.drive_s)
    over = [end for _, end in trip.breaks if end <= now]
    first_s = _driving_until(trip, plan, trip.breaks[0][0])
    before_s = max(0.0, params.drive_s - first_s)
    if not over:
        return min(round(before_s + driven_s), params.drive_s)
    full_s = first_s + (len(over) - 1) * params.drive_s
    return min(max(0, round(driven_s - full_s)), params.drive_s)


def _driving_until(trip: KnownTrip, plan: _Plan, moment: datetime) -> float:
    """Return what is driven on a trip until its first break."""
    from_departure_s = (moment - trip.departure).total_seconds()
    if moment <= trip.pickup_eta:
        return from_departure_s
    loaded_s = from_departure_s + plan.departure_s - plan.done_s(plan.pickup_s)
    return min(float(trip.drive_s), plan.empty_drive_s + max(0.0, loaded_s))
