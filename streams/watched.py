"""Have loaded trucks watched on their corridors: say what to watch, and until when.

Out: corridor.watch.v1

A truck is watched from loading to the end of its trip: before, it is on its way to a lot that need
not lie on the corridor. What ought to be watched follows from the trips and corridors as a step
leaves them, so it is compared with what was told, whatever the step was about.
"""

from __future__ import annotations

from schemas.corridor import LINES, CorridorPoint, CorridorState, WatchBegun, WatchEnded
from streams.desk import Desk
from streams.fold import Doc, derived_id

_SETTINGS = (
    "geometry",
    "width_m",
    "facilities",
    "checkpoints",
    "allowed_stops",
    "roster",
    "hours",
    "valid_from",
    "valid_until",
)


def settle_watches(desk: Desk) -> None:
    """Tell of each trip that this step touched whether its truck is watched from now on.

    Parameters
    ----------
    desk
        The step, with all that it changed.
    """
    touched = {key.split(":", 1)[1] for key in desk.changes if key.startswith("assignment:")}
    corridors = {key.split(":", 1)[1] for key in desk.changes if key.startswith("corridor:")}
    if corridors:
        touched |= {
            assignment_id
            for assignment_id in desk.ids("assignment")
            if (desk.own("assignment", assignment_id).get("watch") or {}).get("id") in corridors
        }
    for assignment_id in sorted(touched):
        _settle(desk, assignment_id)


def _settle(desk: Desk, assignment_id: str) -> None:
    view = desk.view("assignment", assignment_id)
    if view is None:
        return
    told: Doc | None = desk.own("assignment", assignment_id).get("watch")
    corridor = _corridor(desk, view)
    wanted = None if corridor is None else {"id": view["corridor_id"], "set": _set_of(corridor)}
    if wanted == told:
        return
    count = desk.own("assignment", assignment_id).get("watches", 0) + 1
    desk.keep("assignment", assignment_id, watch=wanted, watches=count)
    name = f"{assignment_id}/{count}"
    truck_id = view["truck_id"]
    if corridor is None:
        ended = WatchEnded(truck_id=truck_id, assignment_id=assignment_id)
        desk.say("corridor.watch.v1", "watch.ended", ended, name)
        return
    begun = WatchBegun(
        truck_id=truck_id,
        assignment_id=assignment_id,
        corridor=CorridorState.model_validate({**corridor, "findings": []}),
        places=_places(desk, corridor),
    )
    desk.say("corridor.watch.v1", "watch.begun", begun, name)


def _corridor(desk: Desk, view: Doc) -> Doc | None:
    """Return the corridor on which a trip's truck is to be watched, if it is."""
    if view["status"] != "loaded" or not view.get("corridor_id"):
        return None
    corridor = desk.view("corridor", view["corridor_id"])
    if corridor is None or corridor["status"] != "open":
        return None
    return corridor if corridor["geometry"]["type"] in LINES else None


def _set_of(corridor: Doc) -> str:
    """Tell two settings of a corridor apart; what is found on it changes its version, too."""
    settings = {name: corridor[name] for name in _SETTINGS}
    return derived_id(str(settings))


def _places(desk: Desk, corridor: Doc) -> list[CorridorPoint]:
    ids = (*corridor["facilities"], *corridor["allowed_stops"], *corridor["checkpoints"])
    known = {
        place_id: desk.state("facility", place_id) or desk.state("checkpoint", place_id)
        for place_id in ids
    }
    return [
        CorridorPoint(place_id=place_id, lat=state["lat"], lon=state["lon"])
        for place_id, state in known.items()
        if state is not None
    ]
