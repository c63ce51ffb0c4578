"""Hold what an extract becomes to its tags and restrictions, by the fastest way on it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from infra import cli
from routing.roads.errors import RoadError
from routing.roads.extract import build_extract
from routing.roads.network import load_network
from routing.roads.osm_file import RESTRICTION, TURN_CONDITION
from routing.roads.segments import NO_LENGTH, NO_POSITION
from routing.roads.tables import read_table
from routing.roads.tags import CONDITION, VALUE
from tests.routing.roads.osm_files import (
    FORK,
    OPEN,
    ROUND,
    STRAIGHT,
    Relation,
    Tags,
    fastest,
    read,
    restriction,
    way_on_fork,
    ways_driven,
    write_osm,
)

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.network import RoadNetwork

MORNING = datetime.fromisoformat("2021-08-20T08:00:00+07:00")
NIGHT = datetime.fromisoformat("2021-08-20T23:00:00+07:00")
LIGHT, HEAVY = "light_truck", "semi_trailer"


def _network(folder: Path, tags: Tags) -> RoadNetwork:
    """Read the fork whose straight way has tags."""
    return read(write_osm(folder / "fork.osm.pbf", tags={20: OPEN | tags})).network


def test_without_tags_the_straight_way_is_taken(tmp_path: Path) -> None:
    """By light and heavy trucks, at any time."""
    network = _network(tmp_path, {})
    assert {tuple(way_on_fork(network, c, at)) for c in (LIGHT, HEAVY) for at in (None, NIGHT)} == {
        tuple(STRAIGHT)
    }


@pytest.mark.parametrize(
    ("tags", "light", "heavy"),
    [
        ({"maxweight": "7.5"}, STRAIGHT, ROUND),
        ({"maxweight": "16500 lbs"}, STRAIGHT, ROUND),
        ({"maxweight": "3.5"}, ROUND, ROUND),
        ({"maxheight": "3.5"}, STRAIGHT, ROUND),
        ({"maxheight": "12'6\""}, STRAIGHT, ROUND),
        ({"maxaxleload": "5"}, STRAIGHT, ROUND),
        ({"maxlength": "12"}, STRAIGHT, ROUND),
        ({"maxwidth": "2.2"}, STRAIGHT, ROUND),
        ({"hgv": "no"}, ROUND, ROUND),
        ({"access": "no"}, ROUND, ROUND),
        ({"motor_vehicle": "private"}, ROUND, ROUND),
        ({"access": "no", "hgv": "yes"}, STRAIGHT, STRAIGHT),
        ({"hgv": "destination"}, ROUND, ROUND),
        ({"oneway": "-1"}, ROUND, ROUND),
        ({"oneway": "yes"}, STRAIGHT, STRAIGHT),
        ({"highway": "construction"}, ROUND, ROUND),
        ({"maxspeed": "10"}, ROUND, ROUND),
        ({"maxspeed:backward": "10"}, STRAIGHT, STRAIGHT),
        ({"surface": "mud"}, ROUND, ROUND),
        ({"highway": "track"}, ROUND, ROUND),
        ({"hgv:conditional": "no @ (weight>7.5)"}, STRAIGHT, ROUND),
        ({"maxweight:forward": "7.5"}, STRAIGHT, ROUND),
        ({"maxweight:backward": "7.5"}, STRAIGHT, STRAIGHT),
    ],
)
def test_a_tag_turns_those_away_whom_it_concerns(
    tmp_path: Path, tags: Tags, light: list[int], heavy: list[int]
) -> None:
    """The others drive straight on."""
    network = _network(tmp_path, tags)
    assert (way_on_fork(network, LIGHT), way_on_fork(network, HEAVY)) == (light, heavy)


@pytest.mark.parametrize(
    ("tags", "morning", "night", "any_time"),
    [
        ({"hgv:conditional": "no @ (Mo-Fr 07:00-19:00)"}, ROUND, STRAIGHT, STRAIGHT),
        ({"access:conditional": "no @ (Mo-Fr 07:00-19:00)"}, ROUND, STRAIGHT, STRAIGHT),
        ({"motor_vehicle:conditional": "no @ (22:00-05:00)"}, STRAIGHT, ROUND, STRAIGHT),
        ({"hgv": "no", "hgv:conditional": "yes @ (22:00-06:00)"}, ROUND, STRAIGHT, ROUND),
        ({"maxweight:conditional": "8 @ (06:00-20:00)"}, ROUND, STRAIGHT, STRAIGHT),
        (
            {"maxweight": "8", "maxweight:conditional": "none @ (20:00-06:00)"},
            ROUND,
            STRAIGHT,
            ROUND,
        ),
        ({"hgv:conditional": "no @ (weight>7.5 AND 06:00-22:00)"}, ROUND, STRAIGHT, STRAIGHT),
        ({"hgv:conditional": "no @ (wet)"}, ROUND, ROUND, ROUND),
        ({"oneway:conditional": "-1 @ (06:00-12:00)"}, ROUND, STRAIGHT, STRAIGHT),
    ],
)
def test_a_conditional_tag_holds_at_its_hours(
    tmp_path: Path, tags: Tags, morning: list[int], night: list[int], any_time: list[int]
) -> None:
    """Without a time, what holds at some hours is off and what holds but for some is on."""
    network = _network(tmp_path, tags)
    assert [way_on_fork(network, HEAVY, at) for at in (MORNING, NIGHT, None)] == [
        morning,
        night,
        any_time,
    ]


def test_a_road_is_one_between_its_dates(tmp_path: Path) -> None:
    """A bridge that opened in 2026 is no road in a replay of 2021, and one closed then still is."""
    new = _network(tmp_path, {"start_date": "2026-01-19", "bridge": "yes"})
    gone = _network(tmp_path, {"end_date": "2026-01-19"})
    later = datetime.fromisoformat("2026-02-01T08:00:00+07:00")
    assert [way_on_fork(new, at=at) for at in (MORNING, later)] == [ROUND, STRAIGHT]
    assert [way_on_fork(gone, at=at) for at in (MORNING, later)] == [STRAIGHT, ROUND]


def test_residents_reach_a_road_that_is_no_way_through(tmp_path: Path) -> None:
    """A truck may end on it and start from it."""
    ways = FORK | {60: [2, 6]}
    network = read(
        write_osm(tmp_path / "d.osm", ways=ways, tags={60: OPEN | {"access": "destination"}})
    ).network
    assert ways_driven(network, fastest(network, 1, 6)) == [10, 60]
    assert ways_driven(network, fastest(network, 6, 1)) == [60, 10]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    """Each cause by itself; nothing is dropped in silence."""
    relations = [
        restriction({"restriction": "no_left_turn"}, 10, 5, 20),  # they do not meet there
        restriction({"restriction": "give_way"}, 10, 2, 20),
        restriction({}, 10, 2, 20),
        Relation({"type": "restriction", "restriction": "no_left_turn"}, [("w", 10, "from")]),
        restriction({"restriction": "no_left_turn"}, 10, 2, 999),  # nobody drives there
        restriction({"restriction:conditional": "no_left_turn @ (wet)"}, 10, 2, 30),
    ]
    tags = {20: OPEN | {"hgv:conditional": "no @ (wet)"}, 30: OPEN | {"maxweight": "heavy"}}
    ways = FORK | {60: [6, 77], 70: [2, 2]}
    found = read(write_osm(tmp_path / "x.osm.pbf", ways=ways, tags=tags, relations=relations))
    assert found.left_out == {
        CONDITION: 1,
        VALUE: 1,
        RESTRICTION: 4,
        TURN_CONDITION: 1,
        NO_POSITION: 1,
        NO_LENGTH: 1,
    }
    assert found.turn_restrictions == 1


def test_a_ferry_takes_its_time_in_parts(tmp_path: Path) -> None:
    """Its pieces share the crossing by their length; without vehicles it is none."""
    ferry = {"route": "ferry", "motor_vehicle": "yes", "duration": "01:00"}
    ways = {10: [1, 2, 3], 20: [2, 4]}
    path = write_osm(tmp_path / "f.osm", ways=ways, tags={10: ferry, 20: ferry | {"duration": ""}})
    draft = read(path).draft
    assert draft.seg_ferry.all()
    assert abs(int(draft.seg_fixed_ms[:2].sum()) - 3_600_000) <= 2
    assert draft.seg_fixed_ms[2] == 0
    assert abs(int(draft.seg_fixed_ms[0]) - int(draft.seg_fixed_ms[1])) < 1000


def test_each_segment_has_the_speed_of_its_smallest_region(tmp_path: Path) -> None:
    """The delta's within it, the country's outside, and anywhere's where neither has one."""
    speeds = {(row["class"], row["region"]): row["speed_kph"] for row in read_table("speeds")}
    places = {1: (10.0, 105.1), 2: (10.0, 105.11), 3: (21.0, 105.8), 4: (21.0, 105.81)}
    places |= {5: (48.0, 2.0), 6: (48.0, 2.01)}
    ways = {10: [1, 2], 20: [3, 4], 30: [5, 6], 40: [1, 2, 3]}
    tags = {key: {"highway": "secondary"} for key in ways} | {40: {"highway": "living_street"}}
    draft = read(write_osm(tmp_path / "x.osm", places=places, ways=ways, tags=tags)).draft
    found = dict(
        zip(draft.seg_osmid.tolist(), draft.class_speed_kph[draft.seg_class], strict=False)
    )
    wanted = [("secondary", region) for region in ("vn-delta", "vn", "")]
    assert [found[way] for way in (10, 20, 30)] == [float(speeds[each]) for each in wanted]
    assert found[40] == float(speeds["living_street", ""])
    assert draft.class_name[0] == "access"


