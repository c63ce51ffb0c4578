"""Keep what must be known of drivers, officers and contacts, and write down who reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, field_validator

from api.audit import chronicle
from api.desk import Acting, Asking, Desk, Route
from api.problems import Problem
from api.reads import json_answer
from api.tokens import Actor
from schemas.errors import HarvestlaneError
from schemas.model import Day, Fact, Identifier, Moment, Region
from schemas.person import PersonKept
from schemas.personal import ROW

router = APIRouter(prefix="/v1", tags=["people"], route_class=Route)

TOPIC = "personal.person.v1"
USE = "person"
_KEEP = timedelta(days=ROW["person"].days or 0)
_MAY = frozenset(ROW["person"].readers)
_NUMBER = re.compile(r"[\d+./ -]{8,}", re.ASCII)

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Permit(Fact):
    """A permit that somebody holds."""

    kind: Text
    number: Text
    until: Day | None = None


class Particulars(Fact):
    """What is sealed."""

    name: Text
    phone: Annotated[str, Field(pattern=r"^\+?[0-9 .()-]{6,24}$")] | None = None
    licence_number: Text | None = None
    licence_class: Annotated[str, Field(max_length=16)] | None = None
    licence_until: Day | None = None
    permits: Annotated[list[Permit], Field(max_length=20, default_factory=list)]


class PersonBody(Particulars):
    """A person as told."""

    kind: Literal["driver", "officer", "contact"] = "driver"
    region: Region
    haulier_id: Identifier | None = None


class PersonHead(BaseModel, frozen=True):
    """What is told of a person without unsealing anything."""

    person_id: str
    kind: str
    region: str
    haulier_id: str | None
    updated_at: Moment
    keep_until: Moment


class Person(PersonHead, Particulars, frozen=True):
    """A person whole."""


class People(BaseModel, frozen=True):
    """Those that one may ask for."""

    count: int
    items: list[PersonHead]


class PersonPath(BaseModel):
    """A person's id: a name made up for the purpose, since it stands in addresses and logs."""

    person_id: Identifier

    @field_validator("person_id")
    @classmethod
    def _is_made_up(cls, person_id: str) -> str:
        if _NUMBER.fullmatch(person_id):
            raise ValueError("make an id up: a telephone or identity number is none")
        return person_id


@router.put("/people/{person_id}", summary="Keep a person")
async def put_person(deed: Acting, person_id: str, body: PersonBody) -> PersonHead:
    """Keep what is told under an id, sealed, for a year from now; for dispatchers and hauliers."""
    person_id = _path(person_id)
    deed.only("haulier")
    _refuse_foreign(deed.actor, body.region, body.haulier_id)
    desk = deed.desk
    async with desk.kept.lock(TOPIC, person_id):
        old: PersonKept | None = desk.kept.get(TOPIC, person_id)
        if old is not None:
            _refuse_foreign(deed.actor, old.region, old.haulier_id)
        await _chronicle(desk, deed.actor, "person.kept", person_id, body.region)
        now = datetime.now(UTC)
        person = PersonKept(
            person_id=person_id,
            kind=body.kind,
            region=body.region,
            haulier_id=body.haulier_id,
            sealed=seal(desk, person_id, body.haulier_id, body),
            updated_at=now,
            keep_until=now + _KEEP,
        )
        await desk.kept.put(TOPIC, person)
    return _head(person)


@router.get("/people", summary="Who is kept")
async def list_people(asking: Asking) -> People:
    """Name those that one may ask for, without anything that is sealed."""
    _refuse_roles(asking.actor)
    found = asking.desk.kept.every(TOPIC).values()
    items = [_head(person) for person in found if _is_own(asking.actor, person)]
    return People(count=len(items), items=items)


