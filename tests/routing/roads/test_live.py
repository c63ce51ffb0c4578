"""Close and open roads, suppose closures, and look for other ways and reachable roads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import shapely

from routing.roads.alternatives import Differing, alternatives
from routing.roads.closures import Closure, touches
from routing.roads.errors import NoRoute, RoadError
from routing.roads.isochrone import isochrones
from routing.roads.live import LiveRoads
from routing.roads.snap import nearest, snap, usable_segments
from routing.roads.vehicle import VEHICLES
from routing.roads.ways import Ways
from tests.routing.roads.places import PLACES

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork
    from routing.roads.snap import Snap

NOON = datetime(2021, 8, 20, 5, tzinfo=UTC)
"""Twelve o'clock in Vietnam."""

TRUCK = "rigid_2_axle"


def _ends(network: RoadNetwork) -> tuple[Snap, Snap]:
    return snap(network, *PLACES["Rạch Giá"]), snap(network, *PLACES["Cần Thơ"])


def _middle_of_the_way(network: RoadNetwork) -> int:
    """Return a long edge on the way that trucks take."""
    pieces = Ways(network).leg(TRUCK, *_ends(network)).pieces
    return max((p for p in pieces if p.arc >= 0), key=lambda piece: piece.length_dm).segment


def test_a_closure_is_applied_lifted_and_leaves_no_trace(network: RoadNetwork) -> None:
    """The way round costs more; lifted, all is as before; ways asked for earlier stay."""
    roads, ends = LiveRoads(network), _ends(network)
    before = roads.ways()
    first = before.leg(TRUCK, *ends)
    closed = Closure.of_segments("c-1", network, [_middle_of_the_way(network)])
    assert roads.apply(closed) == roads.version == 1
    round_it = roads.ways().leg(TRUCK, *ends)
    assert round_it.time_ms > first.time_ms
    assert not touches(shapely.LineString(round_it.line), closed)
    assert before.leg(TRUCK, *ends) == first
    roads.lift("c-1")
    assert roads.ways().leg(TRUCK, *ends) == first
    with pytest.raises(RoadError, match="no closure c-1; known: none"):
        roads.lift("c-1")


def test_supposing_a_closure_changes_nothing(network: RoadNetwork) -> None:
    """What-if answers round it, and the live roads go on as they are."""
    closed = Closure.of_segments("c-1", network, [_middle_of_the_way(network)])
    roads, ends = LiveRoads(network), _ends(network)
    now = roads.ways().leg(TRUCK, *ends)
    assert roads.what_if(close=[closed]).leg(TRUCK, *ends).time_ms > now.time_ms
    assert (roads.ways().leg(TRUCK, *ends), roads.version) == (now, 0)
    roads.apply(closed)
    assert roads.what_if(lift=["c-1"]).leg(TRUCK, *ends) == now
    assert roads.ways().leg(TRUCK, *ends).time_ms > now.time_ms


def test_an_edge_is_closed_and_no_other(network: RoadNetwork) -> None:
    """A closure by edge closes just its arcs, in both directions."""
    segment = _middle_of_the_way(network)
    closed = Closure.of_segments("c-1", network, [segment])
    arcs = Ways(network, (closed,)).forbidden(TRUCK)
    assert set(network.arrays.arc_segment[list(arcs)].tolist()) == {segment}
    assert len(arcs) == 2
    with pytest.raises(RoadError, match="edges are numbers"):
        Closure.of_segments("c-2", network, [network.info.segments])


def test_a_closure_by_hours_holds_in_its_hours_only(network: RoadNetwork) -> None:
    """Hours are read in their own timezone; an interval meets them if it touches them."""
    segment = _middle_of_the_way(network)
    closed = Closure.of_segments("c-1", network, [segment], hours="Mo-Fr 11:00-13:00")
    roads, ends = LiveRoads(network, [closed]), _ends(network)
    free = roads.ways().leg(TRUCK, *ends)
    assert roads.ways(NOON).leg(TRUCK, *ends).time_ms > free.time_ms
    evening, saturday = NOON + timedelta(hours=3), NOON + timedelta(days=1)
    for at in (evening, saturday):
        then = roads.ways(at).leg(TRUCK, *ends)
        assert segment in then.segments
    assert closed.in_force(NOON - timedelta(hours=3), NOON)
    assert not closed.in_force(NOON + timedelta(hours=2), NOON + timedelta(hours=4))
    with pytest.raises(RoadError, match="cannot read the hours"):
        Closure.of_segments("c-2", network, [segment], hours="whenever")


