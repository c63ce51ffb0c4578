"""Set the scene of a what-if: the world, the roads with and without the measure, free places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from routing.dispatch import Params
from routing.roads.errors import RoadError
from routing.roads.snap import snap
from routing.whatif.measure import (
    CHECKPOINT_RADIUS_M,
    ClosedCheckpoint,
    ClosedGate,
    ClosedRoad,
    Measure,
    circle,
    closure_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from routing.dispatch import Slot
    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork
    from routing.travel import RoadTravel
    from routing.whatif.world import World

CHECKPOINT_REACH_M = 3_000.0
"""A checkpoint further from any road cannot be closed on one."""

PARAMS = Params(pool=False)
"""An assignment is one consignment, as dispatch plans it."""


@dataclass(slots=True, eq=False)
class Scene:
    """What a measure is judged by.

    Attributes
    ----------
    closed
        What the measure closes on the roads, GeoJSON; None for a gate.
    closure
        The same as a closure.
    free, around
        Travel without and with the measure; the same for a gate.
    gone
        Slots that the measure closes.
    all_slots, slots
        The open ones of each facility by their windows, and those of them that it leaves.
    room
        How many more trucks each slot takes; trips that are judged take and free places.
    """

    world: World
    measure: Measure
    closed: Mapping[str, Any] | None
    closure: Closure | None
    free: RoadTravel
    around: RoadTravel
    gone: frozenset[str]
    all_slots: Mapping[str, tuple[Slot, ...]]
    slots: Mapping[str, tuple[Slot, ...]]
    room: dict[str, int]
    params: Params = field(default=PARAMS)

    def seconds(self, moment: datetime) -> int:
        """Return a moment in whole seconds from now."""
        return round((moment - self.world.now).total_seconds())


def geometry_of(measure: Measure, world: World, network: RoadNetwork) -> dict[str, Any] | None:
    """Return what a measure closes on the roads as GeoJSON; None for a gate.

    Parameters
    ----------
    measure
        The measure.
    world
        Knows where checkpoints are.
    network
        The roads: a checkpoint stands on the nearest one.

    Raises
    ------
    RoadError
        If there is no such checkpoint, or it stands beside no road.
    """
    if isinstance(measure, ClosedRoad):
        return dict(measure.geometry)
    if isinstance(measure, ClosedGate):
        return None
    place = world.checkpoints.get(measure.checkpoint_id)
    if place is None:
        raise RoadError(f"no checkpoint {measure.checkpoint_id} is known")
    found = snap(network, place.point.lat, place.point.lon, max_m=CHECKPOINT_REACH_M)
    lon, lat = found.position
    return circle(lat, lon, CHECKPOINT_RADIUS_M)


def set_scene(world: World, measure: Measure, travel: RoadTravel) -> Scene:
    """Set the scene for a measure.

    Parameters
    ----------
    world
        What is known.
    measure
        What is thought of.
    travel
        The roads with what is closed already.

    Raises
    ------
    RoadError
        If the measure names what is not known, or its geometry is none.
    """
    gone = _gone(world, measure)
    closed = geometry_of(measure, world, travel.network)
    closure = None
    if closed is not None and isinstance(measure, ClosedRoad | ClosedCheckpoint):
        closure = closure_of(measure, closed)
    return Scene(
        world=world,
        measure=measure,
        closed=closed,
        closure=closure,
        free=travel,
        around=travel if closure is None else travel.supposing(closure),
        gone=gone,
        all_slots=_by_facility(world, frozenset()),
        slots=_by_facility(world, gone),
        room={slot_id: known.slot.free for slot_id, known in world.slots.items()},
    )


def _by_facility(world: World, without: frozenset[str]) -> dict[str, tuple[Slot, ...]]:
    found = defaultdict(list)
    for slot_id, known in world.slots.items():
        if slot_id not in without:
            found[known.slot.facility_id].append(known.slot)
    return {
        facility_id: tuple(sorted(each, key=lambda slot: (slot.window_start, slot.slot_id)))
        for facility_id, each in found.items()
    }


def _gone(world: World, measure: Measure) -> frozenset[str]:
    if not isinstance(measure, ClosedGate):
        return frozenset()
    if measure.facility_id not in world.facilities:
        raise RoadError(f"no facility {measure.facility_id} is known")
    return frozenset(
        slot_id
        for slot_id, known in world.slots.items()
        if known.slot.facility_id == measure.facility_id
        and known.slot.gate_id == measure.gate_id
        and measure.closes(known.slot.window_start, known.slot.window_end)
    )
