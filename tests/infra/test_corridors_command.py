"""Hold `corridors plan` to its answers, its refusals and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.corridors.read import demo_places, read_flows, read_places, read_zones
from infra.scenario.script import read_script
from schemas.envelope import decode
from tests.infra.program import Ended, Program

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "flow_id,source,destinations,trucks_per_day,vehicle_class,kind\n"
ROWS = (
    HEADER
    + "shrimp,port-tac-cau,market-can-tho,30,rigid_2_axle,\n"
    + "fish,port-rach-gia,market-can-tho;port-cai-cui,20,rigid_2_axle,fork\n"
    + "lost,port-tac-cau,nowhere,10,rigid_2_axle,\n"
)
PERIOD = ("--from", "2021-08-24T00:00:00+07:00", "--until", "2021-08-31T00:00:00+07:00")
ZONE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"closure_id": "zone-market"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[105.7, 9.95], [105.9, 9.95], [105.9, 10.1], [105.7, 10.1], [105.7, 9.95]]
                ],
            },
        }
    ],
}  # fmt: skip


class Command:
    """`corridors plan` over a small file and the bundled network."""

    def __init__(self, program: Program, network: Path) -> None:
        self._program, self._network = program, network
        self.folder = program.folder
        self.file = program.folder / "flows.csv"

    def __call__(self, rows: str, *words: str) -> Ended:
        """Run `corridors plan` over a file with these rows."""
        self.file.write_text(rows, encoding="utf-8")
        network = str(self._network)
        given = ("--flows", str(self.file), "--network", network, "--rounds", "3")
        return self._program.run("corridors", "plan", *given, *PERIOD, *words)


@pytest.fixture
def command(program: Program, network_dir: Path) -> Command:
    """Return the command, ready to run."""
    return Command(program, network_dir)


def test_a_plan_as_json_tells_corridors_ways_reasons_and_totals(command: Command) -> None:
    """What is served and what not stands there with its numbers, and the sums agree."""
    ended = command(ROWS, "--json")
    assert (ended.status, ended.err) == (0, "")
    doc = json.loads(ended.out)
    by_id = {one["corridor_id"]: one for one in doc["corridors"]}
    assert by_id["corridor-shrimp"]["kind"] == "shuttle"
    assert by_id["corridor-shrimp"]["trucks_per_day"] == 30
    assert by_id["corridor-fish"]["kind"] == "fork"
    assert by_id["corridor-fish"]["trucks_per_day"] == 20
    assert {(way["flow_id"], way["destination"]) for way in doc["flows"]} == {
        ("shrimp", "market-can-tho"),
        ("fish", "market-can-tho"),
        ("fish", "port-cai-cui"),
    }
    assert all(1 <= way["detour"] <= 1.3 for way in doc["flows"])
    assert [(one["flow_id"], one["why"]) for one in doc["not_served"]] == [
        ("lost", "unknown_facility")
    ]
    assert 0 < doc["corridor_km"] <= sum(way["km"] for way in doc["flows"])
    assert doc["ratio"] == pytest.approx(doc["corridor_km"] / doc["shortest_paths_km"], abs=0.01)


def test_people_read_each_corridor_each_flow_and_the_totals(command: Command) -> None:
    """Without `--json` the same is told in lines."""
    ended = command(ROWS)
    assert ended.status == 0
    assert "corridor-shrimp  shuttle  port-tac-cau – market-can-tho" in ended.out
    assert "fish to port-cai-cui:" in ended.out
    assert "no corridor: lost to nowhere: no place of that name is listed" in ended.out
    assert "separate shortest ways" in ended.out.splitlines()[-1]


def test_what_is_written_can_be_drawn_posted_and_replayed(command: Command) -> None:
    """GeoJSON has a feature a corridor; every line of events is a `corridor.opened`."""
    drawn, said = command.folder / "set.geojson", command.folder / "set.jsonl"
    ended = command(ROWS, "--geojson", str(drawn), "--events", str(said))
    assert ended.status == 0
    features = json.loads(drawn.read_bytes())["features"]
    assert [one["properties"]["corridor_id"] for one in features] == [
        "corridor-shrimp",
        "corridor-fish",
    ]
    messages = [line.message(None) for line in read_script(said).lines]
    events = [decode(one.topic, one.key, one.value, one.headers) for one in messages]
    assert {event.type for event in events} == {"corridor.opened"}
    assert sorted(event.key for event in events) == ["corridor-fish", "corridor-shrimp"]


def test_zones_are_kept_out_of(command: Command) -> None:
    """A flow whose end lies in a zone gets no corridor, and the zone is named."""
    zones = command.folder / "zones.geojson"
    zones.write_text(json.dumps(ZONE))
    ended = command(ROWS, "--zones", str(zones), "--json")
    doc = json.loads(ended.out)
    told = {one["flow_id"]: one for one in doc["not_served"]}
    assert told["shrimp"]["why"] == "no_way_outside_zones"
    assert "zone-market" in str(told["shrimp"]["numbers"])
    assert (doc["corridors"], doc["ratio"]) == ([], None)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("x,port-tac-cau,market-can-tho,many,rigid_2_axle,", "trucks_per_day 'many' is no number"),
        ("x,port-tac-cau,market-can-tho,5,tram,", "tram"),
        ("x,port-tac-cau,market-can-tho,5,rigid_2_axle,loop", "shuttle, fork or nothing"),
        ("x,port-tac-cau,,5,rigid_2_axle,", "one or two other destinations"),
        ("x,port-tac-cau,market-can-tho,,rigid_2_axle,", "trucks_per_day or tonnes_per_day"),
        (",port-tac-cau,market-can-tho,5,rigid_2_axle,", "flow_id is empty"),
        ("x,port-tac-cau,market-can-tho,5,rigid_2_axle,,,", "more cells than columns"),
    ],
)
def test_a_bad_row_is_named_with_its_line(command: Command, row: str, why: str) -> None:
    """One line on stderr, wrong use, and nothing on stdout."""
    good = "a,port-tac-cau,market-can-tho,5,rigid_2_axle,\n"
    ended = command(f"{HEADER}{good}{row}\n")
    assert (ended.status, ended.out) == (2, "")
    assert "flows.csv row 3" in ended.err
    assert why in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("flow_id,source\nx,y\n", "no column destinations"),
        (HEADER, "holds no flows"),
        (ROWS + "shrimp,port-rach-gia,market-can-tho,5,rigid_2_axle,\n", "'shrimp' stands twice"),
    ],
)
def test_a_bad_table_is_wrong_use(command: Command, rows: str, why: str) -> None:
    """The message names the file."""
    ended = command(rows)
    assert ended.status == 2
    assert why in ended.err
    assert "flows.csv" in ended.err


def test_tonnes_make_whole_trucks(tmp_path: Path) -> None:
    """A flow may be told in tonnes; a kind that is left out is any."""
    path = tmp_path / "flows.csv"
    path.write_text("flow_id,source,destinations,tonnes_per_day\nx,a,b,81\n")
    (flow,) = read_flows(path)
    assert (flow.trucks, flow.kind) == (11.0, None)


def test_places_of_ones_own_are_read_and_a_bad_one_is_named(tmp_path: Path) -> None:
    """Checkpoints are told from facilities by their kind, and clear by their bays."""
    path = tmp_path / "places.csv"
    path.write_text("place_id,kind,lat,lon,bays\na,port,9.9,105.1,\nc,checkpoint,9.8,105.2,3\n")
    places = read_places(path)
    assert [stop.place_id for stop in places.facilities] == ["a"]
    assert [gate.vehicles_per_h for gate in places.checkpoints] == [60.0]
    path.write_text("place_id,kind,lat,lon,bays\na,port,99,105.1,\n")
    with pytest.raises(ValueError, match=r"places.csv row 2: lat '99'"):
        read_places(path)


def test_the_demo_has_places() -> None:
    """Without a table the demo's places are planned between."""
    places = demo_places()
    assert {"port-tac-cau", "market-can-tho"} <= {stop.place_id for stop in places.facilities}
    assert len(places.checkpoints) >= 20


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "no GeoJSON FeatureCollection"),
        ("[", "no GeoJSON FeatureCollection"),
        ('{"features": [{"properties": {}}]}', "feature 1"),
        ('{"features": [7]}', "feature 1"),
    ],
)
def test_zones_that_are_none_are_refused(tmp_path: Path, text: str, why: str) -> None:
    """The message names the file, and the feature where it is one's fault."""
    path = tmp_path / "zones.geojson"
    path.write_text(text)
    with pytest.raises(ValueError, match=why):
        read_zones(path)
