"""Test that every kept event is still read as it was."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Event, decode, encode
from schemas.errors import MalformedEvent
from schemas.model import format_time
from schemas.topics import DEAD_LETTERS, OWN_TOPICS, TOPICS
from tests.golden import FOLDER, Golden, golden_events, types_without_golden

CATALOGUE_TYPES = {(topic.name, event_type) for topic in TOPICS for event_type in topic.types}
every_golden = pytest.mark.parametrize(
    "golden", golden_events(), ids=[golden.name for golden in golden_events()]
)


def read(golden: Golden) -> Event:
    return decode(golden.topic, golden.key, golden.value, golden.headers)


def says_as_much(now: Any, then: Any) -> bool:
    """Tell whether nothing that was read then is lost: fields may be added at any depth."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(
            name in now and says_as_much(now[name], part) for name, part in then.items()
        )
    if isinstance(then, list):
        return (
            isinstance(now, list)
            and len(now) == len(then)
            and all(says_as_much(*parts) for parts in zip(now, then, strict=True))
        )
    return bool(now == then)


def test_every_type_of_every_topic_has_a_golden_event() -> None:
    assert types_without_golden(CATALOGUE_TYPES, golden_events()) == set()


def test_a_type_without_a_golden_event_would_be_found() -> None:
    invented = {("harvest.lot.v1", "lot.weighed")}
    assert types_without_golden(CATALOGUE_TYPES | invented, golden_events()) == invented


def test_every_topic_but_the_dead_letters_carries_events() -> None:
    assert {topic.name for topic in TOPICS if not topic.types} == {DEAD_LETTERS}


@every_golden
def test_a_golden_event_is_read_as_it_was(golden: Golden) -> None:
    event = read(golden)
    reading = {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": format_time(event.time),
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "digest": event.digest,
    }
    assert reading == {name: golden.reading[name] for name in reading}
    assert says_as_much(event.data.model_dump(mode="json"), golden.reading["data"])


@every_golden
def test_a_golden_event_survives_being_written_again(golden: Golden) -> None:
    event = read(golden)
    record = encode(
        event.topic,
        event.type,
        event.data,
        event_id=event.id,
        source=event.source,
        time=event.time,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
    )
    again = decode(record.topic, record.key, record.value, record.headers)
    assert (again.identity, again.time, again.key) == (event.identity, event.time, event.key)
    assert again.data == event.data


@pytest.mark.parametrize("line", sorted((FOLDER / "kept.sha256").read_text().splitlines()))
def test_a_kept_file_still_begins_as_it_was_kept(line: str) -> None:
    """Golden lines are added, never changed: each file starts with the bytes that were kept."""
    digest, size, path = line.split()
    start = (FOLDER / Path(path)).read_bytes()[: int(size)]
    assert hashlib.sha256(start).hexdigest() == digest, f"{path} was changed; add lines instead"


@pytest.mark.parametrize(
    "golden",
    [golden for golden in golden_events() if golden.topic in OWN_TOPICS],
    ids=lambda golden: golden.name,
)
def test_nobody_but_the_streams_speaks_on_their_topics(golden: Golden) -> None:
    forged = [
        (name, b"/stranger" if name == "ce_source" else value) for name, value in golden.headers
    ]
    with pytest.raises(MalformedEvent, match="/stranger"):
        decode(golden.topic, golden.key, golden.value, forged)


def test_the_streams_own_topics_are_those_that_no_outsider_may_post_to() -> None:
    assert {"dispatch.inbox.v1", "truck.state.v1", "slot.reservation.v1"} <= OWN_TOPICS
    assert not OWN_TOPICS & {"truck.position.v1", "dispatch.command.v1", "stack.clock.v1"}
