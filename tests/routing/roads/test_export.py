"""Hold exported networks to what a class of vehicle may drive, as osmnx reads them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmnx
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from typer.testing import CliRunner

from infra import cli
from routing.roads import bundled, store
from routing.roads.draft import Turn
from routing.roads.errors import RoadError
from routing.roads.graphml import export, to_graph
from routing.roads.layout import lay_out
from routing.roads.network import RULE_KINDS, RoadNetwork
from routing.roads.permission import allowed_arcs
from routing.roads.times import arc_times_ms
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, VEHICLES
from tests.routing.roads.drafts import draft_of

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.draft import Draft

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)  # a Tuesday, 12:00 in Vietnam
MORNING = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)  # 07:30 in Vietnam
SATURDAY = datetime(2026, 11, 28, 5, tzinfo=UTC)

CROSS = [(0, 1), (1, 2), (1, 3), (1, 4)]
"""Four roads that meet at junction 1, whose nodes are named 7, 17, 27, 37 and 47."""


def _network(draft: Draft) -> RoadNetwork:
    """Return the network of a draft without writing it."""
    arrays = lay_out(draft)
    return RoadNetwork(store.describe(arrays, bundled.ORIGIN, built_at=NOON), arrays)


def _exported(
    network: RoadNetwork,
    folder: Path,
    vehicle_class: str = DEFAULT_VEHICLE_CLASS,
    *,
    at: datetime | None = None,
) -> nx.MultiDiGraph[int]:
    """Return what is exported as osmnx reads it."""
    path = folder / "roads.graphml"
    export(network, path, vehicle_class=vehicle_class, at=at)
    read: nx.MultiDiGraph[int] = osmnx.load_graphml(path, node_dtypes={"junction": int})
    return read


def _random_network(seed: int) -> RoadNetwork:
    """Return roads with one-ways, residents' roads, limits and forbidden turns."""
    rng = np.random.default_rng(seed)
    segments = [(i, i + 1) for i in range(39)]
    segments += [(int(u), int(v)) for u, v in rng.integers(0, 40, (45, 2))]
    kinds = ["weight_kg", "height_mm", "axle_kg", "length_mm", "width_mm"]
    values = {"weight_kg": 16_000, "height_mm": 3_800, "axle_kg": 9_000, "length_mm": 10_000}
    rules = [
        (int(rng.integers(84)), int(rng.integers(2)), kind, values.get(kind, 2_400), int(when))
        for kind in kinds
        for when in rng.integers(0, 3, 2)
    ]
    draft = draft_of(
        40,
        segments,
        one_way=rng.choice(["both", "both", "both", "forwards"], 84).tolist(),
        residents=(rng.random(84) < 0.1).tolist(),
        length_m=rng.integers(10, 900, 84).tolist(),
        rules=rules,
    )
    ends = np.stack([draft.seg_u, draft.seg_v], axis=1)
    turns = []
    for segment, direction in rng.integers(0, [84, 2], (60, 2)).tolist():
        reached = ends[segment, 1 - direction]
        nexts = np.argwhere((ends == reached) & draft.seg_open).tolist()
        if nexts and draft.seg_open[segment, direction]:
            chosen = nexts[int(rng.integers(len(nexts)))]
            path = ((segment, direction), (chosen[0], chosen[1]))
            turns.append(Turn(path, int(rng.integers(3))))
    return _network(replace(draft, turns=tuple(turns)))


def _scipy_ms(network: RoadNetwork, vehicle_class: str, at: datetime | None) -> np.ndarray:
    """Return the times of the fastest ways among all nodes, from the arrays."""
    arrays, nodes = network.arrays, network.nodes
    arcs = np.flatnonzero(allowed_arcs(network, vehicle_class, at=at))
    times_ms = arc_times_ms(network, vehicle_class)[arcs]
    best = np.full((nodes, nodes), np.inf)
    np.minimum.at(best, (arrays.arc_u[arcs], arrays.arc_v[arcs]), times_ms)
    best[np.isinf(best)] = 0  # no entry
    return np.asarray(dijkstra(csr_array(best)))


@pytest.mark.parametrize("vehicle_class", VEHICLES)
@pytest.mark.parametrize("at", [None, MORNING, SATURDAY])
def test_a_plain_shortest_path_costs_what_the_arrays_say(
    vehicle_class: str, at: datetime | None, tmp_path: Path
) -> None:
    """To the millisecond among all nodes, and unreachable where scipy says so."""
    network = _random_network(len(vehicle_class))
    assert network.nodes > network.junctions
    graph = _exported(network, tmp_path, vehicle_class, at=at)
    expected_ms = _scipy_ms(network, vehicle_class, at)
    names = network.arrays.node_id.tolist()
    assert sorted(graph.nodes) == sorted(names)
    for source, name in enumerate(names):
        costs_s = nx.single_source_dijkstra_path_length(graph, name, weight="travel_time")
        found_ms = [round(1000 * costs_s[v]) if v in costs_s else np.inf for v in names]
        assert found_ms == expected_ms[source].tolist()


