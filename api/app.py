"""Put the application together: what it works with, its routes, its guard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from api import (
    answers,
    assignments,
    checkpoints,
    closures,
    corridors,
    events,
    facilities,
    health,
    lots,
    passes,
    places,
    reads,
    reference,
    screens,
    session,
    stream,
    trucks,
    whatif,
)
from api.audit import Chronicler
from api.audit import routes as audit
from api.audit.chronicler import WRITER
from api.audit.heads import keep_noting, note_head
from api.audit.ledger import KafkaLedger, MemoryLedger
from api.broker import Broker, KafkaBroker
from api.clock import StackClock
from api.config import ApiConfig
from api.desk import Desk, OpenStreams
from api.devices import positions, registry, trackers
from api.devices.skew import Clocks
from api.guard import Guard
from api.hot import HotRoutes
from api.hub import Hub
from api.identity import driver, machines, people, single_sign_on
from api.identity.door import Door
from api.imports import routes as imports
from api.imports.outbox import keep_completing
from api.kept import Kept
from api.metrics import Metrics
from api.openapi import describe
from api.osrm import routes as osrm
from api.osrm.inquiry import Inquiries
from api.personal import people as persons
from api.personal.job import keep_letting_go
from api.personal.ring import KeyRing
from api.problems import ANSWERS, install
from api.reports import routes as reports
from api.reports.log import KafkaLog
from api.reports.report import Reports
from api.views import RedisViews
from api.webhooks import routes as webhooks
from api.webhooks.job import Webhooks
from schemas.topics import KEPT_TOPICS

_log = logging.getLogger(__name__)
_PACK_FROM_BYTES = 1_000
_SHARED_HEADERS = (
    "content-disposition",
    "etag",
    "idempotency-replayed",
    "link",
    "location",
    "retry-after",
)
"""What pages of other sites may read beside the body."""


def create_app(config: ApiConfig, *, broker: Broker | None = None) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    config
        What it needs to know of its stack.
    broker
        Where events are written; Kafka where none is given.

    Returns
    -------
    FastAPI
        The application; its `state.desk` holds what it works with.
    """
    desk = _desk(config, broker)
    app = FastAPI(
        title="harvestlane",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=ANSWERS,
        generate_unique_id_function=lambda route: route.name,
        middleware=[
            *_shared_with(config.cors_origins),
            Middleware(Guard, desk=desk),
            Middleware(events.Direct, desk=desk),
            Middleware(GZipMiddleware, minimum_size=_PACK_FROM_BYTES, compresslevel=1),
        ],
    )
    app.state.desk = desk
    app.state.importing = asyncio.Lock()
    app.state.intents = set()
    app.state.drawings = reference.Drawings()
    app.state.clocks = Clocks()
    app.state.webhooks = Webhooks(desk)
    app.state.inquiries = Inquiries(config.network_dir)
    app.state.reports = Reports(KafkaLog(config.bootstrap))
    install(app)
    for part in (
        health,
        session,
        single_sign_on,
        people,
        machines,
        driver,
        events,
        lots,
        facilities,
        imports,
        checkpoints,
        assignments,
        trucks,
        places,
        corridors,
        closures,
        stream,
        reference,
        passes,
        audit,
        persons,
        reports,
        reads,
        osrm,
        whatif,
        positions,
        trackers,
        registry,
        webhooks,
        screens,
    ):
        app.include_router(part.router)
    hot = [*reads.router.routes, *events.router.routes]
    app.router.routes.insert(0, HotRoutes(one for one in hot if isinstance(one, APIRoute)))
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def _shared_with(origins: Sequence[str]) -> list[Middleware]:
    """Let pages of other sites read answers, errors too; never with this site's cookie."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
            allow_headers=["*"],
            allow_credentials=False,
            expose_headers=_SHARED_HEADERS,
        )
    ]


def _desk(config: ApiConfig, broker: Broker | None) -> Desk:
    views = RedisViews(config.redis_url)
    metrics = Metrics()
    kept_in = None if broker else config.bootstrap
    ledger = MemoryLedger() if broker else KafkaLedger(config.bootstrap, WRITER)
    broker = broker or KafkaBroker(config.bootstrap)
    kept = Kept(broker, KEPT_TOPICS, kept_in, most_bytes={answers.TOPIC: answers.MOST_HELD_BYTES})
    return Desk(
        config=config,
        broker=broker,
        kept=kept,
        door=Door.at(config, kept),
        answers=answers.Answers(kept),
        views=views,
        hub=Hub(views, config.heartbeat_s),
        clock=StackClock(views, config.clock),
        metrics=metrics,
        open_streams=OpenStreams(config.most_streams, metrics),
        audit=Chronicler(ledger, KeyRing(config.keys_path)),
    )


@asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    works = (
        health.keep_telling(desk),
        desk.kept.follow(),
        keep_noting(desk),
        keep_letting_go(desk),
        app.state.webhooks.run(),
        desk.door.keep_sweeping(),
        desk.door.attempts.keep_counting(),
        keep_completing(desk, app.state.intents),
    )
    beside = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        desk.stopping.set()
        for task in beside:
            task.cancel()
        for ended in await asyncio.gather(*beside, return_exceptions=True):
            if isinstance(ended, Exception):
                _log.error("something beside the requests failed", exc_info=ended)
        await desk.audit.close()
        await note_head(desk, None)
        await desk.hub.close()
        await asyncio.gather(desk.broker.close(), desk.views.close(), desk.door.close())
