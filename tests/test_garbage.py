"""Put every kind of garbage into every topic of a running stack: it is set aside, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from infra.dead_letters import letter_at, letters, retry
from infra.stack import Stack
from infra.verify.accounted import PROJECTED, READ_TOPICS
from infra.verify.judge import judge
from infra.verify.log import Log
from infra.verify.reader import read
from schemas.envelope import Record, encode
from schemas.model import format_time
from schemas.topics import CATALOGUE, TOPICS
from streams.recent import Recent
from tests.infra.processes import cli

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(microsecond=0)
PROCESSES = ("worker-1", "worker-2", "projector", "api", "kafka", "redis")
READ = frozenset({*READ_TOPICS, *PROJECTED})
"""Topics of which somebody sets garbage aside; the API passes over it in those that are its own."""

TRUCK = {
    "truck_id": "k1",
    "plate": "68C-123.45",
    "haulier_id": "h1",
    "region": "kien-giang",
    "payload_kg": 5000,
    "home": {"lat": 10.0, "lon": 105.0},
}
LOT = {
    "lot_id": "l1",
    "region": "kien-giang",
    "product": "pineapple",
    "quantity_kg": 5000,
    "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
    "ready_from": format_time(NOW + timedelta(hours=20)),
    "hold_until": format_time(NOW + timedelta(hours=60)),
}
POSITION = {"truck_id": "k1", "lat": 10.0, "lon": 105.1}
HEADERS = {
    "ce_id": "g1",
    "ce_source": "/foreign",
    "ce_specversion": "1.0",
    "ce_type": "truck.position_reported",
    "ce_time": format_time(NOW),
}

Sent = tuple[str, bytes | None, bytes | None, dict[str, str | bytes]]


def valid(topic: str, event_type: str, data: dict[str, Any], event_id: str) -> Record:
    """Return an event that is as it should be."""
    fact = CATALOGUE[topic].types[event_type].model_validate(data)
    return encode(topic, event_type, fact, event_id=event_id, source="/test", time=NOW)


def wrong_events() -> Iterator[tuple[str, Sent]]:
    """Yield what intake refuses, one of each kind, with a word of the reason."""
    value = orjson.dumps(POSITION)
    topic = "truck.position.v1"

    def position(data: dict[str, Any] | bytes = value, **headers: str | bytes) -> Sent:
        body = data if isinstance(data, bytes) else orjson.dumps(POSITION | data)
        named = {f"ce_{name}": text for name, text in headers.items()}
        return topic, b"k1", body, {**HEADERS, "ce_id": f"g{len(body)}{sorted(headers)}", **named}

    yield "offset", position(time="2021-08-24T05:00:00")
    yield "time_ahead", position(time=format_time(NOW + timedelta(hours=25)))
    yield "year", position(time="9999-12-31T23:59:59Z")
    yield "lat", position({"lat": 91.0})
    yield "speed_kph", position({"speed_kph": -1})
    yield "lon", position({"lon": "east"})
    yield "key", (topic, b"k2", value, HEADERS | {"ce_id": "key"})
    yield "key", (topic, None, value, HEADERS | {"ce_id": "nokey"})
    yield "UTF-8", position(id=b"\xff\xfe")
    yield "specversion", position(specversion="0.3")
    yield "white space", position(source="/a b")
    yield "carries no", position(type="lot.declared")
    yield "not JSON", position(b'{"truck_id": "k1", "lat": NaN, "lon": 1}')
    yield "not JSON", position(b'{"truck_id": "k1", "lat": 10.0')
    yield "object", position(b"[1, 2, 3]")
    yield "nested", position(b'{"a":' * 40 + b"1" + b"}" * 40)
    yield "empty", (topic, b"k1", None, HEADERS | {"ce_id": "tombstone"})
    lot = HEADERS | {"ce_type": "lot.declared", "ce_source": "/test"}
    for amount in (0, -5, 1_000_001, 10**30, "many"):
        body = orjson.dumps(LOT | {"quantity_kg": 1}).replace(
            b'"quantity_kg":1', b'"quantity_kg":' + str(amount).encode()
        )
        yield "", ("harvest.lot.v1", b"l1", body, lot | {"ce_id": f"lot{amount}"})
    conflict = orjson.dumps(LOT | {"quantity_kg": 4999})
    yield "conflict", ("harvest.lot.v1", b"l1", conflict, lot | {"ce_id": "lot-1"})


def garbage() -> Iterator[Sent]:
    """Yield garbage for every topic of the catalogue."""
    for topic in TOPICS:
        some_type = next(iter(topic.types), "none")
        dressed = HEADERS | {"ce_type": some_type}
        yield topic.name, b"garbage", b"\xff\xfe\x00\x01", {}
        yield topic.name, b"garbage", b"{}", dressed
        yield topic.name, b"\xff", b"null", dressed
        yield topic.name, b"garbage", None, dressed
        yield topic.name, b"garbage", b"[" * 5000 + b"]" * 5000, dressed
        yield topic.name, b"garbage", b'{"x": "' + b"a" * 900_000 + b'"}', dressed


class Soiled:
    """A stack into which everything has been put, and where what was put stands."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.pids = self._pids()
        self.wrong: list[tuple[str, str]] = []
        """Place and expected word of each wrong event."""
        self.garbage: list[str] = []
        producer = KafkaProducer(
            bootstrap_servers=stack.settings.bootstrap_servers, max_request_size=4 << 20
        )
        try:
            self._fill(producer)
        finally:
            producer.close()
        self.log: Log
        self.log, self.lag = read(stack.settings)

    def _pids(self) -> dict[str, int]:
        return {name: self.stack.pid_of(name) for name in PROCESSES}

    def _fill(self, producer: Any) -> None:
        for record in (
            valid("truck.registry.v1", "truck.registered", TRUCK, "truck-1"),
            valid("harvest.lot.v1", "lot.declared", LOT, "lot-1"),
        ):
            self._send(producer, record.topic, record.key, record.value, list(record.headers))
        for word, (topic, key, value, headers) in wrong_events():
            place = self._send(producer, topic, key, value, _pairs(headers))
            self.wrong.append((place, word))
        self._misplace(producer)
        for topic, key, value, headers in garbage():
            place = self._send(producer, topic, key, value, _pairs(headers))
            if topic in READ:
                self.garbage.append(place)
        stray = POSITION | {"truck_id": "k9"}
        for data, event_id in ((stray, "stray-1"), (POSITION, "position-1")):
            last = valid("truck.position.v1", "truck.position_reported", data, event_id)
            self._send(producer, last.topic, last.key, last.value, list(last.headers))

    def _misplace(self, producer: Any) -> None:
        """Send one good event for each partition: all but one stand where they do not belong."""
        topic = CATALOGUE["truck.position.v1"]
        home = producer.send(topic.name, key=b"k1", value=b"{}").get(timeout=30).partition
        for partition in range(topic.partitions):
            good = valid(topic.name, "truck.position_reported", POSITION, f"placed-{partition}")
            sent = producer.send(
                good.topic,
                key=good.key,
                value=good.value,
                headers=list(good.headers),
                partition=partition,
            ).get(timeout=30)
            if partition != home:
                self.wrong.append((f"{topic.name}:{partition}:{sent.offset}", "misplaced"))

    def _send(
        self,
        producer: Any,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]],
    ) -> str:
        sent = producer.send(topic, key=key, value=value, headers=headers).get(timeout=30)
        return f"{topic}:{sent.partition}:{sent.offset}"


