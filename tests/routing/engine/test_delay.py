"""Hold earliest arrivals through checkpoints against a plain search in Python."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine import NO_WAY, Delays, Profile, Topology, node_order, pack
from routing.engine.compiled import LENGTH_BITS
from routing.engine.delay import earliest
from tests.routing.engine.graphs import Drawn, graphs


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Draw a queue that grows and shrinks, never faster than time passes."""
    times = sorted(draw(st.sets(st.integers(-5, 60), min_size=1, max_size=6)))
    delays = [draw(st.integers(0, 20))]
    for step in np.diff(times).tolist():
        delays.append(draw(st.integers(max(0, delays[-1] - step), delays[-1] + 10)))
    return Profile(tuple(times), tuple(delays))


def _slow_arrival(
    drawn: Drawn, held: dict[int, Profile], origin: int, end: int, depart: int
) -> int | None:
    """Search in all directions with a heap of Python's, delays by their definition."""
    heap, done = [(depart, origin)], set()
    while heap:
        now, node = heapq.heappop(heap)
        if node == end:
            return now
        if node in done:
            continue
        done.add(node)
        for arc in np.flatnonzero((drawn.tail == node) & (drawn.costs < NO_WAY)).tolist():
            leaves = now + (held[arc].delay_at(now) if arc in held else 0)
            drive = int(drawn.costs[arc]) >> LENGTH_BITS
            heapq.heappush(heap, (leaves + drive, int(drawn.head[arc])))
    return None


@settings(max_examples=200, deadline=None)
@given(graphs(most_nodes=12), st.data())
def test_arrivals_are_the_earliest_and_the_way_arrives_then(
    drawn: Drawn, data: st.DataObject
) -> None:
    """Guided or not, and driving the arcs it names takes just as long as it says."""
    metric = drawn.topology().customise(drawn.costs)
    node, depart = st.integers(0, drawn.nodes - 1), data.draw(st.integers(0, 40))
    origin, end = data.draw(node), data.draw(node)
    count = len(drawn.costs)
    some = st.dictionaries(st.integers(0, max(0, count - 1)), profiles(), max_size=min(count, 8))
    held = data.draw(some) if count else {}
    expected = _slow_arrival(drawn, held, origin, end, depart)
    for guided in (True, False):
        found = earliest(metric, origin, end, depart, Delays.on(count, held), guided=guided)
        if expected is None:
            assert found is None
            continue
        assert found is not None
        arrival, arcs = found
        now, here = depart, origin
        for arc in arcs:
            assert drawn.tail[arc] == here
            now += held[arc].delay_at(now) if arc in held else 0
            now += int(drawn.costs[arc]) >> LENGTH_BITS
            here = int(drawn.head[arc])
        assert (arrival, now, here) == (expected, expected, end)


@given(profiles(), st.integers(-10, 70), st.integers(0, 10))
def test_who_comes_later_leaves_no_earlier(profile: Profile, at: int, later: int) -> None:
    """First in, first out: also between the points, and rounded to milliseconds."""
    assert at + profile.delay_at(at) <= at + later + profile.delay_at(at + later)


def test_a_truck_waits_out_a_queue_or_drives_round_it() -> None:
    """A long queue sends it round; a short one does not; and by the hour at which it comes."""
    tail, head = np.array([0, 1, 0, 2], np.int32), np.array([1, 3, 2, 3], np.int32)
    topology = Topology.build(4, tail, head, node_order(4, tail, head))
    metric = topology.customise(pack(np.array([100, 100, 150, 150])))
    rush = Profile((0, 1000, 1500, 2000), (0, 0, 400, 0))
    held = Delays.on(4, {1: rush})
    assert earliest(metric, 0, 3, 0, held) == (200, [0, 1])
    assert earliest(metric, 0, 3, 1400, held) == (1700, [2, 3])
    assert earliest(metric, 0, 3, 2500, held) == (2700, [0, 1])


@pytest.mark.parametrize(
    ("at_ms", "delay_ms"),
    [((), ()), ((0,), (1, 2)), ((5, 5), (0, 0)), ((0, 10), (20, 5)), ((0,), (-1,))],
)
def test_profiles_that_are_none_are_refused(
    at_ms: tuple[int, ...], delay_ms: tuple[int, ...]
) -> None:
    """No points, times that do not rise, delays below zero or falling faster than time passes."""
    with pytest.raises(ValueError, match="Expected"):
        Profile(at_ms, delay_ms)
