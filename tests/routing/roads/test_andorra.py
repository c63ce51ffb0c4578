"""Hold what is read of a whole country to its file: Andorra, from OpenStreetMap in 2013."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from infra.settings import PROJECT
from routing.roads.extract import build_extract
from routing.roads.network import RULE_KINDS, RoadNetwork, load_network
from routing.roads.permission import allowed_arcs
from routing.roads.times import arc_times_ms
from tests.routing.roads.osm_files import Read, fastest, read

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIRS = 60
RESTRICTED = 150
"""Junctions at which the tests forbid a move: the file of 2013 holds no turn restriction."""


@pytest.fixture(scope="module")
def extract() -> Path:
    """Return the shared extract, or skip."""
    shared = Path(os.environ.get("HARVESTLANE_SHARED", PROJECT.parent / "shared"))
    path = shared / "data" / "roads" / "andorra.osm.pbf"
    if not path.is_file():
        pytest.skip(f"{path} is not here; HARVESTLANE_SHARED names the folder that holds data")
    return path


@pytest.fixture(scope="module")
def andorra(extract: Path, tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    """Return Andorra's roads, built and opened."""
    folder = tmp_path_factory.mktemp("andorra") / "roads"
    build_extract(extract, folder)
    return load_network(folder)


def _ways(extract: Path) -> Iterator[tuple[int, dict[str, str], list[int]]]:
    """Yield the file's own roads: id, tags and nodes."""
    for way in osmium.FileProcessor(str(extract), osmium.osm.WAY).with_filter(
        osmium.filter.KeyFilter("highway")
    ):
        yield way.id, {tag.k: tag.v for tag in way.tags}, [node.ref for node in way.nodes]


def test_its_size_is_plausible(andorra: RoadNetwork) -> None:
    """Some five hundred kilometres of road, in the box of the country, in its own time."""
    info = andorra.info
    assert 1500 < info.junctions < 2500
    assert 400 < info.length_km < 700
    west, south, east, north = info.bounds
    assert 1.40 < west < east < 1.79
    assert 42.42 < south < north < 42.67
    assert info.timezone == "Europe/Andorra"


def test_its_one_ways_are_those_of_the_file(extract: Path, andorra: RoadNetwork) -> None:
    """Each is driven the way it is drawn, or against it where the tag says so."""
    arrays = andorra.arrays
    driven = arrays.seg_arc >= 0
    of = {way: driven[arrays.seg_osmid == way] for way in set(arrays.seg_osmid.tolist())}
    counted: Counter[str] = Counter()
    for way, tags, _ in _ways(extract):
        said = tags.get("oneway", "")
        if way in of and said in {"yes", "true", "1", "-1"}:
            assert (of[way] == [said != "-1", said == "-1"]).all()
            counted[said] += 1
    assert counted["yes"] > 200
    assert counted["-1"] > 15


def test_its_limits_bind_just_the_trucks_that_exceed_them(andorra: RoadNetwork) -> None:
    """A street for 2.1 t is for none of ours; a tunnel 4.3 m high is for all."""
    arrays = andorra.arrays
    limits = {
        (RULE_KINDS[k], int(v)) for k, v in zip(arrays.rule_kind, arrays.rule_value, strict=True)
    }
    assert {("weight_kg", 2100), ("height_mm", 4300)} <= limits
    light = allowed_arcs(andorra, "light_truck")
    weight = arrays.rule_arc[arrays.rule_kind == RULE_KINDS.index("weight_kg")]
    height = arrays.rule_arc[arrays.rule_kind == RULE_KINDS.index("height_mm")]
    assert not light[weight].any()
    assert allowed_arcs(andorra, "semi_trailer")[height].all()


def test_its_private_and_unbuilt_roads_are_none(extract: Path, andorra: RoadNetwork) -> None:
    """What nobody may drive is not read at all."""
    read_ways = set(andorra.arrays.seg_osmid.tolist())
    for way, tags, _ in _ways(extract):
        if tags.get("access") in {"no", "private"} and "motor_vehicle" not in tags:
            assert way not in read_ways
        if tags["highway"] in {"construction", "footway", "path", "steps"}:
            assert way not in read_ways