def _pairs(headers: dict[str, str | bytes]) -> list[tuple[str, bytes]]:
    return [(n, v if isinstance(v, bytes) else v.encode()) for n, v in headers.items()]


@pytest.fixture(scope="module")
def soiled(stack: Stack) -> Soiled:
    """Put everything into one stack, and read it when it has dealt with it."""
    return Soiled(stack)


def test_the_stack_deals_with_all_of_it(soiled: Soiled) -> None:
    """Nothing stops at a poison pill."""
    assert soiled.lag == 0


def test_nothing_crashes(soiled: Soiled) -> None:
    """Every process is the one that it was."""
    assert {name: soiled.stack.pid_of(name) for name in PROCESSES} == soiled.pids


def test_what_intake_refuses_is_dead_with_its_reason(soiled: Soiled) -> None:
    """Each wrong event has a dead letter that says what is wrong."""
    for place, word in soiled.wrong:
        assert place in soiled.log.dead, place
        assert word in soiled.log.dead[place].error


def test_garbage_in_any_topic_is_dead_with_a_reason(soiled: Soiled) -> None:
    """Whoever reads a topic sets aside what is no event of it."""
    missing = [place for place in soiled.garbage if place not in soiled.log.dead]
    assert missing == []
    assert all(soiled.log.dead[place].error for place in soiled.garbage)


