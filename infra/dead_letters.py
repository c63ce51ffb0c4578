"""Read the dead letters of a running stack, and send them again as they came."""

from __future__ import annotations

import base64
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.verify.reader import consuming
from schemas.errors import NoSuchLetter
from schemas.topics import CATALOGUE, DEAD_LETTERS

with warnings.catch_warnings():  # kafka-python reads its protocol as Python 3.13 allows again
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaProducer, TopicPartition

if TYPE_CHECKING:
    from infra.settings import Settings

_CLIENT = "harvestlane-dlq"
_WHERE = TopicPartition(DEAD_LETTERS, 0)
_PATIENCE_S = 30.0
_WATCHED_S = 5.0
"""So long a record that was sent again is watched: by then it is taken, parked or dead again."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter.

    Attributes
    ----------
    offset
        Its name: where it stands in the dead-letter topic.
    buried
        When it was set aside.
    topic, partition, at
        Where the record stood, `at` being its offset there.
    error
        Why it is dead.
    attempt
        How often it has been tried.
    key, value, headers
        The record as it came.
    """

    offset: int
    buried: datetime
    topic: str
    partition: str
    at: str
    error: str
    attempt: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    @property
    def place(self) -> str:
        """Where the record stood."""
        return f"{self.topic}:{self.partition}:{self.at}"

    @property
    def cause(self) -> str:
        """The word that the error begins with, such as `unknown` or `malformed`."""
        return self.error.partition(":")[0]

    def doc(self) -> dict[str, Any]:
        """Return it as one JSON object; bytes that are no text are in base64."""
        return {
            "offset": self.offset,
            "buried": self.buried.isoformat().replace("+00:00", "Z"),
            "place": self.place,
            "error": self.error,
            "attempt": self.attempt,
            "key": _told(self.key),
            "value": _told(self.value),
            "headers": {name: _told(value) for name, value in self.headers},
        }


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a dead letter that was sent again.

    `dead_again` is the error where it ended as a dead letter once more, None where it was taken.
    """

    letter: Letter
    place: str
    dead_again: str | None


def letters(settings: Settings, *, topic: str | None = None) -> list[Letter]:
    """Return all dead letters that are kept, the oldest first.

    Parameters
    ----------
    settings
        Names the brokers.
    topic
        Only those that came from this topic.

    Raises
    ------
    Unavailable
        No broker answers.
    """
    if topic is not None and topic not in CATALOGUE:
        raise NoSuchLetter(f"there is no topic {topic}; `harvestlane topics check` names them all")
    with consuming(settings, _CLIENT) as consumer:
        _seek(consumer, 0)
        return [letter for letter in _rest(consumer) if topic in (None, letter.topic)]


def letter_at(settings: Settings, offset: int) -> Letter:
    """Return the dead letter at one offset.

    Raises
    ------
    NoSuchLetter
        None stands there, or no more.
    """
    with consuming(settings, _CLIENT) as consumer:
        _seek(consumer, offset)
        letter = next(_rest(consumer), None)
    if letter is None or letter.offset != offset:
        raise NoSuchLetter(f"no dead letter stands at {offset}; `harvestlane dlq list` names them")
    return letter


def retry(settings: Settings, chosen: Sequence[Letter]) -> list[Retried]:
    """Send dead letters again as they came, and see for a moment whether they are dead again.

    An event that was set aside is tried anew under the same id; one that has been applied since
    is a duplicate, and changes nothing.

    Parameters
    ----------
    settings
        Names the brokers.
    chosen
        Which ones.
    """
    if not chosen:
        return []
    dead: dict[str, str] = {}
    with consuming(settings, _CLIENT) as consumer:
        _seek(consumer, max(letter.offset for letter in chosen) + 1)
        producer = KafkaProducer(
            bootstrap_servers=settings.bootstrap_servers.split(","),
            client_id=_CLIENT,
            max_request_size=16 << 20,
        )
        try:
            sent = {_send(producer, letter): letter for letter in chosen}
        finally:
            producer.close()
        until = time.monotonic() + _WATCHED_S
        while time.monotonic() < until and not dead.keys() >= sent.keys():
            dead |= {letter.place: letter.error for letter in _rest(consumer)}
            time.sleep(0.2)
    return [Retried(letter, place, dead.get(place)) for place, letter in sent.items()]


def _send(producer: Any, letter: Letter) -> str:
    tried = ("dlq_attempt", str(letter.attempt).encode())
    again = ("dlq_retry_of", str(letter.offset).encode())
    sent = producer.send(
        letter.topic,
        key=letter.key or None,
        value=letter.value or None,
        headers=[*letter.headers, tried, again],
    ).get(timeout=_PATIENCE_S)
    return f"{sent.topic}:{sent.partition}:{sent.offset}"


def _seek(consumer: Any, offset: int) -> None:
    """Let a consumer stand at a dead letter, or at the oldest that is kept."""
    consumer.assign([_WHERE])
    consumer.seek(_WHERE, max(offset, consumer.beginning_offsets([_WHERE])[_WHERE]))


def _rest(consumer: Any) -> Iterator[Letter]:
    """Yield the dead letters from where a consumer stands to what is the end by now."""
    end = consumer.end_offsets([_WHERE])[_WHERE]
    while consumer.position(_WHERE) < end:
        for records in consumer.poll(timeout_ms=1_000).values():
            yield from (_letter(record) for record in records)


def _letter(record: Any) -> Letter:
    said = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    attempt = said.get("dlq_attempt", "")
    return Letter(
        offset=record.offset,
        buried=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        topic=said.get("dlq_topic", ""),
        partition=said.get("dlq_partition", ""),
        at=said.get("dlq_offset", ""),
        error=said.get("dlq_error", ""),
        attempt=int(attempt) if attempt.isdigit() else 1,
        key=record.key or b"",
        value=record.value or b"",
        headers=tuple(pair for pair in record.headers if not pair[0].startswith("dlq_")),
    )


def _told(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(raw).decode()}"
