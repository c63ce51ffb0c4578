"""Keep planning while there is something to plan: beside the event loop, never twice at once.

A plan is an event, too: it goes to the inbox as `plan.computed`, and the next one is begun only
once dispatch has taken it, so that no plan is made from what the last one has already changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from os import getpid
from pathlib import Path
from typing import Protocol

from schemas.dispatch import PlanComputed
from schemas.envelope import Record, encode
from streams.desk import Desk
from streams.fold import Doc
from streams.picture import draw, has_work
from streams.planning import solve, start
from streams.shell import PartitionStore, Shell

log = logging.getLogger(__name__)

_INBOX = "dispatch.inbox.v1"
_PAUSE_S = 0.3
"""At least this long between plans, so that what happens at once is planned at once."""
_AGAIN = timedelta(minutes=5)
"""How often goods that were left are looked at again although nothing happened (assumed)."""
_TRIPS_AN_EVENT = 20
"""A plan is told in parts, so that no record grows too large."""
_TAKEN_WITHIN_S = 20.0


class Dispatcher(Protocol):
    """The runner of the dispatch fold, as far as the planner needs it."""

    shell: Shell
    written: asyncio.Event

    @property
    def leads(self) -> bool:
        """Whether the dispatch partition is ours, and what is in memory is what it holds."""
        ...


class Planner:
    """Plans for the dispatch partition while this worker owns it.

    Parameters
    ----------
    network_dir
        Folder of the road network.
    now
        Tells what the stack's clock shows.
    publish
        Sends records and returns once the broker has confirmed them.
    """

    def __init__(
        self,
        network_dir: Path,
        now: Callable[[], datetime],
        publish: Callable[[Sequence[Record]], Awaitable[None]],
    ) -> None:
        self._network_dir = network_dir
        self._now = now
        self._publish = publish
        self._pool: ProcessPoolExecutor | None = None
        self._seen: Doc = {}

    async def run(self, runner: Dispatcher) -> None:
        """Plan for ever."""
        last_plan: datetime | None = None
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(runner.written.wait(), timeout=1.0)
                runner.written.clear()
                await asyncio.sleep(_PAUSE_S)
                if not runner.leads:
                    continue
                self._processes()
                store = runner.shell.memory.store(0)
                now = self._now()
                due = last_plan is None or now - last_plan >= _AGAIN or now < last_plan
                if (self._changed(store) or due) and has_work(store, now):
                    last_plan = now
                    await self._plan(runner, store, now)
        finally:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    def _changed(self, store: PartitionStore) -> bool:
        """Tell whether anything that a plan depends on has changed since the last look."""
        marks = _marks(store)
        changed, self._seen = marks != self._seen, marks
        return changed

    async def _plan(self, runner: Dispatcher, store: PartitionStore, now: datetime) -> None:
        plan_id = f"P-{uuid.uuid4().hex[:16]}"
        picture = draw(store, plan_id, now)
        if not picture.lots and not picture.needs:
            return
        answer = await asyncio.get_running_loop().run_in_executor(self._processes(), solve, picture)
        log.debug("plan %s took %s ms", plan_id, answer["took_ms"])
        parts = [
            encode(
                _INBOX,
                "plan.computed",
                PlanComputed.model_validate(part),
                event_id=str(part["plan_id"]),
                source="/streams/planner",
                time=now,
            )
            for part in _parts(answer)
        ]
        if not runner.leads:
            return
        await self._publish(parts)
        await self._taken(runner, plan_id)

    async def _taken(self, runner: Dispatcher, plan_id: str) -> None:
        """Wait until dispatch has taken the plan whole."""
        until = time.monotonic() + _TAKEN_WITHIN_S
        while runner.leads and time.monotonic() < until:
            last = Desk(runner.shell.memory.store(0), self._now()).own("desk", "plan").get("last")
            if str(last).startswith(f"{plan_id}/last"):
                return
            await asyncio.sleep(0.02)

    def _processes(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=start,
                initargs=(self._network_dir,),
            )
            self._pool.submit(getpid)  # starts the process, so that the first plan need not wait
        return self._pool


def _marks(store: PartitionStore) -> Doc:
    """Return what tells two moments apart for a plan; where a truck is alone does not."""
    marks: Doc = {}
    for key, entity in store.items():
        kind = key.partition(":")[0]
        own = entity.own
        if kind == "truck":
            state = own.get("state") or {}
            marks[key] = (state.get("status"), state.get("registered"), own.get("job"))
        elif kind in {"lot", "slot", "facility"}:
            state = own.get("state") or {}
            marks[key] = (
                state.get("version"),
                len(own.get("shares", ())),
                len(own.get("asked", ())),
            )
        elif kind in {"closure", "corridor"}:
            marks[key] = entity.views.get(key, {}).get("version")
        elif kind == "assignment":
            # by its command: another override after a refused one is something new
            marks[key] = (own.get("need"), (own.get("override") or {}).get("command_id"))
    return marks


def _parts(answer: Doc) -> list[Doc]:
    """Split a plan into events of a bearable size; the last one says that it is the last."""
    trips = answer["trips"]
    chunks = [trips[at : at + _TRIPS_AN_EVENT] for at in range(0, len(trips), _TRIPS_AN_EVENT)]
    rest = {**answer, "trips": chunks[-1] if chunks else []}
    empty: Doc = {"unassigned": [], "stranded": [], "waiting": [], "refused_overrides": []}
    parts = [{**answer, **empty, "trips": chunk} for chunk in chunks[:-1]]
    for number, part in enumerate([*parts, rest]):
        part["plan_id"] = f"{answer['plan_id']}/{'last' if part is rest else number}"
    return [*parts, rest]