def test_nearly_all_of_it_is_one_strong_component(andorra: RoadNetwork) -> None:
    """From almost anywhere a truck gets to almost anywhere, and back."""
    arrays = andorra.arrays
    ones = np.ones(len(arrays.arc_u))
    graph = coo_array((ones, (arrays.arc_u, arrays.arc_v)), shape=(andorra.nodes, andorra.nodes))
    _, labels = connected_components(graph, connection="strong")
    assert np.bincount(labels).max() > 0.9 * andorra.nodes


class Restricted(NamedTuple):
    """Andorra with turn restrictions: kind, way from, node and way to of each."""

    read: Read
    moves: list[tuple[str, int, int, int]]


@pytest.fixture(scope="module")
def restricted(
    extract: Path, andorra: RoadNetwork, tmp_path_factory: pytest.TempPathFactory
) -> Restricted:
    """Return Andorra with a move forbidden, or the only one, at many junctions."""
    rng = np.random.default_rng(308)
    ending: dict[int, set[int]] = {}
    for way, _, nodes in _ways(extract):
        if way in andorra.arrays.seg_osmid:
            for node in {nodes[0], nodes[-1]} if nodes[0] != nodes[-1] else set():
                ending.setdefault(node, set()).add(way)
    crossings = sorted(node for node, ways in ending.items() if len(ways) > 2)
    moves = []
    path = tmp_path_factory.mktemp("restricted") / "andorra.osm.pbf"
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for each in osmium.FileProcessor(str(extract), osmium.osm.NODE | osmium.osm.WAY):
            writer.add(each)
        chosen = rng.choice(crossings, min(RESTRICTED, len(crossings)), replace=False)
        for number, node in enumerate(chosen.tolist()):
            start, end = rng.choice(sorted(ending[node]), 2, replace=False).tolist()
            kind = "only_straight_on" if number % 10 == 0 else "no_straight_on"
            moves.append((kind, start, node, end))
            writer.add_relation(
                osmium.osm.mutable.Relation(
                    id=10_000_000 + number,
                    version=1,
                    tags={"type": "restriction", "restriction": kind},
                    members=[("w", start, "from"), ("n", node, "via"), ("w", end, "to")],
                )
            )
    return Restricted(read(path), moves)


def test_turn_restrictions_are_never_broken_on_a_fastest_way(restricted: Restricted) -> None:
    """Of many random pairs; and many ways do pass one, so that the test can fail."""
    network = restricted.read.network
    assert restricted.read.turn_restrictions > 50
    forbidden = {move[1:] for move in restricted.moves if move[0].startswith("no_")}
    only = {(way, node): end for kind, way, node, end in restricted.moves if kind[:2] == "on"}
    rng = np.random.default_rng(107)
    arrays, passed = network.arrays, 0
    for start, end in rng.integers(0, network.junctions, (PAIRS, 2)).tolist():
        arcs = fastest(network, int(arrays.node_id[start]), int(arrays.node_id[end])) or []
        ways = arrays.seg_osmid[arrays.arc_segment[arcs]].tolist()
        nodes = arrays.node_id[arrays.node_junction[arrays.arc_v[arcs]]].tolist()
        for move in zip(ways, nodes, ways[1:], strict=False):
            assert move not in forbidden
            assert only.get(move[:2], move[2]) == move[2]
            passed += any(move[:2] == each[1:3] for each in restricted.moves)
    assert passed > PAIRS / 2


def test_turn_restrictions_cost_time_and_never_save_any(
    andorra: RoadNetwork, restricted: Restricted
) -> None:
    """A way under restrictions takes as long as before or longer, and for some pairs longer."""
    rng = np.random.default_rng(12)
    network = restricted.read.network
    times = [arc_times_ms(each) for each in (andorra, network)]
    longer = 0
    for start, end in rng.integers(0, andorra.junctions, (PAIRS, 2)).tolist():
        ids = int(andorra.arrays.node_id[start]), int(andorra.arrays.node_id[end])
        ways = fastest(andorra, *ids), fastest(network, *ids)
        if ways[0] is None or ways[1] is None:
            assert ways[1] is None
            continue
        free, bound = (int(of[way].sum()) for of, way in zip(times, ways, strict=True))
        assert bound >= free
        longer += bound > free
    assert longer > 0
