"""See that the planner's own process asks the engine, round the closures of each plan."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import mapping

from routing.dispatch import Point
from routing.roads.bundled import build_bundled
from routing.roads.closures import touches
from streams import planning
from streams.rehearsal import rehearse
from tests.routing.roads.places import PLACES

if TYPE_CHECKING:
    from pathlib import Path

THEN = datetime(2021, 8, 20, 2, tzinfo=UTC)
FROM, TO = (Point(*PLACES[name]) for name in ("Rạch Giá", "Cần Thơ"))


def _plan_roads(closures: list[tuple[str, str, dict[str, Any]]]) -> tuple[float, dict[str, Any]]:
    """Answer, in the planner's process, the time of one pair and the road to it."""
    travel = planning.travel_around(closures, THEN)
    time_s = travel.duration_s("rigid_2_axle", [FROM], [TO])[0, 0].item()
    return time_s, travel.route("rigid_2_axle", [FROM, TO]).geometry


def _imported() -> set[str]:
    return {"networkx", "osmnx"} & set(sys.modules)


def test_a_closure_is_in_the_very_next_plan_and_a_lifted_one_no_more(tmp_path: Path) -> None:
    """Times and roads go round it, and back again; no graph library is loaded for that."""
    build_bundled(tmp_path / "roads")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        1, mp_context=spawn, initializer=planning.start, initargs=(tmp_path / "roads",)
    ) as planner:
        free_s, road = planner.submit(_plan_roads, []).result(timeout=120)
        line = shapely.geometry.shape(road)
        middle = line.interpolate(0.5, normalized=True)
        closed = ("road", "c-1", mapping(middle))
        round_s, detour = planner.submit(_plan_roads, [closed]).result(timeout=120)
        assert round_s > free_s
        assert touches(road, closed[2])
        assert not touches(detour, closed[2])
        assert planner.submit(_plan_roads, []).result(timeout=120) == (free_s, road)
        assert planner.submit(_imported).result(timeout=120) == set()


def test_the_rehearsal_is_a_whole_plan() -> None:
    """It runs what a real plan runs: a trip into a slot, with its cost and explanation."""
    (trip,) = rehearse().trips
    assert (trip.truck_id, trip.lot_id, trip.slot_id) == ("T", "L", "S")
    assert trip.explanation
