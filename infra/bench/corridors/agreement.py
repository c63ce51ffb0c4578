"""Hold what-ifs beside what dispatch's own planner finds for the same trips once it is committed.

Of each hit trip the planner is asked as dispatch asks it: for another way to its slot, and for a
truck that is loaded and finds none, for another slot. An unloaded one is called off then, and its
goods are planned anew: what becomes of them is not compared.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from routing.dispatch import DrivingState
from routing.travel import RoadTravel
from routing.whatif.case import Case, case_of
from routing.whatif.consider import what_if
from routing.whatif.scene import PARAMS, Scene, set_scene
from routing.whatif.standing import measure_track, stand
from streams.planning import Need, Picture, solve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.dispatch import Slot
    from routing.roads.network import RoadNetwork
    from routing.whatif.measure import Measure
    from routing.whatif.world import World


def compared(
    world: World, measure: Measure, network: RoadNetwork
) -> Iterator[tuple[str, str, str]]:
    """Yield each trip that a closure hits, what the what-if says of it, and what dispatch finds.

    Parameters
    ----------
    world
        What is known.
    measure
        A measure that closes a road.
    network
        The roads.

    Yields
    ------
    tuple
        The assignment, and twice ``own``, ``other`` or ``none``: the slot that it comes to. Trips
        that wait for the end of the measure are left out: dispatch learns of that only then.
    """
    minute = world.now.replace(second=0, microsecond=0)
    travel = RoadTravel(network, closures=world.closures, at=minute)
    scene = set_scene(world, measure, travel)
    for hit in what_if(world, measure, travel).trips:
        if hit.waits_until is not None:
            continue
        trip = world.trips[hit.assignment_id]
        track = measure_track(trip)
        standing = stand(trip, track, world.trucks.get(trip.truck_id), world, PARAMS)
        case = case_of(scene, trip, standing)
        said = {"detour": "own", "other_slot": "other"}.get(hit.becomes, "none")
        found = "own" if _plans(scene, case, "road", (trip.window,)) else "none"
        if found == "none" and standing.is_loaded:
            slots = tuple(
                known.slot
                for slot_id, known in world.slots.items()
                if known.slot.free and slot_id != trip.slot_id
            )
            found = "other" if _plans(scene, case, "slot", slots) else "none"
        elif found == "none" and said == "other":
            said = "none"
        yield hit.assignment_id, said, found


def _plans(
    scene: Scene, case: Case, kind: Literal["road", "slot"], slots: tuple[Slot, ...]
) -> bool:
    """Say whether dispatch's planner finds another road or slot for a trip."""
    trip, standing, now = case.trip, case.standing, scene.world.now
    driven_s = scene.world.driven_s.get(trip.truck_id, 0) + standing.driven_s
    need = Need(
        assignment_id=trip.assignment_id,
        kind=kind,
        truck=replace(
            case.truck,
            position=standing.origin,
            available_from=now,
            driving=DrivingState(standing.since_break_s, driven_s),
        ),
        lot=case.lot,
        slot_id=trip.slot_id if kind == "road" else None,
        slots=slots,
        loaded=standing.is_loaded,
    )
    picture = Picture(
        plan_id="what-if",
        now=now,
        trucks=(),
        plates={},
        lots=(),
        facilities=tuple(scene.world.facilities.values()),
        slots=slots,
        corridors=(),
        closures=(),
        forbidden=frozenset(),
        needs=(need,),
    )
    return bool(solve(picture, scene.around)["trips"])
