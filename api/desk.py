"""Hold what every request needs, and know who asks."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.answers import Answers
from api.audit import Chronicler
from api.broker import Broker
from api.clock import StackClock
from api.config import ApiConfig
from api.hub import Hub
from api.identity.door import Door
from api.kept import Kept
from api.metrics import Metrics
from api.problems import Problem
from api.sight import WIDE, Sight, is_inside
from api.tokens import Actor
from api.views import RedisViews
from schemas.errors import Unavailable

_KEYS = uuid.UUID("7c1f6a2e-52a3-5d0c-9a51-4e5b0c6f3d10")
"""Name space of the event ids that are derived from idempotency keys."""

_TAG = re.compile(r'(?:^|,)\s*"v(\d{1,18})[^",]*"\s*(?=,|$)')
"""A strong ETag of an item's state, as reads give it: `"v7"`."""


class OpenStreams:
    """Count the event streams that are open; to be entered by each.

    Parameters
    ----------
    most
        How many there can be.
    metrics
        Where to tell it.
    """

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._open = 0
        self._metrics = metrics

    @property
    def full(self) -> bool:
        """Whether no more can be opened."""
        return self._open >= self._most

    def __enter__(self) -> None:
        self._open += 1
        self._metrics.streams.inc()

    def __exit__(self, *_: object) -> None:
        self._open -= 1
        self._metrics.streams.dec()


