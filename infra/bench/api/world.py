"""Furnish a stack for a benchmark of its API, and watch its processes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import psutil
from redis import Redis

from infra.bench.api.draw import CHECKPOINTS, OPEN_LOTS
from infra.bench.streams.contestant import cpu_s
from infra.bench.streams.fleet import LOTS, Fleet, Message, checkpoints, lots, message
from infra.bench.streams.pour import NoFigure, pour
from infra.settings import Settings
from infra.stack import Stack
from infra.stack.lag import measure
from infra.stack.record import Record

_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.25


def furnish(settings: Settings, seed: int, *, trucks: int, lots_: int) -> None:
    """Register trucks and checkpoints and declare lots, and wait until the views show them.

    Parameters
    ----------
    settings
        Of the running stack.
    seed
        Of where the trucks are.
    trucks, lots_
        How many.

    Raises
    ------
    NoFigure
        The views do not show them in time.
    """
    now = datetime.now(UTC)
    fleet = Fleet(seed, trucks, now)
    declared = list(lots(lots_, now))
    furniture = [*fleet.registrations(), *checkpoints(CHECKPOINTS, now), *declared]
    furniture += [_withdrawn(one, now) for one in declared[OPEN_LOTS:]]
    pour(settings.bootstrap_servers, furniture)
    until = time.monotonic() + _WITHIN_S
    with Redis.from_url(settings.redis_url) as redis:
        while True:
            known = [redis.hlen(f"view:{kind}") for kind in ("truck", "lot")]
            if known == [trucks, lots_]:
                return
            if time.monotonic() > until:
                raise NoFigure(f"the views hold {known} trucks and lots")
            time.sleep(_LOOK_EVERY_S)


def _withdrawn(lot: Message, now: datetime) -> Message:
    """Withdraw a lot: thousands of open ones would keep the planner at work all the while."""
    lot_id = lot.key.decode()
    data: dict[str, object] = {"lot_id": lot_id, "reason": None}
    later = now + timedelta(seconds=1)
    return message(LOTS, "lot.withdrawn", lot_id, data, event_id=f"w-{lot_id}", time=later)


def drained(settings: Settings) -> int | None:
    """Wait a while until the stack has applied everything; return what is left."""
    until = time.monotonic() + _WITHIN_S
    while True:
        lag = measure(settings)
        left = None if lag is None else int(lag["total"])
        if left == 0 or time.monotonic() > until:
            return left
        time.sleep(_LOOK_EVERY_S)


def used_s(settings: Settings) -> dict[str, float]:
    """Return what each process of the stack has used of the cores, in seconds."""
    record = Record.read(settings)
    found = {one.name: cpu_s(one.pid) for one in record.processes if one.pid} if record else {}
    found.pop("supervisor", None)  # the others are its children
    return found


def rss(stack: Stack, name: str) -> int:
    """Return how much memory one process of the stack holds, in bytes."""
    return int(psutil.Process(stack.pid_of(name)).memory_info().rss)
