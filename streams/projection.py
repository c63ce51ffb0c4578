"""Write every state topic to Redis, as views that can be lost: one process, `projector`.

Views, their versions, the stream of changes and the offsets that they stand for are written in one
script, and only where Redis still holds the offsets that were expected. After a flush or a crash of
Redis the projector reads what Redis has and goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from schemas.alert import AlertCleared, AlertRaised, AlertState
from schemas.envelope import Event, decode, takes_back
from schemas.errors import MalformedEvent
from schemas.model import format_time, parse_time
from schemas.topics import CATALOGUE, KEPT_TOPICS, TOPICS
from streams.counters import COUNTERS
from streams.entity import KEPT
from streams.fold import DeadLetter, Doc, Raw
from streams.shell import dead_record

log = logging.getLogger(__name__)

GROUP = "harvestlane-projector"
"""Remembers which garbage has been set aside; where to read from stands in Redis."""

OFFSETS = "offsets"
_STATES = {
    topic.name: topic.name.split(".", 1)[0]
    for topic in TOPICS
    if topic.compacted and topic.name not in KEPT_TOPICS
}
_ALERTS, _CLOCK = "alert.v1", "stack.clock.v1"
_ONLY_CHECKED = ("dispatch.assignment.v1",)
PROJECTED = (*_STATES, _ALERTS, *_ONLY_CHECKED)
"""Every topic that the projector reads; the clock's is one of the compacted ones."""

_BATCH = 500
_CHANGES_KEPT = 20_000
_RETRY_S = 1.0
_ELSEWHERE = "ELSEWHERE"
"""The script's error where Redis holds other offsets; `MOVED` would mean a cluster to redis-py."""

_SCRIPT = """
local at = 1
local places = tonumber(ARGV[at]); at = at + 1
for n = 0, places - 1 do
  local found = redis.call('HGET', 'offsets', ARGV[at + n * 3]) or ''
  if found ~= ARGV[at + n * 3 + 1] then return redis.error_reply('CODE ' .. ARGV[at + n * 3]) end
end
local first = at
at = at + places * 3
local applied = 0
while at <= #ARGV do
  local kind, id, version, doc = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  at = at + 4
  local known = redis.call('HGET', 'version:' .. kind, id)
  if doc == '' then
    local last = redis.call('HGET', 'view:' .. kind, id)
    redis.call('HDEL', 'version:' .. kind, id)
    redis.call('HDEL', 'view:' .. kind, id)
    if last then
      redis.call('XADD', 'changes', 'MAXLEN', '~', KEPT, '*',
        'kind', kind, 'id', id, 'doc', last, 'removed', '1')
      applied = applied + 1
    end
  elseif not known or tonumber(known) < tonumber(version) then
    redis.call('HSET', 'version:' .. kind, id, version)
    if kind == 'clock' then
      redis.call('SET', 'clock', doc)
    else
      redis.call('HSET', 'view:' .. kind, id, doc)
    end
    redis.call('XADD', 'changes', 'MAXLEN', '~', KEPT, '*', 'kind', kind, 'id', id, 'doc', doc)
    applied = applied + 1
  end
end
for n = 0, places - 1 do
  redis.call('HSET', 'offsets', ARGV[first + n * 3], ARGV[first + n * 3 + 2])
end
return applied
""".replace("KEPT", str(_CHANGES_KEPT)).replace("CODE", _ELSEWHERE)


@dataclass
class Batch:
    """What one poll writes to Redis."""

    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    """``topic:partition`` to the offset that Redis is expected to hold and the next one."""
    entries: list[tuple[str, str, int, bytes]] = field(default_factory=list)
    """Kind, id, version and document of each change; an empty document takes the view away."""
    dead: list[DeadLetter] = field(default_factory=list)
    latencies: Counter[str] = field(default_factory=Counter)

    def arguments(self) -> list[str | int | bytes]:
        """Return the script's arguments."""
        answer: list[str | int | bytes] = [len(self.places)]
        for place, (expected, following) in self.places.items():
            answer += [place, expected, following]
        for entry in self.entries:
            answer += entry
        return answer


def bucket(milliseconds: float) -> str:
    """Name the histogram's bucket of a latency by its upper bound, about 10 % apart."""
    if milliseconds <= 1:
        return "1"
    return str(math.ceil(1.1 ** math.ceil(math.log(milliseconds, 1.1))))


