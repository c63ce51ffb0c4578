"""Fold what happens to facilities and checkpoints into what is known of them.

In: place.registry.v1, port.slot.v1, slot.reservation.v1, checkpoint.visit.v1, stack.tick.v1
State: place (place_id; a facility with all its slots, or a checkpoint with who is there)
Out: facility.state.v1, checkpoint.state.v1, slot.state.v1, slot.reservation.v1, alert.v1,
     dispatch.inbox.v1
"""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.checkpoint import CheckpointState, VisitRecorded, VisitRetracted
from schemas.dispatch import StateKnown
from schemas.envelope import Event
from schemas.model import format_time, parse_time
from schemas.place import (
    CheckpointRegistered,
    FacilityRegistered,
    FacilityState,
    PlaceRetired,
    PlaceUpdated,
)
from streams.entity import KEPT, EntityFold
from streams.fold import Answer, Applied, Doc, Entity, Output, Refused, Unknown, rank, revise
from streams.queues import counted, kept_visits, known, stands_since, waits_to_be_counted
from streams.scans import skew_warnings
from streams.slot import answered, capacity_changed, closed, opened, released, requested

EVENTS_REMEMBERED = 1024
"""Identities of each other topic kept in a place's state: at a busy port, some days' worth."""
VISITS_REMEMBERED = 512
"""Identities of visits kept in a checkpoint's state."""
VISITS_KEPT = 128
"""A checkpoint's latest visits that are kept whole, so that one can be taken back: about an hour of
a busy one, some 200 bytes each. Of older ones only the count can be."""

PLACES_AT_ONCE = 40
"""So many places change with one tick: a busy checkpoint's row is some 90 KB, a batch 4 MB."""


def _announce(view: Doc) -> Output:
    facility = FacilityState.model_validate(view).model_dump(mode="json")
    data = StateKnown(kind="facility", state=facility)
    return Output("dispatch.inbox.v1", "state.known", data, f"facility@{view['version']}")


