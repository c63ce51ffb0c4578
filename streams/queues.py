"""Estimate a checkpoint's queue from the visits that are kept of it, as time passes.

The rules of the place fold (``streams/place.py``) use these functions: what is estimated is a
function of the visits and of the tick, not of the order in which the visits came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from routing.checkpoints import CheckpointParams, Visit, estimate
from schemas.checkpoint import CheckpointKnown, CheckpointQueue
from schemas.dispatch import StateKnown
from schemas.model import format_time, parse_time
from streams.fold import Applied, Doc, Entity, Output, rank, revise

COUNTED_EVERY = timedelta(minutes=1)
"""A checkpoint's queue is estimated no more often: its row is large, and written with each."""
SAID_EVERY = timedelta(minutes=5)
"""Dispatch hears of a queue at least so often."""
NEWS_SHARE, NEWS_TRUCKS = 0.2, 2
"""Dispatch hears at once of a queue, or of clearances in an hour, that differ by so much."""
_PARAMS = CheckpointParams()


def kept_visits(visits: Sequence[Doc], most: int) -> list[Doc]:
    """Return the latest visits; a vehicle's next one tells when it came, where that is dropped.

    Without it a long queue would be all trucks of which nobody knows how long they stood.

    Parameters
    ----------
    visits
        In order of time.
    most
        So many are kept.
    """
    dropped, kept = visits[:-most], list(visits[-most:])
    for gone in dropped:
        came = _came(gone)
        at = next((n for n, one in enumerate(kept) if one["vehicle"] == gone["vehicle"]), None)
        if came is not None and at is not None:
            kept[at] = {**kept[at], "came": min(came, kept[at].get("came", came))}
    return kept


def stands_since(sign: Doc | None, visits: Sequence[Doc], visit: Doc) -> str | None:
    """Return since when a vehicle stands at a visit, where the visits that tell it were dropped.

    Parameters
    ----------
    sign
        The vehicle's latest sign before the visit came.
    visits
        Those that are kept.
    visit
        The one that came.
    """
    if (
        sign is None
        or sign["decision"] not in {"arrived", "held"}
        or sign["order"] > visit["order"]
    ):
        return None
    if any(one["vehicle"] == visit["vehicle"] and not one.get("retracted") for one in visits):
        return None
    return rank(parse_time(sign["since"]))


def _came(visit: Doc) -> str | None:
    """Return since when a vehicle stands after a visit, if it does."""
    if visit.get("retracted") or visit["decision"] in {"cleared", "refused"}:
        return None
    came: str | None = visit.get("came")
    arrived: str | None = visit["order"][0] if visit["decision"] == "arrived" else None
    return came or arrived


def waits_to_be_counted(entity: Entity) -> bool:
    """Say whether a place is a checkpoint that was visited since it was counted, or has a queue."""
    return bool(entity.own.get("visited") or entity.own.get("queued"))


def counted(key: str, entity: Entity, now: datetime) -> Applied | None:
    """Estimate a checkpoint's queue where it may have changed, and tell dispatch what is news.

    Parameters
    ----------
    key
        The checkpoint.
    entity
        What is known of it.
    now
        What the stack's clock shows.
    """
    view = entity.views.get(f"checkpoint:{key}")
    if view is None or not waits_to_be_counted(entity):
        return None
    last = entity.own.get("counted_at")
    if last is not None and now < parse_time(last) + COUNTED_EVERY:
        return None
    queue = queue_of(entity.own, view["bays"], now).model_dump(mode="json")
    stands = queue["waiting"] + queue["held"] > 0
    own = {**entity.own, "counted_at": format_time(now), "visited": False, "queued": stands}
    said = entity.own.get("said")
    is_said = _is_news(said, queue, now)
    if not is_said and _same(view.get("queue"), queue):
        return Applied(own=own)
    changed = revise(view, parse_time(view["updated_at"]), queue=queue)
    outputs = (known(changed),) if is_said else ()
    own = {**own, "said": queue} if is_said else own
    return Applied({f"checkpoint:{key}": changed}, outputs, own)


def queue_of(own: Doc, bays: int, now: datetime) -> CheckpointQueue:
    """Return what a checkpoint's visits say of its queue.

    Parameters
    ----------
    own
        What the fold remembers of the checkpoint.
    bays
        How many trucks it deals with at once.
    now
        The moment.
    """
    at_s = now.timestamp()
    visits = [one for one in own.get("visits", []) if not one.get("retracted")]
    params = replace(_PARAMS, window_s=_window_s(own.get("visits", []), own, at_s))
    told = estimate(_told(visits, own.get("signs", {})), bays, at_s, params)
    rate, dwell, p90 = told.rate_per_bay_h, told.dwell_median_s, told.dwell_p90_s
    return CheckpointQueue(
        waiting=told.waiting,
        held=told.held,
        clearances_per_h=round(bays * rate.value, 1),
        clearances_per_h_low=round(bays * (rate.low or 0.0), 1),
        clearances_per_h_high=round(bays * (rate.high or rate.value), 1),
        dwell_s=float(round(dwell.value)),
        dwell_p90_s=float(round(p90.value)),
        assumed=rate.assumed,
        as_of=now,
    )


def _window_s(visits: Sequence[Doc], own: Doc, at_s: float) -> float:
    """Look no further back than visits are known whole, where some were dropped."""
    if not own.get("dropped") or not visits:
        return _PARAMS.window_s
    known_s = at_s - _seconds(visits[0]["order"][0])
    return min(_PARAMS.window_s, max(known_s, 60.0))


def _told(visits: Sequence[Doc], signs: Doc) -> Iterator[Visit]:
    """Yield the visits, and what is known of vehicles that stand since before the first of them."""
    there = set()
    for one in visits:
        vehicle, (at, name) = one["vehicle"], one["order"]
        there.add(vehicle)
        if one.get("came"):
            yield Visit(_seconds(one["came"]), vehicle, "arrived", name=f"{name}/came")
        yield Visit(_seconds(at), vehicle, one["decision"], one["reason_code"], name)
    for vehicle, sign in signs.items():
        if vehicle not in there and sign["decision"] in {"arrived", "held"}:
            yield Visit(_seconds(sign["since"]), vehicle, "arrived")
            if sign["decision"] == "held":
                yield Visit(_seconds(sign["order"][0]), vehicle, "held", sign["reason_code"])


def _seconds(told: str) -> float:
    return parse_time(told).timestamp()


def _same(before: Doc | None, queue: Doc) -> bool:
    return before is not None and {**before, "as_of": None} == {**queue, "as_of": None}


def _is_news(said: Doc | None, queue: Doc, now: datetime) -> bool:
    """Say whether dispatch is to hear of a queue."""
    if said is None:
        return True
    stands = queue["waiting"] + queue["held"] > 0
    if stands and now >= parse_time(said["as_of"]) + SAID_EVERY:
        return True
    return any(
        abs(queue[name] - said[name]) >= max(NEWS_TRUCKS, NEWS_SHARE * said[name])
        for name in ("waiting", "clearances_per_h")
    )


def known(view: Doc) -> Output:
    """Tell dispatch of a checkpoint, without the vehicles.

    Parameters
    ----------
    view
        The checkpoint's state.
    """
    fields = {name: view[name] for name in CheckpointKnown.model_fields if name in view}
    state = CheckpointKnown.model_validate(fields).model_dump(mode="json")
    data = StateKnown(kind="checkpoint", state=state)
    return Output("dispatch.inbox.v1", "state.known", data, f"checkpoint@{view['version']}")
