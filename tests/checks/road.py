"""Drive a truck's route again, stop by stop, and say what is wrong with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from routing.dispatch import (
        Lot,
        Params,
        Point,
        Problem,
        Route,
        RouteStop,
        Truck,
    )


@dataclass
class Rider:
    """A truck on its route: where it is, what is aboard, what its driver has driven."""

    problem: Problem
    params: Params
    truck: Truck
    relief: set[tuple[str, int]]
    """Transhipment points and drivers there who have taken over already."""
    clock: datetime
    place: Point
    since_s: float
    today_s: float
    week_s: float
    breaks: list[tuple[datetime, datetime]]
    driven_s: float = 0.0
    longest_s: float = 0.0
    aboard: list[tuple[str, int, int]] = field(default_factory=list)
    bound: int = 0
    """So many stops belong to committed legs, which are what they are."""

    @classmethod
    def on(
        cls, problem: Problem, params: Params, route: Route, relief: set[tuple[str, int]]
    ) -> Rider | None:
        """Return the truck of a route where it begins, None if there is no such truck."""
        truck = next((t for t in problem.trucks if t.truck_id == route.truck_id), None)
        if truck is None:
            return None
        bound = [leg for leg in problem.committed if leg.truck_id == truck.truck_id]
        soonest = problem.now + timedelta(seconds=0 if bound else params.accept_s)
        rider = cls(
            problem=problem,
            params=params,
            truck=truck,
            relief=relief,
            clock=max(soonest, truck.available_from),
            place=truck.position,
            since_s=min(truck.driving.since_break_s, params.drive_s),
            today_s=truck.driving.today_s,
            week_s=truck.driving.week_s,
            breaks=list(route.breaks),
        )
        rider.bound = sum(1 if leg.aboard else 2 for leg in bound)
        rider.aboard = [
            (leg.lot.lot_id, leg.lot.quantity_kg, leg.lot.volume_l) for leg in bound if leg.aboard
        ]
        return rider

    def flaws(self, route: Route) -> Iterator[str]:
        """Judge the whole route."""
        free = any(stop.kind != "home" for stop in route.stops[self.bound :])
        for number, stop in enumerate(route.stops):
            yield from self._go(stop)
            yield from self._work(stop)
            if free and number >= self.bound:
                yield from self._limits(stop)
        if self.aboard:
            yield "load: goods are aboard at the end"
        if self.longest_s > self.params.drive_s:
            yield f"driving_hours: {self.longest_s:.0f} s without a break"
        if self.breaks or any(
            (end - at).total_seconds() < self.params.break_s for at, end in route.breaks
        ):
            yield "breaks: one is too short, or lies outside the driving"
        told = route.driving
        if (told.since_break_s, told.today_s, told.week_s) != (
            self.since_s,
            self.today_s,
            self.week_s,
        ):
            yield "driving_hours: the route tells other hours at its end"
        if route.drive_s != self.driven_s:
            yield "driving_hours: the route tells another time of driving"
        wants_home = self.params.return_home and self.truck.home is not None
        if free and wants_home != (route.stops[-1].kind == "home"):
            yield "home: the truck does not end where it should"

    def _go(self, stop: RouteStop) -> Iterator[str]:
        """Drive to a stop."""
        if stop.departure < self.clock:
            yield "departure: the truck leaves before it may"
        points = [self.place, *((stop.through,) if stop.through else ()), stop.position]
        hops = [seconds_between(self.problem, self.truck, *pair) for pair in pairwise(points)]
        if any(math.isinf(hop) for hop in hops):
            yield f"closed: no open road leads to {stop.place}"
            return
        clock = self._drive(stop.departure, hops[0])
        if stop.through is not None:
            if clock != stop.through_at:
                yield f"eta: the truck passes the place on the way at {clock}"
            if stop.relief is not None:
                clock = self._change_driver(stop, clock)
            clock = self._drive(clock, hops[1])
        if clock != stop.arrival:
            yield f"eta: the truck arrives at {clock}, not at {stop.arrival}"
        self.place = stop.position

    def _limits(self, stop: RouteStop) -> Iterator[str]:
        """Judge what a day, a week, a shift and a pass allow."""
        if self.today_s > self.params.day_s:
            yield f"driving_hours: {self.today_s:.0f} s on this day"
        if self.week_s > self.params.week_s:
            yield f"driving_week: {self.week_s:.0f} s in this week"
        for end, code in ((self.truck.shift_end, "shift"), (self.truck.pass_until, "pass")):
            if end is not None and stop.end > end:
                yield f"{code}: it ends at {end}, work at {stop.place} at {stop.end}"

    def _drive(self, at: datetime, left_s: float) -> datetime:
        """Return when so many seconds of driving, begun at a time, are done."""
        self.driven_s += left_s
        self.today_s += left_s
        self.week_s += left_s
        while self.breaks and at <= self.breaks[0][0] < at + timedelta(seconds=left_s):
            start, end = self.breaks.pop(0)
            stretch_s = (start - at).total_seconds()
            self.longest_s = max(self.longest_s, self.since_s + stretch_s)
            at, left_s, self.since_s = end, left_s - stretch_s, 0
        self.since_s += left_s
        self.longest_s = max(self.longest_s, self.since_s if left_s else 0)
        return at + timedelta(seconds=left_s)

    def _change_driver(self, stop: RouteStop, clock: datetime) -> datetime:
        """Let a driver who waits on the way take over; each does so once."""
        place = next((p for p in self.problem.transhipments if p.position == stop.through), None)
        mine = None if place is None else (place.place_id, stop.relief)
        if place is None or mine in self.relief or not 0 <= (stop.relief or 0) < len(place.drivers):
            self.today_s = math.inf
            return clock
        driver = place.drivers[stop.relief or 0]
        self.relief.add((place.place_id, stop.relief or 0))
        self.since_s, self.today_s, self.week_s = 0, driver.today_s, driver.week_s
        return clock + timedelta(seconds=place.swap_s)

    def _work(self, stop: RouteStop) -> Iterator[str]:
        """Load or unload."""
        self.clock = stop.end
        if stop.start < stop.arrival or stop.end < stop.start:
            yield "order: work begins before the truck is there, or ends before it begins"
        if stop.kind == "home":
            return
        load = (stop.lot_id, stop.quantity_kg, stop.volume_l)
        if stop.kind in {"pickup", "takeover"}:
            self.aboard.append(load)
        elif load not in self.aboard:
            yield f"load: lot {stop.lot_id} is unloaded but not aboard"
        else:
            if self.truck.rear_loading and self.aboard[-1] != load:
                yield f"rear: lot {stop.lot_id} stands behind others"
            self.aboard.remove(load)
        yield from self._weigh()

    def _weigh(self) -> Iterator[str]:
        """Judge what is aboard."""
        if sum(kg for _, kg, _ in self.aboard) > self.truck.payload_kg:
            yield "payload: more on the truck than it can carry"
        room_l = self.truck.volume_l
        if room_l is not None and sum(litres for _, _, litres in self.aboard) > room_l:
            yield "volume: more on the truck than it has room for"
        if not self.params.pool and len(self.aboard) > 1:
            yield "pool: several consignments on a truck"


def seconds_between(problem: Problem, truck: Truck, one: Point, two: Point) -> float:
    """Return the seconds of driving between two places, infinite where no road leads."""
    if one == two:
        return 0.0
    exact = float(problem.travel.duration_s(truck.vehicle_class, [one], [two])[0, 0])
    return exact if math.isinf(exact) else math.ceil(exact)


def volume_l(lot: Lot, quantity_kg: int) -> int:
    """Return the litres that a part of a lot takes, rounded up."""
    return math.ceil(quantity_kg * lot.volume_l / lot.quantity_kg) if lot.quantity_kg else 0
