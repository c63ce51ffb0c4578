"""Answer what changes seldom or always: the clock, the roads, the words."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk import Asking, Route
from api.problems import Problem
from schemas.clock import ClockState
from schemas.vocabulary import VOCABULARY

router = APIRouter(prefix="/v1", tags=["reference"], route_class=Route)


@router.get("/clock", summary="What the stack's clock shows")
async def clock(asking: Asking) -> ClockState:
    """Tell the time that deadlines, holds and ETAs go by."""
    return await asking.desk.clock.state()


@router.get("/vocabulary", summary="Words with their Vietnamese and English names")
async def vocabulary(asking: Asking) -> dict[str, dict[str, dict[str, str]]]:
    """Tell each list of words: `list -> word -> {vi, en}`."""
    del asking
    return VOCABULARY


@router.get(
    "/roads",
    summary="The road network as GeoJSON",
    response_model=None,
    responses={
        200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}},
        304: {"description": "Not changed since `If-None-Match`."},
    },
)
async def roads(asking: Asking, request: Request) -> Response:
    """Answer every road as a line with its class, to be drawn; ask again with its ETag."""
    path = asking.desk.config.network_dir / "roads.geojson"
    try:
        drawing: Drawing = await asyncio.to_thread(request.app.state.drawings.get, path)
    except OSError:
        detail = "build the road network with `harvestlane roads build --bundled`"
        raise Problem("roads_missing", detail) from None
    headers = {
        "etag": drawing.etag,
        "cache-control": "private, no-cache",
        "vary": "accept-encoding",
    }
    known = request.headers.get("if-none-match", "")
    if drawing.etag in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(drawing.packed, headers=headers, media_type="application/geo+json")
    return Response(drawing.plain, headers=headers, media_type="application/geo+json")


class Drawing:
    """One file, ready to be sent.

    Parameters
    ----------
    plain
        The file's bytes.
    """

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self.packed = gzip.compress(plain, 6, mtime=0)
        self.etag = f'"{hashlib.blake2b(plain, digest_size=12).hexdigest()}"'


class Drawings:
    """Keep the last file in memory for as long as it stays the same on disk."""

    def __init__(self) -> None:
        self._of: tuple[Path, int, int] | None = None
        self._drawing = Drawing(b"")

    def get(self, path: Path) -> Drawing:
        """Return a file, read anew where it changed.

        Raises
        ------
        OSError
            It cannot be read.
        """
        stat = path.stat()
        of = (path, stat.st_mtime_ns, stat.st_size)
        if of != self._of:
            self._drawing = Drawing(path.read_bytes())
            self._of = of
        return self._drawing
