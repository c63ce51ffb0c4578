"""Read anchors: the latest decides, and garbage is passed over."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.clock import ClockAnchored
from schemas.envelope import encode
from streams.clock import CLOCK, StackClock
from tests.streams.town import NOON


def _take(clock: StackClock, speed: float, name: str) -> None:
    fact = ClockAnchored(mode="scenario", wall=datetime.now(UTC), shows=NOON, speed=speed)
    record = encode(
        CLOCK, "clock.anchored", fact, event_id=name, source="/streams/scenario", time=NOON
    )
    clock._take(record.key, record.value, record.headers)


def test_the_clock_shows_what_the_latest_anchor_says() -> None:
    clock = StackClock("127.0.0.1:1")
    assert clock.now().year > NOON.year
    _take(clock, 60.0, "a")
    _take(clock, 0.0, "b")
    assert clock.now() == NOON


def test_garbage_in_the_clocks_topic_moves_no_clock() -> None:
    clock = StackClock("127.0.0.1:1")
    _take(clock, 0.0, "a")
    clock._take(None, None, ())
    clock._take(b"stack", b"\xff", (("ce_id", b"x"),))
    assert clock.now() == NOON
