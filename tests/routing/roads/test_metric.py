"""Hold the metric against networkx on the GraphML file that osmnx reads."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.engine import INF_MS
from routing.roads.errors import RoadError
from routing.roads.metric import metric_for, topology_of
from routing.roads.network import load_network
from routing.roads.vehicle import VEHICLES, vehicle
from schemas.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.network import RoadNetwork

THEN = datetime(2021, 8, 20, tzinfo=UTC)
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
    assert round(cost_s * 1000) == metric_for(network).time_ms(u, v)


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
    metric = metric_for(network, forbidden=forbidden)
    try:
        expected_s = nx.dijkstra_path_length(cut, names[u], names[v], weight="travel_time")
    except nx.NetworkXNoPath:
        assert metric.time_ms(u, v) == INF_MS
        assert metric.path(u, v) is None
        return
    assert metric.time_ms(u, v) == round(expected_s * 1000)
    arcs = metric.path(u, v)
    assert arcs is not None
    assert forbidden.isdisjoint(arcs)
    nodes = [u, *arrays.arc_v[arcs].tolist()]
    assert nodes[-1] == v
    assert arrays.arc_u[arcs].tolist() == nodes[:-1]


def test_metrics_are_shared_and_told_apart(network: RoadNetwork) -> None:
    """Equal requests share one metric; another class, closure or time has another version."""
    plain, closed = metric_for(network), metric_for(network, forbidden=frozenset({1}))
    heavy, then = metric_for(network, "semi_trailer"), metric_for(network, at=THEN)
    assert len({plain.version, closed.version, heavy.version, then.version}) == 4
    assert metric_for(network) is plain


def test_a_metric_in_hand_is_not_changed_by_a_closure(network: RoadNetwork) -> None:
    """Who asks on while roads are closed and opened gets the answers of the metric in hand."""
    held = metric_for(network)
    arc = held.path(3, 900)[0]  # type: ignore[index]
    before = held.cost(3, 900), held.costs.copy(), held.up.copy(), held.down.copy()
    for closed in range(40):
        metric_for(network, forbidden=frozenset({arc, closed}))
    assert metric_for(network, forbidden=frozenset({arc})).time_ms(3, 900) > held.time_ms(3, 900)
    assert held.cost(3, 900) == before[0]
    for now, then in zip((held.costs, held.up, held.down), before[1:], strict=True):
        assert np.array_equal(now, then)


def test_heavier_classes_are_no_faster(network: RoadNetwork) -> None:
    """Speed falls from class to class in the order of the vocabulary."""
    times_ms = [metric_for(network, name).time_ms(0, 500) for name in VEHICLES]
    assert times_ms == sorted(times_ms)


def test_the_topology_is_read_from_the_folder_and_belongs_to_the_graph(
    network_dir: Path, tmp_path: Path
) -> None:
    """A network opens with the order of its build; a damaged file is made anew, not believed."""
    copy = tmp_path / "network"
    shutil.copytree(network_dir, copy)
    kept = topology_of(load_network(copy))
    (copy / "topology.npz").write_bytes(b"broken")
    made = topology_of(load_network(copy))
    assert np.array_equal(kept.order, made.order)
    assert np.array_equal(kept.above, made.above)


@pytest.mark.parametrize("name", VOCABULARY["vehicle_class"])
def test_every_vehicle_class_has_figures_and_names(name: str) -> None:
    """The vocabulary and the table of vehicles hold the same words."""
    assert set(VEHICLES) == set(VOCABULARY["vehicle_class"])
    assert vehicle(name).payload_kg < vehicle(name).gross_limit_kg
    assert set(vehicle(name).names) == {"vi", "en"}


def test_wrong_words_and_numbers_are_refused(network: RoadNetwork) -> None:
    """A class or arc that does not exist is an error, not an answer."""
    with pytest.raises(RoadError, match="no vehicle class"):
        metric_for(network, "bicycle")
    with pytest.raises(RoadError, match="forbidden"):
        metric_for(network, forbidden=frozenset({-1}))
    with pytest.raises(RoadError, match="offset"):
        metric_for(network, at=THEN.replace(tzinfo=None))
