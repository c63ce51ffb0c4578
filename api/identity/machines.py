"""Let administrators make and take away the keys of machines."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.audit import chronicle
from api.desk import AtDesk, Route
from api.identity.administrators import Administrator, reaches, refuse_beyond
from api.identity.keys import LONGEST
from api.problems import Flaw, Problem
from api.rights import MAY_POST
from schemas.identity import ApiKey, Device, Rights, Scope
from schemas.model import Moment, ShortText

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=Route)


class NewKey(Rights):
    """A key that is to be made."""

    scopes: Annotated[list[Scope], Field(max_length=64, default_factory=list)]
    """Event types that it may report, and `read`; empty for all that its role may."""
    device: Device | None = None
    """It may report positions of this truck, and nothing else."""
    purpose: ShortText = ""
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST.days)] = 90


class ShownKey(Rights):
    """A key, without its secret."""

    key_id: str
    purpose: str
    scopes: list[str]
    device: Device | None
    made_by: str
    created_at: Moment
    expires_at: Moment


class Keys(BaseModel, frozen=True):
    """Keys by their ids."""

    count: int
    items: list[ShownKey]


class MadeKey(BaseModel, frozen=True):
    """A key and its secret, which nobody can tell again."""

    key: ShownKey
    secret: Annotated[str, Field(examples=["hlk_0123456789abcdef_…"])]
    """Sent as `Authorization: Bearer hlk_…`."""


@router.get("", summary="Keys of machines")
async def list_keys(desk: AtDesk, actor: Administrator) -> Keys:
    """List the keys, those that are over among them; for administrators."""
    shown = [_shown(key) for key in desk.door.keys.every() if reaches(actor, key)]
    return Keys(count=len(shown), items=shown)


@router.post("", status_code=201, summary="Make a key")
async def make_key(desk: AtDesk, body: NewKey, actor: Administrator, response: Response) -> MadeKey:
    """Make a key for a machine; for administrators."""
    refuse_beyond(actor, body)
    _refuse_vain(body)
    key, secret = await desk.door.keys.make(
        body,
        made_by=actor.user_id or actor.name,
        holds=timedelta(days=body.expires_in_days),
        scopes=body.scopes,
        device=body.device,
        purpose=body.purpose,
    )
    # before the secret is told: without it, the key opens nothing
    await chronicle(desk, actor, "key.made", entities=[f"key/{key.key_id}"])
    response.headers["location"] = f"/v1/keys/{key.key_id}"
    return MadeKey(key=_shown(key), secret=secret)


@router.delete("/{key_id}", status_code=204, summary="Take a key away")
async def take_key_away(desk: AtDesk, key_id: str, actor: Administrator) -> Response:
    """Let a key open nothing from now on; for administrators."""
    if key_id not in {key.key_id for key in desk.door.keys.every() if reaches(actor, key)}:
        raise Problem("not_found", f"no key {key_id[:40]!r} is known to you")
    await chronicle(desk, actor, "key.taken_away", entities=[f"key/{key_id}"])
    await desk.door.keys.take_away(key_id)
    return Response(status_code=204)


def _refuse_vain(body: NewKey) -> None:
    """Refuse scopes that the role has not: the key would never work."""
    vain = sorted(set(body.scopes) - MAY_POST[body.role] - {"read"})
    if vain:
        flaw = Flaw(pointer="#/scopes", message=f"{body.role} has no {vain[0]}", code="forbidden")
        raise Problem("invalid", f"{body.role} may not report {', '.join(vain)}", errors=[flaw])


def _shown(key: ApiKey) -> ShownKey:
    return ShownKey.model_validate(key.model_dump())
