"""Hold turn restrictions to the moves that they leave, by the fastest way on a fork."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.routing.roads.osm_files import (
    ROUND,
    STRAIGHT,
    Relation,
    Tags,
    fastest,
    read,
    restriction,
    way_on_fork,
    write_osm,
)

if TYPE_CHECKING:
    from pathlib import Path

MORNING = datetime.fromisoformat("2021-08-20T08:00:00+07:00")
NIGHT = datetime.fromisoformat("2021-08-20T23:00:00+07:00")


def _with(folder: Path, *relations: Relation) -> list[int] | None:
    """Return the ways on the fork under turn restrictions."""
    return way_on_fork(read(write_osm(folder / "turns.osm.pbf", relations=relations)).network)


@pytest.mark.parametrize(
    ("relations", "way"),
    [
        ([restriction({"restriction": "no_straight_on"}, 10, 2, 20)], ROUND),
        ([restriction({"restriction": "no_left_turn"}, 10, 2, 30)], STRAIGHT),
        ([restriction({"restriction": "only_left_turn"}, 10, 2, 30)], ROUND),
        ([restriction({"restriction": "only_straight_on"}, 10, 2, 20)], STRAIGHT),
        ([restriction({"restriction:hgv": "no_straight_on"}, 10, 2, 20)], ROUND),
        ([restriction({"restriction:bus": "no_straight_on"}, 10, 2, 20)], STRAIGHT),
        ([restriction({"restriction": "no_straight_on", "except": "hgv"}, 10, 2, 20)], STRAIGHT),
        (
            [restriction({"restriction": "no_straight_on", "except": "psv;goods"}, 10, 2, 20)],
            STRAIGHT,
        ),
        ([restriction({"restriction": "no_straight_on", "except": "psv"}, 10, 2, 20)], ROUND),
        ([restriction({"restriction": "no_straight_on"}, 10, [20], 50)], ROUND),
        ([restriction({"restriction": "no_straight_on"}, 30, [40], 50)], STRAIGHT),
        ([restriction({"restriction": "only_straight_on"}, 10, [30, 40], 50)], ROUND),
        (
            [
                restriction({"restriction": "no_straight_on"}, 10, [20], 50),
                restriction({"restriction": "no_left_turn"}, 10, [30, 40], 50),
            ],
            None,
        ),
        (
            [
                Relation(
                    {"type": "restriction", "restriction": "no_exit"},
                    [("w", 10, "from"), ("n", 2, "via"), ("w", 20, "to"), ("w", 60, "to")],
                )
            ],
            ROUND,
        ),
        (
            [
                Relation(
                    {"type": "restriction", "restriction": "no_entry"},
                    [("w", 10, "from"), ("w", 30, "from"), ("n", 2, "via"), ("w", 20, "to")],
                )
            ],
            ROUND,
        ),
    ],
)
def test_turn_restrictions_are_kept(
    tmp_path: Path, relations: list[Relation], way: list[int] | None
) -> None:
    """By a node or by ways, forbidding a move or every other one, for those whom they concern."""
    if way is None:  # both ways on are forbidden: a truck turns round somewhere
        assert _with(tmp_path, *relations) not in (STRAIGHT, ROUND)
    else:
        assert _with(tmp_path, *relations) == way


def test_nobody_turns_round_where_it_is_forbidden(tmp_path: Path) -> None:
    """A truck that must go left and may not turn round on the next junction has no way back."""
    ways = {10: [1, 2], 30: [2, 4]}
    free = write_osm(tmp_path / "free.osm", ways=ways)
    u_turn = restriction({"restriction": "no_u_turn"}, 30, 4, 30)
    bound = write_osm(tmp_path / "bound.osm", ways=ways, relations=[u_turn])
    for path, may in ((free, True), (bound, False)):
        network = read(path).network
        out = fastest(network, 1, 4)
        assert out is not None
        last = int(network.arrays.arc_v[out[-1]])
        segment = network.arrays.arc_segment
        back = [a for a in range(len(segment)) if network.arrays.arc_u[a] == last]
        assert (segment[out[-1]] in segment[back]) is may


@pytest.mark.parametrize(
    ("tags", "morning", "night"),
    [
        ({"restriction:conditional": "no_straight_on @ (Mo-Fr 07:00-19:00)"}, ROUND, STRAIGHT),
        ({"restriction:hgv:conditional": "no_straight_on @ (20:00-06:00)"}, STRAIGHT, ROUND),
        (
            {"restriction": "no_straight_on", "restriction:conditional": "none @ (20:00-06:00)"},
            ROUND,
            STRAIGHT,
        ),
        ({"restriction:conditional": "no_straight_on @ (wet)"}, ROUND, ROUND),
    ],
)
def test_turn_restrictions_hold_at_their_hours(
    tmp_path: Path, tags: Tags, morning: list[int], night: list[int]
) -> None:
    """Hours that cannot be read are all hours."""
    path = write_osm(tmp_path / "t.osm.pbf", relations=[restriction(tags, 10, 2, 20)])
    network = read(path).network
    assert [way_on_fork(network, at=at) for at in (MORNING, NIGHT)] == [morning, night]
