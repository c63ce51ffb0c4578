"""Follow the changes for every hook, each by itself, beside the requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime

from api.desk import Desk
from api.problems import Problem
from api.webhooks.following import Following, Pace, message
from api.webhooks.hooks import CURSORS, HOOKS
from api.webhooks.log import DeliveryLog
from api.webhooks.source import KafkaSource, Source
from api.webhooks.target import Answer, Sender
from schemas.model import Fact
from schemas.webhook import Hook, PausedBecause

_log = logging.getLogger(__name__)

_LOOK_S = 1.0
_LAST_S = 2.0
"""So long the log's last lines hold up the end of the process."""


class Webhooks:
    """Tell all hooks; one API process of a stack does.

    Parameters
    ----------
    desk
        What the process works with.
    source
        Where changes come from; Kafka where none is given.
    sender
        How they are sent; as the settings say where none is given.
    pace
        How fast and how long a hook is tried.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        source: Source | None = None,
        sender: Sender | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._desk = desk
        self._source = source or KafkaSource(desk.config.bootstrap)
        self._sender = sender or Sender(may_be_private=desk.config.webhook_http)
        self._pace = pace or Pace()
        self._following: dict[str, tuple[Following, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self.log = DeliveryLog(desk.broker, desk.kept.bootstrap)

    async def run(self) -> None:
        """Tell all hooks until cancelled."""
        kept = self._desk.kept
        while not kept.is_whole:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)
        await self.log.load()
        kept.listen(HOOKS, self._heard)
        try:
            while True:
                self._news.clear()
                self._look_round()
                await self.log.write()
                try:
                    async with asyncio.timeout(_LOOK_S):
                        await self._news.wait()
                except TimeoutError:
                    continue
        finally:
            tasks = [task for _, task in self._following.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_S):
                    await self.log.write()
            await self._sender.close()

    async def test(self, hook: Hook, message_id: str) -> Answer:
        """Send a hook a message that says nothing, once.

        Parameters
        ----------
        hook
            Whom to.
        message_id
            The message's id.
        """
        body = message("webhook.test", datetime.now(UTC), {"hook_id": hook.hook_id})
        following = self._new(hook.hook_id)
        answer = await following.send(hook, message_id, body)
        following.note(message_id, "test", None, answer, 1)
        return answer

    async def forget(self, hook_id: str) -> None:
        """Let a hook be no more; where it was told to goes with it.

        Parameters
        ----------
        hook_id
            Which.

        Raises
        ------
        Problem
            `broker_unavailable`.
        """
        kept = self._desk.kept
        await kept.take_away(HOOKS, hook_id)
        if kept.get(CURSORS, hook_id) is not None:
            await kept.take_away(CURSORS, hook_id)
        self.log.forget(hook_id)

    def _heard(self, hook_id: str, hook: Fact | None) -> None:
        del hook
        if hook_id in self._following:
            self._following[hook_id][0].news.set()
        self._news.set()

    def _look_round(self) -> None:
        """Begin with hooks that nobody follows."""
        for hook_id, (_, task) in list(self._following.items()):
            if task.done():
                del self._following[hook_id]
        for hook_id, hook in self._desk.kept.every(HOOKS).items():
            if hook.status == "active" and hook_id not in self._following:
                following = self._new(hook_id)
                self._following[hook_id] = (following, asyncio.create_task(following.run()))

    def _new(self, hook_id: str) -> Following:
        return Following(
            self._desk,
            hook_id,
            source=self._source,
            sender=self._sender,
            log=self.log,
            pace=self._pace,
            pause=self._pause,
        )

    async def _pause(self, hook_id: str, why: PausedBecause) -> None:
        kept = self._desk.kept
        _log.warning("webhook %s is paused: %s", hook_id, why)
        async with kept.lock(HOOKS, hook_id):
            hook: Hook | None = kept.get(HOOKS, hook_id)
            if hook is None:
                return
            changes = {"status": "paused", "paused_because": why, "changed_at": datetime.now(UTC)}
            try:
                await kept.put(HOOKS, hook.model_copy(update=changes))
            except Problem as problem:
                _log.warning("that webhook %s is paused is not kept: %s", hook_id, problem)
