"""Know which roads and zones are closed, which corridors are open, and which trips that touches.

In: road.condition.v1, corridor.lifecycle.v1
State: closure (closure_id), corridor (corridor_id)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from routing.roads.closures import LATE, touches
from schemas.assignment import ACTIVE
from schemas.corridor import (
    CorridorClosed,
    CorridorOpened,
    CorridorState,
    FindingDetected,
    FindingKind,
    FindingMended,
)
from schemas.envelope import Event
from schemas.model import format_time, parse_time
from schemas.road import ClosureState, RoadClosed, RoadReopened, ZoneLifted, ZoneRestricted
from streams.desk import Desk
from streams.fold import Answer, Applied, Doc, Entity, Refused, Rule, Unknown, revise

KIND_OF_TYPE: Mapping[str, FindingKind] = {
    "corridor.deviation_detected": "deviation",
    "corridor.unlisted_stop_detected": "unlisted_stop",
    "corridor.checkpoint_skipped": "checkpoint_skipped",
    "corridor.checkpoint_out_of_order": "checkpoint_out_of_order",
    "corridor.used_outside_hours": "outside_hours",
    "corridor.used_off_roster": "not_on_roster",
}
"""What is wrong, by the event that says so."""
FINDINGS_KEPT = 100
"""So many findings does a corridor's state name, the latest."""


def closed(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Close a road or a zone, or draw the closure anew."""
    data = event.data
    assert isinstance(data, RoadClosed | ZoneRestricted)
    if _is_older(entity, event):
        return Refused("superseded")
    kind = "zone" if isinstance(data, ZoneRestricted) else "road"
    fields = {**data.model_dump(mode="json"), "kind": kind, "status": "in_force"}
    return _set(entity, event, f"closure:{data.closure_id}", fields)


def lifted(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Open what was closed."""
    data = event.data
    assert isinstance(data, RoadReopened | ZoneLifted)
    key = f"closure:{data.closure_id}"
    if key not in entity.views:
        return Unknown(f"closure {data.closure_id}")
    if _is_older(entity, event):
        return Refused("superseded")
    return _set(entity, event, key, {"status": "lifted", "reason": data.reason})


def opened(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Open a corridor, or draw it anew."""
    data = event.data
    assert isinstance(data, CorridorOpened)
    if _is_older(entity, event):
        return Refused("superseded")
    fields = {**data.model_dump(mode="json"), "status": "open"}
    return _set(entity, event, f"corridor:{data.corridor_id}", fields)


def shut(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Use a corridor no longer."""
    data = event.data
    assert isinstance(data, CorridorClosed)
    key = f"corridor:{data.corridor_id}"
    if key not in entity.views:
        return Unknown(f"corridor {data.corridor_id}")
    if _is_older(entity, event):
        return Refused("superseded")
    return _set(entity, event, key, {"status": "closed"})


def found(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Keep on the corridor what is wrong there with a truck."""
    data = event.data
    assert isinstance(data, FindingDetected)
    kind = KIND_OF_TYPE[event.type]
    finding = data.model_dump(mode="json", include={"alert_id", "truck_id", "since"})
    return _found(entity, event, data.corridor_id, data.alert_id, [{**finding, "kind": kind}])


def mended(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Forget what was wrong with a truck on the corridor."""
    data = event.data
    assert isinstance(data, FindingMended)
    return _found(entity, event, data.corridor_id, data.alert_id, [])


def _found(entity: Entity, event: Event, corridor_id: str, alert_id: str, now: list[Doc]) -> Answer:
    key = f"corridor:{corridor_id}"
    view = entity.views.get(key)
    if view is None:
        return Unknown(f"corridor {corridor_id}")
    others = [one for one in view.get("findings", []) if one["alert_id"] != alert_id]
    return Applied({key: revise(view, event.time, findings=[*others, *now][-FINDINGS_KEPT:])})


def _is_older(entity: Entity, event: Event) -> bool:
    mark: str | None = entity.own.get("set_at")
    return mark is not None and event.time < parse_time(mark)


def _set(entity: Entity, event: Event, key: str, fields: Doc) -> Applied:
    view = revise(entity.views.get(key), event.time, **fields)
    model = ClosureState if key.startswith("closure:") else CorridorState
    whole = model.model_validate(view).model_dump(mode="json")
    return Applied({key: whole}, own={**entity.own, "set_at": format_time(event.time)})


RULES: Mapping[str, Rule] = {
    "road.closed": closed,
    "zone.restricted": closed,
    "road.reopened": lifted,
    "zone.lifted": lifted,
    "corridor.opened": opened,
    "corridor.closed": shut,
    **dict.fromkeys(KIND_OF_TYPE, found),
    "corridor.finding_mended": mended,
}


def key_of(event: Event) -> str:
    """Name the entry of a closure or a corridor."""
    corridor_id = getattr(event.data, "corridor_id", None)
    if corridor_id is not None:
        return f"corridor:{corridor_id}"
    return f"closure:{getattr(event.data, 'closure_id', '')}"


def binds(closure: Doc, now: datetime, start: datetime, end: datetime) -> bool:
    """Tell whether a closure forbids a trip: in force now, or at any time of the trip.

    Parameters
    ----------
    closure
        The closure's state.
    now
        The stack's time.
    start, end
        When the trip is on its way.
    """
    if closure["status"] != "in_force":
        return False
    since = parse_time(closure["valid_from"])
    until = parse_time(closure["valid_until"]) if closure.get("valid_until") else None
    if until is not None and until <= now:
        return False
    in_force_now = since <= now
    on_the_way = since <= end + LATE and (until is None or start < until)
    return in_force_now or on_the_way


def crossed(desk: Desk, fields: Doc) -> list[str]:
    """List the closures that a trip would cross."""
    start, end = parse_time(fields["departure"]), parse_time(fields["delivery_eta"])
    line = fields["route"]["geometry"]
    found = []
    for closure_id in desk.ids("closure"):
        closure = desk.view("closure", closure_id)
        if (
            closure is not None
            and binds(closure, desk.now, start, end)
            and touches(line, closure["geometry"])
        ):
            found.append(closure_id)
    return found


def trips_through(desk: Desk) -> list[str]:
    """List the active assignments whose road a closure cuts."""
    return [
        assignment_id
        for assignment_id in desk.ids("assignment")
        if (view := desk.view("assignment", assignment_id)) is not None
        and view["status"] in ACTIVE
        and crossed(desk, view)
    ]
