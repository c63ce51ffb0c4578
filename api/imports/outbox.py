"""Write what belongs together whole, even where the API dies in the middle of it."""

from __future__ import annotations

import asyncio
import base64
import logging
import uuid
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import orjson

from api.broker import Broker, Written
from api.desk import Desk
from api.kept import Kept
from api.problems import Problem
from schemas.envelope import Record
from schemas.intent import IntentPart
from schemas.topics import KEPT_TOPICS

_log = logging.getLogger(__name__)

TOPIC = "import.intent.v1"

_AT_ONCE = 1_000
_LOOK_S = 5.0


class Outbox:
    """Publish by first saying what is to be published.

    The workers read what is not committed, as Kafka's transactions call it, so that a transaction
    would bind nobody. Instead, the intent is written and acknowledged before the first event, and
    taken back after the last; `keep_completing` carries out what is found of a process that died.
    Its events have the same ids again, and what was already written is a duplicate to the workers.

    Parameters
    ----------
    broker
        Where to write.
    kept
        Holds the intents.
    under_way
        Ids of the intents that this process is carrying out.
    first
        Records of kept topics that are written before each others, as one with them.
    """

    def __init__(
        self, broker: Broker, kept: Kept, under_way: set[str], first: Sequence[Record] = ()
    ) -> None:
        self._first = tuple(first)
        self._broker = broker
        self._kept = kept
        self._under_way = under_way

    async def publish(self, records: Sequence[Record]) -> list[Written]:
        """Write records; see `Broker.publish`. One alone needs no intent.

        Raises
        ------
        Problem
            `broker_unavailable`: nothing was written, or all of it will be.
        """
        records = [*self._first, *records]
        written = await self._published(records)
        _tell(self._kept, records, written)
        return written[len(self._first) :]

    async def _published(self, records: Sequence[Record]) -> list[Written]:
        if len(records) < 2:
            return await self._broker.publish(records)
        intent_id = str(uuid.uuid4())
        parts = list(_parts(intent_id, records))
        self._under_way.add(intent_id)
        try:
            for part in parts:
                await self._kept.put(TOPIC, part)
            written = await self._broker.publish(records)
            for part in parts:
                await self._kept.take_away(TOPIC, part.part_id)
        finally:
            self._under_way.discard(intent_id)
        return written

    async def missing_topics(self) -> set[str] | None:
        """Look at the cluster; see `Broker.missing_topics`."""
        return await self._broker.missing_topics()

    async def close(self) -> None:
        """Do nothing: the broker is another's to close."""


async def keep_completing(desk: Desk, under_way: set[str]) -> None:
    """Carry out, until cancelled, what processes set out to write and did not live to.

    Parameters
    ----------
    desk
        What the process works with.
    under_way
        Ids of the intents that this process is carrying out.
    """
    while True:
        if desk.kept.is_whole:
            try:
                await complete(desk, under_way)
            except Problem as problem:
                _log.warning("an import waits to be completed: %s", problem.code)
        await asyncio.sleep(_LOOK_S)


async def complete(desk: Desk, under_way: set[str]) -> None:
    """Carry out every intent that is whole and drop what is left of others, which wrote nothing.

    Parameters
    ----------
    desk, under_way
        As for `keep_completing`.

    Raises
    ------
    Problem
        `broker_unavailable`; it is tried again.
    """
    found: dict[str, list[IntentPart]] = {}
    for part in desk.kept.every(TOPIC).values():
        if part.intent_id not in under_way:
            found.setdefault(part.intent_id, []).append(part)
    for parts in found.values():
        if len(parts) == parts[0].parts:
            records = [r for part in sorted(parts, key=lambda p: p.part) for r in _unpacked(part)]
            _tell(desk.kept, records, await desk.broker.publish(records))
            _log.info("completed an import of %d events that was interrupted", len(records))
        for part in parts:
            await desk.kept.take_away(TOPIC, part.part_id)


def _tell(kept: Kept, records: Sequence[Record], written: Sequence[Written]) -> None:
    for record, where in zip(records, written, strict=True):
        if record.topic in KEPT_TOPICS:
            kept.heard(record, where)


def _parts(intent_id: str, records: Sequence[Record]) -> Iterator[IntentPart]:
    starts = range(0, len(records), _AT_ONCE)
    for number, start in enumerate(starts):
        texts = [
            [
                record.topic,
                record.key.decode(),
                record.value.decode() if record.value is not None else None,
                [[name, value.decode()] for name, value in record.headers],
            ]
            for record in records[start : start + _AT_ONCE]
        ]
        yield IntentPart(
            part_id=f"{intent_id}.{number}",
            intent_id=intent_id,
            part=number,
            parts=len(starts),
            at=datetime.now(UTC),
            packed=base64.b64encode(zlib.compress(orjson.dumps(texts), 6)).decode(),
        )


def _unpacked(part: IntentPart) -> Iterator[Record]:
    for topic, key, value, headers in orjson.loads(zlib.decompress(base64.b64decode(part.packed))):
        yield Record(
            topic=topic,
            key=key.encode(),
            value=None if value is None else value.encode(),
            headers=tuple((name, text.encode()) for name, text in headers),
        )
