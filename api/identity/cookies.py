"""Write and read the two cookies of a browser's session."""

from __future__ import annotations

import time

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from api.config import COOKIE
from api.identity.sessions import Tokens

REFRESH = "harvestlane_refresh"
"""Name of the cookie that renews a session."""
_HOST = "__Host-"
"""Under TLS: browsers take such a cookie from this host alone, for all of it, encrypted."""


def cookies_of(headers: Headers, *, is_tls: bool) -> tuple[str | None, str | None]:
    """Return a request's session token and refresh token.

    Parameters
    ----------
    headers
        Of the request.
    is_tls
        Whether it came by TLS.
    """
    found = cookie_parser(headers.get("cookie", ""))
    access, refresh = (found.get(host_bound(name, is_tls=is_tls)) for name in (COOKIE, REFRESH))
    return access or None, refresh or None


def kept_by(tokens: Tokens, *, is_tls: bool) -> list[str]:
    """Write the `Set-Cookie` headers that let a browser keep its tokens.

    Parameters
    ----------
    tokens
        What it is to hold.
    is_tls
        Whether its request came by TLS.
    """
    answer = Response()
    left_s = max(1, int(tokens.session.expires_at.timestamp() - time.time()) + 1)
    for name, token in ((COOKIE, tokens.access), (REFRESH, tokens.refresh)):
        if token is not None:
            answer.set_cookie(
                host_bound(name, is_tls=is_tls),
                token,
                max_age=left_s,
                httponly=True,
                samesite="strict",
                secure=is_tls,
            )
    return answer.headers.getlist("set-cookie")


def taken_back(*, is_tls: bool) -> list[str]:
    """Write the `Set-Cookie` headers that let a browser forget its tokens."""
    answer = Response()
    for name in (COOKIE, REFRESH):
        held = host_bound(name, is_tls=is_tls)
        answer.delete_cookie(held, httponly=True, samesite="strict", secure=is_tls)
    return answer.headers.getlist("set-cookie")


def host_bound(name: str, *, is_tls: bool) -> str:
    """Name a cookie so that browsers hold it to this host, where they can.

    Parameters
    ----------
    name
        Its plain name.
    is_tls
        Whether its request came by TLS.
    """
    return f"{_HOST}{name}" if is_tls else name
