"""Hold the bundled network to what the demo needs of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from routing.engine import NO_WAY, Seeds
from routing.roads import bundled, repair, store
from routing.roads.errors import RoadError
from routing.roads.geojson import to_geojson
from routing.roads.metric import metric_for
from routing.roads.network import RoadNetwork, load_network
from routing.roads.regions import BUNDLED, speeds_of
from routing.roads.sphere import distance_m
from routing.roads.tables import read_table
from tests.routing.roads.places import PLACES

if TYPE_CHECKING:
    from pathlib import Path


def test_every_junction_reaches_every_other(network: RoadNetwork) -> None:
    """The network is one component, with a way back from everywhere, in 2021 and today."""
    for at in (None, datetime(2021, 8, 20, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)):
        metric = metric_for(network, at=at)
        for backwards in (False, True):
            assert (metric.reach(Seeds.at([0]), backwards=backwards) < NO_WAY).all()


def test_no_edge_has_zero_length_or_is_shorter_than_the_great_circle(network: RoadNetwork) -> None:
    """Zero-length edges of the source are repaired or gone."""
    arrays = network.arrays
    assert (arrays.seg_length_m >= 1).all()
    assert (arrays.arc_u != arrays.arc_v).all()
    for u, v, length_m in zip(arrays.seg_u, arrays.seg_v, arrays.seg_length_m, strict=True):
        a, b = network.coordinates([int(u), int(v)])
        assert length_m >= distance_m(a, b) - 0.001


def test_ferries_take_their_crossing_time_whatever_the_vehicle(network: RoadNetwork) -> None:
    """Hà Tiên to Phú Quốc is a ferry of three hours for every class."""
    harbour, island = (
        network.nearest_node(10.38, 104.482)[0],
        network.nearest_node(10.18, 104.047)[0],
    )
    for vehicle_class in ("light_truck", "semi_trailer"):
        metric = metric_for(network, vehicle_class)
        assert metric.time_ms(harbour, island) == 3 * 3_600_000
        arcs = metric.path(harbour, island)
        assert network.arrays.seg_ferry[network.arrays.arc_segment[arcs]].all()


def test_no_way_between_two_demo_places_leads_abroad(network: RoadNetwork) -> None:
    """A border's delay keeps routes within the country."""
    nodes = [network.nearest_node(*point)[0] for point in PLACES.values()]
    metric = metric_for(network)
    border = network.arrays.seg_border[network.arrays.arc_segment]
    for u in nodes:
        for v in nodes:
            assert not border[metric.path(u, v)].any()


def test_info_names_source_and_attribution(network_dir: Path) -> None:
    """OpenStreetMap and its licence stay with the data."""
    info = json.loads((network_dir / "info.json").read_text(encoding="utf-8"))
    assert "OpenStreetMap" in info["attribution"]
    assert info["licence"] == "ODbL 1.0"
    assert info["nodes"] > 1200