@router.get(
    "/people/{person_id}",
    summary="One person",
    responses={200: {"model": Person}},
    response_model=None,
)
async def get_person(asking: Asking, person_id: str) -> Response:
    """Unseal one person, once it is written down who asked."""
    _refuse_roles(asking.actor)
    person = _known(asking.desk, asking.actor, person_id)
    await _chronicle(asking.desk, asking.actor, "data.read", person_id, person.region)
    told = unsealed(asking.desk, person)
    if told is None:
        raise Problem("not_found", "what was kept of this person was thrown away")
    whole = Person(**_head(person).model_dump(), **told.model_dump())
    return json_answer(orjson.dumps(whole.model_dump(mode="json")))


@router.delete("/people/{person_id}", status_code=204, summary="Forget a person")
async def forget_person(deed: Acting, person_id: str) -> Response:
    """Let nothing be kept of a person any more; off the disk within a day or two."""
    deed.only("haulier")
    _refuse_roles(deed.actor)
    async with deed.desk.kept.lock(TOPIC, person_id):
        person = _known(deed.desk, deed.actor, person_id)
        await _chronicle(deed.desk, deed.actor, "person.forgotten", person_id, person.region)
        await deed.desk.kept.take_away(TOPIC, person_id)
    return Response(status_code=204)


def seal(desk: Desk, person_id: str, haulier_id: str | None, said: Particulars) -> str:
    """Seal what is told of a person.

    Parameters
    ----------
    desk
        Has the keys.
    person_id, haulier_id
        Whom it is about; it can be read as nobody else's.
    said
        What is told.
    """
    text = said.model_dump_json(include=set(Particulars.model_fields)).encode()
    return desk.audit.ring.seal(USE, text, f"{person_id} {haulier_id}")


def unsealed(desk: Desk, person: PersonKept) -> Particulars | None:
    """Unseal what was told of a person; None where its key was thrown away.

    Raises
    ------
    Problem
        `internal`: it was changed, or is another's.
    """
    try:
        about = f"{person.person_id} {person.haulier_id}"
        raw = desk.audit.ring.unseal(USE, person.sealed, about)
    except HarvestlaneError:
        raise Problem("internal", "what is kept of this person was changed or moved") from None
    return None if raw is None else Particulars.model_validate_json(raw)


def _path(person_id: str) -> str:
    try:
        return PersonPath(person_id=person_id).person_id
    except ValueError:
        detail = "path:person_id: make up an id, such as tx-017; no telephone or identity number"
        raise Problem("invalid", detail) from None


def _known(desk: Desk, actor: Actor, person_id: str) -> PersonKept:
    person: PersonKept | None = desk.kept.get(TOPIC, person_id)
    if person is None or not _is_own(actor, person):
        raise Problem("not_found", "no such person is known to you")
    return person


def _is_own(actor: Actor, person: PersonKept) -> bool:
    if actor.regions is not None and person.region not in actor.regions:
        return False
    if actor.role == "haulier":
        return actor.subject is not None and person.haulier_id == actor.subject
    if actor.role == "driver":
        return actor.subject is not None and person.person_id == actor.subject
    return True


def _refuse_roles(actor: Actor) -> None:
    if actor.scopes is not None:
        raise Problem("forbidden", "a key with scopes reads and keeps nobody")
    if actor.role not in _MAY:
        raise Problem("forbidden", f"{actor.role} may not read this; {', '.join(sorted(_MAY))} may")


def _refuse_foreign(actor: Actor, region: str, haulier_id: str | None) -> None:
    _refuse_roles(actor)
    if actor.regions is not None and region not in actor.regions:
        raise Problem("not_yours", "this person is in another region")
    if actor.role == "haulier" and (haulier_id is None or haulier_id != actor.subject):
        raise Problem("not_yours", "a haulier keeps its own people; name it as haulier_id")


async def _chronicle(desk: Desk, actor: Actor, action: str, person_id: str, region: str) -> None:
    await chronicle(desk, actor, action, entities=[f"person/{person_id}"], region=region)


def _head(person: PersonKept) -> PersonHead:
    return PersonHead(**person.model_dump(exclude={"sealed"}, mode="python"))
