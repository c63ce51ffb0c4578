"""Turn a one-time link into a browser's session, and recognise who sends a request."""

from __future__ import annotations

import math
import time
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from api.config import COOKIE, ApiConfig
from api.desk import AtDesk, Route
from api.problems import Problem
from api.tokens import SESSION_S, Actor, make_token, read_token

router = APIRouter(prefix="/v1", tags=["session"], route_class=Route)

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class LoginBody(BaseModel):
    """What a one-time link holds behind its `#`."""

    code: Annotated[str, Field(min_length=1, max_length=2_000)]


class Session(BaseModel, frozen=True):
    """Who is logged in."""

    role: Annotated[str, Field(examples=["haulier"])]
    subject: Annotated[str | None, Field(examples=["htx-van-tai-rach-gia"])]
    expires_in_s: int
    page: Annotated[str, Field(examples=["/haulier"])] = "/"
    """Where this role's own page is."""


_PAGE_OF = {"haulier": "/haulier", "driver": "/haulier", "checkpoint_officer": "/checkpoint"}


def recognise(config: ApiConfig, method: str, headers: Headers) -> Actor:
    """Tell who sends a request, by its bearer token or else its cookie.

    Parameters
    ----------
    config
        Holds the signing secret.
    method, headers
        Of the request.

    Raises
    ------
    Problem
        `unauthenticated`, or `cross_origin` for a write with a cookie from another site.
    """
    if given := headers.get("authorization"):
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Problem("unauthenticated", "send `Authorization: Bearer TOKEN`")
        return read_token(config.secret, token.strip(), use="api")
    cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    if not cookie:
        detail = "open a log-in link, or send a token of `harvestlane token --role ROLE`"
        raise Problem("unauthenticated", detail)
    actor = read_token(config.secret, cookie, use="session")
    refuse_other_sites(method, headers)
    return actor


def refuse_other_sites(method: str, headers: Headers) -> None:
    """Refuse a browser's write that another site caused.

    A request with neither header comes from no browser, and so carries nobody else's cookie.

    Parameters
    ----------
    method, headers
        Of the request.

    Raises
    ------
    Problem
        `cross_origin`.
    """
    if method in _SAFE_METHODS:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        is_ours = origin is None or urlsplit(origin).netloc == headers.get("host")
    if not is_ours:
        raise Problem("cross_origin", "this write was caused by a page of another site")


@router.post("/session", summary="Log in with a one-time code")
async def log_in(desk: AtDesk, body: LoginBody, request: Request, response: Response) -> Session:
    """Spend the code and set the session's cookie."""
    refuse_other_sites(request.method, request.headers)
    try:
        login = read_token(desk.config.secret, body.code, use="login")
    except Problem as problem:
        raise Problem("code_refused", f"{problem.detail}; ask for a new link") from None
    keep_s = math.ceil(max(login.expires_at - time.time(), 0)) + 60
    if not await desk.views.spend(login.token_id, keep_s=keep_s):
        raise Problem("code_refused", "this link was opened before; ask for a new one")
    token = make_token(
        desk.config.secret, login.role, login.subject, use="session", ttl_s=SESSION_S
    )
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    page = login.page if login.page != "/" else _PAGE_OF.get(login.role, "/")
    return Session(role=login.role, subject=login.subject, expires_in_s=SESSION_S, page=page)


@router.get("/session", summary="Who is logged in")
async def who(request: Request) -> Session:
    """Tell the role and subject of this cookie or token."""
    actor: Actor = request.scope["actor"]
    return Session(
        role=actor.role,
        subject=actor.subject,
        expires_in_s=max(0, int(actor.expires_at - time.time())),
        page=_PAGE_OF.get(actor.role, "/"),
    )


@router.delete("/session", status_code=204, summary="Log out")
async def log_out(request: Request) -> Response:
    """Take the cookie back."""
    answer = Response(status_code=204)
    answer.delete_cookie(
        COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer
