"""Remember how tellings went: the latest in memory, all of them for a month in Kafka."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from datetime import UTC, datetime

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from api.broker import Broker
from api.kafka import stop
from api.problems import Problem
from schemas.envelope import Record, encode
from schemas.webhook import DeliveryTried

_log = logging.getLogger(__name__)

TOPIC = "webhook.delivery.v1"
_TYPE, _SOURCE = "webhook.delivery_tried", "/api/webhooks"
SHOWN = 100
"""So many of a hook's latest attempts are shown."""
_READ_AT_START = 5_000
_MOST_WAITING = 5_000
_AT_ONCE = 500
_LOOK_MS = 2_000


class DeliveryLog:
    """Note attempts, and write them a moment later.

    Parameters
    ----------
    broker
        Where to write.
    bootstrap
        Where to read what was noted before; None for nowhere.
    """

    def __init__(self, broker: Broker, bootstrap: str | None) -> None:
        self._broker = broker
        self._bootstrap = bootstrap
        self._latest: dict[str, deque[DeliveryTried]] = {}
        self._waiting: deque[Record] = deque(maxlen=_MOST_WAITING)

    def note(self, tried: DeliveryTried) -> None:
        """Note an attempt.

        Parameters
        ----------
        tried
            How it went.
        """
        self._remember(tried)
        event_id = f"{tried.message_id}/{tried.hook_id}/{tried.attempt}/{tried.at.timestamp():.3f}"
        self._waiting.append(
            encode(TOPIC, _TYPE, tried, event_id=event_id, source=_SOURCE, time=tried.at)
        )

    def latest(self, hook_id: str) -> list[DeliveryTried]:
        """Return a hook's latest attempts, the last one first.

        Parameters
        ----------
        hook_id
            Whose.
        """
        return list(reversed(self._latest.get(hook_id, ())))

    def forget(self, hook_id: str) -> None:
        """Show nothing of a hook any more.

        Parameters
        ----------
        hook_id
            Whose.
        """
        self._latest.pop(hook_id, None)

    async def write(self) -> None:
        """Write what was noted; what the broker does not take now is written next time."""
        while self._waiting:
            records = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            is_written = False
            try:
                await self._broker.publish(records)
                is_written = True
            except Problem:
                _log.warning("%d lines of webhooks' log wait for Kafka", len(records))
                return
            finally:
                if not is_written:  # for whatever reason: also where the process is to stop
                    room = _MOST_WAITING - len(self._waiting)
                    self._waiting.extendleft(reversed(records[-room:] if room else []))

    async def load(self) -> None:
        """Read the end of what was noted by the process before."""
        if self._bootstrap is None:
            return
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        place = TopicPartition(TOPIC, 0)
        try:
            await consumer.start()
            consumer.assign([place])
            (end,) = (await consumer.end_offsets([place])).values()
            (first,) = (await consumer.beginning_offsets([place])).values()
            consumer.seek(place, max(first, end - _READ_AT_START))
            while await consumer.position(place) < end:
                polled = await consumer.getmany(place, timeout_ms=_LOOK_MS)
                for each in polled.get(place, ()):
                    with contextlib.suppress(ValidationError, ValueError, TypeError):
                        self._remember(DeliveryTried.model_validate(orjson.loads(each.value)))
                if not polled:
                    return
        except (KafkaError, OSError) as error:
            _log.warning("the log of webhooks could not be read (%r)", error)
        finally:
            await stop(consumer)

    def _remember(self, tried: DeliveryTried) -> None:
        self._latest.setdefault(tried.hook_id, deque(maxlen=SHOWN)).append(tried)


def tried(
    hook_id: str,
    message_id: str,
    kind: str,
    entity_id: str | None,
    *,
    attempt: int,
    status: int | None,
    error: str | None,
    took_ms: int,
) -> DeliveryTried:
    """Say how an attempt went that ended now."""
    return DeliveryTried(
        hook_id=hook_id,
        message_id=message_id,
        kind=kind,
        entity_id=entity_id,
        attempt=attempt,
        status=status,
        error=error,
        took_ms=took_ms,
        at=datetime.now(UTC),
    )
