"""Mend what loses records, or stops, in Faust 0.15.3: each override says what it prevents."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import faust
from faust.transport.consumer import ensure_TPset
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.bulk import BulkConsumer

_BATCH_ENDS_S = 8.0
"""Before the group gives the partitions to another; a failure here ends the worker."""


class MendedListener(driver.ConsumerRebalanceListener):  # type: ignore[misc]
    """Faust's listener, telling each assignment from the one before it."""

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Count assignments, where Faust takes the number of the group's generation.

        A static member that joins again may get its partitions in the same generation. What was
        fetched before would pass for what is fetched anew from the committed offset: its later
        records would come first, and the earlier ones be taken for records read before.
        """
        app = self._thread.app
        app.consumer_generation_id += 1
        await self._thread.on_partitions_assigned(
            ensure_TPset(assigned), app.consumer_generation_id
        )


class MendedConsumer(BulkConsumer):
    """Faust's consumer, committing what was done and nothing else."""

    RebalanceListener: ClassVar[Any] = MendedListener

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listened_to: Any = None
        self._heard_at = time.monotonic()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Note that the group has just given us partitions."""
        self._heard_at = time.monotonic()
        await super().on_partitions_assigned(assigned, generation_id)

    def unheard_s(self) -> float:
        """Return for how many seconds the group has not confirmed that we are its member.

        It counts from when a heartbeat was sent that was answered: until a session timeout after
        that, nobody else is given our partitions.
        """
        coordinator = self._thread._consumer._coordinator  # noqa: SLF001 - there is no other way
        if coordinator is not self._listened_to:
            self._listened_to = coordinator
            coordinator._do_heartbeat = self._listened(coordinator._do_heartbeat)  # noqa: SLF001
        return time.monotonic() - self._heard_at

    def _listened(self, beat: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
        async def listened() -> bool:
            sent_at = time.monotonic()
            well = await beat()
            if well:
                self._heard_at = sent_at
            return well

        return listened

    def ack(self, message: Any) -> bool:
        """Count no record as done that was fetched for another assignment, or while one ends.

        Faust skips such a record in its streams, and acknowledges what it skips: once partitions
        are being given back, too, behind the point where it forgets what was acknowledged. What
        was done by then is read again, and known.
        """
        stale = message.generation_id != self.app.consumer_generation_id
        if stale or not self.app.flow_control.is_active():
            self._unacked_messages.discard(message)
            return False
        return bool(super().ack(message))

    def behind(self) -> dict[TP, int]:
        """Return the committed offset of each partition that has records after it."""
        return {
            tp: committed
            for tp in self.assignment()
            if self.app.topics.acks_enabled_for(tp.topic)
            and (self.highwater(tp) or 0) > (committed := self._committed_offset.get(tp) or 0)
        }

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Leave the message itself out of the gap before it: Faust would never commit past it."""
        await super()._add_gap(tp, offset_from, offset_to - 1)


class MendedTransport(driver.Transport):  # type: ignore[misc]
    """Faust's transport with our consumer."""

    Consumer: ClassVar[Any] = MendedConsumer


class MendedApp(faust.App):  # type: ignore[misc]
    """Faust's app with our consumer, and queues that lose nothing.

    Parameters
    ----------
    bulk_topics
        Topics whose records are handed on a whole poll at a time.
    """

    def __init__(self, *args: Any, bulk_topics: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bulk_topics = bulk_topics
        self._at_work = 0
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    @property
    def sender(self) -> Any:
        """Aiokafka's own producer, which sends batches: Faust's sends record by record."""
        return self.producer._ensure_producer()  # noqa: SLF001 - there is no other way

    @contextmanager
    def batch_in_hand(self) -> Iterator[None]:
        """Keep the partitions as long as a batch is in hand."""
        self._at_work += 1
        self._at_rest.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._at_rest.set()

    async def _consumer_wait_empty(self, consumer: Any, logger: Any) -> None:  # noqa: ARG002
        """Let partitions go only once no batch is in hand.

        Faust would wait for every record that was handed out and not acknowledged, those of an
        older generation too, which never will be.
        """
        async with asyncio.timeout(_BATCH_ENDS_S):
            await self._at_rest.wait()

    def FlowControlQueue(  # noqa: N802 - Faust's name
        self,
        maxsize: int | None = None,
        *,
        clear_on_resume: bool = False,  # noqa: ARG002 - Faust asks for it
    ) -> Any:
        """Make a queue that keeps its records when flow resumes.

        Faust resumes flow twice after a recovery that had nothing to read, and clears its queues
        each time: on partitions without a committed offset, what was fetched in between was lost.
        What is stale in a queue is told by its generation.
        """
        return super().FlowControlQueue(maxsize, clear_on_resume=False)

    def _new_transport(self) -> MendedTransport:
        return MendedTransport(self.conf.broker_consumer, self)
