"""Send browsers to the OIDC provider, and take them in when they come back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response

from api.audit import chronicle, note
from api.desk import AtDesk, Desk, Route
from api.identity.cookies import host_bound, kept_by
from api.identity.provider import Provider
from api.problems import Problem
from api.session import PAGE_OF
from api.tokens import read_claims, sign

router = APIRouter(prefix="/v1/session/oidc", tags=["session"], route_class=Route)

_BEGUN = "harvestlane_oidc"
_BEGUN_S = 600
_Text = Annotated[str | None, Query(max_length=4_000)]


@router.get(
    "",
    summary="Log in by the OIDC provider",
    response_class=RedirectResponse,
    status_code=303,
    response_model=None,
)
async def begin(desk: AtDesk, request: Request) -> Response:
    """Send the browser to the provider."""
    begun = await _provider(desk).begin(_back(request))
    claims: dict[str, Any] = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
    }
    answer = RedirectResponse(begun.url, 303)
    is_tls = request.url.scheme == "https"
    answer.set_cookie(
        host_bound(_BEGUN, is_tls=is_tls),
        sign(desk.config.secret, "oidc", claims, ttl_s=_BEGUN_S),
        max_age=_BEGUN_S,
        httponly=True,
        samesite="lax",  # the provider sends the browser back: a strict one would stay behind
        secure=is_tls,
    )
    return answer


@router.get(
    "/callback",
    summary="Where the OIDC provider sends browsers back to",
    response_class=RedirectResponse,
    status_code=303,
    response_model=None,
)
async def finish(
    desk: AtDesk,
    request: Request,
    code: _Text = None,
    state: _Text = None,
    error: _Text = None,
) -> Response:
    """Open a session for the account that the provider names, and go on to its page."""
    is_tls = request.url.scheme == "https"
    name = host_bound(_BEGUN, is_tls=is_tls)
    cookie = cookie_parser(request.headers.get("cookie", "")).get(name, "")
    provider = _provider(desk)
    if error is not None or code is None or state is None:
        raise Problem("code_refused", "the provider did not let you in; begin again")
    try:
        begun = read_claims(desk.config.secret, cookie, use="oidc")
    except Problem:
        detail = "this browser began no log-in, or too long ago; begin again"
        raise Problem("code_refused", detail) from None
    try:
        account = await provider.finish(begun, code, state, _back(request))
    except Problem as problem:
        note(desk, None, "session.refused", once_for=problem.code)
        raise
    tokens = await desk.door.sessions.open(account.rights, how="oidc", user_id=account.user_id)
    await chronicle(desk, desk.door.sessions.actor(tokens.access), "session.opened")
    answer = RedirectResponse(PAGE_OF.get(account.rights.role, "/"), 303)
    for each in kept_by(tokens, is_tls=is_tls):
        answer.headers.append("set-cookie", each)
    answer.delete_cookie(name, httponly=True, samesite="lax", secure=is_tls)
    return answer


def _provider(desk: Desk) -> Provider:
    if desk.door.provider is None:
        raise Problem("not_found", "this stack has no OIDC provider")
    return desk.door.provider


def _back(request: Request) -> str:
    return f"{request.base_url}v1/session/oidc/callback"
