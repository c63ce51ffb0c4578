"""Fold what happens to trucks into what is known of them.

In: truck.registry.v1, truck.position.v1, checkpoint.clearance.v1, truck.plate.v1, stack.tick.v1
State: truck (truck_id, or plate:NUMBER for a vehicle that nobody registered)
Out: truck.state.v1, checkpoint.visit.v1, truck.plate.v1, alert.v1, dispatch.inbox.v1
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from schemas.alert import AlertCleared, AlertRaised, Severity
from schemas.checkpoint import (
    CheckpointArrived,
    CheckpointCleared,
    CheckpointHeld,
    CheckpointRefused,
    Clearance,
    Decision,
    VisitRecorded,
)
from schemas.dispatch import StateKnown
from schemas.envelope import Event
from schemas.model import format_time, parse_time
from schemas.truck import (
    PlateAssigned,
    TruckPositionReported,
    TruckRegistered,
    TruckState,
    TruckStatusChanged,
    TruckTransferred,
    TruckUpdated,
    plate_key,
)
from streams.entity import EntityFold
from streams.fold import Answer, Applied, Doc, Entity, Output, Refused, Unknown, rank, revise

POSITIONS_REMEMBERED = 128
"""Identities of positions kept in a truck's state; older positions are refused as too late."""
SILENT_AFTER = timedelta(minutes=90)
"""An available truck without a sign for so long raises ``truck_silent`` [assumed]."""
ANNOUNCE_M = 2_000.0
ANNOUNCE_EVERY = timedelta(minutes=15)
"""Dispatch hears of a truck that moved this far, or was silent to it for so long."""

_DECISIONS: dict[type[Clearance], Decision] = {
    CheckpointArrived: "arrived",
    CheckpointCleared: "cleared",
    CheckpointHeld: "held",
    CheckpointRefused: "refused",
}


def _view(entity: Entity, truck_id: str) -> Doc | None:
    return entity.views.get(f"truck:{truck_id}")


def _known(view: Doc) -> Output:
    truck = TruckState.model_validate(view)
    return Output(
        "dispatch.inbox.v1",
        "state.known",
        StateKnown(kind="truck", state=truck.model_dump(mode="json")),
        f"truck@{view['version']}",
    )


def _full(view: Doc) -> Doc:
    return TruckState.model_validate(view).model_dump(mode="json")


