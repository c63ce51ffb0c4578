"""Project states into a Redis that is flushed, killed and filled with garbage: it mends itself."""

# ruff: noqa: D102 - the names of tests are sentences

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from redis import Redis
from redis.exceptions import ConnectionError as NoConnection

from infra.settings import free_ports
from infra.stack import Stack
from schemas.topics import DEAD_LETTERS
from streams.projection import PROJECTED, Projector, bucket

TIME = "2021-08-25T05:00:00Z"

live = [pytest.mark.integration, pytest.mark.timeout(60)]


@given(st.floats(0, 1e9, allow_nan=False))
def test_a_bucket_bounds_its_latency_from_above_about_a_tenth_apart(milliseconds: float) -> None:
    bound = int(bucket(milliseconds))
    assert bound >= milliseconds or bound == 1
    assert bound <= max(milliseconds, 1) * 1.1 + 1.0001


@given(st.floats(0, 1e9, allow_nan=False), st.floats(0, 1e9, allow_nan=False))
def test_buckets_are_in_order(one: float, two: float) -> None:
    assert (int(bucket(one)) <= int(bucket(two))) or one > two


class OwnRedis:
    """A Redis of our own, to be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_ports(1)[0]
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        self.client: Any = Redis.from_url(self.url, decode_responses=True)
        self.start()

    def start(self) -> None:
        """Start it, empty."""
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self._port), "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )
        while not self._answers():
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except NoConnection:
            return False

    def kill(self) -> None:
        """Kill it: nothing of it is left."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.client.connection_pool.disconnect()