def test_classes_and_times_differ_in_what_they_may_drive() -> None:
    """Otherwise the costs of the test above would say little."""
    network = _random_network(5)
    allowed = {
        (name, at): int(allowed_arcs(network, name, at=at).sum())
        for name in ("light_truck", "semi_trailer")
        for at in (None, MORNING)
    }
    assert len(set(allowed.values())) == 4


def test_edges_forbidden_to_heavy_trucks_are_absent(tmp_path: Path) -> None:
    """A bridge for 8 t is no edge for 16 t, in that direction alone, and its tag says why."""
    network = _network(draft_of(5, CROSS, rules=[(1, 0, "weight_kg", 8000, 0)]))
    light = _exported(network, tmp_path, "light_truck")
    heavy = _exported(network, tmp_path, "rigid_2_axle")
    assert light.edges[17, 27, 0]["maxweight"] == "8"
    assert not heavy.has_edge(17, 27)
    assert heavy.has_edge(27, 17)
    assert heavy.number_of_edges() == light.number_of_edges() - 1
    assert "maxweight" not in heavy.edges[27, 17, 0]


@pytest.mark.parametrize(("at", "there"), [(None, True), (MORNING, False), (NOON, True)])
def test_edges_forbidden_at_hours_are_absent_in_those_hours(
    tmp_path: Path, at: datetime | None, *, there: bool
) -> None:
    """A morning's ban of goods vehicles counts from six to nine."""
    network = _network(draft_of(5, CROSS, rules=[(1, 0, "hgv", 0, 1)]))
    graph = _exported(network, tmp_path, at=at)
    assert graph.has_edge(17, 27) == there
    assert graph.graph.get("at") == (at.isoformat() if at else None)
    assert graph.graph["vehicle_class"] == "rigid_2_axle"


def test_copies_name_their_junction(tmp_path: Path) -> None:
    """A junction has none; a copy stands in its place and lacks the forbidden turn."""
    network = _network(draft_of(5, CROSS, turns=(Turn(((0, 0), (1, 0))),)))
    graph = _exported(network, tmp_path)
    copies = {node: data for node, data in graph.nodes(data=True) if "junction" in data}
    assert {node: data["junction"] for node, data in copies.items()} == {48: 17}
    plain = {name: value for name, value in copies[48].items() if name != "junction"}
    assert plain == graph.nodes[17]
    assert plain["street_count"] == 4
    assert sorted(graph[48]) == [7, 37, 47]
    assert list(graph[7]) == [48]


def test_edges_say_what_the_roads_are(tmp_path: Path) -> None:
    """Way, name, speed, surface, toll, bridge and dates, by osmnx's conventions."""
    draft = draft_of(5, CROSS, one_way=["forwards", "both", "both", "both"])
    first = np.arange(4) == 0
    draft = replace(
        draft,
        seg_cap_kph=np.array([[30, 0], [0, 0], [0, 0], [0, 0]], dtype=np.float32),
        seg_surface=first.astype(np.int32),
        seg_name=first.astype(np.int32),
        seg_toll=first,
        seg_bridge=first,
        seg_opened_day=20_000 * first.astype(np.int32),
        seg_closed_day=30_000 * first.astype(np.int32),
        shape_start=np.array([0, 2, 2, 2, 3], dtype=np.int32),
        shape_lonlat=np.array([[105.1, 10.1], [105.2, 10.2], [105.3, 10.3]]),
    )
    graph = _exported(_network(draft), tmp_path)
    edge = dict(graph.edges[7, 17, 0])
    assert list(edge.pop("geometry").coords)[1:-1] == [(105.1, 10.1), (105.2, 10.2)]
    assert edge == {
        "osmid": 500,
        "length": 100.0,
        "highway": "trunk",
        "oneway": True,
        "reversed": False,
        "source": "openstreetmap",
        "name": "Quốc lộ 80",
        "maxspeed": "30",
        "surface": "gravel",
        "toll": "yes",
        "bridge": "yes",
        "opened": "20000",
        "closed": "30000",
        "speed_kph": 18.0,
        "travel_time": 20.0,
    }
    back = graph.edges[47, 17, 0]
    assert (back["oneway"], back["reversed"]) == (False, True)
    assert list(back["geometry"].coords) == [(105.0, 10.004), (105.3, 10.3), (105.0, 10.001)]
    assert "geometry" not in graph.edges[17, 27, 0]


