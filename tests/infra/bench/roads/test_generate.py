"""Hold generated roads to what makes them roads."""

from pathlib import Path

import numpy as np
import osmium
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from infra.bench.roads.generate import generate
from infra.bench.roads.graph import CLASSES, SPEEDS_KPH, RoadGraph
from infra.bench.roads.pbf import ways, write_pbf

NODES = 600
FIELDS = ("lat", "lon", "tail", "head", "length_m", "road_class", "limit_kph")


@pytest.fixture(scope="module", params=[1, 2, 3])
def roads(request: pytest.FixtureRequest) -> RoadGraph:
    """Draw small roads of several seeds."""
    return generate(nodes=NODES, seed=request.param)


def _pairs(graph: RoadGraph) -> set[tuple[int, int]]:
    return set(zip(graph.tail.tolist(), graph.head.tolist(), strict=True))


def test_the_same_seed_draws_the_same_arrays() -> None:
    """A figure can be taken again on the same roads; another seed draws others."""
    one, two, other = (generate(nodes=NODES, seed=seed) for seed in (5, 5, 6))
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert not np.array_equal(one.lat, other.lat)


def test_every_node_reaches_every_other(roads: RoadGraph) -> None:
    """One-ways never trap anybody, and the size is what was asked for."""
    arcs = (roads.tail, roads.head)
    graph = coo_array((np.ones(roads.arcs), arcs), shape=(roads.nodes, roads.nodes))
    assert connected_components(graph, connection="strong")[0] == 1
    assert roads.nodes == NODES


def test_no_arc_is_a_loop_or_comes_twice(roads: RoadGraph) -> None:
    """Engines that know no parallel arcs are asked the same."""
    assert len(_pairs(roads)) == roads.arcs
    assert all(tail != head for tail, head in _pairs(roads))


def test_degrees_are_those_of_roads_and_of_no_grid(roads: RoadGraph) -> None:
    """Dead ends, bends, junctions of three and of four all occur, and about 2.6 arcs a node."""
    joined = {tuple(sorted(pair)) for pair in _pairs(roads)}
    degree = np.bincount(np.array(list(joined)).ravel(), minlength=roads.nodes)
    share = np.bincount(degree, minlength=6) / roads.nodes
    assert share[0] == 0
    assert share[1] > 0.03
    assert share[2] > 0.1
    assert 0.15 < share[3] < 0.6
    assert share[4] < 0.35
    assert 2.3 < roads.arcs / roads.nodes < 2.9


def test_some_roads_are_one_way_and_motorways_are() -> None:
    """Two carriageways make a motorway."""
    graph = generate(nodes=6000, seed=1)
    there = _pairs(graph)
    arcs = zip(graph.tail.tolist(), graph.head.tolist(), strict=True)
    lone = np.array([(head, tail) not in there for tail, head in arcs])
    assert 0.02 < lone.mean() < 0.2
    assert lone[graph.road_class == CLASSES.index("motorway")].mean() > 0.9


def test_every_class_occurs_and_towns_are_most_of_it() -> None:
    """Arterials are few, local streets many."""
    graph = generate(nodes=4000, seed=1)
    count = np.bincount(graph.road_class, minlength=len(CLASSES))
    assert (count > 0).all()
    assert count[CLASSES.index("residential")] > 0.6 * graph.arcs


def test_few_roads_cross_a_river() -> None:
    """A long way round is what closures of bridges are about: take the ten busiest cuts away."""
    graph = generate(nodes=4000, seed=1)
    residential = graph.road_class == CLASSES.index("residential")
    keep = (graph.tail[residential], graph.head[residential])
    streets = coo_array((np.ones(residential.sum()), keep), shape=(graph.nodes, graph.nodes))
    _, part = connected_components(streets, directed=False)
    large = np.sort(np.bincount(part))[::-1][:5]
    assert len(large) == 5
    assert (large > 20).all(), "streets alone never join what lies on different banks"


def test_times_follow_class_and_limit(roads: RoadGraph) -> None:
    """A signed limit slows an arc down, and never speeds it up."""
    for arc in range(0, roads.arcs, 7):
        speed = SPEEDS_KPH[CLASSES[roads.road_class[arc]]]
        if roads.limit_kph[arc]:
            speed = min(speed, float(roads.limit_kph[arc]))
        assert abs(roads.times_ms[arc] - 3600 * roads.length_m[arc] / speed) <= 1
    assert roads.times_ms.min() >= 1
    assert (roads.limit_kph > 0).any()


def test_an_extract_reads_back_as_the_same_roads(roads: RoadGraph, tmp_path: Path) -> None:
    """What other engines read is what ours is given: places to 1e-7 degrees, ends, tags."""
    path = tmp_path / "roads.osm.pbf"
    write_pbf(roads, path)
    places, arcs, classes = {}, set(), {}
    for thing in osmium.FileProcessor(str(path)):
        if isinstance(thing, osmium.osm.Node):
            places[thing.id - 1] = (thing.location.lat, thing.location.lon)
        elif isinstance(thing, osmium.osm.Way):
            tail, head = (node.ref - 1 for node in thing.nodes)
            arcs.add((tail, head))
            if thing.tags["oneway"] == "no":
                arcs.add((head, tail))
            classes[tail, head] = (thing.tags["highway"], thing.tags.get("maxspeed"))
    assert arcs == _pairs(roads)
    found = np.array([places[node] for node in range(roads.nodes)])
    np.testing.assert_allclose(found, np.stack([roads.lat, roads.lon], axis=1), atol=1e-9)
    for tail, head, tags in ways(roads):
        assert classes[tail, head] == (tags["highway"], tags.get("maxspeed"))


def test_too_small_a_graph_is_refused() -> None:
    """Below that, no town has streets."""
    with pytest.raises(ValueError, match="200 nodes"):
        generate(nodes=100)
