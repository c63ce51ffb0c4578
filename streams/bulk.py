"""Hand the records of bulk topics to Faust a whole poll at a time, where it takes them one by one.

What one record costs on its way through Faust is many times what folding a position costs. A
message that stands for many has the offset of the last one, and nothing before it counts as done
until it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

AT_ONCE = 2_000
"""So many records has a message at most."""
IN_HAND = 8_000
"""So many records of a partition are fetched ahead; reading goes on once half of them is done."""
UNRESTORED = 8
"""So many messages of changelogs are read ahead of the tables that take them in."""


class Bulk(NamedTuple):
    """The value of a message that stands for several records of one partition."""

    records: Sequence[Any]
    first: int
    """The least offset that is done once the message is: offsets may be missing in front of it."""


class BulkConsumer(driver.Consumer):  # type: ignore[misc]
    """Faust's consumer, with whole polls of the app's `bulk_topics`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begin()

    def begin(self) -> None:
        """Begin with nothing handed out."""
        self._in_hand: Counter[TP] = Counter()
        self._next: dict[TP, int] = {}
        """The offset behind the last record that was handed out."""
        self._handed_out: dict[TP, int] = {}
        """The same, of every topic, once Faust has it."""
        self._start: dict[TP, int] = {}
        """Where each partition was last sought to: what was fetched before it was is dropped."""
        self._sought: dict[TP, int] = {}
        """Where a partition was sought to once more, to see whether offsets are missing there."""
        self._generation: int | None = None

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> AsyncIterator[tuple[TP, Any]]:
        """Fetch messages: of bulk topics whole polls, of the others record by record."""
        polled, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if polled is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_again()
            return
        polled = await self._in_order(polled)
        for tp, message in self._messages(polled):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if active is None or tp in active or tp in self._buffered_partitions:
                if tp.topic in self.app.tables.changelog_topics:
                    await self._until_restored()
                self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                self._handed_out[tp] = message.offset + 1
                yield tp, message

    async def perform_seek(self) -> None:
        """Seek to what is committed, and to the first record where nothing is.

        Faust leaves a partition without a committed offset where it stands: what had been fetched,
        and dropped because partitions were changing hands, would never be read.
        """
        await super().perform_seek()
        ours = [tp for tp in self.assignment() if self.app.topics.acks_enabled_for(tp.topic)]
        new = [tp for tp in ours if not self._read_offset.get(tp)]
        earliest = await self.earliest_offsets(*new) if new else {}
        for tp in ours:
            at = self._read_offset.get(tp) or earliest.get(tp) or 0
            if tp in new:
                await self.seek(tp, at)
            self._start[tp] = at
            self._next.pop(tp, None)
            self._handed_out.pop(tp, None)
            self._sought.pop(tp, None)

    async def _in_order(self, polled: Mapping[TP, Sequence[Any]]) -> Mapping[TP, Sequence[Any]]:
        """Leave out what does not follow what was handed out, and read the partition from there.

        Records are dropped in many places while partitions change hands, with the position behind
        them already. Where the same offset comes again, the ones before it really are missing.
        """
        self._begin_anew()
        found: dict[TP, Sequence[Any]] = {}
        for tp, records in polled.items():
            expected = self._handed_out.get(tp, self._start.get(tp))
            skips = expected is not None and records and records[0].offset > expected
            if expected is not None and skips and self._sought.get(tp) != expected:
                self._sought[tp] = expected
                await self.seek(TP(*tp), expected)
                continue
            found[tp] = records
        return found

    def _messages(self, polled: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Any]]:
        bulk = {tp: records for tp, records in polled.items() if self._is_bulk(tp)}
        plain = {tp: records for tp, records in polled.items() if tp not in bulk}
        for tp, record in self.scheduler.iterate(plain):
            yield tp, self._to_message(tp, record)
        for at in range(0, max(map(len, bulk.values()), default=0), AT_ONCE):
            for tp, records in bulk.items():
                if part := records[at : at + AT_ONCE]:
                    yield tp, self._to_bulk(tp, part)

    def _to_bulk(self, tp: TP, records: Sequence[Any]) -> Any:
        self._begin_anew()
        message = self._to_message(tp, records[-1])
        expected = self._next.get(tp) or self._committed_offset.get(tp) or 0
        first = min(expected, records[0].offset)
        message.key, message.headers, message.value = None, None, Bulk(records, first)
        self._next[tp] = message.offset + 1
        if self.app.topics.acks_enabled_for(tp.topic):
            self._in_hand[tp] += len(records)
            if self._in_hand[tp] >= IN_HAND:
                self.on_buffer_full(TP(*tp))  # what was polled is named by aiokafka's own tuples
        return message

    def _begin_anew(self) -> None:
        """Forget what was handed out in another generation of the group: it is read again."""
        if self._generation != self.app.consumer_generation_id:
            self._generation = self.app.consumer_generation_id
            self._buffered_partitions.difference_update(self._in_hand)
            self._in_hand.clear()
            self._next.clear()
            self._handed_out.clear()

    def ack(self, message: Any) -> bool:
        """Count a message as done, and with it all the records that it stands for."""
        value, tp = message.value, message.tp
        if isinstance(value, Bulk) and not message.acked:
            self._in_hand[tp] = max(self._in_hand[tp] - len(value.records), 0)
            if self._in_hand[tp] <= IN_HAND // 2:
                self.on_buffer_drop(TP(*tp))
            first = max(value.first, self._committed_offset.get(tp) or 0)
            if first < message.offset:
                self._gap[tp].addi(first, message.offset)
        return bool(super().ack(message))

    def _new_offset(self, tp: TP) -> int | None:
        """Count no offset twice: where one is, Faust commits one or two at a time from there on.

        The same records are handed out twice where a partition is sought to again, and what lies
        between the offsets of two such messages overlaps.
        """
        if acked := self._acked.get(tp):
            gaps, committed, last = self._gap[tp], self._committed_offset.get(tp) or 0, max(acked)
            done = {offset for offset in acked if offset >= committed}
            for gap in gaps.overlap(0, last):
                done.update(range(max(gap.begin, committed), min(gap.end, last)))
            gaps.chop(0, last + 1)
            acked[:] = sorted(done)
        offset: int | None = super()._new_offset(tp)
        return offset

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Leave out what lies between the offsets of bulk messages: it is done once they are."""
        if not self._is_bulk(tp):
            await super()._add_gap(tp, offset_from, offset_to)

    async def _until_restored(self) -> None:
        """Let tables take in what was read for them: Faust's own queue has room for all at once."""
        while self.flow_active and self.app.tables.changelog_queue.qsize() > UNRESTORED:
            await self.sleep(0.01)

    def _is_bulk(self, tp: TP) -> bool:
        return tp.topic in self.app.bulk_topics

    async def _seek_again(self) -> None:
        try:
            await self.perform_seek()
        except Exception as error:  # noqa: BLE001 - as Faust does it
            self.log.warning("cannot seek while flow is not active: %s", error)


def records_of(message: Any) -> Iterable[Any]:
    """Return the records that a message stands for, itself if it is one."""
    return message.value.records if isinstance(message.value, Bulk) else (message,)
