"""Read a stack's whole log, its changelogs and Redis, at one consistent cut."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from redis import Redis
from redis.exceptions import RedisError

from infra.kafka.groups import WORKERS, admin_of, committed
from infra.settings import Settings
from infra.supervisor.probes import kafka_brokers
from infra.verify.accounted import PROJECTED, READ_TOPICS
from infra.verify.log import CHANGELOG, FOLDS, KINDS, Entry, Log, Views
from schemas.errors import Unavailable
from schemas.topics import TOPICS
from streams.epoch import owned

VIEW_KINDS = (*KINDS, "alert")

_POLL_MS = 500
_EVERY_S = 0.2
_STUCK_S = 60.0

Offsets = Mapping[TopicPartition, int]
Progress = Callable[[str], None]


def read(
    settings: Settings, *, wait_s: float = 60.0, progress: Progress = lambda _: None
) -> tuple[Log, int]:
    """Read all that is judged.

    The ends of all topics are taken first; once everything before them has been dealt with and
    projected, Redis is copied and everything is read. What came meanwhile is in flight.

    Parameters
    ----------
    settings
        Name broker and Redis.
    wait_s
        How long to wait until nothing lags.
    progress
        Is told what happens.

    Returns
    -------
    tuple
        The log, and how many records nobody had dealt with when waiting ended.

    Raises
    ------
    Unavailable
        The broker or Redis does not answer.
    """
    try:
        with (
            consuming(settings, "harvestlane-verify") as consumer,
            Redis.from_url(settings.redis_url, socket_timeout=10, decode_responses=True) as redis,
        ):
            return _read(settings, consumer, redis, wait_s, progress)
    except RedisError as error:
        raise Unavailable(
            f"Redis at {settings.redis_url} does not answer ({error}); start a stack with "
            "`harvestlane up`"
        ) from error


def require_broker(settings: Settings) -> None:
    """Ask for a broker before a client is made, which leaves sockets open where there is none.

    Raises
    ------
    Unavailable
        No broker answers.
    """
    for server in settings.bootstrap_servers.split(","):
        host, _, port = server.rpartition(":")
        if port.isdigit() and kafka_brokers(host.strip("[]"), int(port)):
            return
    raise Unavailable(
        f"the broker at {settings.bootstrap_servers} does not answer; start a stack with "
        "`harvestlane up`"
    )


@contextmanager
def consuming(settings: Settings, client_id: str, *, only_committed: bool = False) -> Iterator[Any]:
    """Give a consumer that reads the log beside all groups, for as long as the block lasts.

    Parameters
    ----------
    settings
        Names the brokers.
    client_id
        As what it is known to them.
    only_committed
        Whether to pass over what a transaction took back.

    Raises
    ------
    Unavailable
        No broker answers.
    """
    require_broker(settings)
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers.split(","),
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_bytes=64 << 20,
            max_partition_fetch_bytes=8 << 20,
            max_poll_records=5_000,
            isolation_level="read_committed" if only_committed else "read_uncommitted",
            check_crcs=False,  # the broker has checked them; here it would take a second pass
        )
        try:
            yield consumer
        finally:
            consumer.close()
    except KafkaError as error:
        raise Unavailable(
            f"the broker at {settings.bootstrap_servers} does not answer "
            f"({type(error).__name__}); start a stack with `harvestlane up`"
        ) from error


def _read(
    settings: Settings, consumer: Any, redis: Any, wait_s: float, progress: Progress
) -> tuple[Log, int]:
    changelogs = [CHANGELOG.format(fold) for fold in FOLDS]
    places = _places(consumer, [*(topic.name for topic in TOPICS), *changelogs])
    cut = dict(consumer.end_offsets(places))
    lag = wait_for(settings, redis, cut, wait_s, progress)
    views = _copy(redis)
    ends = dict(consumer.end_offsets(places))
    first = dict(consumer.beginning_offsets(places))
    tables = {place: end for place, end in ends.items() if place.topic in changelogs}
    others = {place: end for place, end in ends.items() if place not in tables}
    log = Log(
        chain(
            entries(consumer, first, others, progress),
            _latest(owned(entries(consumer, first, tables, progress))),
        ),
        views,
        cut={(place.topic, place.partition): offset for place, offset in cut.items()},
        first={(place.topic, place.partition): offset for place, offset in first.items()},
    )
    return log, lag


def _places(consumer: Any, topics: Iterable[str]) -> list[TopicPartition]:
    places: list[TopicPartition] = []
    for topic in topics:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise Unavailable(f"the broker has no {topic}; `harvestlane topics apply` creates it")
        places += [TopicPartition(topic, number) for number in sorted(numbers)]
    return places


def wait_for(
    settings: Settings, redis: Any, cut: Offsets, wait_s: float, progress: Progress
) -> int:
    """Wait until workers and projector have dealt with everything below a cut.

    Parameters
    ----------
    settings
        Name the broker.
    redis
        A client of the views.
    cut
        The next offset of each partition.
    wait_s
        How long to wait at most.
    progress
        Is told how much is left.

    Returns
    -------
    int
        How many records are left; 0 where all is done.
    """
    deadline = time.monotonic() + wait_s
    with admin_of(settings) as admin:
        while True:
            done = committed(admin, WORKERS)
            lag = _behind(cut, READ_TOPICS, done)
            lag += _behind(cut, PROJECTED, projected(redis))
            if lag == 0 or time.monotonic() >= deadline:
                return lag
            progress(f"waiting for {lag} records to be dealt with")
            time.sleep(_EVERY_S)


def projected(redis: Any) -> dict[TopicPartition, int]:
    """Return how far the projector has read, as Redis has it."""
    places = ((*place.rpartition(":"), int(at)) for place, at in redis.hgetall("offsets").items())
    return {TopicPartition(topic, int(number)): at for topic, _, number, at in places}


def _behind(cut: Offsets, topics: Iterable[str], done: Offsets) -> int:
    wanted = frozenset(topics)
    left = (max(end - done.get(place, 0), 0) for place, end in cut.items() if place.topic in wanted)
    return sum(left)


def _copy(redis: Any) -> Views:
    """Copy all views in one transaction."""
    with redis.pipeline(transaction=True) as pipe:
        for kind in VIEW_KINDS:
            pipe.hgetall(f"view:{kind}")
            pipe.hgetall(f"version:{kind}")
        answers = pipe.execute()
    docs = {
        kind: {name: orjson.loads(text) for name, text in answers[2 * n].items()}
        for n, kind in enumerate(VIEW_KINDS)
    }
    versions = {
        kind: {name: int(text) for name, text in answers[2 * n + 1].items()}
        for n, kind in enumerate(VIEW_KINDS)
    }
    return Views(docs, versions)


def entries(
    consumer: Any, first: Offsets, ends: Offsets, progress: Progress = lambda _: None
) -> Iterator[Entry]:
    """Yield every record of some partitions.

    Parameters
    ----------
    consumer
        From `consuming`.
    first, ends
        The first offset of each partition, and the one behind the last that is asked for; only the
        latter's partitions are read.
    progress
        Is told how much has been read.

    Raises
    ------
    Unavailable
        The broker gives no more.
    """
    left = {place for place, end in ends.items() if end > first[place]}
    consumer.assign(sorted(left))
    for place in left:
        consumer.seek(place, first[place])
    total = sum(ends[place] - first[place] for place in left)
    count, moved = 0, time.monotonic()
    while left:
        for place, records in consumer.poll(timeout_ms=_POLL_MS).items():
            for record in records:
                if record.offset < ends[place]:
                    count += 1
                    yield _entry(record)
            moved = time.monotonic()
        progress(f"reading {count} of about {total} records")
        done = {place for place in left if consumer.position(place) >= ends[place]}
        if done:
            left -= done
            consumer.pause(*done)
        elif time.monotonic() - moved > _STUCK_S:
            raise Unavailable("the broker gives no more records; see its log")


def _latest(rows: Iterable[Entry]) -> Iterable[Entry]:
    """Pass over the older rows of each key: they are large, and nobody asks."""
    return {(row.topic, row.partition, row.key): row for row in rows}.values()


def _entry(record: Any) -> Entry:
    return Entry(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        appended_ms=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple((name, value or b"") for name, value in record.headers),
    )