@pytest.mark.parametrize(
    ("rules", "tags"),
    [
        ([("weight_kg", 3500, 0)], {"maxweight": "3.5"}),
        ([("weight_kg", 8000, 0), ("weight_kg", 5000, 0)], {"maxweight": "5"}),
        ([("height_mm", 4250, 0)], {"maxheight": "4.25"}),
        ([("axle_kg", 10_000, 0)], {"maxaxleload": "10"}),
        ([("length_mm", 12_000, 0)], {"maxlength": "12"}),
        ([("width_mm", 2500, 0)], {"maxwidth": "2.5"}),
        ([("hgv", 0, 0)], {"hgv": "no"}),
        ([("access", 0, 1)], {"access:conditional": "no @ (Mo-Fr 06:00-09:00)"}),
        (
            [("hgv", 0, 2)],
            {"hgv": "no", "hgv:conditional": "yes @ (Sa,Su 00:00-24:00)"},
        ),
        (
            [("weight_kg", 8000, 2)],
            {"maxweight": "8", "maxweight:conditional": "none @ (Sa,Su 00:00-24:00)"},
        ),
        (
            [("weight_kg", 8000, 0), ("weight_kg", 5000, 1)],
            {"maxweight": "8", "maxweight:conditional": "5 @ (Mo-Fr 06:00-09:00)"},
        ),
    ],
)
def test_rules_are_written_as_openstreetmap_tags_them(
    rules: list[tuple[str, int, int]], tags: dict[str, str]
) -> None:
    """Tonnes and metres; what holds at some hours is a conditional tag."""
    rows = [(1, 0, kind, value, when) for kind, value, when in rules]
    graph = to_graph(_network(draft_of(5, CROSS, rules=rows)))
    ruled, free = graph.edges[17, 27, 0], graph.edges[17, 37, 0]
    assert {name: ruled[name] for name in ruled.keys() - free.keys()} == tags


def test_a_turn_forbidden_at_hours_is_a_tag_of_the_turn_alone() -> None:
    """Only the edge that completes it carries the tag."""
    assert RULE_KINDS[-1] == "turn"
    graph = to_graph(_network(draft_of(5, CROSS, turns=(Turn(((0, 0), (1, 0)), when=1),))))
    tagged = {(u, v): d for u, v, d in graph.edges(data=True) if "turn:conditional" in d}
    assert list(tagged) == [(48, 27)]
    assert tagged[48, 27]["turn:conditional"] == "no @ (Mo-Fr 06:00-09:00)"


def test_a_failed_export_leaves_the_previous_file(tmp_path: Path) -> None:
    """A wrong class, or a folder that is not there, is one clear error."""
    network = _network(draft_of(5, CROSS))
    path = tmp_path / "roads.graphml"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(RoadError, match="choose one of"):
        export(network, path, vehicle_class="ox_cart")
    assert path.read_text(encoding="utf-8") == "before"
    with pytest.raises(RoadError, match="cannot write roads"):
        export(network, tmp_path / "gone" / "roads.graphml", vehicle_class="light_truck")
    assert [each.name for each in tmp_path.iterdir()] == ["roads.graphml"]


def test_only_small_networks_are_written_as_graphml_when_built(tmp_path: Path) -> None:
    """A file of hundreds of megabytes is made only for who asks for it."""
    for name, junctions in (("small", 3), ("large", store.GRAPHML_UP_TO_NODES + 1)):
        chain = [(i, i + 1) for i in range(junctions - 1)]
        arrays = lay_out(draft_of(junctions, chain))
        store.write_network(tmp_path / name, arrays, bundled.ORIGIN, built_at=NOON)
    assert (tmp_path / "small" / "network.graphml").exists()
    assert not (tmp_path / "large" / "network.graphml").exists()
    assert (tmp_path / "large" / "network.npz").exists()


def test_the_command_writes_the_file_and_names_the_attribution(
    network_dir: Path, tmp_path: Path
) -> None:
    """For the class and time that it is told."""
    path = tmp_path / "heavy.graphml"
    words = ["--vehicle", "semi_trailer", "--at", "2021-08-20T06:00:00+07:00"]
    ended = CliRunner().invoke(
        cli.build_app(), ["roads", "export", str(path), *words, "--network", str(network_dir)]
    )
    assert ended.exit_code == 0
    assert "OpenStreetMap" in ended.stdout
    graph = osmnx.load_graphml(path)
    assert graph.graph["vehicle_class"] == "semi_trailer"
    assert graph.graph["at"] == "2021-08-20T06:00:00+07:00"
    assert not [edge for *_, edge in graph.edges(data=True) if "opened" in edge]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--vehicle", "ox_cart"), "light_truck, rigid_2_axle"),
        (("--at", "today"), "no time such as"),
        (("--at", "2021-08-20T06:00"), "offset"),
    ],
)
def test_wrong_use_of_the_command_is_told(
    network_dir: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """Exit status 2, with what is wrong, and no file."""
    path = tmp_path / "roads.graphml"
    ended = CliRunner().invoke(
        cli.build_app(), ["roads", "export", str(path), "--network", str(network_dir), *words]
    )
    assert ended.exit_code == 2
    assert told in " ".join(ended.stderr.split())
    assert not path.exists()
