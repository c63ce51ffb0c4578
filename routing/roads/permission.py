"""Say which arcs a class of vehicle may drive, at a time or whatever the time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from routing.roads.hours import check_moment, within_hours
from routing.roads.network import RULE_KINDS
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, vehicle

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from routing.roads.network import RoadNetwork
    from routing.roads.vehicle import Vehicle

HGV_FROM_KG = 3500
"""Goods vehicles above this are meant by ``hgv``: the Wiki of OpenStreetMap, ``Key:hgv``."""


def rule_sizes(truck: Vehicle) -> NDArray[np.int64]:
    """Return what each of `RULE_KINDS` compares with its value, in its unit.

    A kind without a value forbids whoever has a size above 0; nobody has one of a kind that does
    not concern it.
    """
    sizes = {
        "weight_kg": truck.gross_limit_kg,
        "height_mm": round(1000 * truck.height_m),
        "axle_kg": truck.axle_load_kg,
        "length_mm": round(1000 * truck.length_m),
        "width_mm": round(1000 * truck.width_m),
        "hgv": int(truck.gross_limit_kg > HGV_FROM_KG),
        "access": 1,
        "turn": 1,
    }
    return np.array([sizes[kind] for kind in RULE_KINDS], dtype=np.int64)


def binding_rules(
    network: RoadNetwork,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    *,
    at: datetime | None = None,
    permits: frozenset[str] = frozenset(),
) -> NDArray[np.bool_]:
    """Return which rules forbid their arc to a class of vehicle, shape ``(r,)``.

    Parameters
    ----------
    network
        The roads.
    vehicle_class
        Whose sizes count.
    at
        The time, in whose hours the rules are read. Without it, rules bound to hours are off: a
        rule that holds during hours does not, one that holds but for hours does.
    permits
        Permits that the truck holds; one named as a kind of rule sets such rules aside.

    Raises
    ------
    RoadError
        If the time has no offset or the vehicle class is unknown.
    """
    arrays = network.arrays
    sizes = rule_sizes(vehicle(vehicle_class))
    holds = np.array([_holds(str(when), network.info.timezone, at) for when in arrays.when], bool)
    sizes[[kind in permits for kind in RULE_KINDS]] = 0
    return np.asarray((sizes[arrays.rule_kind] > arrays.rule_value) & holds[arrays.rule_when])


def allowed_arcs(
    network: RoadNetwork,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    *,
    at: datetime | None = None,
    permits: frozenset[str] = frozenset(),
) -> NDArray[np.bool_]:
    """Return which arcs a class of vehicle may drive, shape ``(m,)``.

    Parameters
    ----------
    network
        The roads.
    vehicle_class
        Whose sizes count.
    at
        The time; without it, rules bound to hours or dates are off.
    permits
        Permits that the truck holds; one named as a kind of rule sets such rules aside.

    Raises
    ------
    RoadError
        If the time has no offset or the vehicle class is unknown.
    """
    if at is not None:
        check_moment(at)
    allowed = np.ones(len(network.arrays.arc_u), dtype=bool)
    binding = binding_rules(network, vehicle_class, at=at, permits=permits)
    allowed[network.arrays.rule_arc[binding]] = False
    if at is not None:
        allowed &= _is_road(network, int(at.timestamp() // 86_400))
    return allowed


@lru_cache(maxsize=64)
def _is_road(network: RoadNetwork, day: int) -> NDArray[np.bool_]:
    """Return the arcs that are a road on a day: opened, and not closed for good."""
    arrays = network.arrays
    opened = arrays.seg_opened_day <= day
    still = (arrays.seg_closed_day == 0) | (day < arrays.seg_closed_day)
    return np.asarray((opened & still)[arrays.arc_segment])


def _holds(when: str, timezone: str, at: datetime | None) -> bool:
    if not when:
        return True
    if at is None:
        return when[0] == "-"
    return within_hours(when[1:], timezone, at) == (when[0] == "+")