def facility_registered(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take a facility in, or replace what was registered unless something newer is known."""
    data = event.data
    assert isinstance(data, FacilityRegistered)
    if any(name.startswith("checkpoint:") for name in entity.views):
        return Refused("place_is_a_checkpoint")
    if _is_older(entity, event):
        return Refused("superseded")
    key = f"facility:{data.place_id}"
    fields = data.model_dump(mode="json")
    view = revise(entity.views.get(key), event.time, **fields, status="active")
    full = FacilityState.model_validate(view).model_dump(mode="json")
    return Applied({key: full}, (_announce(full),), _mark(entity, event))


def checkpoint_registered(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take a checkpoint in, or replace what was registered unless something newer is known."""
    data = event.data
    assert isinstance(data, CheckpointRegistered)
    if any(name.startswith("facility:") for name in entity.views):
        return Refused("place_is_a_facility")
    if _is_older(entity, event):
        return Refused("superseded")
    key = f"checkpoint:{data.place_id}"
    fields = data.model_dump(mode="json")
    view = revise(entity.views.get(key), event.time, **fields, status="active")
    full = CheckpointState.model_validate(view).model_dump(mode="json")
    return Applied({key: full}, (known(full),), _mark(entity, event))


def place_updated(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Change the fields that the event names."""
    data = event.data
    assert isinstance(data, PlaceUpdated)
    named = data.model_dump(mode="json", exclude_none=True, exclude={"place_id"})
    return _change(entity, event, data.place_id, named)


def place_retired(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take the place out of use."""
    data = event.data
    assert isinstance(data, PlaceRetired)
    return _change(entity, event, data.place_id, {"status": "retired"})


def _change(entity: Entity, event: Event, place_id: str, fields: Doc) -> Answer:
    noun = event.type.split(".", 1)[0]
    key = f"{noun}:{place_id}"
    view = entity.views.get(key)
    if view is None:
        return Unknown(f"{noun} {place_id}")
    if _is_older(entity, event):
        return Refused("superseded")
    model = FacilityState if noun == "facility" else CheckpointState
    named = {name: value for name, value in fields.items() if name in model.model_fields}
    full = model.model_validate(revise(view, event.time, **named)).model_dump(mode="json")
    own = _mark(entity, event)
    if noun == "checkpoint":
        own["visited"] = bool(own.get("visited") or full["queue"])  # the bays may be others now
        return Applied({key: full}, (known(full),), own)
    return Applied({key: full}, (_announce(full),), own)


def _is_older(entity: Entity, event: Event) -> bool:
    mark = entity.own.get("registered_at")
    return mark is not None and event.time < parse_time(mark)


def _mark(entity: Entity, event: Event) -> Doc:
    return {**entity.own, "registered_at": format_time(event.time)}


def visited(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Keep who is at the checkpoint: the latest sign of each vehicle decides, in any order."""
    data = event.data
    assert isinstance(data, VisitRecorded)
    view = entity.views.get(f"checkpoint:{data.checkpoint_id}")
    if view is None:
        return Unknown(f"checkpoint {data.checkpoint_id}")
    signs: Doc = dict(entity.own.get("signs", {}))
    totals = dict(view["totals"])
    if data.replaces_vehicle is None:
        totals[data.decision] = totals.get(data.decision, 0) + 1
    else:
        signs.pop(data.replaces_vehicle, None)
    name = data.clearance or event.identity
    visit: Doc = {
        "order": [rank(data.at), name],
        "vehicle": data.vehicle,
        "truck_id": data.truck_id,
        "plate": data.plate,
        "decision": data.decision,
        "reason_code": data.reason_code,
    }
    if data.ahead_s is not None:
        visit["ahead_s"] = data.ahead_s
    others = [one for one in entity.own.get("visits", []) if one["order"][1] != name]
    came = stands_since(signs.get(data.vehicle), others, visit)
    if came is not None:
        visit["came"] = came
    visits = sorted([*others, visit], key=lambda one: one["order"])
    return _present(entity, event, view, totals, visits, signs, data.vehicle)


def visit_retracted(entity: Entity, event: Event, _now: datetime) -> Answer:
    """Take a visit back: the vehicle is where the latest of its other visits left it.

    Of a visit that is older than all that are kept the count is taken back, and the sign where it
    is the vehicle's last; what was before is not known any more.
    """
    data = event.data
    assert isinstance(data, VisitRetracted)
    view = entity.views.get(f"checkpoint:{data.checkpoint_id}")
    if view is None:
        return Unknown(f"checkpoint {data.checkpoint_id}")
    visits: list[Doc] = entity.own.get("visits", [])
    order = [rank(data.at), data.clearance]
    wrong = next((one for one in visits if one["order"][1] == data.clearance), None)
    if wrong is None and (len(visits) < VISITS_KEPT or visits[0]["order"] < order):
        return Unknown(f"visit {data.clearance}")
    if wrong is not None and wrong.get("retracted"):
        return Refused("already_retracted")
    totals = {**view["totals"], data.decision: view["totals"].get(data.decision, 0) - 1}
    signs: Doc = dict(entity.own.get("signs", {}))
    vehicle = data.vehicle if wrong is None else wrong["vehicle"]
    if signs.get(vehicle, {}).get("order") == order:
        del signs[vehicle]
    visits = [{**one, "retracted": True} if one is wrong else one for one in visits]
    return _present(entity, event, view, totals, visits, signs, vehicle)


def _present(
    entity: Entity,
    event: Event,
    view: Doc,
    totals: Doc,
    visits: list[Doc],
    signs: Doc,
    vehicle: str,
) -> Answer:
    """Tell who is at the checkpoint, after what happened to one vehicle."""
    sign = _sign([one for one in visits if one["vehicle"] == vehicle], signs.get(vehicle))
    signs = {name: one for name, one in signs.items() if name != vehicle}
    if sign is not None:
        signs[vehicle] = sign
    present = [
        {"vehicle": name, **{k: v for k, v in one.items() if k != "order"}}
        for name, one in sorted(signs.items())
        if one["decision"] in {"arrived", "held"}
    ]
    changed = revise(view, event.time, present=present, totals=totals)
    own = {
        **entity.own,
        "signs": _recent(signs),
        "visits": kept_visits(visits, VISITS_KEPT),
        "visited": True,
    }
    if len(visits) > VISITS_KEPT:
        own["dropped"] = True
    outputs, skewed = skew_warnings(event, view, visits, entity.own.get("skewed"))
    if skewed != entity.own.get("skewed"):
        own["skewed"] = skewed
    return Applied({f"checkpoint:{view['place_id']}": changed}, tuple(outputs), own)


def _sign(visits: list[Doc], known: Doc | None) -> Doc | None:
    """Return the latest sign of one vehicle by its visits, and by the sign that was known before.

    A vehicle that arrived and is held then has been there since it arrived.
    """
    told: list[Doc] = list(visits)
    if known is not None and all(one["order"] != known["order"] for one in visits):
        told = sorted([*visits, known], key=lambda one: one["order"])
    sign: Doc | None = None
    for one in told:
        if one.get("retracted"):
            continue
        since = one.get("since") or format_time(parse_time(one["order"][0]))
        if sign is not None and sign["decision"] == "arrived" and one["decision"] == "held":
            since = sign["since"]
        names = ("order", "truck_id", "plate", "decision")
        sign = {
            **{name: one[name] for name in names},
            "since": since,
            "reason_code": one["reason_code"],
        }
    return sign


def _recent(signs: Doc) -> Doc:
    """Forget the oldest signs of vehicles that have gone, so that a state stays small."""
    gone = [vehicle for vehicle, one in signs.items() if one["decision"] in {"cleared", "refused"}]
    excess = len(gone) - VISITS_REMEMBERED
    if excess <= 0:
        return signs
    gone.sort(key=lambda vehicle: signs[vehicle]["order"])
    return {vehicle: one for vehicle, one in signs.items() if vehicle not in set(gone[:excess])}


def waits(entity: Entity) -> bool:
    """Say whether a place has windows, which are over one day, or a queue to be counted."""
    return bool(entity.own.get("slot_set_at")) or waits_to_be_counted(entity)


def place_fold(kept: timedelta = KEPT) -> EntityFold:
    """Make the fold of places, which forgets a window so long after it is over."""

    def on_time(key: str, entity: Entity, now: datetime) -> Applied | None:
        return drop_windows(entity, now) or counted(key, entity, now)

    def drop_windows(entity: Entity, now: datetime) -> Applied | None:
        gone = [
            name
            for name, view in entity.views.items()
            if name.startswith("slot:") and parse_time(view["window_end"]) + kept < now
        ]
        if not gone:
            return None
        set_at = entity.own.get("slot_set_at", {})
        left = {slot: marks for slot, marks in set_at.items() if f"slot:{slot}" not in gone}
        return Applied(dict.fromkeys(gone), own={**entity.own, "slot_set_at": left})

    return EntityFold(
        "place",
        ("place.registry.v1", "port.slot.v1", "slot.reservation.v1", "checkpoint.visit.v1"),
        {
            "facility.registered": facility_registered,
            "checkpoint.registered": checkpoint_registered,
            "facility.updated": place_updated,
            "checkpoint.updated": place_updated,
            "facility.retired": place_retired,
            "checkpoint.retired": place_retired,
            "visit.recorded": visited,
            "visit.retracted": visit_retracted,
            "slot.opened": opened,
            "slot.capacity_changed": capacity_changed,
            "slot.closed": closed,
            "reservation.requested": requested,
            "reservation.confirmed": answered,
            "reservation.rejected": answered,
            "reservation.released": released,
            "reservation.no_show": released,
        },
        memory_limits={
            "checkpoint.visit.v1": VISITS_REMEMBERED,
            "place.registry.v1": EVENTS_REMEMBERED,
            "port.slot.v1": EVENTS_REMEMBERED,
            "slot.reservation.v1": EVENTS_REMEMBERED,
        },
        refused_late=("checkpoint.visit.v1",),
        on_time=on_time,
        waits=waits,
        changed_at_once=PLACES_AT_ONCE,
    )


PLACE_FOLD = place_fold()
