"""Hold the bundled network to the places of the demo and to the gazetteer."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import infra
from routing.roads.snap import snap, snap_or_none
from tests.routing.roads.places import PLACES
from tests.shared_data import shared_data

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork

SCENARIO = Path(infra.__file__).parent / "scenario" / "data"
ISLANDS = {"Côn Đảo", "Côn Sơn", "Kiên Hải"}
"""Islands that no car ferry of the bundled network serves."""


@pytest.mark.parametrize("place", PLACES)
def test_every_place_we_route_between_lies_within_3_km_of_a_road(
    network: RoadNetwork, place: str
) -> None:
    """No place of the tests snaps further than 3 km, to a junction or to a road."""
    lat, lon = PLACES[place]
    assert network.nearest_node(lat, lon)[1] <= 3000
    assert snap(network, lat, lon).snap_m <= 3000


@pytest.mark.parametrize("name", ["checkpoints", "facilities", "farms"])
def test_every_place_of_the_demo_lies_within_3_km_of_a_road(
    network: RoadNetwork, name: str
) -> None:
    """Every row of the scenario's tables of places snaps within 3 km."""
    with (SCENARIO / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    far = {
        row["name"]: round(snap_m)
        for row in rows
        if (snap_m := snap(network, float(row["lat"]), float(row["lon"])).snap_m) > 3000
    }
    assert rows
    assert not far


def test_the_towns_of_the_gazetteer_lie_near_a_road(network: RoadNetwork) -> None:
    """Nine towns in ten lie within 3 km of a road, and all within 12 km save on lone islands."""
    table = shared_data("gazetteer/geonames_cities500_delta.csv")
    with table.open(encoding="utf-8") as file:
        towns = [row for row in csv.DictReader(file) if row["country"] == "VN"]
    found = {
        row["name"]: snap_or_none(network, float(row["lat"]), float(row["lon"])) for row in towns
    }
    assert {name for name, place in found.items() if place is None} == ISLANDS
    away_m = np.array([place.snap_m for place in found.values() if place])
    assert (away_m <= 3000).mean() >= 0.9
    assert away_m.max() <= 12_000


def test_a_place_by_the_sea_joins_a_road_and_a_truck_at_sea_its_ferry(
    network: RoadNetwork,
) -> None:
    """Ferries serve only what lies far from every road."""
    ferry = network.arrays.seg_ferry
    assert not ferry[snap(network, 9.995, 105.08).segment]
    assert ferry[snap(network, 10.3, 104.31).segment]
    assert not network.arrays.seg_border[snap(network, 10.39, 104.481).segment]


def test_a_place_on_a_road_keeps_its_share_of_it(network: RoadNetwork) -> None:
    """The middle of a long straight road lies halfway along, on no junction."""
    arrays = network.arrays
    segment = int(np.where(arrays.seg_ferry, 0, arrays.seg_length_m).argmax())
    (x0, y0), (x1, y1) = network.segment_line(segment)
    found = snap(network, (y0 + y1) / 2, (x0 + x1) / 2)
    assert (found.segment, found.node) == (segment, None)
    assert found.share == pytest.approx(0.5, abs=1e-4)
    assert found.snap_m < 1
    start = snap(network, y0, x0)
    assert (start.node, start.position, start.snap_m) == (
        network.nearest_node(y0, x0)[0],
        (x0, y0),
        0,
    )