def registered(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take a truck into the force, or replace what was registered, if nothing newer is known."""
    data = event.data
    assert isinstance(data, TruckRegistered)
    view = _view(entity, data.truck_id)
    if _is_older(entity, "registered", event):
        return Refused("superseded")
    fields = {
        name: value
        for name, value in data.model_dump(mode="json").items()
        if not _is_older(entity, name, event)
    }
    full = _full(revise(view, event.time, **fields, registered=True))
    outputs = [_known(full)]
    if view is None or view.get("plate") != data.plate:
        link = PlateAssigned(plate=data.plate, truck_id=data.truck_id)
        outputs.append(Output("truck.plate.v1", "plate.assigned", link, "plate"))
    return Applied(
        {f"truck:{data.truck_id}": full}, tuple(outputs), _mark(entity, "registered", event)
    )


def updated(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Change the registered fields that the event names."""
    data = event.data
    assert isinstance(data, TruckUpdated | TruckStatusChanged | TruckTransferred)
    view = _view(entity, data.truck_id)
    if view is None or not view["registered"]:
        return Unknown(f"truck {data.truck_id}")
    named = data.model_dump(mode="json", exclude_none=True, exclude={"truck_id", "reason"})
    newest = {name: value for name, value in named.items() if not _is_older(entity, name, event)}
    if not newest:
        return Refused("superseded")
    own = entity.own
    for name in newest:
        own = {**own, "set_at": {**own.get("set_at", {}), name: format_time(event.time)}}
    full = _full(revise(view, event.time, **newest))
    outputs = [_known(full)]
    if "plate" in newest:
        link = PlateAssigned(plate=newest["plate"], truck_id=data.truck_id)
        outputs.append(Output("truck.plate.v1", "plate.assigned", link, "plate"))
    return Applied({f"truck:{data.truck_id}": full}, tuple(outputs), own)


def _is_older(entity: Entity, what: str, event: Event) -> bool:
    """Tell whether a later event has already set this, so that order of arrival never matters."""
    marks = entity.own.get("set_at", {})
    names = {what, "registered"} & marks.keys()
    return any(event.time < parse_time(marks[name]) for name in names)


def _mark(entity: Entity, what: str, event: Event) -> Doc:
    return {
        **entity.own,
        "set_at": {**entity.own.get("set_at", {}), what: format_time(event.time)},
    }


def positioned(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Keep the position with the latest time (and, at one time, the greatest identity)."""
    data = event.data
    assert isinstance(data, TruckPositionReported)
    view = _view(entity, data.truck_id)
    if view is None or not view["registered"]:
        return Unknown(f"truck {data.truck_id}")
    order = [rank(event.time), event.identity]
    if entity.own.get("position_order", ["", ""]) >= order:
        return Applied()
    position = {"lat": data.lat, "lon": data.lon, "at": format_time(event.time)}
    changed = revise(view, event.time, position=position)
    own = {**entity.own, "position_order": order}
    outputs: list[Output] = []
    if _is_news(own.get("announced"), event.time, data):
        outputs.append(_known(changed))
        own["announced"] = position
    if own.get("silent"):
        own["silent"] = False
        cleared = AlertCleared(alert_id=f"silent/{data.truck_id}", subject=data.truck_id)
        outputs.append(Output("alert.v1", "alert.cleared", cleared, "heard"))
    return Applied({f"truck:{data.truck_id}": changed}, tuple(outputs), own)


def _is_news(announced: Doc | None, at: datetime, here: TruckPositionReported) -> bool:
    if announced is None or at - parse_time(announced["at"]) >= ANNOUNCE_EVERY:
        return True
    north_m = (here.lat - announced["lat"]) * 111_195.0
    east_m = (here.lon - announced["lon"]) * 111_195.0
    east_m *= math.cos(math.radians(here.lat))
    return math.hypot(north_m, east_m) >= ANNOUNCE_M


def seen(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Record what a checkpoint did, pass it on to the checkpoint, and warn where it must."""
    data = event.data
    assert isinstance(data, Clearance)
    decision = _DECISIONS[type(data)]
    if data.truck_id is None:
        return _stray(entity, event, data, decision)
    view = _view(entity, data.truck_id)
    if view is None or not view["registered"]:
        return Unknown(f"truck {data.truck_id}")
    visit = _visit(event, data, decision, vehicle=data.truck_id, truck_id=data.truck_id)
    last = view.get("last_checkpoint")
    if last is not None and parse_time(last["at"]) > event.time:
        return Applied(outputs=(visit,))
    sign = {
        "checkpoint_id": data.checkpoint_id,
        "decision": decision,
        "at": format_time(event.time),
        "reason_code": data.reason_code,
    }
    changed = revise(view, event.time, last_checkpoint=sign)
    warnings, warned = _warn(entity, event, data, decision)
    own = {**entity.own, "warned": warned}
    outputs = (visit, *warnings, _known(changed))
    return Applied({f"truck:{data.truck_id}": changed}, outputs, own)


def _warn(
    entity: Entity, event: Event, data: Clearance, decision: Decision
) -> tuple[list[Output], str | None]:
    """Warn of a truck that is held or refused, until it is let through or seen elsewhere."""
    warned: str | None = entity.own.get("warned")
    code: str | None = None
    if decision in {"held", "refused"}:
        code = f"truck_{decision}"
    elif decision == "arrived" and warned == "truck_held":
        code = warned
    outputs = []
    if warned is not None and warned != code:
        cleared = AlertCleared(alert_id=f"{warned}/{data.truck_id}", subject=str(data.truck_id))
        outputs.append(Output("alert.v1", "alert.cleared", cleared, "cleared"))
    if code is not None and decision != "arrived":
        severity: Severity = "critical" if decision == "refused" else "warning"
        outputs.append(_alert(event, data, code, severity, str(data.truck_id)))
    return outputs, code


def _stray(entity: Entity, event: Event, data: Clearance, decision: Decision) -> Answer:
    """Record a vehicle that is known by its plate only; link it where the plate is known by now."""
    assert data.plate is not None
    vehicle = plate_key(data.plate)
    truck_id = entity.own.get("truck_id")
    visit = _visit(event, data, decision, vehicle=truck_id or vehicle, truck_id=truck_id)
    if truck_id is not None:
        return Applied(outputs=(visit,))
    alert = _alert(event, data, "vehicle_unregistered", "warning", vehicle)
    strays = [*entity.own.get("strays", []), _visit_doc(visit)]
    return Applied(outputs=(visit, alert), own={**entity.own, "strays": strays})


def linked(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Give a plate's earlier visits to the truck that the plate turned out to be."""
    data = event.data
    assert isinstance(data, PlateAssigned)
    vehicle = plate_key(data.plate)
    outputs = [
        Output(
            "checkpoint.visit.v1",
            "visit.recorded",
            VisitRecorded.model_validate(
                {**doc, "vehicle": data.truck_id, "truck_id": data.truck_id}
                | {"replaces_vehicle": vehicle}
            ),
            f"link{n}",
            parse_time(doc["at"]),
        )
        for n, doc in enumerate(entity.own.get("strays", []))
    ]
    if outputs:
        cleared = AlertCleared(alert_id=f"vehicle_unregistered/{vehicle}", subject=vehicle)
        outputs.append(Output("alert.v1", "alert.cleared", cleared, "linked"))
    own = {**entity.own, "truck_id": data.truck_id, "strays": []}
    return Applied(outputs=tuple(outputs), own=own)


def _visit(
    event: Event, data: Clearance, decision: Decision, *, vehicle: str, truck_id: str | None
) -> Output:
    visit = VisitRecorded(
        checkpoint_id=data.checkpoint_id,
        vehicle=vehicle,
        truck_id=truck_id,
        plate=data.plate,
        decision=decision,
        at=event.time,
        people_count=data.people_count,
        reason_code=data.reason_code,
    )
    return Output("checkpoint.visit.v1", "visit.recorded", visit, "visit", event.time)


def _visit_doc(visit: Output) -> Doc:
    return visit.data.model_dump(mode="json")


def _alert(event: Event, data: Clearance, code: str, severity: Severity, subject: str) -> Output:
    alert = AlertRaised(
        alert_id=f"{code}/{subject}",
        subject=subject,
        code=code,
        severity=severity,
        params={
            "checkpoint_id": data.checkpoint_id,
            "plate": data.plate,
            "reason_code": data.reason_code,
            "at": format_time(event.time),
        },
    )
    return Output("alert.v1", "alert.raised", alert, code, event.time)


def may_fall_silent(entity: Entity) -> bool:
    """Say whether an entity is an available truck of which something is heard."""
    for view in entity.views.values():
        if view.get("status") == "available" and view.get("position") is not None:
            return not entity.own.get("silent")
    return False


def fall_silent(key: str, entity: Entity, now: datetime) -> Applied | None:
    """Warn of an available truck that has given no sign for too long."""
    view = entity.views.get(f"truck:{key}")
    if view is None or not may_fall_silent(entity):
        return None
    position = view["position"]
    if parse_time(position["at"]) + SILENT_AFTER >= now:
        return None
    alert = AlertRaised(
        alert_id=f"silent/{key}",
        subject=key,
        code="truck_silent",
        severity="warning",
        region=view.get("region"),
        params={"last_sign": position["at"]},
    )
    output = Output("alert.v1", "alert.raised", alert, f"silent/{key}/{position['at']}")
    return Applied(outputs=(output,), own={**entity.own, "silent": True})


TRUCK_FOLD = EntityFold(
    "truck",
    ("truck.registry.v1", "truck.position.v1", "checkpoint.clearance.v1", "truck.plate.v1"),
    {
        "truck.registered": registered,
        "truck.updated": updated,
        "truck.status_changed": updated,
        "truck.transferred": updated,
        "truck.position_reported": positioned,
        "checkpoint.arrived": seen,
        "checkpoint.cleared": seen,
        "checkpoint.held": seen,
        "checkpoint.refused": seen,
        "plate.assigned": linked,
    },
    on_time=fall_silent,
    waits=may_fall_silent,
    memory_limits={"truck.position.v1": POSITIONS_REMEMBERED},
)
