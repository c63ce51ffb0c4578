"""Draw small routing problems with everything in them, and judge answers by a plain slow walk.

The judge shares the values of `routing.solver.model` with the search, and no code.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import numpy as np

from routing.solver.draft import Draft, Model
from routing.solver.model import Lot, Request, Slot, Stop, Vehicle
from routing.solver.solution import Solution


@dataclass
class World:
    """A problem as values, and laid out."""

    times: np.ndarray
    vehicles: list[Vehicle] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    bays: list[int | None] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    def model(self) -> Model:
        """Lay it out."""
        draft = Draft(len(self.vehicles[0].capacity))
        draft.matrix([self.times])
        for bays in self.bays:
            draft.facility(bays)
        for slot in self.slots:
            draft.slot(slot)
        for vehicle in self.vehicles:
            draft.vehicle(vehicle)
        for lot in self.lots:
            draft.lot(lot)
        for request in self.requests:
            draft.request(request)
        return draft.model()


def draw(seed: int, *, vehicles: int = 3, requests: int = 6, plain: bool = False) -> World:
    """Draw a problem over ten places; `plain`: only clock and capacity matter."""
    random = Random(seed)
    xy = np.array([[random.uniform(0, 50), random.uniform(0, 50)] for _ in range(10)])
    times = np.rint(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) * 10).astype(np.int32)
    world = World(times)
    if not plain:
        world.bays = [random.choice([None, 1, 2]), None]
        for port in range(2):
            for hour in range(6):
                quotas = {0: 1} if random.random() < 0.3 else {}
                places = random.randint(0, 2)
                world.slots.append(
                    Slot(
                        facility=port,
                        start=hour * 600,
                        last=hour * 600 + 500,
                        capacity=places,
                        quotas=quotas,
                    )
                )
    for _ in range(vehicles):
        world.vehicles.append(_vehicle(random, plain=plain))
    if not plain:
        world.lots.append(
            Lot(quantity=(25, 10), least=3, unserved_cost=900, unserved_unit_cost=200)
        )
    for number in range(requests):
        world.requests.append(_request(random, number, plain=plain))
    return world


def _vehicle(random: Random, *, plain: bool) -> Vehicle:
    start, end = random.randrange(10), random.choice([None, random.randrange(10)])
    if plain:
        return Vehicle(start=start, end=end, capacity=(12, 9), shift_end=4_000, fixed_cost=50.0)
    return Vehicle(
        start=start,
        end=end,
        capacity=(random.randint(8, 16), 12),
        shift_start=random.randint(0, 300),
        shift_end=random.randint(2_500, 5_000),
        wait_cost=0.3,
        drive_limit=random.choice([900, 2_000]),
        break_after=random.choice([None, 400]),
        break_length=60,
        since_break=random.choice([0, 300]),
        rear_loading=random.random() < 0.4,
        group=random.randint(0, 1),
    )


def _request(random: Random, number: int, *, plain: bool) -> Request:
    begin = random.randint(0, 1_000)
    pickup = Stop(
        place=random.randrange(10),
        service=random.randint(10, 90),
        windows=((begin, begin + random.randint(300, 2_500)),),
    )
    amount = (random.randint(1, 8), random.randint(0, 5))
    if plain:
        drop = Stop(place=random.randrange(10), service=30, windows=((0, 3_500),))
        options: tuple[tuple[Stop, ...], ...] = (
            ((pickup,),) if number % 3 == 2 else ((pickup, drop),)
        )
        return Request(options=options, amount=amount, unserved_cost=1e5)
    drops = tuple(
        Stop(
            place=place,
            service=random.randint(20, 120),
            windows=((0, 2_000), (2_300, 4_000)),
            facility=facility,
            via=random.choice([None, random.randrange(10)]),
            hours=((0, 1_500), (1_900, 5_000)),
            cost=random.choice([0.0, -40.0]),
            late_from=pickup.windows[0][0],
            late_cost=0.1,
        )
        for place, facility in ((0, 0), (1, 1))
    )
    options = tuple((pickup, drop) for drop in drops[: random.randint(1, 2)])
    if number < 3:
        return Request(options=options, lot=0)
    return Request(options=options, amount=amount, unserved_cost=1e5)


def faults(world: World, solution: Solution) -> list[str]:  # noqa: C901, PLR0912
    """Return every rule that a solution breaks."""
    found: list[str] = []
    entries: list[tuple[int, int, int, int]] = []
    served: Counter[tuple[int, int]] = Counter()
    carried: Counter[int] = Counter()
    for number, route in enumerate(solution.routes):
        found += _walk(world, world.vehicles[number], route)
        seen = set()
        for visit in route:
            served[visit.request, visit.part] += 1
            stop = world.requests[visit.request].options[visit.option][visit.part]
            if visit.part == 0 and world.requests[visit.request].lot is not None:
                carried[world.requests[visit.request].lot or 0] += visit.amount[0]
            if stop.facility is not None:
                entries.append((stop.facility, visit.start, visit.end, number))
                if world.slots and visit.slot is None:
                    found.append("no slot")
                seen.add(visit.slot)
        for slot in seen - {None}:
            served[-1, slot or 0] += 1
            served[-2 - world.vehicles[number].group, slot or 0] += 1
    for lot, amount in carried.items():
        if amount > world.lots[lot].quantity[0]:
            found.append("more than the lot has")
    for at, slot in enumerate(world.slots):
        if served[-1, at] > slot.capacity:
            found.append("slot too full")
        if any(served[-2 - group, at] > most for group, most in slot.quotas.items()):
            found.append("quota exceeded")
    for facility, bays in enumerate(world.bays):
        own = [(s, e) for f, s, e, _ in entries if f == facility]
        for moment, _ in own:
            if bays is not None and sum(s <= moment < e for s, e in own) > bays:
                found.append("bays too full")
    if any(count > 1 for (request, _), count in served.items() if request >= 0):
        found.append("served twice")
    return found


def _walk(world: World, vehicle: Vehicle, route: tuple) -> list[str]:  # noqa: C901, PLR0912, PLR0915
    found = []
    clock, place, since, driven = (
        vehicle.shift_start,
        vehicle.start,
        vehicle.since_break,
        0,
    )
    jobs = [v for v in route if len(world.requests[v.request].options[v.option]) == 1]
    load = [sum(v.amount[k] for v in jobs) for k in range(len(vehicle.capacity))]
    deck: list[int] = []

    def go(there: int) -> None:
        nonlocal clock, place, since, driven
        way = int(world.times[place, there]) if place is not None else 0
        driven += way
        limit = vehicle.break_after or 10**9
        since = min(since, limit)
        while since + way > limit:
            clock += limit - since + vehicle.break_length
            way, since = way - (limit - since), 0
        clock, since, place = clock + way, since + way, there

    for visit in route:
        request = world.requests[visit.request]
        stop = request.options[visit.option][visit.part]
        if stop.via is not None and place != stop.place:
            go(stop.via)
            ready, before = clock, (since, driven)
            for begin, end in stop.hours:
                clock, place, (since, driven) = max(ready, begin), stop.via, before
                go(stop.place)
                if clock <= end:
                    break
            else:
                found.append("outside corridor hours")
        elif place != stop.place:
            go(stop.place)
        if visit.arrival != clock:
            found.append("arrival told wrongly")
        if visit.start < clock or visit.end != visit.start + stop.service:
            found.append("begins before it is there")
        if not any(a <= visit.start <= b for a, b in stop.windows):
            found.append("outside all windows")
        if visit.slot is not None:
            slot = world.slots[visit.slot]
            if slot.facility != stop.facility or not slot.start <= visit.start <= slot.last:
                found.append("outside its slot")
        single = len(request.options[visit.option]) == 1
        sign = -1 if single or visit.part else 1
        load = [have + sign * more for have, more in zip(load, visit.amount, strict=True)]
        if any(have > room or have < 0 for have, room in zip(load, vehicle.capacity, strict=True)):
            found.append("too much aboard")
        if not single and visit.part == 0:
            deck.append(visit.request)
        elif not single:
            if visit.request not in deck:
                found.append("delivered before it is picked up")
            elif vehicle.rear_loading and deck[-1] != visit.request:
                found.append("not the last one loaded")
            deck = [other for other in deck if other != visit.request]
        clock = visit.end
    if route and vehicle.end is not None and place != vehicle.end:
        go(vehicle.end)
    if clock > vehicle.shift_end and route:
        found.append("after the shift")
    if driven > vehicle.drive_limit:
        found.append("drives too long")
    if deck:
        found.append("something stays aboard")
    return found
