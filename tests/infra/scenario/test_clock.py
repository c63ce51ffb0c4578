"""Run a scenario's clock by anchors."""

from datetime import timedelta

from infra.scenario.clock import LEASE_S, ScenarioClock, anchor_record
from infra.scenario.lag import Ages
from schemas.clock import read_clock
from schemas.envelope import decode
from schemas.model import parse_time

_START = parse_time("2021-08-23T17:00:00Z")
_WALL = parse_time("2026-01-05T08:00:00Z")


def _running() -> ScenarioClock:
    clock = ScenarioClock("s", "r", speed=600, shows=_START)
    clock.judge(0.0)
    clock.confirm(clock.next_anchor(_WALL, 0))
    return clock


def test_the_clock_stands_until_it_is_released() -> None:
    """Before the first anchor time does not pass."""
    clock = ScenarioClock("s", "r", speed=600, shows=_START)
    assert clock.held
    assert clock.now(_WALL + timedelta(hours=1)) == _START


def test_a_released_clock_runs_at_its_speed() -> None:
    """One second of the wall is ten minutes of the scenario."""
    assert _running().now(_WALL + timedelta(seconds=1)) == _START + timedelta(minutes=10)


def test_a_player_that_stalls_stops_its_own_clock_too() -> None:
    """Past the lease the clock stands, for the player as for its followers."""
    clock = _running()
    stalled = clock.now(_WALL + timedelta(hours=1))
    assert stalled == _START + timedelta(seconds=600 * LEASE_S)


def test_the_next_anchor_shows_what_followers_read() -> None:
    """No follower's clock leaps or turns back at a new anchor."""
    clock = _running()
    wall = _WALL + timedelta(milliseconds=500)
    before = clock.now(wall)
    anchor = clock.next_anchor(wall, 7)
    assert read_clock(anchor, wall).now == before


def test_the_clock_is_held_well_before_two_seconds_of_lag_and_released_below_one() -> None:
    """Holding has some play, so that the clock does not stutter."""
    clock = _running()
    held = []
    for lag_s in (1.1, 2.1, 1.0, 0.7, 1.0):
        clock.judge(lag_s)
        held.append(clock.held)
    assert held == [False, True, True, False, False]
    clock.judge(9)
    assert clock.next_anchor(_WALL, 0).speed == 0


def test_an_anchor_is_an_event_of_the_catalogue() -> None:
    """Followers can read what the player sends."""
    anchor = _running().next_anchor(_WALL, 3)
    record = anchor_record(anchor)
    event = decode(record.topic, record.key, record.value, record.headers)
    assert event.data == anchor


def test_an_unread_record_is_as_old_as_the_first_end_beyond_it() -> None:
    """Ages come from when ends were seen, without reading a record."""
    ages = Ages()
    for now_s, end in ((0.0, 10), (1.0, 20), (2.0, 30)):
        ages.observe(now_s, {"t:0": end})
    assert ages.oldest_s(5.0, {"t:0": 5}) == 5.0
    assert ages.oldest_s(5.0, {"t:0": 10}) == 4.0
    assert ages.oldest_s(5.0, {"t:0": 25}) == 3.0
    assert ages.oldest_s(5.0, {"t:0": 30}) == 0.0
