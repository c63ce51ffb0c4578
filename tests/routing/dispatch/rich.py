"""Make up random worlds that have everything: return loads, bays, quotas, shifts, swaps, pins."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from routing.dispatch import (
    Committed,
    DrivingState,
    Earlier,
    Facility,
    Lot,
    Pin,
    Point,
    Problem,
    Slot,
    Transhipment,
    Truck,
)
from tests.routing.dispatch.worlds import hours, wild

if TYPE_CHECKING:
    from routing.dispatch import Travel


def rich(seed: int, *, travel: Travel | None = None) -> Problem:
    """Return a random problem in which every kind of thing that a problem may hold may stand."""
    random = Random(seed + 1_000_003)
    problem = wild(seed, trucks=5, lots=7, travel=travel)
    made = replace(
        problem,
        trucks=tuple(_truck(random, n, one) for n, one in enumerate(problem.trucks)),
        lots=tuple(_lot(random, one) for one in problem.lots),
        facilities=tuple(_facility(random, one) for one in problem.facilities),
        slots=tuple(_slot(random, one) for one in problem.slots),
        forbidden=frozenset(),
        worked_s={"H1": 3_600, "H0": 7_200},
        transhipments=tuple(_swap(random, n) for n in range(random.choice((0, 0, 1, 2)))),
    )
    return replace(
        made,
        forced=made.forced if random.random() < 0.3 else (),
        committed=_committed(random, made),
        earlier=_earlier(random, made),
    )


def pinned(problem: Problem, random: Random, chosen: tuple[Pin, ...] = ()) -> Problem:
    """Return the problem with some pins, at random unless they are given."""
    pins = chosen or tuple(
        Pin(
            random.choice(problem.trucks).truck_id,
            one.lot_id,
            random.choice([None, *(slot.slot_id for slot in problem.slots)]),
            random.choice((None, one.quantity_kg)),
        )
        for one in problem.lots
        if problem.trucks and random.random() < 0.3
    )
    return replace(problem, pins=pins)


def _truck(random: Random, number: int, one: Truck) -> Truck:
    end = random.choice((None, None, None, hours(random.uniform(4, 16))))
    return replace(
        one,
        haulier_id=f"H{number % 2}",
        payload_kg=max(one.payload_kg, 2_500),
        temperature_classes=frozenset({"ambient", "chilled"}),
        available_from=hours(random.choice((-1, 0, 2))),
        volume_l=random.choice((None, None, 4_000, 9_000)),
        skills=frozenset({"lift"}) if random.random() < 0.8 else frozenset(),
        permits=frozenset({"red", "port"}) if random.random() < 0.8 else frozenset(),
        shift_end=end if number % 2 else None,
        pass_until=None if number % 2 else end,
        home=random.choice((None, one.position)),
        rear_loading=random.random() < 0.5,
    )


def _lot(random: Random, one: Lot) -> Lot:
    drop = Point(random.uniform(9.5, 10.3), random.uniform(104.8, 105.8))
    return replace(
        one,
        quantity_kg=random.choice((700, 700, 1_500, 4_000, 9_000, 21_000)),
        ready_from=hours(random.uniform(-2, 3)),
        hold_until=hours(random.uniform(6, 30)),
        volume_l=random.choice((0, one.quantity_kg, 2 * one.quantity_kg)),
        needs=frozenset({"lift"}) if random.random() < 0.2 else frozenset(),
        permits=frozenset({"red"}) if random.random() < 0.2 else frozenset(),
        drop=drop if random.random() < 0.25 else None,
        drop_name="HTX Kiên Lương",
        value_vnd_per_kg=random.choice((0.0, 0.0, 90_000.0)),
    )


def _facility(random: Random, one: Facility) -> Facility:
    return replace(
        one,
        products=frozenset(),
        bays=random.choice((None, None, 1, 2)),
        permits=frozenset({"port"}) if random.random() < 0.2 else frozenset(),
    )


def _slot(random: Random, one: Slot) -> Slot:
    quotas = random.choice(({}, {}, {"H1": 0}, {"H0": 1, "H1": 1}))
    return replace(one, free=random.choice((0, 1, 2, 3)), quotas=quotas)


def _swap(random: Random, number: int) -> Transhipment:
    return Transhipment(
        f"X{number}",
        Point(random.uniform(9.6, 10.1), random.uniform(105.0, 105.6)),
        random.choice(("cargo_swap", "driver_swap")),
        swap_s=random.choice((0, 600, 1_800)),
        drivers=(DrivingState(), DrivingState(100, random.randrange(30_000))),
        permits=frozenset({"red"}) if random.random() < 0.2 else frozenset(),
    )


def _committed(random: Random, problem: Problem) -> tuple[Committed, ...]:
    legs = []
    for truck in problem.trucks:
        if random.random() < 0.75:
            continue
        for number in range(random.choice((1, 1, 2))):
            lot = replace(
                random.choice(problem.lots),
                lot_id=f"C{number}-{truck.truck_id}",
                quantity_kg=500,
                volume_l=0,
            )
            slot = random.choice(problem.slots) if problem.slots and lot.drop is None else None
            if slot is not None or lot.drop is not None:
                aboard = number == 0 and random.random() < 0.5
                legs.append(Committed(truck.truck_id, lot, slot, aboard=aboard))
    return tuple(legs)


def _earlier(random: Random, problem: Problem) -> tuple[Earlier, ...]:
    return tuple(
        Earlier(
            lot.lot_id,
            f"T{random.randrange(6)}",
            random.choice((None, f"S{random.randrange(9)}")),
        )
        for lot in problem.lots
        if random.random() < 0.2
    )