def test_building_twice_gives_the_same_network(network: RoadNetwork, tmp_path: Path) -> None:
    """A build depends on the package data and the tables only."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for name in ("a", "b"):
        assert bundled.build_bundled(tmp_path / name, built_at=noon).content_hash == (
            network.info.content_hash
        )
    for name in ("network.npz", "network.graphml", "roads.geojson", "info.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_failed_build_leaves_the_previous_network_in_place(
    network: RoadNetwork, tmp_path: Path
) -> None:
    """Whatever goes wrong while writing, the old network opens as before and no draft is left."""
    out = tmp_path / "roads"
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    store.write_network(out, network.arrays, bundled.ORIGIN, built_at=moment)

    class Torn:
        """Arrays that break while they are written."""

        def __getattr__(self, name: str) -> object:
            return getattr(network.arrays, name)

        def named(self) -> dict[str, np.ndarray]:
            return {"lat": np.zeros(1), "file": np.array(object())}

    with pytest.raises((TypeError, ValueError)):
        store.write_network(out, Torn(), bundled.ORIGIN, built_at=moment)  # type: ignore[arg-type]
    assert load_network(out).info.content_hash == network.info.content_hash
    assert [path.name for path in tmp_path.iterdir()] == ["roads"]


def test_a_build_never_replaces_a_folder_with_other_files(
    network: RoadNetwork, tmp_path: Path
) -> None:
    """A slip in --out costs nobody their files."""
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RoadError, match="other files"):
        store.write_network(
            tmp_path, network.arrays, bundled.ORIGIN, built_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
    assert (tmp_path / "thesis.txt").exists()


def test_a_graph_in_two_parts_is_refused() -> None:
    """A missing connector fails the build instead of a truck."""
    nodes = {1: (10.0, 105.0), 2: (10.0, 105.1), 3: (9.0, 105.0), 4: (9.0, 105.1)}
    road = repair.Segment(length_m=11_000, highway="trunk")
    graph = repair.RoughGraph(nodes, {(1, 2): road, (3, 4): road})
    with pytest.raises(RoadError, match="2 parts"):
        bundled.freeze(graph)


def test_a_table_that_does_not_fit_the_source_is_refused() -> None:
    """A row about a road that is not there names the table."""
    graph = repair.RoughGraph({1: (10.0, 105.0)}, {})
    with pytest.raises(RoadError, match=r"edges\.csv"):
        repair.mark_known_edges(graph)


def test_opening_a_network_imports_neither_osmnx_nor_networkx(network_dir: Path) -> None:
    """Workers and the API start fast and small."""
    code = (
        "import sys; from pathlib import Path; from routing.roads.network import load_network; "
        "from routing.route import route; import routing.travel; "
        "route(load_network(Path(sys.argv[1])), (10.012, 105.081), (10.037, 105.788)); "
        "sys.exit(any(name in sys.modules for name in ('osmnx', 'networkx', 'geopandas')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(network_dir)], check=False, timeout=60)
    assert done.returncode == 0


def test_geojson_draws_every_segment_once(network: RoadNetwork, network_dir: Path) -> None:
    """The map gets one line a segment, with its class, in five decimals."""
    text = (network_dir / "roads.geojson").read_text(encoding="utf-8")
    collection = json.loads(text)
    assert len(text.encode()) < 3_000_000
    assert collection == to_geojson(network)
    assert len(collection["features"]) == network.info.segments
    for feature in collection["features"]:
        assert feature["properties"]["class"]
        assert feature["properties"]["length_m"] >= 1
        assert isinstance(feature["properties"]["name"], str)
        for lon, lat in feature["geometry"]["coordinates"]:
            assert (round(lon, 5), round(lat, 5)) == (lon, lat)
            assert 103 < lon < 108
    assert "OpenStreetMap" in collection["attribution"]


def test_a_folder_without_a_network_says_how_to_build_one(tmp_path: Path) -> None:
    """The message names the command."""
    with pytest.raises(RoadError, match="roads build --bundled"):
        load_network(tmp_path)
    (tmp_path / "info.json").write_text("{", encoding="utf-8")
    with pytest.raises(RoadError, match="cannot be read"):
        load_network(tmp_path)


def test_a_network_of_another_version_is_to_be_built_anew(
    network_dir: Path, tmp_path: Path
) -> None:
    """It is refused when it is opened, not when a truck asks for a way."""
    folder = tmp_path / "roads"
    shutil.copytree(network_dir, folder)
    info = json.loads((folder / "info.json").read_text(encoding="utf-8"))
    (folder / "info.json").write_text(json.dumps(info | {"format": 0}), encoding="utf-8")
    with pytest.raises(RoadError, match=r"another version.*roads build --bundled"):
        load_network(folder)


def test_every_class_has_a_speed_and_every_edge_a_class(network: RoadNetwork) -> None:
    """Speeds come from the table, and faster classes are the larger roads."""
    speeds = speeds_of(BUNDLED)
    arrays = network.arrays
    assert dict(zip(arrays.class_name.tolist(), arrays.class_speed_kph, strict=True)) == speeds
    used = set(arrays.class_name[arrays.seg_class].tolist())
    assert used == set(speeds) - {"access"}
    assert speeds["motorway"] > speeds["trunk"] > speeds["secondary"] > speeds["access"]


def test_every_added_road_is_marked_as_inferred(network: RoadNetwork) -> None:
    """As many as the tables of connectors and ferries hold, and each row says so itself."""
    rows = [*read_table("connectors"), *read_table("ferries")]
    assert network.info.inferred_segments == len(rows)
    assert {row["source"] for row in rows} == {"inferred"}
    assert all(row["note"] for row in rows)