def test_a_build_writes_a_network_that_opens(tmp_path: Path) -> None:
    """With its source, its attribution, its timezone and its counts; twice the same."""
    relations = [restriction({"restriction": "no_straight_on"}, 10, 2, 20)]
    path = write_osm(tmp_path / "delta.osm.pbf", relations=relations)
    steps: list[str] = []
    built = build_extract(path, tmp_path / "one", tell=steps.append)
    info = load_network(tmp_path / "one").info
    assert info == built.info
    assert info.source == "OpenStreetMap extract delta.osm.pbf"
    assert info.attribution == "© OpenStreetMap contributors"
    assert (info.licence, info.timezone, info.turn_restrictions) == (
        "ODbL 1.0",
        "Asia/Ho_Chi_Minh",
        1,
    )
    assert info.bounds == (105.10, 10.0, 105.13, 10.005)
    assert len(steps) >= 4
    again = build_extract(path, tmp_path / "two").info
    assert again.content_hash == info.content_hash


def test_pbf_and_xml_give_the_same_network(tmp_path: Path) -> None:
    """The format of the file is no part of the roads."""
    hashes = {
        read(write_osm(tmp_path / name)).network.info.content_hash
        for name in ("x.osm", "x.osm.pbf")
    }
    assert len(hashes) == 1


