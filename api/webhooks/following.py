"""Follow the changes for one hook and tell them: in order of each thing, until each was taken."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from api.desk import Desk
from api.problems import Problem
from api.sight import Sight
from api.webhooks.hooks import CURSORS, HOOKS, KINDS, headers, owner, stands, topics, wanted
from api.webhooks.log import DeliveryLog, tried
from api.webhooks.source import Reader, Source, Told, told
from api.webhooks.target import Answer, Sender
from schemas.errors import Unavailable
from schemas.model import format_time
from schemas.webhook import Cursor, Hook, PausedBecause

_log = logging.getLogger(__name__)

_LEAST_REST_S, _MOST_REST_S = 0.1, 30.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how long a hook is tried.

    Attributes
    ----------
    at_once
        So many messages are on their way to one receiver at most.
    first_s, most_s
        The first rest after a failure, and the longest; each is twice the one before, less up to
        half of it by chance.
    give_up_s
        Where nothing got through for so long, the hook is paused.
    keep_s
        How far a hook was told is kept at most this often.
    wait_s
        How long to wait for changes before looking round.
    """

    at_once: int = 8
    first_s: float = 5.0
    most_s: float = 3_600.0
    give_up_s: float = 86_400.0
    keep_s: float = 2.0
    wait_s: float = 1.0

    def rest_s(self, failures: int) -> float:
        """Say how long to rest after so many failures in a row."""
        longest = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return longest * random.uniform(0.5, 1.0)


class Stopped(Exception):
    """The hook is not to be told any more, or not so."""