@dataclass(frozen=True, slots=True)
class Desk:
    """What one API process works with."""

    config: ApiConfig
    broker: Broker
    kept: Kept
    door: Door
    answers: Answers
    views: RedisViews
    hub: Hub
    clock: StackClock
    metrics: Metrics
    open_streams: OpenStreams
    audit: Chronicler
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is asked to stop, so that streams end."""


@dataclass(frozen=True, slots=True)
class Query:
    """A read by somebody."""

    desk: Desk
    sight: Sight

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.sight.actor


@dataclass(frozen=True, slots=True)
class Deed:
    """A write by somebody.

    Attributes
    ----------
    desk
        What the process works with.
    actor
        Who writes.
    path
        What is written to, so that a key means one thing a path.
    key
        The client's idempotency key.
    is_patient
        Whether to wait a little for views that may be on their way.
    if_match
        The client's `If-Match`: the ETag that the thing must still have.
    """

    desk: Desk
    actor: Actor
    path: str
    key: str | None
    is_patient: bool = True
    if_match: str | None = None

    @property
    def is_wide(self) -> bool:
        """Whether the actor may act on everything."""
        return self.actor.role in WIDE

    def event_id(self, part: int = 0) -> str:
        """Name an event of this write: the same for the same key, else a new one.

        Parameters
        ----------
        part
            Which event of the write.
        """
        if self.key is None:
            return str(uuid.uuid4())
        # users of one role choose keys without knowing of each other
        whose = self.actor.user_id or self.actor.key_id
        name = f"{self.actor.name} {whose}" if whose else self.actor.name
        return str(uuid.uuid5(_KEYS, f"{name} {self.path} {part} {self.key}"))

    def only(self, *roles: str) -> None:
        """Refuse everybody but these roles and the wide ones.

        Raises
        ------
        Problem
            `forbidden`.
        """
        if not self.is_wide and self.actor.role not in roles:
            allowed = ", ".join(sorted({*roles, *WIDE}))
            raise Problem("forbidden", f"{self.actor.role} may not do this; {allowed} may")

    def own(self, what: str, owner: str | None) -> None:
        """Refuse what is another's.

        Parameters
        ----------
        what
            What it is, for people.
        owner
            The subject that it belongs to.

        Raises
        ------
        Problem
            `not_yours`.
        """
        if self.is_wide or (owner is not None and owner == self.actor.subject):
            return
        named = f"is for {self.actor.subject}" if self.actor.subject else "names nobody"
        raise Problem("not_yours", f"{what} is another's: this log-in {named}")

    @property
    def versions(self) -> frozenset[int] | None:
        """The versions of which `If-Match` wants one; None where any will do."""
        if self.if_match is None or self.if_match.strip() == "*":
            return None
        return frozenset(int(digits) for digits in _TAG.findall(self.if_match))

    def match(self, kind: str, entity_id: str, doc: dict[str, Any] | None) -> None:
        """Refuse a write to what has changed since the actor read it, as far as the views know.

        Parameters
        ----------
        kind, entity_id
            What is written to.
        doc
            Its state; None where it cannot be told now.

        Raises
        ------
        Problem
            `precondition_failed`, with the state's ETag.
        Unavailable
            The views do not answer, and `If-Match` asks for a version.
        """
        wanted = self.versions
        if wanted is None:
            return
        if doc is None:
            raise Unavailable("the state that If-Match asks for cannot be read; repeat in a moment")
        if doc.get("version") not in wanted:
            tag = tag_of(doc)
            is_at = tag.strip('"')
            detail = f"{kind} {entity_id} is at {is_at} by now; read it again"
            raise Problem("precondition_failed", detail, headers={"etag": tag})

    async def known(self, kind: str, entity_id: str) -> dict[str, Any] | None:
        """Return an entity's state, waiting a little for it; None where it is not known.

        Raises
        ------
        Problem
            `KIND_unknown`: the views answer and do not hold it.
        Unavailable
            The views do not answer, and the actor's right depends on them.
        """
        try:
            wait_s = self.desk.config.view_wait_s if self.is_patient else 0
            doc = await self.desk.views.find(kind, entity_id, wait_s=wait_s)
        except Unavailable:
            if self.is_wide:
                return None
            raise
        if doc is None or not is_inside(self.actor, doc):
            raise Problem(f"{kind}_unknown", f"no {kind} {entity_id[:140]!r} is known")
        return doc


def tag_of(doc: dict[str, Any]) -> str:
    """Return the entity tag of a state: its version.

    Parameters
    ----------
    doc
        The state.
    """
    return f'"v{doc.get("version", 0)}"'


def desk_of(request: Request) -> Desk:
    """Return what the process works with."""
    desk: Desk = request.app.state.desk
    return desk


async def _at_desk(request: Request) -> Desk:  # not async, it would be asked in a thread
    return desk_of(request)


def _actor(request: Request) -> Actor:
    actor: Actor = request.scope["actor"]
    return actor


def asking(request: Request) -> Query:
    """Return the read that a request is."""
    return Query(desk_of(request), Sight(_actor(request)))


async def _asking(request: Request) -> Query:
    return asking(request)


_KEY_TEXT = r"^[\x21-\x7e]+$"


async def _acting(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=_KEY_TEXT,
            description="The same key again is the same write: its first answer is given again.",
        ),
    ] = None,
    if_match: Annotated[
        str | None,
        Header(description="The ETag that the thing must still have; left out, any will do."),
    ] = None,
) -> Deed:
    path = f"{request.method} {request.url.path}"
    return Deed(desk_of(request), _actor(request), path, idempotency_key, if_match=if_match)


Asking = Annotated[Query, Depends(_asking)]
Acting = Annotated[Deed, Depends(_acting)]
AtDesk = Annotated[Desk, Depends(_at_desk)]


class _StrictRequest(Request):
    async def json(self) -> Any:
        """Read JSON by RFC 8259: no NaN, no half characters."""
        return orjson.loads(await self.body())


class Route(APIRoute):
    """Read JSON bodies strictly, refuse other media types, answer a repeated write as at first."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()

        async def strict(plain: Request) -> Response:
            request = _StrictRequest(plain.scope, plain.receive)
            media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            is_json = media == "application/json" or media.endswith("+json")
            if self.body_field is not None and not is_json and await request.body():
                raise Problem("media_type", f"send application/json, not {media[:60] or 'nothing'}")
            return await desk_of(request).answers.once(request, handle)

        return strict
