"""Let people and programs say what they want to be told, and see how it went."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.audit import chronicle
from api.desk import Acting, Asking, Deed, Route
from api.problems import Flaw, Problem
from api.tokens import Actor
from api.webhooks.hooks import CURSORS, HOOKS, OLD_SECRET_FOR, secret
from api.webhooks.job import Webhooks
from api.webhooks.log import SHOWN
from api.webhooks.target import refuse_url
from schemas.model import Identifier, Moment, Region, ShortText
from schemas.webhook import Cursor, DeliveryTried, Hook, HookKind, PausedBecause, Url

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=Route)

MOST_OF_ONE, MOST = 10, 100
"""So many hooks one owner has, and all together: each reads Kafka for itself."""

_MAY = ("observer", "haulier", "checkpoint_officer", "lot_declarer", "port_operator")
Kinds = Annotated[list[HookKind], Field(max_length=10)]


class HookBody(BaseModel):
    """Whom to tell of what."""

    model_config = ConfigDict(frozen=True)

    url: Url
    kinds: Kinds = []
    """Empty for all."""
    region: Region | None = None
    """Only things of this region, and those that have none."""
    purpose: ShortText = ""


class HookChange(BaseModel):
    """What is to be otherwise; fields left out stay."""

    model_config = ConfigDict(frozen=True)

    url: Url | None = None
    kinds: Kinds | None = None
    region: Region | None = None
    purpose: ShortText | None = None
    status: Literal["active", "paused"] | None = None


class HookSeen(BaseModel, frozen=True):
    """A hook as its owner sees it."""

    hook_id: str
    url: str
    kinds: list[HookKind]
    region: str | None
    purpose: str
    role: str
    subject: str | None
    status: Literal["active", "paused"]
    paused_because: PausedBecause | None
    failing_since: Moment | None
    """Since when nothing gets through; null while it does."""
    created_at: Moment
    changed_at: Moment


class HookMade(HookSeen, frozen=True):
    """A new hook, with the secret that nobody tells again."""

    secret: Annotated[str, Field(examples=["whsec_…"])]


class SecretMade(BaseModel, frozen=True):
    """A new secret."""

    secret: str
    old_until: Moment
    """What is told is signed by the old secret, too, until then."""


class Hooks(BaseModel, frozen=True):
    """All hooks that one may see, in the order of their ids."""

    count: int
    items: list[HookSeen]


class Tried(BaseModel, frozen=True):
    """A hook's latest attempts, the last one first."""

    count: int
    items: list[DeliveryTried]


class Tested(BaseModel, frozen=True):
    """How the test went."""

    message_id: str
    status: int | None
    error: str | None
    took_ms: int


@router.get("", summary="All webhooks that you may see")
async def list_webhooks(asking: Asking) -> Hooks:
    """Answer your own hooks; dispatchers and administrators see everybody's."""
    deed = _deed(asking.desk, asking.actor)
    found = deed.desk.kept.every(HOOKS).values()
    items = [_seen(deed, hook) for hook in found if _is_own(deed, hook)]
    return Hooks(count=len(items), items=items)


@router.post("", status_code=201, summary="Be told of changes")
async def make_webhook(deed: Acting, body: HookBody, response: Response) -> HookMade:
    """Make a hook; it is told of what changes from now on."""
    _may(deed)
    refuse_url(body.url, may_be_private=deed.desk.config.webhook_http)
    kept, actor, now = deed.desk.kept, deed.actor, datetime.now(UTC)
    hook_id = f"hook-{uuid.uuid4().hex[:16]}"
    hook = Hook(
        **body.model_dump(),
        hook_id=hook_id,
        role=actor.role,
        subject=actor.subject,
        regions=None if actor.regions is None else sorted(actor.regions),
        user_id=actor.user_id,
        key_id=actor.key_id,
        created_at=now,
        changed_at=now,
    )
    async with kept.lock(HOOKS, ""):
        others = kept.every(HOOKS).values()
        own = [each for each in others if _owner(each) == _owner(hook)]
        if len(others) >= MOST or len(own) >= MOST_OF_ONE:
            detail = f"there are at most {MOST_OF_ONE} webhooks of one owner, and {MOST} in all"
            raise Problem("webhooks_full", detail)
        await _chronicle(deed, "webhook.made", hook_id)
        await kept.put(HOOKS, hook)
    response.headers["location"] = f"/v1/webhooks/{quote(hook_id, safe='')}"
    shown = secret(deed.desk.config.secret, hook_id, hook.generation)
    return HookMade(**_seen(deed, hook).model_dump(), secret=shown)


@router.get("/{hook_id}", summary="One webhook")
async def get_webhook(asking: Asking, hook_id: Identifier) -> HookSeen:
    """Answer a hook, without its secret."""
    deed = _deed(asking.desk, asking.actor)
    return _seen(deed, _found(deed, hook_id))