def test_a_weight_limit_keeps_heavy_vehicles_out_only(network: RoadNetwork) -> None:
    """A bridge closed above 20 t lets the lighter classes pass."""
    segment = _middle_of_the_way(network)
    limit = Closure.of_segments("c-1", network, [segment], max_weight_kg=20_000)
    ways, ends = Ways(network, (limit,)), _ends(network)
    for vehicle_class, vehicle in VEHICLES.items():
        passes = segment in ways.leg(vehicle_class, *ends).segments
        assert passes == (vehicle.gross_limit_kg <= 20_000), vehicle_class
    assert ways.in_the_way("semi_trailer", *ends) == ("c-1",)
    assert ways.in_the_way("light_truck", *ends) == ()


def test_a_permit_lets_a_truck_through_what_names_it(network: RoadNetwork) -> None:
    """A zone for registered goods vehicles keeps the others out."""
    segment = _middle_of_the_way(network)
    zone = Closure.of_segments("z-1", network, [segment], permits=frozenset({"green_lane"}))
    roads, ends = LiveRoads(network, [zone]), _ends(network)
    assert segment not in roads.ways().leg(TRUCK, *ends).segments
    assert segment not in roads.ways(permits=frozenset({"other"})).leg(TRUCK, *ends).segments
    assert segment in roads.ways(permits=frozenset({"green_lane"})).leg(TRUCK, *ends).segments


def test_alternatives_differ_and_are_not_much_longer(network: RoadNetwork) -> None:
    """The fastest way comes first; each other one shares little with any, and is true to cost."""
    ways, rule = Ways(network), Differing()
    ends = snap(network, *PLACES["Rạch Giá"]), snap(network, *PLACES["Cà Mau"])
    found = alternatives(ways, TRUCK, *ends, 3)
    assert found[0] == ways.leg(TRUCK, *ends)
    assert len(found) > 1
    for at, leg in enumerate(found):
        assert leg.time_ms <= rule.longest * found[0].time_ms
        assert leg.time_ms == sum(piece.time_ms for piece in leg.pieces)
        for other in found[:at]:
            shared = {(p.segment, p.start < p.end) for p in other.pieces}
            same = sum(p.time_ms for p in leg.pieces if (p.segment, p.start < p.end) in shared)
            assert same <= rule.shared * leg.time_ms
    assert alternatives(ways, TRUCK, *ends, 1) == found[:1]


def test_alternatives_of_a_single_road_are_none(network: RoadNetwork) -> None:
    """Where everything else is closed there is one way, and where all is closed a refusal."""
    ends = _ends(network)
    used = set(Ways(network).leg(TRUCK, *ends).segments)
    others = [s for s in range(network.info.segments) if s not in used]
    alone = Ways(network, (Closure.of_segments("rest", network, others),))
    assert len(alternatives(alone, TRUCK, *ends, 4)) == 1
    cut = Closure.of_segments("all", network, [*others, _middle_of_the_way(network)])
    with pytest.raises(NoRoute, match="closed by all"):
        alternatives(Ways(network, (cut,)), TRUCK, *ends, 2)


def test_an_isochrone_holds_what_can_be_reached_in_time_and_nothing_else(
    network: RoadNetwork,
) -> None:
    """Nodes, roads and area grow with the time; the matrix agrees with who is in."""
    ways, origin = Ways(network), snap(network, *PLACES["Rạch Giá"])
    small, large = isochrones(ways, TRUCK, origin, [1200, 3600])
    assert set(small.nodes.tolist()) < set(large.nodes.tolist())
    assert small.roads.length < large.roads.length
    assert large.area.buffer(1e-6).covers(small.area)
    assert large.as_feature()["properties"] == {"limit_s": 3600}
    arrays = network.arrays
    for node in range(0, network.junctions, 50):
        place = snap(network, float(arrays.lat[node]), float(arrays.lon[node]))
        if place.node is None:
            continue
        inside = ways.table(TRUCK, [origin], [place])[0].item() <= 3_600_000
        assert inside == (place.node in large.nodes)
    with pytest.raises(ValueError, match="above 0"):
        isochrones(ways, TRUCK, origin, [0])


def test_nearest_places_come_nearest_first_on_different_roads(network: RoadNetwork) -> None:
    """As many as asked for, the first being where a truck would join the road."""
    lat, lon = PLACES["Gò Quao"]
    found = nearest(network, lat, lon, 5)
    assert len({place.segment for place in found}) == 5
    assert [place.snap_m for place in found] == sorted(place.snap_m for place in found)
    assert found[0].snap_m == snap(network, lat, lon).snap_m
    assert len(nearest(network, lat, lon, 10**6)) == int(usable_segments(network, TRUCK).sum())