def test_a_timezone_is_asked_for_where_no_region_says_it(tmp_path: Path) -> None:
    """A wrong one is refused as well."""
    places = {1: (48.0, 2.0), 2: (48.0, 2.01)}
    path = write_osm(tmp_path / "paris.osm", places=places, ways={10: [1, 2]})
    with pytest.raises(RoadError, match="--timezone"):
        build_extract(path, tmp_path / "out")
    with pytest.raises(RoadError, match="is no timezone"):
        build_extract(path, tmp_path / "out", timezone="Europe/Lutetia")
    built = build_extract(path, tmp_path / "out", timezone="Europe/Paris")
    assert built.info.timezone == "Europe/Paris"


def _bad(folder: Path, kind: str) -> Path:
    """Write one kind of bad input."""
    path = folder / f"{kind}.osm.pbf"
    whole = write_osm(path).read_bytes()
    middle = len(whole) // 2
    contents = {
        "missing": None,
        "empty": b"",
        "text": b"these are no roads\n" * 50,
        "truncated": whole[:middle],
        "corrupt": whole[: middle - 20] + bytes(40) + whole[middle + 20 :],
    }
    if kind == "folder":
        path.unlink()
        path.mkdir()
    elif kind == "no roads":
        write_osm(path, tags={key: {"building": "yes"} for key in FORK})
    elif kind == "no trucks":
        write_osm(path, tags={key: {"highway": "footway"} for key in FORK})
    elif kind == "no positions":
        write_osm(path, places={})
    elif kind == "another format":
        path.unlink()
        path = folder / "roads.shp"
        path.write_bytes(b"shape")
    elif (content := contents[kind]) is None:
        path.unlink()
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("missing", "there is no file"),
        ("folder", "there is no file"),
        ("empty", "cannot read"),
        ("text", "cannot read"),
        ("truncated", "cannot read"),
        ("corrupt", "cannot read"),
        ("another format", "cannot read"),
        ("no roads", "there is no road for trucks"),
        ("no trucks", "there is no road for trucks"),
        ("no positions", "there is no road for trucks"),
    ],
)
def test_bad_input_is_one_error_and_the_previous_network_stays(
    tmp_path: Path, kind: str, told: str
) -> None:
    """The command names the file and the cause, and exits with 1."""
    out = tmp_path / "roads"
    before = build_extract(write_osm(tmp_path / "good.osm.pbf"), out).info
    path = _bad(tmp_path, kind)
    words = ["roads", "build", "--pbf", str(path), "--out", str(out)]
    ended = CliRunner().invoke(cli.build_app(), words)
    assert ended.exit_code == 1
    assert isinstance(ended.exception, RoadError)
    message = str(ended.exception)
    assert told in message
    assert path.name in message
    assert "\n" not in message
    assert load_network(out).info == before
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []


def test_the_command_tells_what_it_built_and_what_it_left_out(tmp_path: Path) -> None:
    """Counts, causes and the attribution; nothing of progress in a pipe."""
    path = write_osm(tmp_path / "x.osm.pbf", tags={20: OPEN | {"hgv:conditional": "no @ wet"}})
    words = ["roads", "build", "--pbf", str(path), "--out", str(tmp_path / "roads")]
    ended = CliRunner().invoke(cli.build_app(), words)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "5 junctions, 10 edges, 2 rules and 0 turn restrictions" in ended.stdout
    assert f"1 {CONDITION}" in ended.stdout
    assert "© OpenStreetMap contributors" in ended.stdout
