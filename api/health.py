"""Tell machines how the process is: alive, ready, and its measures."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from api.desk import AtDesk, Desk, Route
from api.metrics import MEDIA_TYPE
from api.problems import Flaw, Problem
from schemas.errors import Unavailable

router = APIRouter(tags=["health"], route_class=Route)

_RENEW_S = 1.0


class Health(BaseModel, frozen=True):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel, frozen=True):
    """Everything that the API needs answers."""

    ready: Literal[True] = True
    kafka: Literal["ok"] = "ok"
    redis: Literal["ok"] = "ok"


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> Health:
    """Answer as long as the process can."""
    return Health()


@router.get("/readyz", summary="Whether the process can do its work")
async def readyz(desk: AtDesk) -> Ready:
    """Answer 200 where Kafka has every topic and Redis answers, else 503 with what is missing."""
    if flaws := await _missing(desk):
        detail = "; ".join(flaw.message for flaw in flaws)
        raise Problem("not_ready", detail, errors=flaws)
    return Ready()


@router.get(
    "/metrics",
    summary="Measures for Prometheus",
    response_model=None,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(desk: AtDesk) -> Response:
    """Answer this process's measures, and the counters of Redis while it answers."""
    counters: dict[str, float] = {}
    with contextlib.suppress(Unavailable):
        counters = await desk.views.counters()
    return Response(desk.metrics.write(counters), headers={"content-type": MEDIA_TYPE})


async def keep_telling(desk: Desk) -> None:
    """Tell whoever wants to know, about every second, whether the API can do its work.

    Parameters
    ----------
    desk
        What the process works with.
    """
    while True:
        desk.config.on_ready(not await _missing(desk))
        await asyncio.sleep(_RENEW_S)


async def _missing(desk: Desk) -> list[Flaw]:
    topics, redis = await asyncio.gather(desk.broker.missing_topics(), desk.views.answers())
    flaws = []
    if topics is None:
        flaws.append(Flaw(pointer="kafka", message="Kafka does not answer", code="kafka"))
    elif topics:
        message = f"topics are missing: {', '.join(sorted(topics))}; run `harvestlane topics apply`"
        flaws.append(Flaw(pointer="kafka", message=message, code="topics"))
    if not desk.kept.is_whole:
        message = "what lasts is still being read from Kafka"
        flaws.append(Flaw(pointer="kafka", message=message, code="kept"))
    if not desk.audit.has_begun:
        message = "the audit log cannot be written yet"
        flaws.append(Flaw(pointer="kafka", message=message, code="audit"))
    if not redis:
        flaws.append(Flaw(pointer="redis", message="Redis does not answer", code="redis"))
    return flaws
