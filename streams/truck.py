"""Fold what happens to trucks into what is known of them.

In: truck.registry.v1, truck.position.v1, checkpoint.clearance.v1, truck.plate.v1, stack.tick.v1;
    corridor.watch.v1 (`streams.watch`)
State: truck (truck_id, or plate:NUMBER for a vehicle that nobody registered)
Out: truck.state.v1, checkpoint.visit.v1, truck.plate.v1, alert.v1, dispatch.inbox.v1
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from schemas.alert import AlertCleared, AlertRaised
from schemas.checkpoint import CheckpointRetracted, Clearance, VisitRecorded
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
from streams.clearance import (
    Sign,
    Signs,
    added,
    latest,
    noted,
    recent,
    remembered,
    sign_of,
    stray_warnings,
    taken_back,
    visit_of,
    warnings_of,
    without,
    wrong_one,
)
from streams.entity import EntityFold
from streams.fold import (
    Answer,
    Applied,
    Doc,
    Entity,
    Output,
    Refused,
    Unknown,
    rank_told,
    revise,
    revise_told,
)
from streams.scans import ahead_s, duplicate_warnings, travelled
from streams.watch import WATCHES_REMEMBERED, WatchingFold

CLEARANCES_REMEMBERED = 256
"""Identities of clearances and registry events kept in a truck's state: some weeks' worth."""
POSITIONS_REMEMBERED = 128
"""Identities of positions kept in a truck's state; older positions are refused as too late."""
SILENT_AFTER = timedelta(minutes=90)
"""An available truck without a sign for so long raises ``truck_silent`` [assumed]."""
ANNOUNCE_M = 2_000.0
ANNOUNCE_EVERY = timedelta(minutes=15)
"""Dispatch hears of a truck that moved this far, or was silent to it for so long."""


def _view(entity: Entity, truck_id: str) -> Doc | None:
    return entity.views.get(f"truck:{truck_id}")


