"""Offer OSRM's services under `/osrm`: open on this machine, to others with a token."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from api.desk import desk_of
from api.identity.recognition import recognise
from api.osrm.inquiry import Inquiries
from api.osrm.limits import check_size
from api.osrm.query import Asked, General, NearestOptions, RouteOptions, TableOptions, read
from api.osrm.refusal import Refused, refuse
from api.problems import problem_of
from schemas.errors import HarvestlaneError

_OTHERS = frozenset({"match", "trip", "tile"})


class OsrmError(BaseModel, frozen=True):
    """What is wrong with a question."""

    code: str
    message: str


class OsrmRoute(APIRoute):
    """Know who asks, and say errors as OSRM does."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()

        async def shaped(request: Request) -> Response:
            try:
                if not _is_loopback(request.client.host if request.client else ""):
                    await recognise(
                        desk_of(request),
                        request.method,
                        request.headers,
                        is_tls=request.url.scheme == "https",
                    )
                answer = await handle(request)
            except Refused as refused:
                answer = refused.response()
            except HarvestlaneError as error:
                answer = refuse(problem_of(error))
            _let_local_pages_read(request, answer)
            return answer

        return shaped


router = APIRouter(prefix="/osrm", tags=["osrm"], route_class=OsrmRoute)


def _told(kind: type[General]) -> dict[str, Any]:
    """Describe the options of a service for OpenAPI."""
    return {
        "parameters": [
            {"name": name, "in": "query", "description": field.description, "schema": _TEXT}
            for name, field in kind.model_fields.items()
        ]
    }


_TEXT = {"type": "string"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}},
    400: {"model": OsrmError, "description": "OSRM's `code` and `message`."},
}


@router.get(
    "/route/v1/{profile}/{coordinates}",
    summary="Fastest ways through coordinates, as OSRM answers",
    openapi_extra=_told(RouteOptions),
    responses=_ANSWERS,
)
async def route(request: Request, profile: str, coordinates: str) -> Response:
    """Answer OSRM's `route`."""
    asked = read(RouteOptions, profile, coordinates, request.query_params.multi_items())
    return await _answer(request, asked)


@router.get(
    "/table/v1/{profile}/{coordinates}",
    summary="Durations and distances among coordinates, as OSRM answers",
    openapi_extra=_told(TableOptions),
    responses=_ANSWERS,
)
async def table(request: Request, profile: str, coordinates: str) -> Response:
    """Answer OSRM's `table`."""
    asked = read(TableOptions, profile, coordinates, request.query_params.multi_items())
    return await _answer(request, asked)


@router.get(
    "/nearest/v1/{profile}/{coordinates}",
    summary="The nearest roads, as OSRM answers",
    openapi_extra=_told(NearestOptions),
    responses=_ANSWERS,
)
async def nearest(request: Request, profile: str, coordinates: str) -> Response:
    """Answer OSRM's `nearest`."""
    asked = read(NearestOptions, profile, coordinates, request.query_params.multi_items())
    return await _answer(request, asked)


@router.get("/{rest:path}", include_in_schema=False)
async def otherwise(rest: str) -> Response:
    """Say which part of an address is none of OSRM's, or not served."""
    parts = rest.split("/")
    if len(parts) != 4 or not all(parts):
        raise Refused("InvalidUrl", "URL string malformed: /{service}/v1/{profile}/{coordinates}")
    service, version = parts[:2]
    if service in _OTHERS:
        raise Refused("NotImplemented", f"Service {service} is not served here.")
    if version != "v1":
        raise Refused("InvalidVersion", f"Service version {version[:60]!r} not found!")
    raise Refused("InvalidService", f"Service {service[:60]!r} not found!")


async def _answer(request: Request, asked: Asked[Any]) -> Response:
    desk = desk_of(request)
    inquiries: Inquiries = request.app.state.inquiries
    check_size(asked, table_size=desk.config.osrm_table_size)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"cache-control": "no-store", "vary": "accept-encoding, origin"}
    if packed:  # in the thread: a great table would keep everybody waiting
        headers["content-encoding"] = "gzip"
    body = await inquiries.answer(desk, asked, packed=packed)
    return Response(body, media_type="application/json", headers=headers)


def _is_loopback(host: str | None) -> bool:
    """Say whether an address, or the name `localhost`, is this machine's own."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _let_local_pages_read(request: Request, answer: Response) -> None:
    """Let map pages that this machine serves read an answer, and those of no other site."""
    origin = request.headers.get("origin", "")
    with contextlib.suppress(ValueError):  # an origin that is no address
        if _is_loopback(urlsplit(origin).hostname):
            answer.headers["access-control-allow-origin"] = origin