@router.patch("/{hook_id}", summary="Change, pause or resume a webhook")
async def change_webhook(deed: Acting, hook_id: Identifier, body: HookChange) -> HookSeen:
    """Change a hook; resumed, it is told of all that it has missed, each thing's latest state."""
    _may(deed)
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    for name in ("url", "kinds", "purpose", "status"):
        if name in changes and changes[name] is None:
            flaw = Flaw(pointer=f"#/{name}", message="must not be null", code="missing")
            raise Problem("invalid", f"{name} must not be null", errors=[flaw])
    if body.url is not None:
        refuse_url(body.url, may_be_private=deed.desk.config.webhook_http)
    if body.status is not None:
        changes["paused_because"] = "asked" if body.status == "paused" else None
    kept = deed.desk.kept
    async with kept.lock(HOOKS, hook_id):
        hook = _found(deed, hook_id)
        hook = hook.model_copy(update={**changes, "changed_at": datetime.now(UTC)})
        await _chronicle(deed, "webhook.changed", hook_id)
        await kept.put(HOOKS, hook)
    return _seen(deed, hook)


@router.delete("/{hook_id}", status_code=204, summary="Be told no more", response_model=None)
async def forget_webhook(deed: Acting, hook_id: Identifier, request: Request) -> Response:
    """Forget a hook."""
    _may(deed)
    async with deed.desk.kept.lock(HOOKS, hook_id):
        _found(deed, hook_id)
        await _chronicle(deed, "webhook.forgotten", hook_id)
        await _job(request).forget(hook_id)
    return Response(status_code=204)


@router.post("/{hook_id}/test", summary="Send a test message now")
async def test_webhook(deed: Acting, hook_id: Identifier, request: Request) -> Tested:
    """Send `webhook.test` once, also while the hook is paused, and tell how it went."""
    _may(deed)
    hook = _found(deed, hook_id)
    await _chronicle(deed, "webhook.tested", hook_id)
    message_id = f"msg_{uuid.uuid4().hex}"
    answer = await _job(request).test(hook, message_id)
    return Tested(
        message_id=message_id,
        status=answer.status,
        error=answer.error,
        took_ms=answer.took_ms,
    )


@router.post("/{hook_id}/rotate-secret", summary="Get a new secret")
async def rotate_secret(deed: Acting, hook_id: Identifier) -> SecretMade:
    """Make a new secret; for a day, what is told is signed by the old one, too."""
    _may(deed)
    kept, now = deed.desk.kept, datetime.now(UTC)
    async with kept.lock(HOOKS, hook_id):
        hook = _found(deed, hook_id)
        changes = {"generation": hook.generation + 1, "rotated_at": now}
        hook = hook.model_copy(update=changes)
        await _chronicle(deed, "webhook.secret_changed", hook_id)
        await kept.put(HOOKS, hook)
    shown = secret(deed.desk.config.secret, hook_id, hook.generation)
    return SecretMade(secret=shown, old_until=now + OLD_SECRET_FOR)


@router.get("/{hook_id}/deliveries", summary="How telling went")
async def list_deliveries(
    asking: Asking,
    hook_id: Identifier,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=SHOWN)] = SHOWN,
) -> Tried:
    """Answer a hook's latest attempts, the last one first."""
    deed = _deed(asking.desk, asking.actor)
    _found(deed, hook_id)
    items = _job(request).log.latest(hook_id)
    return Tried(count=len(items), items=items[:limit])


async def _chronicle(deed: Deed, action: str, hook_id: str) -> None:
    await chronicle(deed.desk, deed.actor, action, entities=[f"webhook/{hook_id}"])


def _job(request: Request) -> Webhooks:
    job: Webhooks = request.app.state.webhooks
    return job


def _deed(desk: Any, actor: Actor) -> Deed:
    deed = Deed(desk, actor, "GET /v1/webhooks", None, is_patient=False)
    _may(deed)
    return deed


def _may(deed: Deed) -> None:
    deed.only(*_MAY)


def _owner(hook: Hook) -> tuple[str, str | None]:
    return hook.role, hook.subject


def _is_own(deed: Deed, hook: Hook) -> bool:
    """Tell whether a hook is the actor's, who then sees at least all that it is told."""
    regions = deed.actor.regions
    is_within = regions is None or (hook.regions is not None and regions.issuperset(hook.regions))
    return is_within and (deed.is_wide or _owner(hook) == (deed.actor.role, deed.actor.subject))


def _found(deed: Deed, hook_id: str) -> Hook:
    hook: Hook | None = deed.desk.kept.get(HOOKS, hook_id)
    if hook is None or not _is_own(deed, hook):
        raise Problem("not_found", f"no webhook {hook_id!r} is known to you")
    return hook


def _seen(deed: Deed, hook: Hook) -> HookSeen:
    cursor: Cursor | None = deed.desk.kept.get(CURSORS, hook.hook_id)
    since = cursor.failing_since if cursor else None
    names = HookSeen.model_fields.keys() - {"failing_since"}
    return HookSeen(**hook.model_dump(include=set(names)), failing_since=since)
