"""Stand in for the API towards the pages, with a small world that moves by itself.

It serves the built pages, states in the shape of `schemas`, and a stream of changes, so that the
pages can be tried and pictured without a broker: `python -m tests.browser.fake --port 8899`.
"""

import argparse
import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from api.guard import SECURITY_HEADERS
from tests.browser.world import World

PAGES = Path(__file__).parents[2] / "api" / "pages" / "dist"
_PAGE_OF = {"/": "index", "/haulier": "haulier", "/checkpoint": "checkpoint", "/login": "login"}
_KINDS = ("truck", "lot", "slot", "assignment", "corridor", "checkpoint", "closure", "alert")
_PLURALS = {**{f"{kind}s": kind for kind in _KINDS}, "facilities": "facility"}
_BEAT_S = 0.25


class Fake:
    """One world, who looks at it, and what they asked for."""

    def __init__(self, world: World, speed: float) -> None:
        self.world = world
        self.speed = speed
        self.posted: list[dict[str, Any]] = []
        self.passes: dict[str, Any] = {"keys": [], "revocations": None, "bulletin": None}
        self.commands: dict[str, dict[str, Any]] = {}
        self.followers: set[asyncio.Queue[tuple[str, dict[str, Any]]]] = set()
        self._ids = itertools.count(1)

    def tell(self, changes: list[tuple[str, dict[str, Any]]]) -> None:
        """Send changes to every follower."""
        for queue in self.followers:
            for change in changes:
                queue.put_nowait(change)

    async def run(self) -> None:
        """Let the world's time pass."""
        while True:
            await asyncio.sleep(_BEAT_S)
            self.tell(self.world.step(_BEAT_S * self.speed))

    def command(self, assignment_id: str, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """Carry a command out at once."""
        command_id = f"command-{next(self._ids)}"
        changes = self.world.command(assignment_id, verb, body)
        self.commands[command_id] = {
            "command_id": command_id,
            "assignment_id": assignment_id,
            "command": f"assignment.{verb}",
            "status": "done" if changes else "refused",
            "reason": None if changes else "not_proposed",
            "detail": None,
        }
        self.tell(changes)
        return {"command_id": command_id, "status": "pending"}


def create_app(fake: Fake) -> FastAPI:
    """Serve one fake stack.

    Parameters
    ----------
    fake
        The stack.
    """
    app = FastAPI()
    app.middleware("http")(_secure)
    _offer_sessions(app)
    _offer_reads(app, fake)
    _offer_writes(app, fake)
    app.mount("/assets", StaticFiles(directory=PAGES / "assets"))
    app.add_api_route("/{path:path}", _page, response_model=None)
    return app


async def _secure(request: Request, call_next: Any) -> Response:
    response: Response = await call_next(request)
    response.headers.update(SECURITY_HEADERS)
    return response


async def _page(path: str) -> Response:
    if path == "worker.js":
        return FileResponse(PAGES / path, headers={"cache-control": "no-cache"})
    name = _PAGE_OF.get(f"/{path}")
    return FileResponse(PAGES / f"{name}.html") if name else Response(status_code=404)


def _offer_sessions(app: FastAPI) -> None:
    @app.get("/v1/session")
    async def _who(request: Request) -> Response:
        session = request.cookies.get("fake")
        if session is None:
            return JSONResponse({"code": "unauthenticated", "title": "Cần đăng nhập"}, 401)
        role, _, subject = session.partition("!")
        return JSONResponse({"role": role, "subject": subject or None})

    @app.get("/v1/session/ways")
    async def _ways() -> Response:
        return JSONResponse({"password": True, "provider": False})

    @app.post("/v1/session")
    async def _log_in(request: Request) -> Response:
        code = (await request.json())["code"]
        role, _, subject = code.partition("!")
        response = JSONResponse({"role": role, "subject": subject or None})
        response.set_cookie("fake", code, httponly=True)
        return response

    @app.delete("/v1/session", status_code=204)
    async def _log_out() -> Response:
        response = Response(status_code=204)
        response.delete_cookie("fake", httponly=True)
        return response


def _offer_writes(app: FastAPI, fake: Fake) -> None:
    @app.post("/v1/assignments/{assignment_id}/{verb}", status_code=202)
    async def _command(assignment_id: str, verb: str, request: Request) -> dict[str, Any]:
        return fake.command(assignment_id, verb, await request.json())

    @app.post("/v1/checkpoints/{place_id}/clearances", status_code=202)
    async def _clearance(place_id: str, request: Request) -> dict[str, Any]:
        body = await request.json()
        fake.posted.append({**body, "key": request.headers["idempotency-key"]})
        fake.tell(fake.world.clear(place_id, body))
        return {"checkpoint_id": place_id, "receipts": []}


def _offer_reads(app: FastAPI, fake: Fake) -> None:
    @app.get("/v1/clock")
    async def _clock() -> dict[str, Any]:
        now = fake.world.time()
        running = {"mode": "scenario", "speed": fake.speed, "held": False, "scenario": "fake"}
        return {"now": now, **running}

    @app.get("/v1/roads")
    async def _roads() -> dict[str, Any]:
        return fake.world.roads

    @app.get("/v1/passes/lists")
    async def _passes() -> dict[str, Any]:
        return fake.passes

    @app.get("/v1/stream")
    async def _stream() -> Response:
        return StreamingResponse(_follow(fake), media_type="text/event-stream")

    @app.get("/v1/checkpoints/{place_id}/arrivals")
    async def _arrivals(place_id: str) -> dict[str, Any]:
        return {"checkpoint_id": place_id, "trucks": [], "bins": []}

    @app.get("/v1/commands/{command_id}")
    async def _outcome(command_id: str) -> dict[str, Any]:
        return fake.commands[command_id]

    @app.get("/v1/{plural}")
    async def _collection(plural: str) -> dict[str, Any]:
        items = list(fake.world.states[_PLURALS[plural]].values())
        return {"count": len(items), "items": items}


async def _follow(fake: Fake) -> AsyncIterator[str]:
    queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    fake.followers.add(queue)
    try:
        yield ": hello\n\n"
        for number in itertools.count(1):
            kind, doc = await queue.get()
            yield f"id: {number}-0\nevent: {kind}\ndata: {json.dumps(doc)}\n\n"
    finally:
        fake.followers.discard(queue)


async def _serve(port: int, speed: float, trucks: int) -> None:
    fake = Fake(World(trucks=trucks), speed)
    config = uvicorn.Config(create_app(fake), port=port, log_level="warning")
    running = asyncio.create_task(fake.run())
    await uvicorn.Server(config).serve()
    running.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--speed", type=float, default=60)
    parser.add_argument("--trucks", type=int, default=240)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.speed, options.trucks))
