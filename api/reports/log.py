"""Read from Kafka what reports count: of each event only the fields that are counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import BaseModel, create_model

from api.kafka import stop
from api.problems import Problem
from schemas.model import Fact, parse_time
from schemas.topics import CATALOGUE, OWN_SOURCE, OWN_TOPICS, TOPIC_OF_TYPE

_log = logging.getLogger(__name__)

MOST_RECORDS = 2_000_000
"""A report is refused that would have to read more (11 µs each)."""
MOST_HELD = 400_000
"""And one that would have to hold more (530 bytes each)."""

_AT_ONCE = 5_000
_WAIT_MS = 1_000
_READ_S = 120.0

_CLEARED = ("checkpoint_id", "people_count", "reason_code")
_TRIP = ("assignment_id", "region", "truck_id", "product", "quantity_kg", "facility_id")
_SLOT = ("facility_id", "gate_id", "window_start")
_PLACE = ("facility_id", "reservation_id")
_FINDING = ("corridor_id", "alert_id")
_CLOSURE = ("closure_id", "region")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "lot.declared": ("lot_id", "region", "product", "quantity_kg"),
    "lot.ready": ("lot_id",),
    "lot.withdrawn": ("lot_id",),
    "lot.unassigned": ("lot_id", "region", "quantity_kg", "reasons", "revision"),
    "lot.planned": ("lot_id", "region", "booked_kg", "loaded_kg", "delivered_kg", "revision"),
    **dict.fromkeys(
        (
            "assignment.proposed",
            "assignment.accepted",
            "assignment.declined",
            "assignment.expired",
            "assignment.cancelled",
            "assignment.loaded",
            "assignment.delivered",
        ),
        _TRIP,
    ),
    **dict.fromkeys(("slot.opened", "slot.capacity_changed"), (*_SLOT, "capacity_trucks")),
    "slot.closed": _SLOT,
    **dict.fromkeys(
        (
            "reservation.confirmed",
            "reservation.rejected",
            "reservation.released",
            "reservation.no_show",
        ),
        _PLACE,
    ),
    **dict.fromkeys(
        ("checkpoint.arrived", "checkpoint.cleared", "checkpoint.held", "checkpoint.refused"),
        _CLEARED,
    ),
    "checkpoint.retracted": ("retracts",),
    "alert.raised": ("alert_id", "region", "code"),
    "alert.cleared": ("alert_id",),
    "corridor.opened": ("corridor_id", "region"),
    "corridor.closed": ("corridor_id",),
    **dict.fromkeys(
        (
            "corridor.deviation_detected",
            "corridor.unlisted_stop_detected",
            "corridor.checkpoint_skipped",
            "corridor.checkpoint_out_of_order",
            "corridor.used_outside_hours",
            "corridor.used_off_roster",
        ),
        _FINDING,
    ),
    **dict.fromkeys(("road.closed", "road.reopened", "zone.restricted", "zone.lifted"), _CLOSURE),
}
"""What is read of each type of event: nothing that names a person."""


def _thinned(kind: str) -> type[BaseModel]:
    known = TOPIC_OF_TYPE[kind].types[kind].model_fields
    fields: dict[str, Any] = {name: (known[name].annotation, known[name]) for name in FIELDS[kind]}
    return create_model(f"Counted {kind}", __config__=Fact.model_config, **fields)


_MODELS = {kind: _thinned(kind) for kind in FIELDS}
"""Each type's fields that are read, with their rules: what breaks one is no event."""

TOPICS: tuple[str, ...] = tuple(sorted({TOPIC_OF_TYPE[kind].name for kind in FIELDS}))
"""Where these events stand."""


class Entry(NamedTuple):
    """One event of the log, as far as reports count it."""

    type: str
    identity: str
    time_ms: int
    """When it happened, in milliseconds since 1970."""
    appended_ms: int
    """When the broker took it in."""
    data: dict[str, Any]


Keep = Callable[[Entry], bool]


class EventLog(Protocol):
    """Where reports read."""

    async def read(self, since_ms: int | None, until_ms: int | None, keep: Keep) -> list[Entry]:
        """Return what was taken in from one moment to another, in any order.

        Parameters
        ----------
        since_ms, until_ms
            Milliseconds since 1970; None for no bound.
        keep
            Tells what is to be returned of it.

        Raises
        ------
        Problem
            `broker_unavailable`, or `report_too_large`.
        """