class Projector:
    """Reads state topics and writes views.

    Parameters
    ----------
    bootstrap_servers, redis_url
        The brokers, ``host:port[,…]``, and Redis.
    report
        Called about once a second with whether views are being written.
    kept
        How long an alert is shown once it is cleared.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        redis_url: str,
        report: Callable[[bool], None],
        kept: timedelta = KEPT,
    ) -> None:
        self._servers = bootstrap_servers
        self._redis = Redis.from_url(
            redis_url, decode_responses=True, socket_timeout=5.0, socket_connect_timeout=2.0
        )
        self._report = report
        self._expected: dict[str, str] = {}
        self._alerts: dict[str, Doc] = {}
        self._buried: dict[str, int] = {}
        self._kept = kept

    async def run(self, *, until_done: bool = False) -> int:
        """Project for ever, or until everything that is there now has been projected.

        Returns
        -------
        int
            How many changes were written.
        """
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            group_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=_BATCH,
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers, acks="all", enable_idempotence=True
        )
        await consumer.start()
        await producer.start()
        try:
            return await self._follow(consumer, producer, until_done=until_done)
        finally:
            await producer.stop()
            await consumer.stop()
            await self._redis.aclose()

    async def _follow(
        self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, *, until_done: bool
    ) -> int:
        places = [
            TopicPartition(name, partition)
            for name in PROJECTED
            for partition in range(CATALOGUE[name].partitions)
        ]
        consumer.assign(places)
        for place in places:
            self._buried[_name(place)] = await consumer.committed(place) or 0
        ends = await consumer.end_offsets(places)
        settled, written, told = False, 0, 0.0
        while True:
            try:
                if not settled:
                    await self._settle(consumer, places)
                    settled = True
                polled = await consumer.getmany(timeout_ms=200, max_records=_BATCH)
                written += await self._write(polled, producer)
                if time.monotonic() - told > 1.0:
                    told = time.monotonic()
                    await self._notice_loss()
                    await self._forget_alerts()
                    await self._commit(consumer)
                    self._report(True)
            except ResponseError as error:
                if _ELSEWHERE not in str(error):
                    raise
                log.warning("Redis is not where it was (%s); going on from what it holds", error)
                settled = False
            except (RedisError, OSError) as error:
                log.warning("Redis does not answer (%s); trying again", error)
                self._report(False)
                settled = False
                await asyncio.sleep(_RETRY_S)
            if (
                until_done
                and settled
                and all(
                    int(self._expected.get(_name(place)) or 0) >= end for place, end in ends.items()
                )
            ):
                return written

    async def _settle(self, consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
        """Go where Redis stands."""
        found = await self._hash(OFFSETS)
        oldest = await consumer.beginning_offsets(places)
        for place in places:
            name = _name(place)
            self._expected[name] = found.get(name, "")
            consumer.seek(place, max(int(found.get(name) or 0), oldest[place]))
        alerts = await self._hash("view:alert")
        self._alerts = {key: orjson.loads(value) for key, value in alerts.items()}

    async def _hash(self, key: str) -> dict[str, str]:
        found: Any = await self._redis.hgetall(key)
        return dict(found)

    async def _notice_loss(self) -> None:
        """Notice a Redis that was flushed while nothing happened."""
        found = await self._hash(OFFSETS)
        if any(found.get(name, "") != value for name, value in self._expected.items()):
            raise ResponseError(f"{_ELSEWHERE} (noticed at rest)")

    async def _forget_alerts(self) -> None:
        """Take away the alerts that were cleared long enough before the latest was told."""
        latest = max((doc["updated_at"] for doc in self._alerts.values()), default=None)
        if latest is None:
            return
        before = format_time(parse_time(latest) - self._kept)
        gone = [
            name
            for name, doc in self._alerts.items()
            if doc["status"] == "cleared" and doc["updated_at"] < before
        ]
        if gone:
            batch = Batch(entries=[("alert", name, 0, b"") for name in gone])
            await self._redis.eval(_SCRIPT, 0, *batch.arguments())
        for name in gone:
            del self._alerts[name]

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        done = {
            place: int(self._expected[_name(place)])
            for place in consumer.assignment()
            if self._expected.get(_name(place))
        }
        try:
            if done:
                await consumer.commit(done)
        except KafkaError as error:
            log.warning("the offsets cannot be committed (%s); trying again", error)

    async def _write(
        self, polled: Mapping[TopicPartition, list[Any]], producer: AIOKafkaProducer
    ) -> int:
        if not polled:
            return 0
        batch = Batch()
        for place, records in polled.items():
            name = _name(place)
            batch.places[name] = (self._expected[name], str(records[-1].offset + 1))
            for record in records:
                self._read(batch, record)
        await self._bury(batch, producer)
        applied = int(await self._redis.eval(_SCRIPT, 0, *batch.arguments()))
        for name, (_, following) in batch.places.items():
            self._expected[name] = following
        for name, count in batch.latencies.items():
            await self._redis.hincrby(COUNTERS, name, count)
        return applied

    def _read(self, batch: Batch, record: Any) -> None:
        try:
            entries = list(self._entries(record))
        except MalformedEvent as error:
            raw = Raw(
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=record.key,
                value=record.value,
                headers=tuple(record.headers),
            )
            batch.dead.append(DeadLetter(raw, f"malformed: {error}"))
            return
        batch.entries += entries
        cause = dict(record.headers).get("ce_causeappended", b"")
        if cause.isdigit() and record.topic in _STATES and entries:
            waited_ms = time.time() * 1000 - int(cause)
            batch.latencies[f"event_to_state_ms:{bucket(waited_ms)}"] += 1

    def _entries(self, record: Any) -> Iterator[tuple[str, str, int, bytes]]:
        """Yield what a record changes.

        Raises
        ------
        MalformedEvent
            It is no event of its topic.
        """
        if record.key and takes_back(record.topic, record.value, record.headers):
            yield _STATES[record.topic], record.key.decode(errors="replace"), 0, b""
            return
        event = decode(record.topic, record.key, record.value, record.headers)
        if record.topic == _CLOCK:
            yield "clock", "stack", record.offset + 1, record.value
        elif record.topic == _ALERTS:
            alert = self._alert(event, record.offset + 1)
            if alert is not None:
                doc = orjson.dumps(alert)
                yield "alert", str(alert["alert_id"]), record.offset + 1, doc
        elif record.topic in _STATES:
            version = getattr(event.data, "version", 0)
            yield _STATES[record.topic], event.key, version, record.value

    def _alert(self, event: Event, version: int) -> Doc | None:
        data = event.data
        if isinstance(data, AlertRaised):
            fields = data.model_dump(mode="json") | {"status": "raised"}
        elif isinstance(data, AlertCleared) and data.alert_id in self._alerts:
            fields = {**self._alerts[data.alert_id], "status": "cleared"}
        else:
            return None
        fields |= {"version": version, "updated_at": format_time(event.time)}
        try:
            alert = AlertState.model_validate(fields).model_dump(mode="json")
        except ValidationError as error:
            raise MalformedEvent(str(error.errors()[0]["msg"])) from None
        self._alerts[alert["alert_id"]] = alert
        return alert

    async def _bury(self, batch: Batch, producer: AIOKafkaProducer) -> None:
        """Set garbage aside once, however often it is read."""
        for letter in batch.dead:
            place = f"{letter.raw.topic}:{letter.raw.partition}"
            if letter.raw.offset < self._buried.get(place, 0):
                continue
            record = dead_record(letter)
            await producer.send_and_wait(
                record.topic,
                record.value,
                key=record.key,
                partition=0,
                headers=list(record.headers),
            )
            self._buried[place] = letter.raw.offset + 1


def _name(place: TopicPartition) -> str:
    return f"{place.topic}:{place.partition}"


def run_projector(
    bootstrap_servers: str,
    redis_url: str,
    report: Callable[[bool], None],
    kept: timedelta = KEPT,
) -> None:
    """Run the projector until it is told to stop.

    Parameters
    ----------
    bootstrap_servers, redis_url
        The brokers, ``host:port[,…]``, and Redis.
    report
        Called about once a second with whether views are being written.
    kept
        How long an alert is shown once it is cleared.
    """
    asyncio.run(Projector(bootstrap_servers, redis_url, report, kept).run())
