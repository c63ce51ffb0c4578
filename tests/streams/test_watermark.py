"""Let no deadline pass before what stands unread in the log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.truck import SILENT_AFTER, TRUCK_FOLD
from streams.watermark import NEVER, Watermark
from tests.streams.bench import Bench
from tests.streams.town import NOON

_TOPICS = ("a", "b")
_MOMENTS = st.integers(-90, 90).map(lambda minutes: NOON + timedelta(minutes=minutes))
TRUCK: dict[str, Any] = {
    "truck_id": "T",
    "plate": "68C-11111",
    "haulier_id": "H",
    "region": "kien-giang",
    "payload_kg": 5000,
    "home": {"lat": 10.0, "lon": 105.0},
    "temperature_classes": ["ambient"],
}
POSITIONS = "truck.position.v1"


@given(
    st.lists(st.tuples(st.sampled_from(_TOPICS), _MOMENTS)),
    st.sets(st.sampled_from(_TOPICS)),
)
def test_time_is_held_by_the_sources_that_are_behind_alone(
    heard: list[tuple[str, datetime]], behind: set[str]
) -> None:
    mark = Watermark()
    for topic, at in heard:
        mark.hear(0, topic, at, NOON)
    latest = [max((at for name, at in heard if name == topic), default=NEVER) for topic in behind]
    assert mark.time(0, NOON, behind) == min([NOON, *latest])
    assert mark.time(1, NOON, behind) == (NEVER if behind else NOON)


def _bench() -> Bench:
    bench = Bench(TRUCK_FOLD)
    bench.say("truck.registered", TRUCK)
    bench.say("truck.position_reported", {"truck_id": "T", "lat": 10.0, "lon": 105.0})
    return bench


def test_a_truck_is_not_silent_whose_signs_are_only_unread() -> None:
    """The worker was away for three hours; the truck was not."""
    bench = _bench()
    first = len(bench.log)
    for _ in range(9):
        bench.now += timedelta(minutes=20)
        bench.put_unread("truck.position_reported", {"truck_id": "T", "lat": 10.0, "lon": 105.0})
    tick = bench.tick_unread()
    bench.read([tick], behind={POSITIONS})
    assert list(bench.events("alert.v1")) == []
    bench.read(bench.log[first : first + 2])
    bench.read([tick], behind={POSITIONS})
    assert list(bench.events("alert.v1")) == []
    bench.read(bench.log[first:])
    assert list(bench.events("alert.v1")) == []


def test_a_truck_is_silent_once_everything_is_read_or_later_signs_of_others_say_so() -> None:
    bench = _bench()
    bench.say("truck.registered", {**TRUCK, "truck_id": "U", "plate": "68C-22222"})
    bench.now += SILENT_AFTER + timedelta(minutes=1)
    tick = bench.tick_unread()
    bench.read([tick], behind={POSITIONS})
    assert list(bench.events("alert.v1")) == []
    bench.say("truck.position_reported", {"truck_id": "U", "lat": 10.0, "lon": 105.0})
    bench.read([bench.tick_unread()], behind={POSITIONS})
    assert [kind for kind, _ in bench.events("alert.v1")] == ["alert.raised"]


def test_a_source_that_was_never_heard_of_holds_time_until_it_is_read() -> None:
    bench = _bench()
    bench.restart()
    bench.now += SILENT_AFTER + timedelta(minutes=1)
    bench.read([bench.tick_unread()], behind={POSITIONS})
    assert list(bench.events("alert.v1")) == []
    bench.read([bench.tick_unread()])
    assert [kind for kind, _ in bench.events("alert.v1")] == ["alert.raised"]
