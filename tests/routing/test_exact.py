"""Hold the engine to networkx on what `roads export` writes of a whole country with its rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmnx
import pytest

from routing.engine import INF_MS, Seeds
from routing.engine.compiled import LENGTH_BITS
from routing.roads.extract import build_extract
from routing.roads.graphml import export
from routing.roads.metric import metric_for
from routing.roads.network import load_network
from routing.roads.vehicle import VEHICLES
from tests.shared_data import shared_data

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.network import RoadNetwork

SOURCES, CLOSED = 4, 300
TUESDAY_NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def andorra(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    """Return Andorra's roads, built from its extract."""
    folder = tmp_path_factory.mktemp("andorra") / "network"
    build_extract(shared_data("roads/andorra.osm.pbf"), folder)
    return load_network(folder)


def _slow_ms(graph: nx.MultiDiGraph[int], source: int) -> dict[int, int]:
    """Return the milliseconds from a node to those it reaches, by `travel_time`, by networkx."""
    found = nx.single_source_dijkstra_path_length(
        graph, source, weight=lambda _u, _v, keyed: min(each["ms"] for each in keyed.values())
    )
    return {node: int(ms) for node, ms in found.items()}


def _read(network: RoadNetwork, path: Path, **asked: object) -> nx.MultiDiGraph[int]:
    export(network, path, **asked)  # type: ignore[arg-type]
    graph: nx.MultiDiGraph[int] = osmnx.load_graphml(path)
    for *_, data in graph.edges(data=True):
        data["ms"] = round(1000 * data["travel_time"])
    return graph


@pytest.mark.parametrize("at", [None, TUESDAY_NOON], ids=["any time", "at noon"])
@pytest.mark.parametrize("vehicle_class", VEHICLES)
def test_the_engine_costs_what_networkx_finds_on_the_export(
    andorra: RoadNetwork, tmp_path: Path, vehicle_class: str, at: datetime | None
) -> None:
    """From some junctions to all, open, with 300 arcs closed, and walked arc by arc."""
    graph = _read(andorra, tmp_path / "open.graphml", vehicle_class=vehicle_class, at=at)
    arrays, names = andorra.arrays, andorra.arrays.node_id.tolist()
    rng = np.random.default_rng(list(VEHICLES).index(vehicle_class))
    for closed in (frozenset(), frozenset(rng.integers(0, len(arrays.arc_u), CLOSED).tolist())):
        for arc in closed:
            ends = names[arrays.arc_u[arc]], names[arrays.arc_v[arc]]
            if graph.has_edge(*ends, key=int(arrays.arc_key[arc])):
                graph.remove_edge(*ends, key=int(arrays.arc_key[arc]))
        metric = metric_for(andorra, vehicle_class, closed, at=at)
        for source in rng.integers(0, andorra.junctions, SOURCES).tolist():
            expected = _slow_ms(graph, names[source])
            found = metric.reach(Seeds.at([source])) >> LENGTH_BITS
            reached = np.flatnonzero(found < INF_MS).tolist()
            assert {names[node]: int(found[node]) for node in reached} == expected
            for end in rng.choice(reached, min(30, len(reached)), replace=False).tolist():
                arcs = metric.path(source, end)
                assert arcs is not None
                assert closed.isdisjoint(arcs)
                stops = [source, *arrays.arc_v[arcs].tolist()]
                assert stops[-1] == end
                edges = zip(
                    arrays.arc_u[arcs].tolist(),
                    arrays.arc_v[arcs].tolist(),
                    arrays.arc_key[arcs].tolist(),
                    strict=True,
                )
                walked = sum(graph.edges[names[u], names[v], key]["ms"] for u, v, key in edges)
                assert walked == metric.time_ms(source, end) == expected[names[end]]
