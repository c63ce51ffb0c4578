"""Hold instructions turn by turn to small junctions drawn by hand."""

from __future__ import annotations

from typing import Any

import pytest

from routing.roads.draft import Turn
from routing.roads.network import RoadNetwork
from routing.roads.ways import Ways
from tests.api.osrm.conftest import asker, at, drawn

CENTRE, SOUTH, NORTH, EAST, WEST = (0, 0), (0, -1), (0, 1), (1, 0), (-1, 0)
CROSS = (CENTRE, SOUTH, NORTH, EAST, WEST)
ARMS = [(1, 0, 1), (0, 2, 1), (0, 3, 2), (0, 4, 0)]


def told(network: RoadNetwork, *places: tuple[float, float], **options: str) -> list[Any]:
    """Return the steps of a way from one place to another."""
    coordinates = ";".join(at(*place) for place in places)
    answer = asker(Ways(network))("route", coordinates, steps="true", **options)
    return [step for leg in answer["routes"][0]["legs"] for step in leg["steps"]]


def moves(steps: list[Any]) -> list[tuple[str, str | None]]:
    """Return type and modifier of each step."""
    return [(step["maneuver"]["type"], step["maneuver"].get("modifier")) for step in steps]


def test_a_road_that_goes_on_needs_no_word() -> None:
    """Straight over a crossroads of the same name: the junction is only listed."""
    steps = told(drawn(CROSS, ARMS), SOUTH, NORTH)
    assert moves(steps) == [("depart", None), ("arrive", None)]
    assert steps[0]["name"] == "Quốc lộ 80"
    first, passed = steps[0]["intersections"]
    assert first == {"location": [105.0, pytest.approx(9.991, abs=1e-4)], "bearings": [0],
                     "entry": [True], "out": 0}  # fmt: skip
    assert passed["bearings"] == [0, 90, 180, 270]
    assert (passed["in"], passed["out"]) == (2, 0)
    assert passed["entry"] == [True, True, False, True]
    assert passed["location"] == [105.0, 10.0]


@pytest.mark.parametrize(
    ("end", "modifier", "after", "name"),
    [(EAST, "right", 90, "Quốc lộ 61"), (WEST, "left", 270, "")],
)
def test_a_turn_has_its_direction(
    end: tuple[int, int], modifier: str, after: int, name: str
) -> None:
    """From the south to the right into a named road, or to the left into one without a name."""
    steps = told(drawn(CROSS, ARMS), SOUTH, end)
    assert moves(steps) == [("depart", None), ("turn", modifier), ("arrive", None)]
    turn = steps[1]["maneuver"]
    assert (turn["bearing_before"], turn["bearing_after"]) == (0, after)
    assert turn["location"] == [105.0, 10.0]
    assert steps[1]["name"] == name


@pytest.mark.parametrize(
    ("place", "modifier"),
    [
        ((0.5, 0.9), "slight right"),
        ((1, 0.2), "right"),
        ((0.5, -0.9), "sharp right"),
        ((-0.5, 0.9), "slight left"),
        ((-1, -0.2), "left"),
        ((-0.5, -0.9), "sharp left"),
    ],
)
def test_a_turn_is_as_sharp_as_its_angle(place: tuple[float, float], modifier: str) -> None:
    """Another road goes straight on."""
    network = drawn([CENTRE, SOUTH, NORTH, place], [(1, 0, 1), (0, 2, 1), (0, 3, 2)])
    assert moves(told(network, SOUTH, place))[1] == ("turn", modifier)


def test_the_end_of_a_road_is_told() -> None:
    """At a T there is no way straight on."""
    network = drawn(CROSS[:1] + CROSS[1:2] + CROSS[3:], [(1, 0, 1), (0, 2, 2), (0, 3, 2)])
    assert moves(told(network, SOUTH, EAST))[1] == ("end of road", "right")


def test_a_fork_is_told_by_its_side() -> None:
    """Two roads go on, neither straighter than the other."""
    left, right = (-0.3, 1), (0.3, 1)
    network = drawn([CENTRE, SOUTH, left, right], [(1, 0, 1), (0, 2, 0), (0, 3, 2)])
    assert moves(told(network, SOUTH, left))[1] == ("fork", "slight left")
    assert moves(told(network, SOUTH, right))[1] == ("fork", "slight right")


