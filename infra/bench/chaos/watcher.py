"""Watch how far every partition has been appended to and applied, twice a second, from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from redis import Redis
from redis.exceptions import RedisError

from infra.kafka.groups import WORKERS
from infra.settings import Settings
from infra.verify.accounted import PROJECTED, READ_TOPICS
from schemas.topics import CATALOGUE

Place = tuple[str, int]
Sample = tuple[float, Mapping[Place, int]]

EVERY_S = 0.5
_PATIENCE_S = 2.0
_CUTOFF_S = 10.0


class Watcher:
    """Sample in a thread of its own; anybody may look meanwhile.

    Parameters
    ----------
    settings
        Name brokers and Redis.

    Attributes
    ----------
    committed
        What the workers have committed: when that was heard (seconds since 1970), and the next
        offset of each partition.
    ends
        Where each partition ended, at the latest, when this was asked.
    went_back
        How often an offset was lower than before.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin = AdminClient({"bootstrap.servers": settings.bootstrap_servers})
        self._applied_at = _places(READ_TOPICS)
        self._shown_at = _places(PROJECTED)
        self.committed: list[Sample] = []
        self.went_back = 0
        self.ends: list[Sample] = []
        self._shown: Sample = (0.0, {})
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join(_CUTOFF_S)

    def late(self, since: float, within_s: float) -> list[str]:
        """Name the partitions with a record that waits to be applied or shown.

        Parameters
        ----------
        since
            What was heard before this time (seconds since 1970) does not count.
        within_s
            What was appended no longer ago than this is on its way.
        """
        if not self.committed or min(self.committed[-1][0], self._shown[0]) <= since + EVERY_S:
            return ["no news"]
        applied, shown = self.committed[-1][1], self._shown[1]
        return [*self._late(applied, self._applied_at, within_s)] + [
            f"{name} in Redis" for name in self._late(shown, self._shown_at, within_s)
        ]

    def _late(
        self, offsets: Mapping[Place, int], places: list[Place], within_s: float
    ) -> Iterator[str]:
        """Yield the places that have not come as far as the ends were a while ago."""
        for asked, ends in reversed(self.ends):
            if asked <= time.time() - within_s:
                for place in places:
                    if offsets.get(place, 0) < ends[place]:
                        yield f"{place[0]}:{place[1]}"
                return

    def copies_missing(self) -> int:
        """Count the copies of partitions that are not in step, all where no broker answers."""
        try:
            topics = self._admin.list_topics(timeout=_PATIENCE_S).topics.values()
        except KafkaException:
            return len(self._applied_at)
        parts: Any = [part for topic in topics for part in topic.partitions.values()]
        return sum(len(part.replicas) - len(part.isrs) for part in parts)

    def leader_of(self, place: Place) -> str | None:
        """Name the worker that owns a partition now; None where nobody does, or none can tell."""
        try:
            asked = self._admin.describe_consumer_groups([WORKERS], request_timeout=_PATIENCE_S)
            group = asked[WORKERS].result(_CUTOFF_S)
        except (KafkaException, TimeoutError):
            return None
        for member in group.members:
            for one in member.assignment.topic_partitions:
                if (one.topic, one.partition) == place:
                    return str(member.group_instance_id or member.client_id)
        return None

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            for look in (self._look_at_ends, self._look_at_committed, self._look_at_shown):
                try:
                    look()
                except (KafkaException, RedisError, TimeoutError):
                    continue  # somebody is down: the next look tells more

    def _look_at_ends(self) -> None:
        asked = time.time()
        self.ends.append((asked, self._ask_ends()))

    def _look_at_committed(self) -> None:
        self._note(self._ask_committed())

    def _look_at_shown(self) -> None:
        self._shown = (time.time(), self._ask_shown())

    def _note(self, offsets: dict[Place, int]) -> None:
        """Keep what was heard; an offset that went back is counted, and taken as it was before."""
        _, before = self.committed[-1] if self.committed else (0.0, {})
        self.went_back += sum(offsets.get(place, 0) < at for place, at in before.items())
        highest = {place: max(at, before.get(place, 0)) for place, at in offsets.items()}
        self.committed.append((time.time(), {**before, **highest}))

    def _ask_ends(self) -> dict[Place, int]:
        places = {*self._applied_at, *self._shown_at}
        asked = {TopicPartition(*place): OffsetSpec.latest() for place in places}
        answers = self._admin.list_offsets(asked, request_timeout=_PATIENCE_S)
        found = {
            (place.topic, place.partition): future.result(_CUTOFF_S).offset
            for place, future in answers.items()
        }
        if min(found.values()) < 0:
            raise TimeoutError
        return found

    def _ask_committed(self) -> dict[Place, int]:
        asked = [ConsumerGroupTopicPartitions(WORKERS)]
        future = self._admin.list_consumer_group_offsets(asked, request_timeout=_PATIENCE_S)[
            WORKERS
        ]
        found = future.result(_CUTOFF_S).topic_partitions
        return {(one.topic, one.partition): max(one.offset, 0) for one in found}

    def _ask_shown(self) -> dict[Place, int]:
        with Redis.from_url(
            self._settings.redis_url, socket_timeout=_PATIENCE_S, decode_responses=True
        ) as client:
            found = client.hgetall("offsets")
        places = ((*name.rpartition(":"), int(at)) for name, at in found.items())
        return {(topic, int(number)): at for topic, _, number, at in places}


def _places(topics: Iterable[str]) -> list[Place]:
    return [(topic, number) for topic in topics for number in range(CATALOGUE[topic].partitions)]