def _known(view: Doc) -> Output:
    return Output(
        "dispatch.inbox.v1",
        "state.known",
        StateKnown(kind="truck", state=view),
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
    told = format_time(event.time)
    order = [rank_told(told), event.identity]
    if entity.own.get("position_order", ["", ""]) >= order:
        return Applied()
    position = {"lat": data.lat, "lon": data.lon, "at": told}
    changed = revise_told(view, event.time, told, {"position": position})
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


def seen(entity: Entity, event: Event, now: datetime) -> Answer:
    """Record what a checkpoint did, pass it on to the checkpoint, and warn where it must."""
    data = event.data
    assert isinstance(data, Clearance)
    if data.truck_id is None:
        return _stray(entity, event, data, now)
    view = _view(entity, data.truck_id)
    if view is None or not view["registered"]:
        return Unknown(f"truck {data.truck_id}")
    before = recent(entity.own, view["last_checkpoint"])
    ahead = ahead_s(event, now)
    visit = visit_of(event, vehicle=data.truck_id, truck_id=data.truck_id, ahead_s=ahead)
    return _follow(entity, event, view, visit, before, added(before, sign_of(event)))


def retracted(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take a clearance back that was posted in error; taken back twice, it is so once."""
    data = event.data
    assert isinstance(data, CheckpointRetracted)
    view = None if data.truck_id is None else _view(entity, data.truck_id)
    if data.truck_id is not None and (view is None or not view["registered"]):
        return Unknown(f"truck {data.truck_id}")
    before = recent(entity.own, None if view is None else view["last_checkpoint"])
    wrong = wrong_one(entity, event, before)
    if not isinstance(wrong, Sign):
        return wrong
    noting = entity.but(own=noted(entity.own, event))
    after = without(before, wrong)
    if view is None:
        return _stray_retracted(noting, event, data, wrong, after)
    visit = None if wrong.retracted else taken_back(event, wrong, view["truck_id"])
    return _follow(noting, event, view, visit, before, after)


def _follow(
    entity: Entity, event: Event, view: Doc, visit: Output | None, before: Signs, after: Signs
) -> Answer:
    """Let the truck's last checkpoint and its alerts follow the clearances that stand."""
    truck_id = view["truck_id"]
    warned = entity.own.get("warned")
    warnings, warned = warnings_of(event, truck_id, warned, before, after)
    own = remembered(entity.own, after, warned=warned)
    region = view["region"]
    outputs = [
        *([] if visit is None else [visit]),
        *warnings,
        *duplicate_warnings(event, truck_id, region, before, after),
        *travelled(truck_id, view["plate"], region, before, after),
    ]
    last = latest(after)
    sign = None if last is None else last.as_seen
    if sign == view["last_checkpoint"] and not isinstance(event.data, CheckpointRetracted):
        return Applied(outputs=tuple(outputs), own=own)
    changed = revise(view, event.time, last_checkpoint=sign)
    return Applied({f"truck:{truck_id}": changed}, (*outputs, _known(changed)), own)


def _stray(entity: Entity, event: Event, data: Clearance, now: datetime) -> Answer:
    """Record a vehicle that is known by its plate only; link it where the plate is known by now."""
    assert data.plate is not None
    vehicle = plate_key(data.plate)
    truck_id = entity.own.get("truck_id")
    ahead = ahead_s(event, now)
    visit = visit_of(event, vehicle=truck_id or vehicle, truck_id=truck_id, ahead_s=ahead)
    known = recent(entity.own)
    signs = added(known, sign_of(event))
    flags = _flags_of_stray(event, data.plate, known, signs)
    own = remembered(entity.own, signs)
    if truck_id is not None:
        return Applied(outputs=(visit, *flags), own=own)
    before = entity.own.get("strays", [])
    after = [*before, visit.data.model_dump(mode="json")]
    warnings = stray_warnings(event, vehicle, before, after)
    return Applied(outputs=(visit, *warnings, *flags), own={**own, "strays": after})


def _flags_of_stray(event: Event, plate: str, before: Signs, after: Signs) -> list[Output]:
    """Flag scans of a plate that cannot be right."""
    vehicle = plate_key(plate)
    return [
        *duplicate_warnings(event, vehicle, None, before, after),
        *travelled(vehicle, plate, None, before, after),
    ]


def _stray_retracted(
    entity: Entity, event: Event, data: CheckpointRetracted, wrong: Sign, after: Signs
) -> Answer:
    """Take back what a checkpoint did with a vehicle that was known by its plate only."""
    assert data.plate is not None
    vehicle = plate_key(data.plate)
    own = remembered(entity.own, after)
    if wrong.retracted:
        return Applied(own=own)
    visit = taken_back(event, wrong, entity.own.get("truck_id") or vehicle)
    flags = _flags_of_stray(event, data.plate, recent(entity.own), after)
    before = entity.own.get("strays", [])
    strays = [doc for doc in before if doc.get("clearance") != wrong.clearance]
    warnings = stray_warnings(event, vehicle, before, strays)
    return Applied(outputs=(visit, *warnings, *flags), own={**own, "strays": strays})


def linked(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Give a plate's earlier visits to the truck that the plate turned out to be."""
    data = event.data
    assert isinstance(data, PlateAssigned)
    vehicle = plate_key(data.plate)
    strays = entity.own.get("strays", [])
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
        for n, doc in enumerate(strays)
    ]
    outputs += stray_warnings(event, vehicle, strays, [])
    own = {**entity.own, "truck_id": data.truck_id, "strays": []}
    return Applied(outputs=tuple(outputs), own=own)


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


_TRUCKS = EntityFold(
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
        "checkpoint.retracted": retracted,
        "plate.assigned": linked,
    },
    on_time=fall_silent,
    waits=may_fall_silent,
    memory_limits={
        "truck.position.v1": POSITIONS_REMEMBERED,
        "checkpoint.clearance.v1": CLEARANCES_REMEMBERED,
        "truck.registry.v1": CLEARANCES_REMEMBERED,
        "corridor.watch.v1": WATCHES_REMEMBERED,
    },
    refused_late=("truck.position.v1",),
)

TRUCK_FOLD = WatchingFold(_TRUCKS)