def test_a_new_name_is_told_where_there_is_no_turn() -> None:
    """The same where the road bends, but not where the name only ends."""
    network = drawn([CENTRE, SOUTH, (1, 0.2), (2, 0.2)], [(1, 0, 1), (0, 2, 2), (2, 3, 0)])
    steps = told(network, SOUTH, (2, 0.2))
    assert moves(steps) == [("depart", None), ("new name", "right"), ("arrive", None)]
    assert len(steps[1]["intersections"]) == 2


def test_a_road_that_turns_while_another_goes_straight_is_continued() -> None:
    """One stays on the road of the name by turning."""
    network = drawn(CROSS, [(1, 0, 1), (0, 2, 2), (0, 3, 1), (0, 4, 0)])
    assert moves(told(network, SOUTH, EAST))[1] == ("continue", "right")


def test_boarding_a_ferry_and_leaving_it_is_told() -> None:
    """The mode is of the step that begins there."""
    network = drawn([CENTRE, SOUTH, NORTH, (0, 2)], [(1, 0, 1), (0, 2, 0), (2, 3, 1)], ferries=[1])
    steps = told(network, SOUTH, (0, 2))
    assert moves(steps)[1:3] == [("notification", "straight")] * 2
    assert [step["mode"] for step in steps] == ["driving", "ferry", "driving", "driving"]


def test_a_forbidden_turn_is_no_entry() -> None:
    """From the south the road to the east may not be taken; from the west it may."""
    network = drawn(CROSS, ARMS, turns=(Turn(path=((0, 0), (2, 0))),))
    passed = told(network, SOUTH, NORTH)[0]["intersections"][1]
    assert passed["entry"] == [True, False, False, True]
    passed = told(network, WEST, EAST)[1]["intersections"][0]
    assert passed["entry"] == [True, True, True, False]


def test_a_one_way_road_against_its_direction_is_no_entry() -> None:
    """It is still listed as a road of the junction."""
    network = drawn([*CROSS, (1, -1)], [*ARMS, (3, 5, 0), (5, 0, 0)], one_way=[2, 4, 5])
    passed = told(network, SOUTH, NORTH)[0]["intersections"][1]
    assert passed["bearings"] == [0, 90, 135, 180, 270]
    assert passed["entry"] == [True, True, False, False, True]


def test_turning_round_within_a_road_is_told() -> None:
    """At a point on the way that is no waypoint, a truck turns round."""
    steps = told(drawn(CROSS, ARMS), SOUTH, (0.5, 0), NORTH, waypoints="0;2")
    assert moves(steps) == [
        ("depart", None),
        ("turn", "right"),
        ("continue", "uturn"),
        ("turn", "right"),
        ("arrive", None),
    ]
    turned = steps[2]["intersections"][0]
    assert turned["bearings"] == [90, 270]
    assert (turned["in"], turned["out"]) == (1, 1)


def test_a_point_on_the_way_that_is_passed_needs_no_word() -> None:
    """Neither a junction nor a step comes of it."""
    steps = told(drawn(CROSS, ARMS), SOUTH, (0, -0.5), NORTH, waypoints="0;2")
    assert moves(steps) == [("depart", None), ("arrive", None)]
    assert len(steps[0]["intersections"]) == 2


def test_departure_and_arrival_tell_the_side_of_the_road() -> None:
    """The first point lies east of the road north, the last one west of it."""
    steps = told(drawn(CROSS, ARMS), (0.1, -0.8), (-0.1, -0.2))
    assert moves(steps) == [("depart", "right"), ("arrive", "left")]
    arrival = steps[-1]
    assert arrival["maneuver"]["bearing_before"] == 0
    assert arrival["intersections"][0]["bearings"] == [180]
    assert (arrival["distance"], arrival["duration"]) == (0, 0)


def test_staying_where_one_is_has_two_steps() -> None:
    """At a junction, and within an edge."""
    for place in (CENTRE, (0, -0.5)):
        steps = told(drawn(CROSS, ARMS), place, place)
        assert moves(steps) == [("depart", None), ("arrive", None)]
        assert steps[0]["distance"] == steps[0]["duration"] == 0


def test_a_summary_names_the_two_longest_roads() -> None:
    """In the order in which they are driven; none without steps."""
    network = drawn([CENTRE, SOUTH, (1, 0.2), (3, 0.2)], [(1, 0, 1), (0, 2, 2), (2, 3, 0)])
    ask = asker(Ways(network))
    ends = f"{at(*SOUTH)};{at(3, 0.2)}"
    legs = [ask("route", ends, steps=steps)["routes"][0]["legs"][0] for steps in ("true", "false")]
    assert [leg["summary"] for leg in legs] == ["Quốc lộ 80, Quốc lộ 61", ""]
    assert legs[1]["steps"] == []
