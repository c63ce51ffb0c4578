"""Hear what dispatch says of assignments, and what is known of lots, while a scenario plays."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from infra.settings import Settings
from schemas.clock import ClockAnchored
from schemas.envelope import Event, decode
from schemas.errors import MalformedEvent
from schemas.model import parse_time
from schemas.topics import CATALOGUE

ASSIGNMENTS = TopicPartition("dispatch.assignment.v1", 0)
_CLOCK = TopicPartition("stack.clock.v1", 0)
_LOTS = [
    TopicPartition("lot.state.v1", number) for number in range(CATALOGUE["lot.state.v1"].partitions)
]


class LotBook:
    """The latest state of the scenario's lots."""

    def __init__(self) -> None:
        self._lots: dict[str, dict[str, Any]] = {}

    def note(self, value: bytes | None) -> None:
        """Take a record of `lot.state.v1`; bytes that are no state change nothing."""
        try:
            state = orjson.loads(value or b"")
            held = (state["status"], state["quantity_kg"], parse_time(state["hold_until"]))
            lot_id = state["lot_id"]
        except (ValueError, KeyError, TypeError):
            return
        self._lots[lot_id] = {
            "open": held[0] != "withdrawn" and state.get("delivered_kg", 0) < held[1],
            "hold_until": held[2],
        }

    def open_at(self, now: datetime) -> int:
        """Return how many lots are not delivered whole and still hold."""
        return sum(lot["open"] and lot["hold_until"] > now for lot in self._lots.values())


class Hearing:
    """A consumer of assignments and lots, without a group: the run keeps the offsets.

    Parameters
    ----------
    settings
        Name the broker.
    """

    def __init__(self, settings: Settings) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers,
            client_id="harvestlane-scenario",
            enable_auto_commit=False,
        )
        self.lots = LotBook()
        self.next_offset = 0
        """The next record of `dispatch.assignment.v1` to be heard."""

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
        except BaseException:
            await self._consumer.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._consumer.stop()

    async def end_of_assignments(self) -> int:
        """Return where `dispatch.assignment.v1` ends now."""
        ends = await self._consumer.end_offsets([ASSIGNMENTS])
        return int(ends[ASSIGNMENTS])

    async def last_anchor(self) -> ClockAnchored | None:
        """Return the last anchor of the stack's clock, if there is any."""
        self._consumer.assign([_CLOCK])
        end = (await self._consumer.end_offsets([_CLOCK]))[_CLOCK]
        await self._consumer.seek_to_beginning(_CLOCK)
        found = None
        while await self._consumer.position(_CLOCK) < end:
            polled = await self._consumer.getmany(_CLOCK, timeout_ms=200)
            for record in polled.get(_CLOCK, []):
                event = _read(record)
                if event is not None and isinstance(event.data, ClockAnchored):
                    found = event.data
        return found

    async def listen_from(self, offset: int) -> None:
        """Hear assignments from an offset on, and every lot."""
        self._consumer.assign([ASSIGNMENTS, *_LOTS])
        self._consumer.seek(ASSIGNMENTS, offset)
        await self._consumer.seek_to_beginning(*_LOTS)
        self.next_offset = offset

    def rewind(self) -> None:
        """Hear what was left out by `before` next."""
        self._consumer.seek(ASSIGNMENTS, self.next_offset)

    async def hear(self, timeout_ms: int, *, before: int | None = None) -> list[Event]:
        """Return what was said of assignments since, waiting a little where nothing was.

        Parameters
        ----------
        timeout_ms
            How long to wait for anything.
        before
            Leave out records of assignments from this offset on.
        """
        polled = await self._consumer.getmany(timeout_ms=timeout_ms)
        events = []
        for place, records in polled.items():
            for record in records:
                if place != ASSIGNMENTS:
                    self.lots.note(record.value)
                    continue
                if before is not None and record.offset >= before:
                    break
                self.next_offset = record.offset + 1
                event = _read(record)
                if event is not None:
                    events.append(event)
        return events


def _read(record: Any) -> Event | None:
    try:
        return decode(record.topic, record.key, record.value, record.headers)
    except MalformedEvent:
        return None
