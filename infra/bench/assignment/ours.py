"""Ask our planner through its front door; the only file here that knows its calls."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.bench.assignment.checker import Call
from infra.bench.assignment.instances import (
    PAYLOAD_KG,
    SERVICE_S,
    UNSERVED_COST,
    WAIT_COST,
    Instance,
)
from infra.bench.assignment.ways import VEHICLE_CLASS
from routing.dispatch import (
    Deadline,
    Facility,
    Iterations,
    Lot,
    Params,
    Point,
    Problem,
    Slot,
    Truck,
    plan,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.dispatch import Plan
    from routing.dispatch.happened import Leg

NOW = datetime(2026, 11, 24, tzinfo=UTC)
"""Midnight, the zero of an instance's seconds."""

_ALWAYS_S = 86_400
_WRITING_S = 0.0004
"""So long it takes to write a lot's trip out and to explain it: the search ends sooner by that."""
_PRODUCT = "fish"

PARAMS = Params(
    empty_cost_per_s=1.0,
    loaded_cost_per_s=1.0,
    wait_cost_per_s=WAIT_COST,
    age_cost_per_s=0.0,
    risk_cost_per_s=0.0,
    hold_buffer_s=0,
    spare_cost_per_kg=0.0,
    split_cost=0.0,
    spoil_share_per_h=0.0,
    corridor_bonus=0.0,
    churn_cost=0.0,
    fairness_cost=0.0,
    unserved_cost=float(UNSERVED_COST),
    unserved_cost_per_kg=0.0,
    horizon_s=2 * _ALWAYS_S,
    margin_s=0,
    accept_s=0,
    pickup_early_s=0,
    load_s=SERVICE_S,
    unload_s=SERVICE_S,
    drive_s=_ALWAYS_S,
    break_s=0,
    day_s=_ALWAYS_S,
    week_s=7 * _ALWAYS_S,
    pool=False,
    min_consignment_kg=PAYLOAD_KG,
    block_lots=10**6,
    threads=2,
)
"""The cost of `instances`, said in our weights: no hours of driving, no ageing, no margins."""


