"""Hold the metric against networkx on the GraphML file that osmnx reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.roads.errors import NoRoute, RoadError
from routing.roads.metric import Metric, metric_for
from routing.roads.vehicle import VEHICLES, vehicle
from schemas.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.network import RoadNetwork

FRACTION = st.floats(0, 1, exclude_max=True)
SLOW_FIXTURES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def graph(network_dir: Path) -> nx.MultiDiGraph[int]:
    """Return the network as osmnx reads it."""
    read: nx.MultiDiGraph[int] = osmnx.load_graphml(network_dir / "network.graphml")
    return read


def test_osmnx_reads_back_what_was_written(
    network: RoadNetwork, graph: nx.MultiDiGraph[int]
) -> None:
    """Nodes, edges and their attributes survive the round trip in osmnx's types."""
    arrays = network.arrays
    assert graph.number_of_nodes() == network.info.nodes
    assert graph.number_of_edges() == network.info.edges
    assert graph.graph["crs"] == "epsg:4326"
    assert "OpenStreetMap" in graph.graph["attribution"]
    for arc in range(0, len(arrays.arc_u), 7):
        u, v = int(arrays.node_id[arrays.arc_u[arc]]), int(arrays.node_id[arrays.arc_v[arc]])
        edge = graph.edges[u, v, int(arrays.arc_key[arc])]
        assert edge["length"] == arrays.seg_length_m[arrays.arc_segment[arc]]
        assert edge["oneway"] is False
        assert edge["speed_kph"] > 0
        assert isinstance(edge["osmid"], int)
    node = graph.nodes[int(arrays.node_id[0])]
    assert (node["y"], node["x"]) == (arrays.lat[0], arrays.lon[0])
    assert node["street_count"] >= 1
    curved = [data for *_, data in graph.edges(data=True) if "geometry" in data]
    assert curved
    assert all(data["ferry"] == "yes" for data in curved)


def test_osmnx_finds_the_same_nearest_way(
    network: RoadNetwork, graph: nx.MultiDiGraph[int]
) -> None:
    """The shortest path of osmnx costs what the metric answers."""
    u, v = network.nearest_node(10.012, 105.081)[0], network.nearest_node(9.99, 105.83)[0]
    names = network.arrays.node_id
    nodes = osmnx.shortest_path(graph, int(names[u]), int(names[v]), weight="travel_time")
    cost_s = nx.path_weight(graph, nodes, "travel_time")
    assert round(cost_s * 1000) == round(metric_for(network).duration_s(u, v) * 1000)


@SLOW_FIXTURES
@given(FRACTION, FRACTION, st.frozensets(st.integers(0, 3000), max_size=400))
def test_the_metric_agrees_with_networkx_under_any_closures(
    network: RoadNetwork,
    graph: nx.MultiDiGraph[int],
    origin: float,
    destination: float,
    forbidden: frozenset[int],
) -> None:
    """To the millisecond with any arcs forbidden, and unreachable where networkx says so."""
    arrays, n = network.arrays, network.nodes
    u, v = int(origin * n), int(destination * n)
    names = arrays.node_id.tolist()
    cut = graph.copy()
    for arc in forbidden:
        ends = names[arrays.arc_u[arc]], names[arrays.arc_v[arc]]
        cut.remove_edge(*ends, key=int(arrays.arc_key[arc]))
    metric = Metric(network, forbidden=forbidden)
    try:
        expected_s = nx.dijkstra_path_length(cut, names[u], names[v], weight="travel_time")
    except nx.NetworkXNoPath:
        assert metric.duration_s(u, v) == float("inf")
        assert metric.distance_m(u, v) == float("inf")
        with pytest.raises(NoRoute):
            metric.path(u, v)
        return
    path = metric.path(u, v)
    assert round(path.duration_s * 1000) == round(expected_s * 1000)
    assert forbidden.isdisjoint(path.arcs)
    segments = arrays.arc_segment[list(path.arcs)]
    assert path.distance_m == pytest.approx(arrays.seg_length_m[segments].sum())
    assert (path.nodes[0], path.nodes[-1]) == (u, v)
    assert [int(arrays.arc_u[a]) for a in path.arcs] == list(path.nodes[:-1])


def test_a_matrix_holds_what_single_answers_say(network: RoadNetwork) -> None:
    """Rows and columns may repeat, and the diagonal is zero."""
    metric = Metric(network, "semi_trailer")
    durations_s, distances_m = metric.matrix([3, 900, 3], [900, 3])
    assert durations_s.shape == distances_m.shape == (3, 2)
    assert durations_s[0, 0] == metric.duration_s(3, 900)
    assert distances_m[1, 1] == metric.distance_m(900, 3)
    assert durations_s[2, 1] == distances_m[2, 1] == 0
    assert metric.matrix([], [])[0].shape == (0, 0)


def test_all_pairs_obey_the_triangle_inequality(network: RoadNetwork) -> None:
    """A way through a third junction is never shorter than the fastest way."""
    nodes = range(network.nodes)
    durations_s, _ = metric_for(network).matrix(nodes, nodes)
    for via in range(0, network.nodes, 101):
        detour_s = durations_s[:, [via]] + durations_s[[via], :]
        assert (durations_s <= detour_s + 1e-6).all()
    assert np.array_equal(durations_s, durations_s.T)


def test_versions_tell_metrics_apart(network: RoadNetwork) -> None:
    """Class and forbidden arcs are in the version; equal requests share one metric."""
    plain, closed = metric_for(network), metric_for(network, forbidden=frozenset({1}))
    heavy = metric_for(network, "semi_trailer")
    assert len({plain.version, closed.version, heavy.version}) == 3
    assert metric_for(network) is plain
    assert Metric(network).version == plain.version


def test_heavier_classes_are_no_faster(network: RoadNetwork) -> None:
    """Speed falls from class to class in the order of the vocabulary."""
    times_s = [metric_for(network, name).duration_s(0, 500) for name in VEHICLES]
    assert times_s == sorted(times_s)


@pytest.mark.parametrize("name", VOCABULARY["vehicle_class"])
def test_every_vehicle_class_has_figures_and_names(name: str) -> None:
    """The vocabulary and the table of vehicles hold the same words."""
    assert set(VEHICLES) == set(VOCABULARY["vehicle_class"])
    assert vehicle(name).payload_kg < vehicle(name).gross_limit_kg
    assert set(vehicle(name).names) == {"vi", "en"}


def test_wrong_words_and_numbers_are_refused(network: RoadNetwork) -> None:
    """A class or node that does not exist is an error, not an answer."""
    with pytest.raises(RoadError, match="no vehicle class"):
        Metric(network, "bicycle")
    with pytest.raises(RoadError, match="no node"):
        metric_for(network).duration_s(0, network.nodes)
    with pytest.raises(RoadError, match="forbidden"):
        Metric(network, forbidden=frozenset({-1}))
