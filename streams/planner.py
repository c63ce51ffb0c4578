"""Keep planning while there is something to plan: beside the event loop, never twice at once.

A plan is an event, too: it goes to the inbox as `plan.computed`, and the next one is begun only
once dispatch has taken it, so that no plan is made from what the last one has already changed.
Where there is none in time, `plan.failed` says why: the last plan stands, dispatch warns people
(`streams.outage`), and the planner is asked again after a pause that grows from failure to failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from schemas.dispatch import PlanComputed, PlanFailed
from schemas.envelope import Record, encode
from schemas.model import Fact
from streams.desk import Desk
from streams.fold import Doc
from streams.memory import PartitionStore
from streams.outage import is_warned_of
from streams.picture import draw, has_work
from streams.pool import NoAnswer, Pool, sentence_of
from streams.promised import queue_mark
from streams.shell import Shell

log = logging.getLogger(__name__)

_INBOX = "dispatch.inbox.v1"
_GATHER_S = 0.05
"""So long after something happened, so that what happens at once is planned at once."""
_PAUSE_S = 0.1
"""At least this long from the end of one plan to the next."""
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
    pool
        The process that plans: from a `streams.planning.Picture` to the data of `PlanComputed`.
    now
        Tells what the stack's clock shows.
    publish
        Sends records and returns once the broker has confirmed them.
    count
        Counts how plans end: ``planned``, ``slow``, ``dead`` or ``failed``.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        now: Callable[[], datetime],
        publish: Callable[[Sequence[Record]], Awaitable[None]],
        count: Callable[[str, Mapping[str, int]], None] = lambda *_: None,
    ) -> None:
        self._pool = pool
        self._now = now
        self._publish = publish
        self._count = count
        self._seen: Doc = {}
        self._last_plan: datetime | None = None
        self._failures = 0
        self._more = False
        """Whether the last plan left something for the next one, or did not reach dispatch."""
        self._rests_until = self._ended = 0.0

    async def run(self, runner: Dispatcher) -> None:
        """Plan for ever."""
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await runner.written.wait()
                runner.written.clear()
                await asyncio.sleep(max(_GATHER_S, self._ended + _PAUSE_S - time.monotonic()))
                if not runner.leads:
                    continue
                rests_s = self._rests_until - time.monotonic()
                if rests_s > 0:
                    await asyncio.sleep(min(rests_s, 1.0))
                    continue
                self._pool.open()
                store = runner.shell.memory.store(0)
                now = self._now()
                if self._is_due(store, now) and self._has_work(store, now):
                    self._last_plan = now
                    await self._plan(runner, store, now)
                    self._ended = time.monotonic()
        finally:
            self._pool.close()

    def _has_work(self, store: PartitionStore, now: datetime) -> bool:
        """Tell whether to ask the planner: also with nothing to plan, if only to hear it answer."""
        return has_work(store, now) or self._failures > 0 or is_warned_of(store)

    def _is_due(self, store: PartitionStore, now: datetime) -> bool:
        """Tell whether a plan may find more than the last one did."""
        last = self._last_plan
        changed = self._changed(store)
        if changed or self._more or self._failures > 0 or last is None:
            return True
        return now - last >= _AGAIN or now < last

    def _changed(self, store: PartitionStore) -> bool:
        """Tell whether anything that a plan depends on has changed since the last look."""
        marks = _marks(store)
        changed, self._seen = marks != self._seen, marks
        return changed

    async def _plan(self, runner: Dispatcher, store: PartitionStore, now: datetime) -> None:
        self._more = False
        plan_id = f"P-{uuid.uuid4().hex[:16]}"
        try:
            parts = await self._parts(store, plan_id, now)
        except NoAnswer as failure:
            await self._tell(runner, self._failed(plan_id, failure), now)
            return
        self._failures = 0
        if not parts:
            return
        if not await self._tell(runner, parts, now):
            self._more = True  # the partition went meanwhile, and may come back as it was
            return
        self._count("planner", {"planned": 1})
        if not await self._taken(runner, plan_id):
            self._more = True

    async def _parts(self, store: PartitionStore, plan_id: str, now: datetime) -> list[Fact]:
        """Return the plan in parts; none where nothing can be planned.

        Raises
        ------
        NoAnswer
            There is none, whatever the reason: a bug here is not to end the worker.
        """
        try:
            picture = draw(store, plan_id, now)
        except Exception as error:
            log.exception("no picture can be drawn for plan %s", plan_id)
            raise NoAnswer("failed", sentence_of(error)) from error
        empty = not picture.lots and not picture.needs and not picture.skipped
        if empty and not self._failures and not is_warned_of(store):
            return []
        answer = await self._pool.ask(picture)
        try:
            parts: list[Fact] = [PlanComputed.model_validate(part) for part in _parts(answer)]
        except Exception as error:
            log.exception("plan %s cannot be read", plan_id)
            raise NoAnswer("failed", sentence_of(error)) from error
        self._more = bool(answer.get("more"))
        log.debug("plan %s took %s ms", plan_id, answer["took_ms"])
        return parts

    def _failed(self, plan_id: str, failure: NoAnswer) -> list[Fact]:
        """Count a failure, and let the planner rest before it is asked again."""
        self._failures += 1
        pause_s = self._pool.limits.pause_after(self._failures)
        self._rests_until = time.monotonic() + pause_s
        self._count("planner", {failure.outage: 1})
        log.error(
            "no plan (%s, %d in a row): %s The last one stands; again in %g s.",
            failure.outage,
            self._failures,
            failure.detail,
            pause_s,
        )
        return [
            PlanFailed(
                plan_id=f"{plan_id}/failed",
                outage=failure.outage,
                detail=failure.detail,
                failures=self._failures,
            )
        ]

    async def _tell(self, runner: Dispatcher, facts: Sequence[Fact], now: datetime) -> bool:
        """Send what came of a plan to dispatch, if it is still ours."""
        if not runner.leads:
            return False
        await self._publish([_record(fact, now) for fact in facts])
        return True

    async def _taken(self, runner: Dispatcher, plan_id: str) -> bool:
        """Wait until dispatch has taken the plan whole, and say whether it has."""
        until = time.monotonic() + _TAKEN_WITHIN_S
        while runner.leads and time.monotonic() < until:
            last = Desk(runner.shell.memory.store(0), self._now()).own("desk", "plan").get("last")
            if last == f"{plan_id}/last":
                return True
            await asyncio.sleep(0.02)
        return False


def _record(fact: Any, now: datetime) -> Record:
    return encode(
        _INBOX,
        "plan.failed" if isinstance(fact, PlanFailed) else "plan.computed",
        fact,
        event_id=fact.plan_id,
        source="/streams/planner",
        time=now,
    )


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
        elif kind == "checkpoint":
            marks[key] = queue_mark(own.get("state") or {})
        elif kind == "closure":
            marks[key] = entity.views.get(key, {}).get("version")
        elif kind == "corridor":  # not its version: what is found on it changes no plan
            marks[key] = (own.get("set_at"), entity.views.get(key, {}).get("status"))
        elif kind == "assignment":
            # by its command: another override after a refused one is something new
            marks[key] = (own.get("need"), (own.get("override") or {}).get("command_id"))
    return marks


def _parts(answer: Doc) -> list[Doc]:
    """Split a plan into events of a bearable size; the last one says that it is the last."""
    trips = answer["trips"]
    chunks = [trips[at : at + _TRIPS_AN_EVENT] for at in range(0, len(trips), _TRIPS_AN_EVENT)]
    answer = {name: value for name, value in answer.items() if name != "more"}
    rest = {**answer, "trips": chunks[-1] if chunks else []}
    later = ("unassigned", "stranded", "waiting", "refused_overrides", "skipped")
    empty: Doc = {name: [] for name in later}
    parts = [{**answer, **empty, "trips": chunk} for chunk in chunks[:-1]]
    for number, part in enumerate([*parts, rest]):
        part["plan_id"] = f"{answer['plan_id']}/{'last' if part is rest else number}"
    return [*parts, rest]
