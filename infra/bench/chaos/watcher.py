"""Watch how far every partition has been appended to and applied, twice a second, from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from redis.exceptions import RedisError

from infra.kafka.groups import WORKERS, admin_of, committed
from infra.settings import Settings
from infra.stack.lag import projected
from infra.stack.watch import owners
from infra.supervisor.probes import kafka_brokers
from infra.verify.accounted import PROJECTED, READ_TOPICS
from schemas.errors import Unavailable
from schemas.topics import CATALOGUE

Place = tuple[str, int]
Sample = tuple[float, Mapping[Place, int]]

EVERY_S = 0.5
_PATIENCE_S = 2.0
_JOIN_S = 30.0
_COPIES_EVERY = 4


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
        self._applied_at = _places(READ_TOPICS)
        self._shown_at = _places(PROJECTED)
        self.committed: list[Sample] = []
        self.ends: list[Sample] = []
        self.went_back = 0
        self._shown: Sample = (0.0, {})
        self._missing: tuple[float, int] = (0.0, 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join(_JOIN_S)

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

    def copies_missing(self, since: float) -> int | None:
        """Count the copies of partitions that are not in step.

        Parameters
        ----------
        since
            What was heard before this time (seconds since 1970) does not count.

        Returns
        -------
        int or None
            None where nobody told since then.
        """
        heard, missing = self._missing
        return missing if heard > since else None

    def leader_of(self, place: Place) -> str | None:
        """Name the worker that owns a partition now; None where nobody does, or none can tell."""
        try:
            with admin_of(self._settings) as admin:
                return owners(admin.describe_groups([WORKERS])[WORKERS]).get(place)
        except Unavailable:
            return None

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

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            if not self._somebody_listens():
                continue
            try:
                with admin_of(self._settings) as admin:
                    self._look(admin)
            except (Unavailable, KafkaError, OSError):
                continue  # somebody is down: another client, and the next look, tell more

    def _somebody_listens(self) -> bool:
        """Ask before a client is made, which leaves sockets open where nobody answers."""
        return any(kafka_brokers("127.0.0.1", port) for port in self._settings.kafka_ports)

    def _look(self, admin: Any) -> None:
        number = 0
        while not self._ended.wait(EVERY_S):
            asked = time.time()
            self.ends.append((asked, self._ask_ends(admin)))
            self._note(committed(admin, WORKERS, within_s=_PATIENCE_S))
            if number % _COPIES_EVERY == 0:
                self._missing = (asked, _missing(admin))
            number += 1
            try:
                self._shown = (time.time(), self._ask_shown())
            except RedisError:
                continue

    def _note(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Keep what was heard; an offset that went back is counted, and taken as it was before."""
        _, before = self.committed[-1] if self.committed else (0.0, {})
        found = {(place.topic, place.partition): at for place, at in offsets.items()}
        self.went_back += sum(found.get(place, 0) < at for place, at in before.items())
        highest = {place: max(at, before.get(place, 0)) for place, at in found.items()}
        self.committed.append((time.time(), {**before, **highest}))

    def _ask_ends(self, admin: Any) -> dict[Place, int]:
        places = {*self._applied_at, *self._shown_at}
        asked = {TopicPartition(*place): OffsetSpec.LATEST for place in places}
        answer = admin.list_partition_offsets(asked)
        return {(place.topic, place.partition): found.offset for place, found in answer.items()}

    def _ask_shown(self) -> dict[Place, int]:
        found = projected(self._settings)
        return {(place.topic, place.partition): at for place, at in found.items()}


def _places(topics: Iterable[str]) -> list[Place]:
    return [(topic, number) for topic in topics for number in range(CATALOGUE[topic].partitions)]


def _missing(admin: Any) -> int:
    parts = [part for topic in admin.describe_topics() for part in topic["partitions"]]
    return sum(len(part["replica_nodes"]) - len(part["isr_nodes"]) for part in parts)
