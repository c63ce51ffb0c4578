"""Let people in by a one-time link or a password, say who they are, and let them out."""

from __future__ import annotations

import logging
import math
import time
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, model_validator

from api.audit import chronicle, note
from api.desk import AtDesk, Desk, Route
from api.identity.administrators import is_administrator, reaches
from api.identity.cookies import kept_by, taken_back
from api.identity.recognition import recognise, refuse_other_sites
from api.identity.sessions import Tokens
from api.problems import Problem
from api.tokens import Actor, read_token
from schemas.identity import Rights
from schemas.identity import Session as Kept

_log = logging.getLogger(__name__)

router = APIRouter(prefix="/v1", tags=["session"], route_class=Route)

Password = Annotated[str, Field(min_length=1, max_length=1_024)]


class LoginBody(BaseModel):
    """What a one-time link holds behind its `#`, or a log-in name and its password."""

    code: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    login: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    password: Password | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (self.code is not None, self.login is not None and self.password is not None)
        if ways not in {(True, False), (False, True)}:
            raise ValueError("send either a code, or a login and a password")
        return self


class PasswordBody(BaseModel):
    """A new password."""

    password: Password
    current: Password | None = None
    """The one until now; not needed for the first."""


class Session(BaseModel, frozen=True):
    """Who is logged in."""

    role: Annotated[str, Field(examples=["haulier"])]
    subject: Annotated[str | None, Field(examples=["htx-van-tai-rach-gia"])]
    expires_in_s: int
    page: Annotated[str, Field(examples=["/haulier"])] = "/"
    """Where this role's own page is."""
    regions: list[str] | None = None
    """Regions that the log-in is narrowed to; left out for all."""
    assignment_id: str | None = None
    """The only trip that the log-in is for; left out for all that the role sees."""
    must_change_password: bool = False
    """Whether a password has to be set before anything else."""


class OpenSession(BaseModel, frozen=True):
    """A browser that is logged in."""

    session_id: str
    user_id: str | None
    role: str
    subject: str | None
    how: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_this: bool
    """Whether it is the one that asks."""


class OpenSessions(BaseModel, frozen=True):
    """Browsers that are logged in, the oldest first."""

    count: int
    items: list[OpenSession]


PAGE_OF = {"haulier": "/haulier", "driver": "/haulier", "checkpoint_officer": "/checkpoint"}
"""Where roles other than the dispatcher's have their page."""


class Ways(BaseModel, frozen=True):
    """How one may log in here, beside one-time links."""

    password: Literal[True] = True
    provider: bool
    """Whether `GET /v1/session/oidc` leads to a provider."""


@router.get("/session/ways", summary="How one may log in")
async def ways(desk: AtDesk) -> Ways:
    """Tell the log-in page what to offer."""
    return Ways(provider=desk.door.provider is not None)


@router.post(
    "/session",
    summary="Log in with a one-time code, or a name and a password",
    response_model_exclude_unset=True,
)
async def log_in(desk: AtDesk, body: LoginBody, request: Request, response: Response) -> Session:
    """Spend the code or compare the password, and set the session's cookies."""
    refuse_other_sites(request.method, request.headers)
    try:
        if body.code is not None:
            page, tokens = await _by_code(desk, body.code)
        else:
            page, tokens = "/", await _by_password(desk, body, request)
    except Problem as problem:
        note(desk, None, "session.refused", once_for=f"{problem.code} {body.login}")
        raise
    await chronicle(desk, desk.door.sessions.actor(tokens.access), "session.opened")
    keep(response, tokens, is_tls=request.url.scheme == "https")
    return _told(desk.door.sessions.actor(tokens.access), page)


@router.get("/session", summary="Who is logged in", response_model_exclude_unset=True)
async def who(request: Request) -> Session:
    """Tell the role and subject of this cookie or token."""
    return _told(request.scope["actor"])


@router.delete("/session", status_code=204, summary="Log out")
async def log_out(desk: AtDesk, request: Request) -> Response:
    """End the session and take the cookies back."""
    answer = Response(status_code=204)
    is_tls = request.url.scheme == "https"
    for cookie in taken_back(is_tls=is_tls):
        answer.headers.append("set-cookie", cookie)
    if "authorization" in request.headers:
        return answer
    try:
        found = await recognise(desk, request.method, request.headers, is_tls=is_tls)
    except Problem as problem:
        if problem.code == "cross_origin":
            raise
        return answer
    note(desk, found.actor, "session.closed", once_for=found.actor.token_id, outcome="allowed")
    if found.actor.session_id and not await desk.door.end_session(found.actor.session_id):
        _log.warning("the end of a session is not in Kafka yet; it is written later")
    return answer