class KafkaLog:
    """Read the log of a cluster, one report at a time.

    Parameters
    ----------
    bootstrap
        Bootstrap servers, `host:port[,…]`.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    async def read(self, since_ms: int | None, until_ms: int | None, keep: Keep) -> list[Entry]:
        """Read; see `EventLog.read`."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            isolation_level="read_committed",
        )
        try:
            async with asyncio.timeout(_READ_S):
                await consumer.start()
                return await _read(consumer, since_ms, until_ms, keep)
        except (TimeoutError, KafkaError, OSError) as error:
            _log.warning("reading the log for a report failed: %r", error)
            raise Problem("broker_unavailable", "Kafka does not answer; ask again") from error
        finally:
            await stop(consumer)


async def _read(
    consumer: AIOKafkaConsumer, since_ms: int | None, until_ms: int | None, keep: Keep
) -> list[Entry]:
    places = [
        TopicPartition(name, number)
        for name in TOPICS
        for number in range(CATALOGUE[name].partitions)
    ]
    consumer.assign(places)
    starts = await _offsets(consumer, places, since_ms, await consumer.beginning_offsets(places))
    ends = await _offsets(consumer, places, until_ms, await consumer.end_offsets(places))
    wanted = sum(max(ends[place] - starts[place], 0) for place in places)
    if wanted > MOST_RECORDS:
        raise _too_large(wanted, MOST_RECORDS)
    for place in places:
        consumer.seek(place, starts[place])
    unread = {place for place in places if starts[place] < ends[place]}
    consumer.pause(*(place for place in places if place not in unread))
    found: list[Entry] = []
    while unread:
        polled = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_AT_ONCE)
        for place, records in polled.items():
            before = [record for record in records if record.offset < ends[place]]
            found += filter(keep, await asyncio.to_thread(thin, place.topic, before))
            if len(found) > MOST_HELD:
                raise _too_large(len(found), MOST_HELD)
        for place in list(unread):
            if await consumer.position(place) >= ends[place]:
                unread.discard(place)
                consumer.pause(place)
    return found


def _too_large(records: int, most: int) -> Problem:
    detail = f"the log of this period holds {records} records and more; a report takes {most}"
    return Problem("report_too_large", detail)


async def _offsets(
    consumer: AIOKafkaConsumer,
    places: list[TopicPartition],
    at_ms: int | None,
    otherwise: dict[TopicPartition, int],
) -> dict[TopicPartition, int]:
    """Return where in each partition a time begins; its end where that has not come yet."""
    if at_ms is None:
        return otherwise
    ends = await consumer.end_offsets(places)
    found = await consumer.offsets_for_times(dict.fromkeys(places, at_ms))
    return {place: ends[place] if found[place] is None else found[place].offset for place in places}


def thin(topic: str, records: Iterable[Any]) -> list[Entry]:
    """Keep of records what reports count; what cannot be read is left out, as by the workers.

    Parameters
    ----------
    topic
        Where they stood.
    records
        With `key`, `value`, `headers` and `timestamp`, as Kafka's clients give them.
    """
    found = []
    for record in records:
        headers = {name: raw for name, raw in record.headers if name.startswith("ce_")}
        entry = _entry(topic, headers, record.value, record.timestamp)
        if entry is not None:
            found.append(entry)
    return found


def _entry(
    topic: str, headers: Mapping[str, bytes], value: bytes | None, appended_ms: int
) -> Entry | None:
    try:
        kind = headers["ce_type"].decode()
        model = _MODELS.get(kind)
        if model is None or value is None:
            return None
        source, event_id = headers["ce_source"].decode(), headers["ce_id"].decode()
        if topic in OWN_TOPICS and not source.startswith(OWN_SOURCE):
            return None
        time_ms = int(parse_time(headers["ce_time"].decode()).timestamp() * 1000)
        data = model.model_validate_json(value).model_dump(mode="json")
        return Entry(kind, f"{source} {event_id}", time_ms, appended_ms, data)
    except (KeyError, ValueError):
        return None
