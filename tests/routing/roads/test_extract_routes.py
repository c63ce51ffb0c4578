"""Drive the engine over small extracts made by hand: turns, residents, limits and hours."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from routing.matrix import NamedPoint, matrix
from routing.roads.errors import NoRoute
from routing.roads.extract import build_extract
from routing.roads.network import load_network
from routing.roads.snap import snap
from routing.roads.ways import Ways
from routing.route import Restriction, route
from tests.routing.roads.osm_files import (
    FORK,
    OPEN,
    PLACES,
    ROUND,
    STRAIGHT,
    Relation,
    Tags,
    restriction,
    write_osm,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from routing.roads.network import RoadNetwork

MORNING = datetime.fromisoformat("2021-08-20T08:00:00+07:00")
START, END = (10.0, 105.103), (10.0, 105.127)
"""Within ways 10 and 50, so that a truck comes to the fork and leaves it by a road."""

NO_STRAIGHT = restriction({"restriction": "no_straight_on"}, 10, 2, 20)


def _network(
    folder: Path,
    tags: Mapping[int, Tags] | None = None,
    relations: Sequence[Relation] = (),
    ways: Mapping[int, list[int]] = FORK,
) -> RoadNetwork:
    extract = write_osm(folder / "fork.osm.pbf", tags=tags, relations=relations, ways=ways)
    build_extract(extract, folder / "network")
    return load_network(folder / "network")


def _driven(
    network: RoadNetwork, vehicle_class: str = "semi_trailer", at: datetime | None = None
) -> list[int]:
    """Return the OpenStreetMap ways of the route from start to end."""
    places = [snap(network, *point, vehicle_class=vehicle_class) for point in (START, END)]
    segments = Ways(network, at=at).leg(vehicle_class, *places).segments
    return network.arrays.seg_osmid[list(segments)].tolist()


def test_a_restricted_turn_is_not_driven_and_its_junction_is_expanded(tmp_path: Path) -> None:
    """Straight on is forbidden from the one road only; who comes from another may."""
    network = _network(tmp_path, relations=[NO_STRAIGHT])
    assert network.nodes > network.junctions
    assert _driven(network) == ROUND
    from_above = snap(network, *PLACES[4])
    leg = Ways(network).leg("semi_trailer", from_above, snap(network, 10.0, 105.115))
    assert network.arrays.seg_osmid[list(leg.segments)].tolist()[-1] == 20


def test_a_place_at_an_expanded_junction_has_no_node_in_the_matrix(tmp_path: Path) -> None:
    """Its costs are those of the best way of having come; other junctions are named."""
    network = _network(tmp_path, relations=[NO_STRAIGHT])
    told = matrix(network, [NamedPoint(str(node), *PLACES[node]) for node in (1, 2, 3)]).as_dict()
    assert [point["node"] for point in told["points"]] == [1, None, 3]
    times = told["durations_s"]
    assert times[0][2] > times[0][1] + times[1][2] - 1e-6


def test_a_road_for_residents_is_driven_by_who_starts_or_ends_on_it(tmp_path: Path) -> None:
    """Never through; from it and to it by either end."""
    network = _network(tmp_path, {20: OPEN | {"access": "destination"}})
    assert _driven(network) == ROUND
    ways, on_it = Ways(network), snap(network, 10.0, 105.114)
    for other in (START, END):
        place = snap(network, *other)
        for ends in ((place, on_it), (on_it, place)):
            segments = ways.leg("semi_trailer", *ends).segments
            assert network.arrays.seg_osmid[list(segments)].tolist() in (
                [10, 20],
                [20, 10],
                [20, 50],
                [50, 20],
            )


@pytest.mark.parametrize(
    ("tags", "light", "heavy", "heavy_in_the_morning"),
    [
        ({"maxweight": "7.5"}, STRAIGHT, ROUND, ROUND),
        ({"maxheight": "3.0"}, STRAIGHT, ROUND, ROUND),
        ({"hgv": "no"}, ROUND, ROUND, ROUND),
        ({"hgv:conditional": "no @ (06:00-09:00)"}, STRAIGHT, STRAIGHT, ROUND),
        ({"access:conditional": "no @ (20:00-22:00)"}, STRAIGHT, STRAIGHT, STRAIGHT),
        ({"oneway": "-1"}, ROUND, ROUND, ROUND),
    ],
)
def test_tags_take_effect_on_routes(
    tmp_path: Path,
    tags: Tags,
    light: list[int],
    heavy: list[int],
    heavy_in_the_morning: list[int],
) -> None:
    """By class of vehicle, and by the hour only if a time is given."""
    network = _network(tmp_path, {20: OPEN | tags})
    assert _driven(network, "light_truck") == light
    assert _driven(network) == heavy
    assert _driven(network, at=MORNING) == heavy_in_the_morning


def test_a_toll_road_is_told_once(tmp_path: Path) -> None:
    """Though it is driven in two pieces."""
    toll = OPEN | {"toll": "yes", "name": "Cao tốc"}
    network = _network(tmp_path, {10: toll, 20: toll})
    assert route(network, START, END).restrictions == (Restriction("toll", "Cao tốc"),)


def test_a_point_joins_a_road_that_leads_somewhere_and_back(tmp_path: Path) -> None:
    """A piece that a one-way leaves for ever is passed over, however near."""
    ways = FORK | {60: [2, 6]}
    network = _network(tmp_path, {60: OPEN | {"oneway": "yes"}}, ways=ways)
    lat, lon = PLACES[6]
    place = snap(network, lat, lon)
    assert network.arrays.seg_osmid[place.segment] in {10, 20}
    assert 500 < place.snap_m < 600


def test_a_point_joins_no_road_that_its_vehicle_may_not_drive(tmp_path: Path) -> None:
    """The light truck stands on the near road, the heavy one on the next that it may use."""
    network = _network(tmp_path, {20: OPEN | {"maxweight": "7.5"}})
    near = snap(network, 10.0, 105.115, vehicle_class="light_truck")
    far = snap(network, 10.0, 105.115, vehicle_class="semi_trailer")
    assert network.arrays.seg_osmid[near.segment] == 20
    assert network.arrays.seg_osmid[far.segment] in {30, 40}
    assert near.snap_m < 1 < far.snap_m


def test_roads_that_no_class_may_drive_are_no_place(tmp_path: Path) -> None:
    """One clear refusal names the class."""
    network = _network(tmp_path, {way: OPEN | {"maxheight": "1"} for way in FORK})
    with pytest.raises(NoRoute, match="no road here may be driven by semi_trailer"):
        snap(network, *START, vehicle_class="semi_trailer")