def test_a_dead_letter_keeps_key_value_and_headers(soiled: Soiled) -> None:
    """What was set aside can be looked at, and sent again."""
    by_place = {e.place: e for topic in TOPICS for e in soiled.log.entries(topic.name)}
    letters = [letter for letter in soiled.log.dead.values() if letter.place in by_place]
    assert letters
    for letter in letters:
        origin = by_place[letter.place]
        assert letter.entry.value == (origin.value or b"")
        assert letter.entry.key == (origin.key or b"")
        assert letter.entry.headers[: len(origin.headers)] == origin.headers


def test_nothing_valid_is_lost(soiled: Soiled) -> None:
    """What came before, between and after the garbage is known."""
    trucks, lots = soiled.log.views.docs["truck"], soiled.log.views.docs["lot"]
    assert trucks["k1"]["position"]["lon"] == 105.1
    assert lots["l1"]["quantity_kg"] == 5000


def test_an_id_nobody_registered_waits(soiled: Soiled) -> None:
    """A position of an unknown truck is parked, not refused: topics have no order among them."""
    parked = soiled.log.tables["truck"]["k9"]["parked"]
    assert [doc["topic"] for doc in parked] == ["truck.position.v1"]


def test_every_invariant_holds_after_it(soiled: Soiled) -> None:
    """Garbage is accounted for like everything else."""
    verdict = judge(soiled.log)
    assert verdict.ok, verdict.to_doc()


def test_a_dead_letter_that_is_sent_again_is_taken_once_nothing_speaks_against_it(
    soiled: Soiled,
) -> None:
    """What stood in the wrong partition goes to its own; garbage is dead again, and says so."""
    found = letters(soiled.stack.settings)
    assert {letter.place for letter in found} >= set(soiled.log.dead)
    misplaced = next(letter for letter in found if letter.cause == "misplaced")
    assert letter_at(soiled.stack.settings, misplaced.offset) == misplaced
    wrong = next(letter for letter in found if letter.cause == "malformed")
    taken, dead = retry(soiled.stack.settings, [misplaced, wrong])
    assert taken.dead_again is None
    assert (dead.dead_again or "").startswith("malformed")
    log, lag = read(soiled.stack.settings)
    assert lag == 0
    row = log.tables["truck"]["k1"]
    recent = Recent.from_text(row["recent"]["truck.position.v1"])
    headers = dict(taken.letter.headers)
    assert recent.holds(f"{headers['ce_source'].decode()} {headers['ce_id'].decode()}")
    verdict = judge(log)
    assert verdict.ok, verdict.to_doc()


def test_the_command_lists_and_shows_dead_letters(soiled: Soiled) -> None:
    """As a person would look at them, and as a script would."""
    listed = json.loads(cli(soiled.stack.settings, "dlq", "list", "--json", "--last", "3").stdout)
    assert listed["count"] >= len(soiled.log.dead)
    assert len(listed["letters"]) == 3
    offset = str(listed["letters"][0]["offset"])
    assert listed["letters"][0]["error"] in cli(soiled.stack.settings, "dlq", "show", offset).stdout
    lost = cli(soiled.stack.settings, "dlq", "show", "999999")
    assert (lost.returncode, lost.stderr) == (
        1,
        "harvestlane: no dead letter stands at 999999; `harvestlane dlq list` names them\n",
    )
