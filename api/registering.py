"""Register things and change them: refuse an id that is taken, and what is over already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Response
from pydantic import ValidationError

from api.desk import Deed
from api.intake import Draft, Receipt, send
from api.mirror import KIND_OF
from api.problems import Flaw, Problem, flaws_of, pointer_to
from api.sight import is_inside
from schemas.errors import Unavailable
from schemas.model import Fact

Doc = dict[str, Any]

_PLURAL = {kind: plural for plural, kind in KIND_OF.items()}
_OVER = frozenset({"retired", "closed", "lifted"})
"""Statuses after which a thing is only registered anew, under the same id."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One thing that somebody wants to be known.

    Attributes
    ----------
    kind, entity_id
        The kind of view that it will have, and its id.
    event_type, data
        The event that registers it, its data as JSON with every default.
    time
        When it was decided; None for now.
    also
        What the event's type says of it, as its view will have it.
    """

    kind: str
    entity_id: str
    event_type: str
    data: Doc
    time: datetime | None = None
    also: Doc = field(default_factory=dict)


def whole(model: type[Fact], data: Doc) -> Doc:
    """Fill in the defaults of an event's data.

    Parameters
    ----------
    model
        The event's model.
    data
        What the body says, with what the route adds.

    Raises
    ------
    Problem
        `invalid`.
    """
    try:
        return model.model_validate(data).model_dump(mode="json")
    except ValidationError as error:
        flaws = flaws_of(error)
        raise Problem("invalid", f"{flaws[0].pointer}: {flaws[0].message}", errors=flaws) from None


def new_id(deed: Deed, noun: str, wanted: str | None) -> str:
    """Return the id that was asked for, else a new one: the same again for the same key.

    Parameters
    ----------
    deed
        Who writes.
    noun
        How a new id begins.
    wanted
        The id in the body.
    """
    return wanted or f"{noun}-{deed.event_id()[-12:]}"


async def register(deed: Deed, what: Registration, response: Response) -> list[Receipt]:
    """Write what registers a thing, unless its id says something else already.

    Said again as it is known, it is the same event again, which the workers know as a duplicate.

    Parameters
    ----------
    deed
        Who writes.
    what
        What to register.
    response
        Is given the thing's `Location`.

    Raises
    ------
    Problem
        `already_registered`, `not_yours`, or what `send` raises.
    """
    inside(deed, f"{what.kind} {what.entity_id}", what.data.get("region"))
    known = await found(deed, what.kind, what.entity_id)
    life = 0
    if known is not None and known.get("registered", True):
        inside(deed, f"{what.kind} {what.entity_id}", known.get("region"))
        if known.get("status") in _OVER:
            life = known.get("version", 0)
        else:
            _refuse_other(what, known)
    if deed.key is None:  # a client's key holds no space
        deed = replace(deed, key=f"same {life} {_digest(what.data | what.also)}")
    receipts = await send(deed, [Draft(type=what.event_type, data=what.data, time=what.time)])
    response.headers["location"] = location(what.kind, what.entity_id)
    return receipts


async def change(
    deed: Deed, kind: str, entity_id: str, *, status: str | None, changes: Doc
) -> Doc | None:
    """Return what is known of a thing that is to change; None where that cannot be told now.

    Parameters
    ----------
    deed
        Who changes it.
    kind, entity_id
        What it is.
    status
        The status that it is to have, if that changes.
    changes
        Its changed fields.

    Raises
    ------
    Problem
        `invalid` where nothing changes, `KIND_unknown` (of a truck `not_found`), `not_yours`,
        `already_over`.
    """
    if status is None and not changes:
        flaw = Flaw(pointer="#", message="name a field or a status", code="missing")
        raise Problem("invalid", "nothing is to change", errors=[flaw])
    known = await _to_change(deed, kind, entity_id)
    if known is None:
        return None
    inside(deed, f"{kind} {entity_id}", known.get("region"))
    if known.get("status") in _OVER and (changes or status != known["status"]):
        detail = f"{kind} {entity_id} is {known['status']}; register it anew to use it again"
        raise Problem("already_over", detail)
    return known


async def _to_change(deed: Deed, kind: str, entity_id: str) -> Doc | None:
    if kind != "truck":
        return await deed.known(kind, entity_id)
    known = await found(deed, kind, entity_id, wait_s=deed.desk.config.view_wait_s)
    if known is not None and not (known.get("registered", True) and is_inside(deed.actor, known)):
        known = None  # seen by somebody, registered by nobody; or in another region
    if known is None and await deed.desk.views.answers():
        raise Problem("not_found", f"no truck {entity_id[:140]!r} is registered")
    return known


def inside(deed: Deed, what: str, region: str | None) -> None:
    """Refuse what lies in a region that is not the actor's; what has no region lies in all.

    Parameters
    ----------
    deed
        Who acts.
    what
        What it is, for people.
    region
        Its region.

    Raises
    ------
    Problem
        `not_yours`.
    """
    regions = deed.actor.regions
    if regions is not None and region is not None and region not in regions:
        own = ", ".join(sorted(regions)) or "no region"
        raise Problem("not_yours", f"{what} is of {region}; this log-in is for {own}")


async def refuse_unknown(deed: Deed, field: str, kinds: Sequence[str], ids: Iterable[str]) -> None:
    """Refuse ids that name nothing in use, as far as that can be told now.

    Parameters
    ----------
    deed
        Who writes.
    field
        The body's list of ids.
    kinds
        The kinds of view of which one must hold each id.
    ids
        What the list holds.

    Raises
    ------
    Problem
        `invalid`, with a flaw for each id.
    """
    flaws = []
    for index, entity_id in enumerate(ids):
        try:
            docs = [await deed.desk.views.find(kind, entity_id) for kind in kinds]
        except Unavailable:
            return
        if not any(doc is not None and doc.get("status") not in _OVER for doc in docs):
            message = f"no {' or '.join(kinds)} in use has this id"
            where = pointer_to(field, index)
            flaws.append(Flaw(pointer=where, message=message, code=f"{kinds[0]}_unknown"))
    if flaws:
        detail = f"{field} names what is not known; register it first"
        raise Problem("invalid", detail, errors=flaws)


async def found(deed: Deed, kind: str, entity_id: str, *, wait_s: float = 0) -> Doc | None:
    """Return a view; None where there is none, or where Redis is silent and all are the actor's.

    Parameters
    ----------
    deed
        Who asks.
    kind, entity_id
        The view.
    wait_s
        How long to wait for it, in seconds.
    """
    try:
        return await deed.desk.views.find(kind, entity_id, wait_s=wait_s)
    except Unavailable:
        if deed.is_wide and deed.actor.regions is None:
            return None
        raise


def location(kind: str, entity_id: str) -> str:
    """Say where a thing can be read."""
    return f"/v1/{_PLURAL[kind]}/{quote(entity_id, safe='')}"


def _refuse_other(what: Registration, known: Doc) -> None:
    said = what.data | what.also
    others = [name for name, value in said.items() if known.get(name) != value]
    if others:
        message = "is known otherwise"
        flaws = [Flaw(pointer=pointer_to(name), message=message, code="differs") for name in others]
        detail = (
            f"{what.kind} {what.entity_id} is registered with other {', '.join(others)}; "
            f"change it by PATCH {location(what.kind, what.entity_id)}"
        )
        raise Problem("already_registered", detail, errors=flaws)


def _digest(data: Doc) -> str:
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()
