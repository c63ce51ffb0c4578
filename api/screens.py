"""Serve the built pages; they need no token, what they show does."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from api.desk import AtDesk
from api.problems import Problem

router = APIRouter(include_in_schema=False)

PAGES = {
    "/": "index.html",
    "/haulier": "haulier.html",
    "/checkpoint": "checkpoint.html",
    "/login": "login.html",
}
_ASSET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}", re.ASCII)
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
_ASK_AGAIN = {"cache-control": "no-cache"}
_NOT_BUILT = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>harvestlane</title></head>
<body><h1>Chưa có trang</h1>
<p>Các trang chưa được dựng. Hãy chạy <code>make setup</code> rồi tải lại.</p>
<p lang="en">The pages are not built yet. Run <code>make setup</code> and load this again.</p>
</body></html>
"""


def _page(path: str) -> None:
    async def page(desk: AtDesk) -> Response:
        """Answer one page."""
        file = desk.config.pages_dir / PAGES[path]
        if file.is_file():
            return FileResponse(file, headers=_ASK_AGAIN)
        return HTMLResponse(_NOT_BUILT, 503, headers={**_ASK_AGAIN, "retry-after": "10"})

    router.add_api_route(path, page, methods=["GET", "HEAD"], response_model=None)


for _path in PAGES:
    _page(_path)


@router.api_route("/assets/{name}", methods=["GET", "HEAD"], response_model=None)
async def asset(desk: AtDesk, name: str) -> Response:
    """Answer one file whose name holds its digest."""
    return _file(desk, f"assets/{name}", name, _FOR_EVER)


@router.api_route("/{name}", methods=["GET", "HEAD"], response_model=None)
async def top(desk: AtDesk, name: str) -> Response:
    """Answer a file that stands beside the pages, such as an icon."""
    return _file(desk, name, name, _ASK_AGAIN)


def _file(desk: AtDesk, path: str, name: str, headers: dict[str, str]) -> Response:
    file = desk.config.pages_dir / path
    if not _ASSET.fullmatch(name) or not file.is_file():
        raise Problem("not_found", "there is no such page")
    return FileResponse(file, headers=headers)