class Following:
    """Tell one hook.

    Parameters
    ----------
    desk
        What the process works with.
    hook_id
        Whom to tell.
    source, sender, log
        Where changes come from, how they are sent, and where it is noted.
    pace
        How fast and how long.
    pause
        Asked to pause the hook, with why.
    """

    def __init__(
        self,
        desk: Desk,
        hook_id: str,
        *,
        source: Source,
        sender: Sender,
        log: DeliveryLog,
        pace: Pace,
        pause: Callable[[str, PausedBecause], Any],
    ) -> None:
        self._desk = desk
        self._hook_id = hook_id
        self._source = source
        self._sender = sender
        self._log = log
        self._pace = pace
        self._pause = pause
        self._failing_since: datetime | None = None
        self._done: dict[str, int] = {}
        self._is_loaded = False
        self._kept_at = 0.0
        self.news = asyncio.Event()
        """Set when the hook was changed, so that nobody rests on."""

    async def _hook(self) -> Hook:
        hook: Hook | None = self._desk.kept.get(HOOKS, self._hook_id)
        if hook is None or hook.status != "active":
            raise Stopped
        if not stands(self._desk.kept, hook, datetime.now(UTC)):
            await self._pause(self._hook_id, "owner_gone")
            raise Stopped
        return hook

    async def run(self) -> None:
        """Tell until the hook is paused or gone; what fails besides is begun anew."""
        failures = 0
        while True:
            try:
                await self._follow()
            except Stopped:
                hook: Hook | None = self._desk.kept.get(HOOKS, self._hook_id)
                if hook is None or hook.status != "active":
                    return
                failures = 0  # it is to be followed otherwise
            except (Unavailable, OSError) as error:
                failures += 1
                _log.warning("webhook %s waits: %s", self._hook_id, error)
            except Exception:  # noqa: BLE001 - one hook's trouble is not the others'
                failures += 1
                _log.exception("following webhook %s failed", self._hook_id)
            await asyncio.sleep(min(_MOST_REST_S, max(_LEAST_REST_S, failures)))

    async def _follow(self) -> None:
        hook = await self._hook()
        cursor: Cursor | None = self._desk.kept.get(CURSORS, self._hook_id)
        self._failing_since = cursor.failing_since if cursor else None
        known = cursor.places if cursor else {}
        since = hook.created_at if cursor is None else hook.changed_at
        sight = Sight(owner(hook))
        await sight.load(self._desk.views)
        async with self._source.open(topics(hook), known, since) as reader:
            self._done = dict(reader.places)
            if known.keys() != reader.places.keys():
                await self._keep()
            while True:
                await self._step(hook, sight, reader)
                if reader.places != self._done:
                    self._done = dict(reader.places)
                    if asyncio.get_running_loop().time() - self._kept_at >= self._pace.keep_s:
                        await self._keep()
                latest = await self._hook()
                if (latest.kinds, latest.region) != (hook.kinds, hook.region):
                    await self._keep()
                    raise Stopped

    async def _step(self, hook: Hook, sight: Sight, reader: Reader) -> None:
        """Tell the next changes; of a thing that changed several times meanwhile, the last."""
        self._is_loaded = False
        changes = [each for read in await reader.read(self._pace.wait_s) if (each := told(read))]
        order = (*sight.decided_by, *KINDS)
        changes.sort(key=lambda each: order.index(each.kind))  # what says what is one's own first
        latest: dict[tuple[str, str], tuple[Told, dict[str, Any]]] = {}
        for each in changes:
            seen = await self._seen(sight, each)
            if seen is not None and each.kind in wanted(hook) and _is_of(hook.region, seen):
                latest[each.kind, each.entity_id] = (each, seen)
        slots = asyncio.Semaphore(self._pace.at_once)
        try:
            async with asyncio.TaskGroup() as group:
                for each, seen in latest.values():
                    group.create_task(self._tell(each, seen, slots))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _seen(self, sight: Sight, change: Told) -> dict[str, Any] | None:
        doc = change.doc
        if change.kind == "alert" and doc["status"] == "cleared":
            raised = await self._desk.views.find("alert", change.entity_id)
            doc = {**(raised or {}), **doc}
        seen = sight.show(change.kind, change.entity_id, doc)
        if seen is None and change.kind == "alert" and sight.decided_by and not self._is_loaded:
            await sight.load(self._desk.views)  # of something that is the owner's since just now
            self._is_loaded = True
            seen = sight.show(change.kind, change.entity_id, doc)
        return None if seen is None else {"id": change.entity_id, **seen}

    async def _tell(self, change: Told, seen: dict[str, Any], slots: asyncio.Semaphore) -> None:
        body = message(f"{change.kind}.changed", change.at, seen)
        async with slots:
            attempt = 0
            while True:
                attempt += 1
                hook = await self._hook()
                answer = await self.send(hook, change.message_id, body)
                self.note(change.message_id, change.kind, change.entity_id, answer, attempt)
                if answer.is_taken:
                    self._failing_since = None
                    return
                await self._failed(hook, answer, attempt)

    async def send(self, hook: Hook, message_id: str, body: bytes) -> Answer:
        """Sign a message and send it once.

        Parameters
        ----------
        hook
            Whom to.
        message_id, body
            What.
        """
        now = datetime.now(UTC)
        signed = headers(self._desk.config.secret, hook, message_id, body, now)
        return await self._sender.post(hook.url, signed, body)

    def note(
        self, message_id: str, kind: str, entity_id: str | None, answer: Answer, attempt: int
    ) -> None:
        """Count and note an attempt."""
        outcome = "taken" if answer.is_taken else "failed"
        self._desk.metrics.deliveries.labels(outcome).inc()
        self._log.note(
            tried(
                self._hook_id,
                message_id,
                kind,
                entity_id,
                attempt=attempt,
                status=answer.status,
                error=answer.error,
                took_ms=answer.took_ms,
            )
        )

    async def _failed(self, hook: Hook, answer: Answer, attempt: int) -> None:
        """Rest, or give up."""
        now = datetime.now(UTC)
        if answer.status == 410:
            await self._pause(self._hook_id, "gone")
            raise Stopped
        if self._failing_since is None:
            self._failing_since = now
            await self._keep()
        since = max(self._failing_since, hook.changed_at)
        if now - since > timedelta(seconds=self._pace.give_up_s):
            await self._pause(self._hook_id, "unreachable")
            raise Stopped
        self.news.clear()
        try:
            async with asyncio.timeout(self._pace.rest_s(attempt)):
                await self.news.wait()
        except TimeoutError:
            return

    async def _keep(self) -> None:
        """Keep how far the hook was told; where that fails, a part is told again some day."""
        self._kept_at = asyncio.get_running_loop().time()
        cursor = Cursor(
            hook_id=self._hook_id,
            places=self._done,
            failing_since=self._failing_since,
            at=datetime.now(UTC),
        )
        try:
            await self._desk.kept.put(CURSORS, cursor)
        except Problem as problem:
            _log.warning("how far webhook %s was told is not kept: %s", self._hook_id, problem)


def message(event_type: str, at: datetime, data: dict[str, Any]) -> bytes:
    """Write a message as the Standard Webhooks specification advises.

    Parameters
    ----------
    event_type
        Such as `truck.changed`.
    at
        When it happened.
    data
        What is told.
    """
    return orjson.dumps({"type": event_type, "timestamp": format_time(at), "data": data})


def _is_of(region: str | None, doc: dict[str, Any]) -> bool:
    return region is None or doc.get("region") in (region, None)
