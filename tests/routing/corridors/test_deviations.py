"""Test what is said of trucks on a corridor: once, with evidence, whatever comes in what order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.corridors import Mended, Raised, begun, from_doc, left, passed, see, to_doc, took
from tests.routing.corridors.scene import T0, cleared, corridor, drive, fix, watch

if TYPE_CHECKING:
    from routing.corridors import Fix, Said, Scan

CLEAR = [cleared(600, "C1"), cleared(1_200, "C2")]


def _kinds(said: list[Said]) -> list[tuple[str, str, str]]:
    return [
        ("raised" if isinstance(one, Raised) else "mended", one.kind, one.about) for one in said
    ]


def test_a_truck_that_keeps_to_its_corridor_is_left_alone() -> None:
    """Nothing is said of a truck that does what it should."""
    assert watch(corridor(), [*drive(), *CLEAR], end_s=2_000)[1] == []


def test_a_deviation_is_raised_once_with_its_evidence_and_mended() -> None:
    """Off by 400 m for ten minutes: one alert, since it turned off, with positions; then mended."""
    _, said = watch(corridor(), [*drive([(300, 400), (900, 0)]), *CLEAR], end_s=2_000)
    assert _kinds(said) == [("raised", "deviation", ""), ("mended", "deviation", "")]
    raised, mended = said
    assert isinstance(raised, Raised)
    assert T0 + 270 <= raised.since_s <= T0 + 300
    assert raised.at_s <= T0 + 420
    assert raised.evidence["beyond_m"] == pytest.approx(300, abs=1)
    assert raised.evidence["positions"][0]["at_s"] == T0 + 300
    assert T0 + 900 < mended.at_s <= T0 + 990
    assert raised.alert_id == mended.alert_id


def test_a_second_deviation_is_raised_anew() -> None:
    """An alert that was mended is armed again."""
    there_and_back = [(300, 400), (600, 0), (1_200, 400), (1_500, 0)]
    _, said = watch(corridor(), [*drive(there_and_back), *CLEAR], end_s=2_000)
    raised = [one.alert_id for one in said if isinstance(one, Raised)]
    assert len(raised) == len(set(raised)) == 2
    assert [one.alert_id for one in said if isinstance(one, Mended)] == raised


@pytest.mark.parametrize(
    ("aside_m", "lasting_s"), [(140, 900), (400, 60), (-145, 300), (5_000, 60)]
)
def test_what_is_too_near_or_too_short_is_no_deviation(aside_m: float, lasting_s: float) -> None:
    """Less than 50 m beyond the width, or less than two minutes."""
    _, said = watch(
        corridor(), [*drive([(300, aside_m), (300 + lasting_s, 0)]), *CLEAR], end_s=2_000
    )
    assert said == []


def test_a_lost_signal_is_no_evidence() -> None:
    """A truck off for one position before and none after a silence of an hour is not reported."""
    silent = [*drive(until_s=300), fix(300, 3_000, 400), fix(3_900, 3_500), fix(3_930, 3_800)]
    assert watch(corridor(), silent, end_s=4_000)[1] == []


def test_a_truck_that_never_came_cannot_leave() -> None:
    """Of a truck that is not known to have been on the corridor no deviation is told."""
    assert watch(corridor(), drive([(0, 900)]), joined=False)[1] == []


def test_an_unlisted_stop_is_raised_and_mended_when_it_drives_on() -> None:
    """Twenty minutes on the road between the places."""
    items = [*drive(halt=(850, 1_200), until_s=3_000), cleared(600, "C1"), cleared(2_400, "C2")]
    _, said = watch(corridor(), items, end_s=3_000)
    assert _kinds(said) == [("raised", "unlisted_stop", ""), ("mended", "unlisted_stop", "")]
    assert said[0].at_s == pytest.approx(T0 + 850 + 600, abs=61)


@pytest.mark.parametrize("begin_s", [0, 560, 1_600])
def test_a_truck_may_stand_at_a_facility_a_checkpoint_and_an_allowed_stop(begin_s: float) -> None:
    """Where it may stand it stands."""
    items = [
        *drive(halt=(begin_s, 1_800), until_s=3_600),
        cleared(600 + 1_800 * (begin_s < 600), "C1"),
        cleared(1_200 + 1_800 * (begin_s < 1_200), "C2"),
    ]
    assert watch(corridor(), items, end_s=3_600)[1] == []


def test_use_outside_the_hours_is_raised_until_they_begin() -> None:
    """From 09:00 on a corridor that opens at 09:20."""
    rules = corridor(hours=(9 * 3_600 + 1_200, 17 * 3_600))
    _, said = watch(rules, [*drive(), *CLEAR], end_s=2_000)
    assert _kinds(said) == [("raised", "outside_hours", ""), ("mended", "outside_hours", "")]
    assert said[1].at_s == pytest.approx(T0 + 1_300 + 300, abs=61)


def test_hours_may_run_past_midnight_and_dates_end() -> None:
    """Open from 22:00 to 09:30 local time, or until a date."""
    night = corridor(hours=(22 * 3_600, 9 * 3_600 + 1_800))
    assert night.is_open(T0)
    assert not night.is_open(T0 + 1_860)
    assert not corridor(valid_until_s=T0 - 1).is_open(T0)
    assert not corridor(valid_from_s=T0 + 1).is_open(T0)


def test_a_foreign_truck_is_raised_and_one_on_the_roster_is_not() -> None:
    """The roster names who may use the corridor; an empty one admits any."""
    rules = corridor(roster=frozenset({"A", "B"}))
    items = [*drive(), *CLEAR]
    assert watch(rules, items, truck_id="A", end_s=2_000)[1] == []
    said = watch(rules, items, truck_id="X", end_s=2_000)[1]
    assert _kinds(said) == [("raised", "not_on_roster", "")]


def test_a_truck_that_crosses_does_not_use_the_corridor() -> None:
    """A foreign truck that stands in the width, or crosses it, is not reported for its roster."""
    crossing = [fix(30 * n, 9_000, 300 * (n - 5)) for n in range(20)]
    rules = corridor(roster=frozenset({"A"}))
    assert watch(rules, crossing, truck_id="X", joined=False)[1] == []


def test_when_the_trip_ends_what_is_open_is_mended() -> None:
    """Nothing stays open for a truck that is watched no longer."""
    rules = corridor()
    state = begun()
    for seen in see(rules.course, drive([(300, 400)], until_s=900)):
        state, _ = took(rules, "T", state, seen)
    state, said = left(rules, "T", state, T0 + 900)
    assert _kinds(list(said))[-1] == ("mended", "deviation", "")
    assert state.open == ()


def test_a_position_older_than_what_was_judged_is_refused_and_counted() -> None:
    """Ten minutes late is too late, and changes nothing."""
    rules = corridor()
    drives = drive()
    late = drives.pop(20)
    on_time, said = watch(rules, [*drives, *CLEAR], end_s=2_000)
    state, also = watch(
        rules,
        [*sorted([*drives, *CLEAR], key=lambda one: one.at_s), late],
        end_s=2_000,
        as_given=True,
    )
    assert (state.too_late, on_time.too_late) == (1, 0)
    assert also == said
    assert state.judged == on_time.judged


def test_a_clock_that_is_ahead_makes_no_position_late() -> None:
    """One position dated an hour ahead waits; what comes after it is judged all the same."""
    rules = corridor()
    state, said = begun(), []
    ahead = next(see(rules.course, [fix(3_600, 0)]))
    for seen in see(rules.course, drive([(300, 400)], until_s=1_200)):
        for one in (seen, ahead) if seen.at_s == T0 + 120 else (seen,):
            state, more = took(rules, "T", state, one, now_s=seen.at_s)
            said += more
        state, more = passed(rules, "T", state, seen.at_s)
        said += more
    assert _kinds(said) == [("raised", "deviation", "")]
    assert state.too_late == 0


def test_a_state_survives_as_json() -> None:
    """What a table keeps is what was known, in the middle of everything."""
    rules = corridor(roster=frozenset({"A"}))
    items = [*drive([(900, 400)], noise=random.Random(4)), cleared(640, "C1")]
    items.sort(key=lambda item: item.at_s)
    state, said = begun(), []
    again, also = begun(), []
    for item in items:
        known = next(see(rules.course, [item])) if not hasattr(item, "decision") else item
        state, more = took(rules, "T", state, known)
        said += more
        again, more = took(rules, "T", from_doc(orjson.loads(orjson.dumps(to_doc(again)))), known)
        also += more
    assert again == state
    assert also == said


tracks = st.tuples(
    st.integers(0, 1_000_000),
    st.lists(
        st.tuples(st.integers(0, 1_900), st.sampled_from([0, 0, 90, 160, 400, -900])), max_size=5
    ),
    st.tuples(st.integers(0, 1_900), st.sampled_from([0, 0, 700])),
    st.lists(st.sampled_from(["C1", "C2"]), max_size=3),
)


def _history(
    drawn: tuple[int, list[tuple[int, int]], tuple[int, int], list[str]],
) -> list[Fix | Scan]:
    seed, aside, halt, checkpoints = drawn
    chance = random.Random(seed)
    fixes = drive(sorted(aside), halt=halt, noise=chance)
    heard = [one for one in fixes if chance.random() > 0.1]
    return [*heard, *(cleared(chance.randrange(300, 1_900), c) for c in checkpoints)]


@settings(max_examples=120, deadline=None)
@given(tracks, st.randoms(use_true_random=False))
def test_the_same_positions_in_any_order_yield_the_same_alerts(
    drawn: tuple[int, list[tuple[int, int]], tuple[int, int], list[str]], chance: random.Random
) -> None:
    """Late within the bound, doubled or not: what is said, and what is known, is the same."""
    history = sorted(_history(drawn), key=lambda item: item.at_s)
    rules = corridor(roster=frozenset({"A"}))
    lateness_s = rules.params.lateness_s
    doubled = history + [item for item in history if chance.random() < 0.3]
    came = sorted(doubled, key=lambda item: item.at_s + chance.uniform(0, lateness_s * 0.999))
    one, said = watch(rules, history)
    two, also = watch(rules, came, as_given=True)
    assert also == said
    assert two.judged == one.judged


@settings(max_examples=60, deadline=None)
@given(tracks, st.randoms(use_true_random=False))
def test_the_clock_may_tick_at_any_time(
    drawn: tuple[int, list[tuple[int, int]], tuple[int, int], list[str]], chance: random.Random
) -> None:
    """Ticks between positions change nothing of what is said, and of when it is said to be so."""
    history = sorted(_history(drawn), key=lambda item: item.at_s)
    rules = corridor()
    state, said = begun(), []
    for item in history:
        known = next(see(rules.course, [item])) if not hasattr(item, "decision") else item
        state, more = took(rules, "T", state, known)
        said += more
        state, more = passed(rules, "T", state, item.at_s + chance.uniform(0, 30))
        said += more
    state, more = passed(rules, "T", state, T0 + 20_000)
    unticked = watch(rules, history)[1]
    if state.too_late == 0:
        assert [*said, *more] == unticked


@settings(max_examples=100, deadline=None)
@given(tracks, st.randoms(use_true_random=False))
def test_nothing_is_raised_twice_before_it_is_mended(
    drawn: tuple[int, list[tuple[int, int]], tuple[int, int], list[str]], chance: random.Random
) -> None:
    """In whatever order, however late: raised and mended alternate, and no id comes twice."""
    history = _history(drawn)
    chance.shuffle(history)
    _, said = watch(corridor(hours=(0, 9 * 3_600 + 900)), history, as_given=True)
    still: set[tuple[str, str]] = set()
    ids = set()
    for one in said:
        key = (one.kind, one.about)
        if isinstance(one, Raised):
            assert key not in still
            assert one.alert_id not in ids
            still.add(key)
            ids.add(one.alert_id)
        else:
            still.remove(key)
