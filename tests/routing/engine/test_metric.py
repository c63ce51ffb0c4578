"""Hold the engine against networkx on random graphs, before and after random closures."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine import INF_MS, NO_WAY, Metric, Seeds, Topology, node_order, pack
from routing.engine.compiled import LENGTH_BITS
from routing.engine.customise import customise, recustomise
from tests.routing.engine.graphs import Drawn, graphs, slow_costs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MANY = settings(max_examples=150, deadline=None)


def _check(drawn: Drawn, metric: Metric) -> None:
    """Compare every answer about every pair of nodes with networkx."""
    nodes = Seeds.at(range(drawn.nodes))
    expected = np.array([slow_costs(drawn, metric.costs, u) for u in range(drawn.nodes)])
    assert np.array_equal(metric.table(nodes, nodes), expected)
    assert np.array_equal(metric.table_ms(nodes, nodes, threads=2), expected >> LENGTH_BITS)
    for u in range(drawn.nodes):
        assert metric.reach(Seeds.at([u])).tolist() == expected[u].tolist()
        assert metric.reach(Seeds.at([u]), backwards=True).tolist() == expected[:, u].tolist()
        for v in range(drawn.nodes):
            assert metric.cost(u, v) == expected[u, v]
            _check_path(drawn, metric, u, v, int(expected[u, v]))


def _check_path(drawn: Drawn, metric: Metric, u: int, v: int, cost: int) -> None:
    """See that the arcs join, lead from one node to the other and cost what was said."""
    arcs = metric.path(u, v)
    if cost == NO_WAY:
        assert arcs is None
        return
    assert arcs is not None
    assert metric.costs[arcs].sum() == cost
    stops = [u, *drawn.head[arcs].tolist()]
    assert stops[-1] == v
    assert drawn.tail[arcs].tolist() == stops[:-1]


@MANY
@given(graphs())
def test_every_answer_agrees_with_networkx(drawn: Drawn) -> None:
    """Costs, tables, sweeps and paths, on graphs with loops, one-ways and lone parts."""
    topology = drawn.topology()
    _check(drawn, topology.customise(drawn.costs))
    one, two = topology.customise(drawn.costs), topology.customise(drawn.costs, threads=2)
    assert np.array_equal(one.up, two.up)
    assert np.array_equal(one.down, two.down)


@pytest.mark.parametrize("few", [0, 1, 4000])
@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_changed_arcs_give_what_customising_anew_gives(
    few: int, drawn: Drawn, data: st.DataObject
) -> None:
    """Closed, slowed, quickened and opened again, followed slot by slot or in rows, or both."""
    topology = drawn.topology()
    costs = drawn.costs.copy()
    up, down = customise(topology, costs)
    for _ in range(3):
        arcs, changed = _changes(drawn, data)
        before = up.copy(), down.copy()
        costs[arcs] = changed
        touched = recustomise(topology, costs, arcs, up, down, few=few)
        expected_up, expected_down = customise(topology, costs)
        assert np.array_equal(up, expected_up)
        assert np.array_equal(down, expected_down)
        differs = (up != before[0]) | (down != before[1])
        assert set(topology.low[differs].tolist()) == set(np.flatnonzero(touched).tolist())


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_a_changed_metric_agrees_with_networkx_and_can_be_changed_back(
    drawn: Drawn, data: st.DataObject
) -> None:
    """Also where its labels were taken over from the metric before."""
    first = metric = drawn.topology().customise(drawn.costs)
    for _ in range(2):
        metric.table(Seeds.at(range(drawn.nodes)), Seeds.at(range(drawn.nodes)))
        metric = metric.changed(*_changes(drawn, data))
        _check(drawn, metric)
    every = np.arange(len(drawn.costs), dtype=np.int32)
    back = metric.changed(every, drawn.costs)
    assert np.array_equal(back.up, first.up)
    assert np.array_equal(back.down, first.down)


def _changes(drawn: Drawn, data: st.DataObject) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    arc = st.integers(0, max(0, len(drawn.costs) - 1))
    arcs = data.draw(st.lists(arc, unique=True, max_size=8)) if len(drawn.costs) else []
    cost = st.one_of(st.just(NO_WAY), st.integers(1, 12).map(lambda ms: ms << LENGTH_BITS))
    costs = data.draw(st.lists(cost, min_size=len(arcs), max_size=len(arcs)))
    return np.array(arcs, np.int32), np.array(costs, np.int64)


@MANY
@given(graphs(), st.data())
def test_places_with_several_nodes_take_the_best_of_them(drawn: Drawn, data: st.DataObject) -> None:
    """A place between the ends of an arc, or between joined nodes, costs the least over both."""
    metric = drawn.topology().customise(drawn.costs)
    pairs = [*zip(drawn.tail.tolist(), drawn.head.tolist(), strict=True), *drawn.joined.tolist()]
    if not pairs:
        return
    place = st.sampled_from(pairs).flatmap(
        lambda pair: st.tuples(
            *(st.tuples(st.just(node), st.integers(0, 9)) for node in dict.fromkeys(pair))
        )
    )
    origin, end = data.draw(place), data.draw(place)
    costs = {u: slow_costs(drawn, metric.costs, u) for u, _ in origin}
    sums = [costs[u][v] + ((one + two) << LENGTH_BITS) for u, one in origin for v, two in end]
    expected = min(NO_WAY, *sums)
    one, two = (
        Seeds.of([[(node, ms << LENGTH_BITS) for node, ms in each]]) for each in (origin, end)
    )
    assert metric.table(one, two).item() == expected
    way = metric.way(one, two)
    if expected == NO_WAY:
        assert way is None
        return
    assert way is not None
    assert (way.time_ms << LENGTH_BITS) + way.length_dm == expected
    stubs = dict(origin)[way.start] + dict(end)[way.end]
    assert metric.costs[list(way.arcs)].sum() + (stubs << LENGTH_BITS) == expected


def test_a_place_on_two_root_paths_is_refused() -> None:
    """It would be answered wrongly, so it is not answered."""
    topology = Topology.build(
        3, np.array([0, 2], np.int32), np.array([1, 1], np.int32), np.array([0, 2, 1], np.int32)
    )
    metric = topology.customise(pack(np.array([1, 1])))
    with pytest.raises(ValueError, match="one root path"):
        metric.table(Seeds.of([[(0, 0), (2, 0)]]), Seeds.at([1]))


def test_times_too_long_to_be_a_way_are_none() -> None:
    """Sums beyond 11 days are no way, and never overflow to a short one."""
    chain = np.arange(40, dtype=np.int32)
    topology = Topology.build(41, chain, chain + 1, node_order(41, chain, chain + 1))
    metric = topology.customise(pack(np.full(40, INF_MS - 1)))
    assert metric.time_ms(0, 1) == INF_MS - 1
    assert metric.time_ms(0, 2) == metric.time_ms(0, 40) == INF_MS
    assert metric.path(0, 40) is None


def test_bad_numbers_are_refused() -> None:
    """Arcs without nodes, orders with gaps, costs of nothing, changes of no arc."""
    one, two = np.array([0], np.int32), np.array([1], np.int32)
    with pytest.raises(ValueError, match="arcs between nodes"):
        Topology.build(1, one, two, np.array([0]))
    with pytest.raises(ValueError, match="every node once"):
        Topology.build(2, one, two, np.array([0, 0]))
    with pytest.raises(ValueError, match="at least 1 ms"):
        pack(np.array([0]))
    topology = Topology.build(2, one, two, np.array([0, 1]))
    with pytest.raises(ValueError, match="one an arc"):
        topology.customise(pack(np.array([1, 2])))
    with pytest.raises(ValueError, match="arcs of the graph"):
        topology.customise(pack(np.array([1]))).changed(np.array([1]), np.array([NO_WAY]))


@given(graphs())
@settings(max_examples=20, deadline=None)
def test_a_topology_survives_its_file(drawn: Drawn) -> None:
    """It is read back as it was, and not under another key."""
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    topology = drawn.topology()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "topology.npz"
        topology.save(path, key="a")
        read = Topology.load(path, key="a")
        assert np.array_equal(read.customise(drawn.costs).up, topology.customise(drawn.costs).up)
        with pytest.raises(ValueError, match="another graph"):
            Topology.load(path, key="b")


def test_a_truncated_topology_is_refused(tmp_path: Path) -> None:
    """Half a file is no topology."""
    path = tmp_path / "topology.npz"
    Topology.build(2, np.array([0], np.int32), np.array([1], np.int32), np.array([0, 1])).save(path)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(ValueError, match=r"whole|zip"):
        Topology.load(path)


def test_readers_never_see_a_half_changed_metric() -> None:
    """Threads that ask on while arcs close and open get the costs of before or after, no other."""
    rng = np.random.default_rng(308)
    tail = rng.integers(0, 400, 1600).astype(np.int32)
    head = rng.integers(0, 400, 1600).astype(np.int32)
    costs = pack(rng.integers(1, 100, 1600))
    topology = Topology.build(400, tail, head, node_order(400, tail, head))
    open_, arcs = topology.customise(costs), np.arange(0, 1600, 7, dtype=np.int32)
    places = Seeds.at(range(60))
    shut = open_.changed(arcs, np.full(len(arcs), NO_WAY))
    allowed = [open_.table(places, places), shut.table(places, places)]
    current, wrong, stop = [open_], [], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found = current[0].table(places, places)
            if not any(np.array_equal(found, each) for each in allowed):
                wrong.append(found)

    readers = [threading.Thread(target=ask) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(60):
        current[0] = current[0].changed(arcs, np.full(len(arcs), NO_WAY))
        current[0] = current[0].changed(arcs, costs[arcs])
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_labels_outlive_changes_elsewhere() -> None:
    """A closure drops the labels that it touches and keeps the rest."""
    chain = np.arange(99, dtype=np.int32)
    tail, head = np.concatenate([chain, chain + 1]), np.concatenate([chain + 1, chain])
    topology = Topology.build(100, tail, head, node_order(100, tail, head))
    metric = topology.customise(pack(np.full(198, 10)))
    every = Seeds.at(range(100))
    metric.table(every, every)
    assert metric.labels_kept() == 200
    changed = metric.changed(np.array([0], np.int32), np.array([NO_WAY]))
    assert 0 < changed.labels_kept() < 200
    assert changed.time_ms(0, 1) == INF_MS
    assert changed.table_ms(Seeds.at([0, 1]), Seeds.at([99])).tolist() == [[INF_MS], [980]]