class Projection:
    """A projector at work in a thread, its Redis, and what is put into the topics."""

    def __init__(self, servers: str, redis: OwnRedis) -> None:
        self.redis = redis.client
        self.own = redis
        self.reports: list[bool] = []
        self._servers = servers
        self._producer = KafkaProducer(bootstrap_servers=servers, acks="all")
        self.start()

    def start(self) -> None:
        """Project from now on."""
        self._task: asyncio.Task[int] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def project_once(self) -> int:
        """Project what is there, by another projector; return how many changes it wrote."""
        projector = Projector(self._servers, self.own.url, self.reports.append)
        return asyncio.run(projector.run(until_done=True))

    def _run(self) -> None:
        projector = Projector(self._servers, self.own.url, self.reports.append)
        self._task = self._loop.create_task(projector.run())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def stop(self) -> None:
        """Stop projecting."""
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def close(self) -> None:
        """End everything."""
        self.stop()
        self._producer.close()
        self.redis.close()
        self.own.kill()

    def put(
        self, topic: str, event_type: str, key: str, doc: Any, *, name: str = "n", at: str = TIME
    ) -> None:
        """Put a record on a topic."""
        headers = {
            "ce_id": name,
            "ce_source": "/streams/test",
            "ce_specversion": "1.0",
            "ce_type": event_type,
            "ce_time": at,
        }
        value = doc if isinstance(doc, bytes) else orjson.dumps(doc)
        pairs = [(header, text.encode()) for header, text in headers.items()]
        self._producer.send(topic, value, key.encode(), headers=pairs)

    def put_truck(self, truck_id: str, version: int) -> None:
        """Put a truck's state."""
        doc = {"truck_id": truck_id, "version": version, "updated_at": TIME, "registered": True}
        self.put("truck.state.v1", "truck.state", truck_id, doc, name=f"{truck_id}@{version}")

    def take_back(self, topic: str, key: str) -> None:
        """Put what takes a state back on a topic."""
        forgotten = f"{topic.partition('.')[0]}.forgotten".encode()
        self._producer.send(topic, None, key.encode(), headers=[("ce_type", forgotten)])

    def flush(self) -> None:
        """Wait until the broker has everything."""
        self._producer.flush()

    def settle(self) -> None:
        """Wait until everything that is there has been projected."""
        self.flush()
        consumer = KafkaConsumer(bootstrap_servers=self._servers)
        places = [
            TopicPartition(topic, partition)
            for topic in PROJECTED
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        ends = consumer.end_offsets(places)
        consumer.close()
        wait_for(lambda: all(self._offset(place) >= end for place, end in ends.items()))

    def _offset(self, place: TopicPartition) -> int:
        return int(self.redis.hget("offsets", f"{place.topic}:{place.partition}") or 0)

    def version(self, truck_id: str) -> int | None:
        """Return the version of a truck's view."""
        view = self.redis.hget("view:truck", truck_id)
        return None if view is None else int(orjson.loads(view)["version"])

    def letters(self, key: str) -> list[str]:
        """List why records with this key are dead."""
        consumer = KafkaConsumer(bootstrap_servers=self._servers)
        place = TopicPartition(DEAD_LETTERS, 0)
        consumer.assign([place])
        consumer.seek_to_beginning()
        end = consumer.end_offsets([place])[place]
        found = []
        while consumer.position(place) < end:
            for records in consumer.poll(timeout_ms=500).values():
                found += [
                    dict(r.headers)["dlq_error"].decode() for r in records if r.key == key.encode()
                ]
        consumer.close()
        return found


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something holds; pytest's own timeout ends a hopeless wait."""
    while not what():
        time.sleep(0.05)


@pytest.fixture(scope="module")
def projection(broker: Stack) -> Iterator[Projection]:
    """Run a projector over the shared broker, with a Redis of its own."""
    with tempfile.TemporaryDirectory(prefix="harvestlane-") as folder:
        projection = Projection(broker.settings.bootstrap_servers, OwnRedis(Path(folder)))
        yield projection
        projection.close()


class TestRemoved:
    """With a real Redis, and records that no broker brings."""

    pytestmark = live

    @pytest.fixture
    def redis(self, tmp_path: Path) -> Iterator[OwnRedis]:
        redis = OwnRedis(tmp_path)
        yield redis
        redis.client.close()
        redis.kill()

    def test_what_is_taken_back_is_told_once_with_its_last_state(self, redis: OwnRedis) -> None:
        """Whoever may see the state hears that it is gone, and that there is a new one."""
        topic, doc = "truck.state.v1", {"truck_id": "T", "updated_at": TIME, "registered": True}
        gone = (None, "truck.forgotten")
        steps = [(doc | {"version": 7}, "truck.state"), gone, gone]
        steps += [(doc | {"version": 1}, "truck.state")]
        records = [_record(topic, at, *step) for at, step in enumerate(steps)]
        assert self._project(redis, records[:2], records[2:]) == [2, 1]
        changes = [entry for _, entry in redis.client.xrange("changes")]
        assert [orjson.loads(change.pop("doc"))["version"] for change in changes] == [7, 7, 1]
        named = {"kind": "truck", "id": "T"}
        assert changes == [named, named | {"removed": "1"}, named]
        assert redis.client.hget("version:truck", "T") == "1"

    def test_an_alert_that_is_shown_no_more_is_told_too(self, redis: OwnRedis) -> None:
        raised = {"subject": "T", "code": "truck_held", "severity": "warning", "alert_id": "old"}
        steps = [
            (raised, "alert.raised", TIME),
            ({"alert_id": "old", "subject": "T"}, "alert.cleared", TIME),
            (raised | {"alert_id": "new"}, "alert.raised", "2021-10-11T05:00:00Z"),
        ]
        self._project(redis, [_record("alert.v1", at, *step) for at, step in enumerate(steps)])
        *_, (_, last) = redis.client.xrange("changes")
        assert (last["kind"], last["id"], last["removed"]) == ("alert", "old", "1")
        assert orjson.loads(last["doc"])["status"] == "cleared"
        assert redis.client.hkeys("view:alert") == ["new"]
        assert redis.client.hkeys("version:alert") == ["new"]

    def _project(self, redis: OwnRedis, *polls: list[Any]) -> list[int]:
        """Project polls of one topic, and look once after old alerts."""

        async def project() -> list[int]:
            projector = Projector("nowhere", redis.url, lambda _ready: None)
            place = TopicPartition(polls[0][0].topic, 0)
            projector._expected[f"{place.topic}:0"] = ""
            written = [await projector._write({place: poll}, None) for poll in polls]
            await projector._forget_alerts()
            await projector._redis.aclose()
            return written

        return asyncio.run(project())


def _record(topic: str, offset: int, doc: Any, event_type: str, at: str = TIME) -> Any:
    headers = {
        "ce_id": f"{topic}/{offset}",
        "ce_source": "/streams/test",
        "ce_specversion": "1.0",
        "ce_type": event_type,
        "ce_time": at,
    }
    return SimpleNamespace(
        topic=topic,
        partition=0,
        offset=offset,
        key=b"T",
        value=None if doc is None else orjson.dumps(doc),
        headers=[(name, text.encode()) for name, text in headers.items()],
    )


class TestLive:
    """With a real broker and a real Redis."""

    pytestmark = live

    def test_states_become_views_and_an_older_version_never_replaces_a_newer(
        self, projection: Projection
    ) -> None:
        for version in (1, 3, 2, 3, 1):
            projection.put_truck("older", version)
        projection.settle()
        assert projection.version("older") == 3
        assert projection.redis.hget("version:truck", "older") == "3"
        changes = [
            orjson.loads(entry["doc"])["version"]
            for _, entry in projection.redis.xrange("changes")
            if entry["id"] == "older"
        ]
        assert changes == [1, 3]

    def test_a_view_is_exactly_the_value_of_its_topic(self, projection: Projection) -> None:
        doc = (
            b'{"truck_id": "exact",  "version": 1, "updated_at": "2021-08-25T05:00:00Z",'
            b' "registered": true, "plate": "\xc4\x90"}'
        )
        projection.put("truck.state.v1", "truck.state", "exact", doc)
        projection.settle()
        assert projection.redis.hget("view:truck", "exact").encode() == doc

    def test_alerts_are_raised_and_cleared(self, projection: Projection) -> None:
        raised = {"alert_id": "a/1", "subject": "T", "code": "truck_held", "severity": "warning"}
        projection.put("alert.v1", "alert.raised", "T", raised, name="r")
        projection.settle()
        assert _alert(projection)["status"] == "raised"
        cleared = {"alert_id": "a/1", "subject": "T"}
        projection.put("alert.v1", "alert.cleared", "T", cleared, name="c")
        projection.put("alert.v1", "alert.cleared", "T", {**cleared, "alert_id": "a/2"}, name="d")
        projection.settle()
        assert _alert(projection) | {"version": 0} == {
            **_alert(projection),
            "version": 0,
            "status": "cleared",
            "code": "truck_held",
        }
        assert projection.redis.hget("view:alert", "a/2") is None

    def test_a_flushed_redis_mends_itself(self, projection: Projection) -> None:
        projection.put_truck("flushed", 1)
        projection.settle()
        before = projection.redis.hgetall("view:truck"), projection.redis.hgetall("view:alert")
        projection.redis.flushall()
        projection.settle()
        after = projection.redis.hgetall("view:truck"), projection.redis.hgetall("view:alert")
        assert after == before
        projection.put_truck("flushed", 2)
        projection.redis.flushall()
        projection.settle()
        assert projection.version("flushed") == 2

    def test_a_killed_redis_is_filled_again(self, projection: Projection) -> None:
        projection.put_truck("killed", 1)
        projection.settle()
        projection.own.kill()
        projection.put_truck("killed", 2)
        projection.flush()
        wait_for(lambda: projection.reports[-1] is False)
        projection.own.start()
        projection.settle()
        assert projection.version("killed") == 2
        assert projection.version("flushed") == 2
        wait_for(lambda: projection.reports[-1] is True)

    def test_views_of_another_projectors_making_are_gone_on_from(
        self, projection: Projection
    ) -> None:
        """Redis may be put back to an older copy: offsets and views go back together."""
        projection.put_truck("restored", 1)
        projection.settle()
        offsets = projection.redis.hgetall("offsets")
        projection.put_truck("restored", 2)
        projection.settle()
        projection.redis.hset("view:truck", "restored", b'{"version": 1}')
        projection.redis.hset("version:truck", "restored", 1)
        projection.redis.hset("offsets", mapping=offsets)
        projection.put_truck("nudge", 1)
        projection.settle()
        assert projection.version("restored") == 2

    def test_garbage_in_a_state_topic_is_one_dead_letter_however_often_it_is_read(
        self, projection: Projection
    ) -> None:
        key = "garbage/1"
        projection.put("truck.state.v1", "truck.state", key, b"\xff\xfe{")
        projection.put("truck.state.v1", "lot.state", key, {"truck_id": key})
        projection.put("alert.v1", "alert.raised", key, {"alert_id": "x"})
        projection.put_truck("after-garbage", 1)
        projection.settle()
        assert projection.version("after-garbage") == 1
        assert len(projection.letters(key)) == 3
        projection.redis.flushall()
        projection.settle()
        assert len(projection.letters(key)) == 3
        assert all(why.startswith("malformed:") for why in projection.letters(key))

    def test_the_stream_of_changes_is_bounded(self, projection: Projection) -> None:
        pipe = projection.redis.pipeline()
        for number in range(21_000):
            pipe.xadd("changes", {"kind": "truck", "id": str(number), "doc": "{}"})
        pipe.execute()
        projection.put_truck("trims", 1)
        projection.settle()
        assert 20_000 <= projection.redis.xlen("changes") < 20_500
        assert projection.redis.xrevrange("changes", count=1)[0][1]["id"] == "trims"

    def test_another_projector_begins_where_redis_stands_and_buries_nothing_again(
        self, projection: Projection
    ) -> None:
        key = "garbage/2"
        projection.put("lot.state.v1", "lot.state", key, b"no")
        projection.settle()
        told = len(projection.reports)
        wait_for(lambda: len(projection.reports) > told + 1)
        projection.stop()
        projection.redis.flushall()
        assert projection.project_once() > 5
        assert len(projection.letters(key)) == 1
        assert projection.version("killed") == 2
        assert projection.project_once() == 0
        told = len(projection.reports)
        projection.start()
        wait_for(lambda: len(projection.reports) > told)

    def test_a_state_that_is_taken_back_takes_its_view_away(self, projection: Projection) -> None:
        projection.put_truck("gone", 7)
        projection.settle()
        projection.take_back("truck.state.v1", "gone")
        projection.settle()
        assert projection.redis.xrevrange("changes", count=1)[0][1]["removed"] == "1"
        assert projection.version("gone") is None
        assert projection.redis.hget("version:truck", "gone") is None
        assert projection.letters("gone") == []
        projection.put_truck("gone", 1)
        projection.settle()
        assert projection.version("gone") == 1

    def test_an_alert_that_was_cleared_long_ago_is_shown_no_more(
        self, projection: Projection
    ) -> None:
        raised = {"subject": "T", "code": "truck_held", "severity": "warning"}
        for name in ("old", "open"):
            projection.put("alert.v1", "alert.raised", "T", raised | {"alert_id": name}, name=name)
        cleared = {"alert_id": "old", "subject": "T"}
        projection.put("alert.v1", "alert.cleared", "T", cleared, name="old cleared")
        later = raised | {"alert_id": "later"}
        projection.put("alert.v1", "alert.raised", "T", later, name="l", at="2021-10-11T05:00:00Z")
        projection.settle()
        wait_for(lambda: projection.redis.hget("view:alert", "old") is None)
        assert projection.redis.hget("view:alert", "open") is not None
        assert projection.redis.hget("view:alert", "later") is not None


def _alert(projection: Projection) -> dict[str, Any]:
    doc: dict[str, Any] = orjson.loads(projection.redis.hget("view:alert", "a/1"))
    return doc