@router.post("/session/password", summary="Set your password", response_model_exclude_unset=True)
async def set_password(
    desk: AtDesk, body: PasswordBody, request: Request, response: Response
) -> Session:
    """Set the password of who is logged in; all their sessions end, and a new one begins."""
    actor: Actor = request.scope["actor"]
    wanting = desk.door.users.may_take(actor, body.password)
    await desk.door.attempts.begin(wanting.login, _address(request))  # `current` may be guessed
    entities = [f"user/{wanting.user_id}"]
    await chronicle(desk, actor, "user.password_changed", entities=entities)
    user = await desk.door.users.set_password(wanting, body.password, body.current)
    await desk.door.attempts.succeeded(user.login)
    tokens = await desk.door.sessions.open(user, how="password", user_id=user.user_id)
    keep(response, tokens, is_tls=request.url.scheme == "https")
    return _told(desk.door.sessions.actor(tokens.access))


@router.get("/sessions", summary="Browsers that are logged in")
async def list_sessions(desk: AtDesk, request: Request) -> OpenSessions:
    """List one's own, or for administrators all."""
    actor: Actor = request.scope["actor"]
    found = [one for one in desk.door.sessions.every() if _may_end(actor, one)]
    shown = [
        OpenSession.model_validate(
            one.model_dump() | {"is_this": one.session_id == actor.session_id}
        )
        for one in found
    ]
    return OpenSessions(count=len(shown), items=shown)


@router.delete("/sessions/{session_id}", status_code=204, summary="Log a browser out")
async def end_session(desk: AtDesk, session_id: str, request: Request) -> Response:
    """End a session of one's own, or for administrators any."""
    actor: Actor = request.scope["actor"]
    found = {one.session_id: one for one in desk.door.sessions.every() if _may_end(actor, one)}
    if session_id not in found:
        raise Problem("not_found", f"no session {session_id[:40]!r} is known to you")
    await chronicle(desk, actor, "session.ended", entities=[f"session/{session_id}"])
    if not await desk.door.end_session(session_id):
        raise Problem("broker_unavailable", "the session is over here, but Kafka does not know yet")
    return Response(status_code=204)


def keep(response: Response, tokens: Tokens, *, is_tls: bool) -> None:
    """Let the browser keep its tokens.

    Parameters
    ----------
    response
        What it is answered.
    tokens
        What it is to hold.
    is_tls
        Whether its request came by TLS.
    """
    for cookie in kept_by(tokens, is_tls=is_tls):
        response.headers.append("set-cookie", cookie)


async def _by_code(desk: Desk, code: str) -> tuple[str, Tokens]:
    try:
        login = read_token(desk.config.secret, code, use="login")
    except Problem as problem:
        raise Problem("code_refused", f"{problem.detail}; ask for a new link") from None
    rights: Rights = Rights(role=login.role, subject=login.subject)
    if login.user_id is not None:
        rights = desk.door.users.first(login)
    keep_s = math.ceil(max(login.expires_at - time.time(), 0)) + 60
    if not await desk.views.spend(login.token_id, keep_s=keep_s):
        raise Problem("code_refused", "this link was opened before; ask for a new one")
    try:
        tokens = await desk.door.sessions.open(
            rights, how="link", user_id=login.user_id, assignment_id=login.assignment_id
        )
    except Problem:
        await desk.views.unspend(login.token_id)
        raise
    return login.page, tokens


async def _by_password(desk: Desk, body: LoginBody, request: Request) -> Tokens:
    login, password = (body.login or "").strip().lower(), body.password or ""
    await desk.door.attempts.begin(login, _address(request))
    user = await desk.door.users.recognise(login, password)
    if user is None:
        await desk.door.attempts.failed(_address(request))
        raise Problem("login_refused", "there is no such log-in name with this password")
    await desk.door.attempts.succeeded(login)
    return await desk.door.sessions.open(user, how="password", user_id=user.user_id)


def _told(actor: Actor, page: str = "/") -> Session:
    told: dict[str, Any] = {
        "role": actor.role,
        "subject": actor.subject,
        "expires_in_s": max(0, round(actor.expires_at - time.time())),
        "page": page if page != "/" else PAGE_OF.get(actor.role, "/"),
    }
    if actor.regions is not None:
        told["regions"] = sorted(actor.regions)
    if actor.assignment_id is not None:
        told["assignment_id"] = actor.assignment_id
    if actor.must_change_password:
        told["must_change_password"] = True
    return Session.model_validate(told)


def _may_end(actor: Actor, session: Kept) -> bool:
    if session.session_id == actor.session_id:
        return True
    if actor.user_id is not None and session.user_id == actor.user_id:
        return True
    return is_administrator(actor) and reaches(actor, session)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
