"""Fold what happens to lots of harvest into what is known of them.

In: harvest.lot.v1, lot.decision.v1, stack.tick.v1
State: lot (lot_id)
Out: lot.state.v1, dispatch.inbox.v1
"""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.dispatch import StateKnown
from schemas.envelope import Event
from schemas.lot import (
    LotDeclared,
    LotPlanned,
    LotReady,
    LotRevised,
    LotState,
    LotUnassigned,
    LotWithdrawn,
)
from schemas.model import format_time, parse_time
from streams.entity import KEPT, EntityFold
from streams.fold import Answer, Applied, Doc, Entity, Output, Refused, Unknown, revise


def _known(view: Doc) -> Output:
    data = StateKnown(kind="lot", state=view)
    return Output("dispatch.inbox.v1", "state.known", data, f"lot@{view['version']}")


def _told(
    entity: Entity, event: Event, lot_id: str, own: Doc | None = None, /, **fields: object
) -> Answer:
    """Change what the declarer told of a lot, and let dispatch know."""
    key = f"lot:{lot_id}"
    changed = revise(entity.views.get(key), event.time, **fields)
    full = LotState.model_validate(changed).model_dump(mode="json")
    return Applied({key: full}, (_known(full),), own)


EVENTS_REMEMBERED = 256
"""Identities of each topic kept in a lot's state: more than a lot ever has."""


def _is_older(entity: Entity, what: str, event: Event) -> bool:
    """Tell whether a later event has already set this; a declaration sets everything."""
    marks = entity.own.get("set_at", {})
    names = {what, "declared"} & marks.keys()
    return any(event.time < parse_time(marks[name]) for name in names)


def _mark(entity: Entity, event: Event, *names: str) -> Doc:
    marks = dict.fromkeys(names, format_time(event.time))
    return {**entity.own, "set_at": {**entity.own.get("set_at", {}), **marks}}


def declared(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Know a lot; what a later revision has already said stands."""
    data = event.data
    assert isinstance(data, LotDeclared)
    view = entity.views.get(f"lot:{data.lot_id}")
    if view is not None and _is_older(entity, "declared", event):
        return Refused("superseded")
    if view is not None and view["status"] == "withdrawn":
        return Refused("withdrawn")
    fields = {
        name: value
        for name, value in data.model_dump(mode="json").items()
        if not _is_older(entity, name, event)
    }
    status = view["status"] if view is not None else "declared"
    return _told(
        entity, event, data.lot_id, _mark(entity, event, "declared"), **fields, status=status
    )


def ready(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Let the lot be loaded from the event's time."""
    data = event.data
    assert isinstance(data, LotReady)
    view = entity.views.get(f"lot:{data.lot_id}")
    if view is None:
        return Unknown(f"lot {data.lot_id}")
    if view["status"] == "withdrawn":
        return Refused("withdrawn")
    ready_from = min(parse_time(view["ready_from"]), event.time)
    return _told(entity, event, data.lot_id, ready_from=format_time(ready_from), status="ready")


def revised(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Change the fields that the event names, as far as nothing newer is known of them."""
    data = event.data
    assert isinstance(data, LotRevised)
    view = entity.views.get(f"lot:{data.lot_id}")
    if view is None:
        return Unknown(f"lot {data.lot_id}")
    if view["status"] == "withdrawn":
        return Refused("withdrawn")
    named = data.model_dump(mode="json", exclude_none=True, exclude={"lot_id"})
    newest = {name: value for name, value in named.items() if not _is_older(entity, name, event)}
    if not newest:
        return Refused("superseded")
    merged = {**view, **newest}
    if parse_time(merged["hold_until"]) <= parse_time(merged["ready_from"]):
        return Refused("hold_before_ready")
    return _told(entity, event, data.lot_id, _mark(entity, event, *newest), **newest)


def withdrawn(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take the lot back: it needs no truck any more."""
    data = event.data
    assert isinstance(data, LotWithdrawn)
    view = entity.views.get(f"lot:{data.lot_id}")
    if view is None:
        return Unknown(f"lot {data.lot_id}")
    return _told(entity, event, data.lot_id, status="withdrawn", reasons=[])


def planned(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Keep how much dispatch has booked, and what is loaded and delivered."""
    data = event.data
    assert isinstance(data, LotPlanned)
    key = f"lot:{data.lot_id}"
    view = entity.views.get(key)
    if view is None:
        return Unknown(f"lot {data.lot_id}")
    if data.revision <= entity.own.get("decision", 0):
        return Refused("superseded")
    taken = data.booked_kg + data.loaded_kg + data.delivered_kg
    changed = revise(
        view,
        event.time,
        booked_kg=data.booked_kg,
        loaded_kg=data.loaded_kg,
        delivered_kg=data.delivered_kg,
        assignments=data.assignments,
        reasons=[] if taken >= view["quantity_kg"] else view["reasons"],
    )
    return Applied({key: changed}, own={**entity.own, "decision": data.revision})


def unassigned(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Keep why dispatch left what it left."""
    data = event.data
    assert isinstance(data, LotUnassigned)
    key = f"lot:{data.lot_id}"
    view = entity.views.get(key)
    if view is None:
        return Unknown(f"lot {data.lot_id}")
    if data.revision <= entity.own.get("decision", 0):
        return Refused("superseded")
    reasons = [reason.model_dump(mode="json") for reason in data.reasons]
    own = {**entity.own, "decision": data.revision}
    return Applied({key: revise(view, event.time, reasons=reasons)}, own=own)


def over_since(state: Doc) -> datetime:
    """Say since, or from, when nothing more can happen to a lot: withdrawn, or past its time."""
    told = parse_time(state["updated_at"])
    return told if state["status"] == "withdrawn" else max(told, parse_time(state["hold_until"]))


def over(entity: Entity) -> datetime | None:
    """Say when an entity's lot is over; nothing where there is no lot yet."""
    return next((over_since(view) for view in entity.views.values()), None)


def lot_fold(kept: timedelta = KEPT) -> EntityFold:
    """Make the fold of lots, which forgets a lot so long after it is over."""
    return EntityFold(
        "lot",
        ("harvest.lot.v1", "lot.decision.v1"),
        {
            "lot.declared": declared,
            "lot.ready": ready,
            "lot.revised": revised,
            "lot.withdrawn": withdrawn,
            "lot.planned": planned,
            "lot.unassigned": unassigned,
        },
        over=over,
        kept=kept,
        memory_limits={"harvest.lot.v1": EVENTS_REMEMBERED, "lot.decision.v1": EVENTS_REMEMBERED},
    )


LOT_FOLD = lot_fold()
