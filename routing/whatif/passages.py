"""Tell which corridors a measure hits, and what joins their ends instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.roads.closures import touches
from routing.roads.errors import NoRoute, TooFarFromRoad
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS
from routing.whatif.measure import ClosedCheckpoint, ClosedGate
from routing.whatif.outcome import Alternative, HitCorridor, HitTrip, WayRound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routing.whatif.scene import Scene
    from routing.whatif.world import KnownCorridor


def hit_corridors(scene: Scene, trips: Iterable[HitTrip]) -> tuple[HitCorridor, ...]:
    """Return the open corridors that a measure hits, each with its alternatives.

    A corridor is hit if its path is closed, if a checkpoint of its is, or if the closed gate
    leaves one of its ends no open window while the measure is in force.

    Parameters
    ----------
    scene
        The measure and the roads.
    trips
        The hit trips.
    """
    known = scene.world.corridors
    hit = {corridor_id for corridor_id, one in known.items() if _is_hit(scene, one)}
    using: dict[str, list[str]] = {corridor_id: [] for corridor_id in hit}
    for trip in trips:
        if trip.corridor_id in using:
            using[trip.corridor_id].append(trip.assignment_id)
    return tuple(
        HitCorridor(
            corridor_id=corridor_id,
            name=known[corridor_id].name,
            facilities=known[corridor_id].facilities,
            assignments=tuple(sorted(using[corridor_id])),
            alternatives=tuple(
                _alternative(scene, pair, hit) for pair in _pairs(known[corridor_id])
            ),
        )
        for corridor_id in sorted(hit)
    )


def _pairs(corridor: KnownCorridor) -> list[tuple[str, str]]:
    """Return what a corridor joins: its source with each of its destinations."""
    source, *ends = corridor.facilities
    return [(source, end) for end in ends]


def _is_hit(scene: Scene, corridor: KnownCorridor) -> bool:
    measure = scene.measure
    if not _overlaps(scene, corridor):
        return False
    if isinstance(measure, ClosedGate):
        return measure.facility_id in corridor.facilities and not _takes_trucks(scene, measure)
    if isinstance(measure, ClosedCheckpoint) and measure.checkpoint_id in corridor.checkpoints:
        return True
    return scene.closure is not None and touches(corridor.geometry, scene.closure)


def _overlaps(scene: Scene, corridor: KnownCorridor) -> bool:
    measure = scene.measure
    begins = measure.valid_until is None or corridor.valid_from < measure.valid_until
    return begins and (corridor.valid_until is None or corridor.valid_until > measure.valid_from)


def _takes_trucks(scene: Scene, gate: ClosedGate) -> bool:
    return any(
        gate.closes(slot.window_start, slot.window_end)
        for slot in scene.slots.get(gate.facility_id, ())
    )


def _alternative(scene: Scene, pair: tuple[str, str], hit: set[str]) -> Alternative:
    others = tuple(
        corridor_id
        for corridor_id, one in sorted(scene.world.corridors.items())
        if corridor_id not in hit and _joins(one, pair) and _overlaps(scene, one)
    )
    return Alternative(
        facilities=pair, corridors=others, way_round=None if others else _way_round(scene, pair)
    )


def _joins(corridor: KnownCorridor, pair: tuple[str, str]) -> bool:
    return any(set(one) == set(pair) for one in _pairs(corridor))


def _way_round(scene: Scene, pair: tuple[str, str]) -> WayRound | None:
    facilities = scene.world.facilities
    if scene.closure is None or any(end not in facilities for end in pair):
        return None
    via = [facilities[end].position for end in pair]
    try:
        path = scene.around.route(DEFAULT_VEHICLE_CLASS, via)
        free_m = scene.free.route(DEFAULT_VEHICLE_CLASS, via).distance_m
    except (NoRoute, TooFarFromRoad):
        return None
    return WayRound(
        distance_m=round(path.distance_m, 1),
        duration_s=path.duration_s,
        detour_ratio=round(path.distance_m / free_m, 4) if free_m else 1.0,
        geometry=path.geometry,
    )