@dataclass(frozen=True, eq=False)
class TableTravel:
    """Travel times read off an instance's matrix.

    Attributes
    ----------
    drive_s
        Seconds between all places.
    at
        Where each point stands in it.
    """

    drive_s: NDArray[np.int32]
    at: dict[tuple[float, float], int]

    @classmethod
    def of(cls, instance: Instance) -> TableTravel:
        """Read an instance's matrix."""
        at = {(float(lat), float(lon)): row for row, (lat, lon) in enumerate(instance.places)}
        return cls(instance.drive_s, at)

    def duration_s(
        self,
        vehicle_class: str,  # noqa: ARG002 - the protocol's argument
        origins: Sequence[Point],
        destinations: Sequence[Point],
    ) -> NDArray[np.float64]:
        """Return seconds of driving, origins × destinations."""
        rows, columns = self._rows(origins), self._rows(destinations)
        return self.drive_s[np.ix_(rows, columns)].astype(np.float64)

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres at 10 m/s; nothing costs by the metre here."""
        return 10.0 * self.duration_s(vehicle_class, origins, destinations)

    def _rows(self, points: Sequence[Point]) -> list[int]:
        return [self.at[point.lat, point.lon] for point in points]


@dataclass(frozen=True, eq=False)
class Present:
    """Which lots and trucks of an instance there are at a moment, and who declined what.

    Attributes
    ----------
    lots, trucks
        Which of them are there.
    declined
        Pairs of truck and lot that may not come together.
    priority
        Of lots that have one.
    """

    lots: NDArray[np.bool_]
    trucks: NDArray[np.bool_]
    declined: frozenset[tuple[int, int]] = frozenset()
    priority: dict[int, int] = field(default_factory=dict)

    @classmethod
    def all_of(cls, instance: Instance) -> Present:
        """Have everything there."""
        return cls(np.ones(instance.lots, bool), np.ones(instance.trucks, bool))


def problem_of(instance: Instance, present: Present | None = None) -> Problem:
    """State an instance as our planner takes it.

    Parameters
    ----------
    instance
        The problem.
    present
        What of it is there; everything by default.
    """
    there = present or Present.all_of(instance)
    points = [Point(float(lat), float(lon)) for lat, lon in instance.places]
    ports = points[instance.trucks + instance.lots :]
    return Problem(
        now=NOW,
        trucks=tuple(
            _truck(instance, truck, points[truck])
            for truck in np.flatnonzero(there.trucks).tolist()
        ),
        lots=tuple(
            lot_of(instance, lot, there.priority.get(lot, 0))
            for lot in np.flatnonzero(there.lots).tolist()
        ),
        facilities=tuple(
            Facility(facility_id=f"port-{port}", kind="port", position=point)
            for port, point in enumerate(ports)
        ),
        slots=tuple(_slot(instance, slot) for slot in range(instance.slots)),
        travel=TableTravel.of(instance),
        forbidden=frozenset((f"truck-{t}", f"lot-{lot}") for t, lot in there.declined),
    )


def planned(instance: Instance, *, limit_s: float, seed: int) -> tuple[list[list[Call]], float]:
    """Plan an instance, from the problem to the plan in so much time.

    Parameters
    ----------
    instance
        The problem.
    limit_s
        The time, laying out as arrays and writing out included.
    seed
        Where chance comes from.

    Returns
    -------
    tuple
        The routes, and the seconds that it took.
    """
    problem = problem_of(instance)
    begun = time.perf_counter()
    search_s = limit_s - _WRITING_S * instance.lots
    stop = Deadline(lambda: time.perf_counter() - begun, search_s)
    made = plan(problem, stop=stop, seed=seed, params=PARAMS)
    took_s = time.perf_counter() - begun
    return calls_of(instance, made), took_s


def warm_up(instance: Instance) -> None:
    """Have everything compiled, which is not counted."""
    plan(problem_of(instance), stop=Iterations(50), seed=0, params=PARAMS)


def calls_of(instance: Instance, made: Plan) -> list[list[Call]]:
    """Turn a plan into calls, each truck's in the order of its trips.

    Parameters
    ----------
    instance
        The problem.
    made
        The plan.
    """
    trips = [(t.truck_id, t.pickup_eta, t.lot_id, t.slot_id) for t in made.trips]
    return _calls(instance, trips)


def calls_of_legs(instance: Instance, legs: Sequence[Leg]) -> list[list[Call]]:
    """Turn the legs of a plan that stands into calls.

    Parameters
    ----------
    instance
        The problem.
    legs
        All of them.
    """
    return _calls(
        instance, [(leg.truck_id, leg.delivery, leg.lot_id, leg.slot_id or "") for leg in legs]
    )


def _calls(instance: Instance, trips: Sequence[tuple[str, datetime, str, str]]) -> list[list[Call]]:
    routes: list[list[Call]] = [[] for _ in range(instance.trucks)]
    for truck_id, _, lot_id, slot_id in sorted(trips):
        slot = _number(slot_id)
        call = Call(_number(lot_id), int(instance.slot_port[slot]), slot)
        routes[_number(truck_id)].append(call)
    return routes


def _truck(instance: Instance, truck: int, at: Point) -> Truck:
    classes = {"ambient", "chilled"} if instance.reefer[truck] else {"ambient"}
    return Truck(
        truck_id=f"truck-{truck}",
        haulier_id="haulier-0",
        vehicle_class=VEHICLE_CLASS,
        payload_kg=PAYLOAD_KG,
        temperature_classes=frozenset(classes),
        position=at,
        available_from=_time(instance.shift_start_s[truck]),
        shift_end=_time(instance.shift_end_s[truck]),
    )


def lot_of(instance: Instance, lot: int, priority: int = 0) -> Lot:
    """State one lot of an instance as our planner takes it."""
    lat, lon = instance.places[instance.trucks + lot]
    return Lot(
        lot_id=f"lot-{lot}",
        region="delta",
        product=_PRODUCT,
        quantity_kg=PAYLOAD_KG,
        temperature="chilled" if instance.chilled[lot] else "ambient",
        pickup=Point(float(lat), float(lon)),
        pickup_name=f"farm {lot}",
        ready_from=_time(instance.ready_s[lot]),
        hold_until=_time(instance.hold_s[lot]),
        destinations=tuple(f"port-{port}" for port in np.flatnonzero(instance.takes[lot])),
        priority=priority,
    )


def _slot(instance: Instance, slot: int) -> Slot:
    port = int(instance.slot_port[slot])
    return Slot(
        slot_id=f"slot-{slot}",
        facility_id=f"port-{port}",
        gate_id="G1",
        window_start=_time(instance.slot_start_s[slot]),
        window_end=_time(instance.slot_end_s[slot]),
        free=int(instance.slot_places[slot]),
    )


def _time(seconds: int | np.integer[Any]) -> datetime:
    return NOW + timedelta(seconds=int(seconds))


def _number(name: str) -> int:
    return int(name.rsplit("-", 1)[1])
