"""Recognise who sends a request: by a bearer token, a machine's key, or a browser's cookies."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from api.desk import Desk
from api.identity.cookies import cookies_of, kept_by
from api.identity.keys import PREFIX
from api.problems import Problem
from api.tokens import Actor, is_own, read_token

OPEN = frozenset(
    {
        ("POST", "/v1/session"),
        ("DELETE", "/v1/session"),
        ("GET", "/v1/session/ways"),
        ("GET", "/v1/session/oidc"),
        ("GET", "/v1/session/oidc/callback"),
    }
)
"""Methods and paths that need no log-in, beside all that is not under `/v1/`."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN_TO_NEW = frozenset({"/v1/session", "/v1/session/password"})
"""All that a user may do before a password was set."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who sends a request.

    Attributes
    ----------
    actor
        Who it is.
    cookies
        `Set-Cookie` headers for the answer, where the session was renewed.
    """

    actor: Actor
    cookies: tuple[str, ...] = ()


async def recognise(desk: Desk, method: str, headers: Headers, *, is_tls: bool) -> Recognised:
    """Tell who sends a request.

    Parameters
    ----------
    desk
        What the process works with.
    method, headers
        Of the request.
    is_tls
        Whether it came by TLS.

    Raises
    ------
    Problem
        `unauthenticated`, or `cross_origin` for a write with a cookie from another site.
        `not_ready`: sessions and keys have not been read yet.
    """
    if given := headers.get("authorization"):
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Problem("unauthenticated", "send `Authorization: Bearer TOKEN`")
        return Recognised(await _bearer(desk, token.strip()))
    access, refresh = cookies_of(headers, is_tls=is_tls)
    if access is None and refresh is None:
        detail = "open a log-in link, or send a token of `harvestlane token --role ROLE`"
        raise Problem("unauthenticated", detail)
    found = await _browser(desk, access, refresh, is_tls=is_tls)
    refuse_other_sites(method, headers)
    return found


def refuse_without_password(actor: Actor, path: str) -> None:
    """Refuse all but setting a password to a user who has none yet.

    Raises
    ------
    Problem
        `password_needed`.
    """
    if actor.must_change_password and path not in _OPEN_TO_NEW:
        raise Problem("password_needed", "set a password first: POST /v1/session/password")


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


async def _bearer(desk: Desk, token: str) -> Actor:
    if token.startswith(PREFIX):
        return desk.door.keys.verify(token)
    if desk.door.provider is not None and not is_own(token):
        return await desk.door.provider.access(token)
    return read_token(desk.config.secret, token, use="api")


async def _browser(
    desk: Desk, access: str | None, refresh: str | None, *, is_tls: bool
) -> Recognised:
    sessions = desk.door.sessions
    try:
        return Recognised(sessions.actor(access or ""))
    except Problem as problem:
        if refresh is None or problem.code != "unauthenticated":
            raise
    actor, tokens = await sessions.renew(refresh)
    return Recognised(actor, tuple(kept_by(tokens, is_tls=is_tls)))
