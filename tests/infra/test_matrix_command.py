"""Hold `matrix` to its answers, its refusals and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.infra.program import Ended, Program

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "id,lat,lon\nrach-gia,10.012,105.081\ncan-tho,10.037,105.788\nan-thoi,10.019,104.015\n"


class Command:
    """`matrix` over a small file and the bundled network."""

    def __init__(self, program: Program, network: Path) -> None:
        self._network = network
        self.run = program.run
        self.file = program.folder / "points.csv"

    def __call__(self, rows: str | bytes, *words: str) -> Ended:
        """Run `matrix` over a file with these rows."""
        self.file.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        return self.run("matrix", str(self.file), "--network", str(self._network), *words)


@pytest.fixture
def command(program: Program, network_dir: Path) -> Command:
    """Return the command, ready to run."""
    return Command(program, network_dir)


def test_a_matrix_as_json_agrees_with_single_routes(command: Command, network_dir: Path) -> None:
    """Two matrices of numbers, and where each point joins the road."""
    ended = command(ROWS, "--json")
    assert (ended.status, ended.err) == (0, "")
    found = json.loads(ended.out)
    where = ("--from", "10.012,105.081", "--to", "10.037,105.788", "--network", str(network_dir))
    single = json.loads(command.run("route", *where, "--json").out)
    assert found["durations_s"][0][1] == single["duration_s"]
    assert found["distances_m"][0][1] == single["distance_m"]
    assert [found["durations_s"][at][at] for at in range(3)] == [0, 0, 0]
    assert [point["id"] for point in found["points"]] == ["rach-gia", "can-tho", "an-thoi"]
    assert found["points"][0]["snap_m"] == single["origin_snap_m"]
    assert found["points"][0].keys() == {"id", "node", "snap_m"}


def test_a_matrix_for_people_is_two_tables(command: Command) -> None:
    """Minutes and kilometres from rows to columns, then how far each point lies beside the road."""
    ended = command(ROWS, "--vehicle", "semi_trailer", "--at", "2021-08-20T06:00:00+07:00")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == ["minutes", "rach-gia", "can-tho", "an-thoi"]
    assert lines[5].split() == ["kilometres", "rach-gia", "can-tho", "an-thoi"]
    assert lines[1].split()[:2] == ["rach-gia", "0.0"]
    assert lines[10].startswith("rach-gia: ")


def test_a_table_as_spreadsheets_write_it_is_read(command: Command) -> None:
    """A mark at the start, other columns and their order, spaces, quotes and line ends."""
    rows = '\ufeffname, lon ,lat,id\r\n"Rạch Giá, chợ", 105.081,10.012,"1"\r\n'
    ended = command(rows, "--json")
    assert ended.status == 0
    assert json.loads(ended.out)["points"][0]["id"] == "1"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("", "no column id, lat, lon"),
        ("id;lat;lon\na;10;105\n", "no column id, lat, lon"),
        ("id,lat,lng\na,10,105\n", "no column lon; it must be id,lat,lon, and is 'id,lat,lng'"),
        ("id,lat,lon\n", "there are no points"),
        (ROWS + "x,ten,105\n", "row 5, point 'x': lat 'ten' is no number"),
        (ROWS + "x,10\n", "row 5, point 'x': lon '' is no number"),
        (ROWS + ",10,105\n", "row 5: the id is empty"),
        (ROWS + "x,nan,105\n", "row 5, point 'x': latitude and longitude must be finite"),
        (ROWS + "x,105.081,10.012\n", "row 5, point 'x': 105.081,10.012 has latitude and longi"),
        (ROWS + "can-tho,10,105\n", "row 5, point 'can-tho' has the same id as row 3"),
        (b"id,lat,lon\n\xff,10,105\n", "no CSV file in UTF-8"),
        ('id,lat,lon\n"x,10,105\n', "no CSV file in UTF-8"),
    ],
)
def test_a_bad_table_is_wrong_use_in_one_line(
    command: Command, rows: str | bytes, told: str
) -> None:
    """The file, the row, the point and what is wrong with it; nothing on stdout."""
    ended = command(rows, "--json")
    assert (ended.status, ended.out) == (2, "")
    assert "points.csv" in ended.err
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_a_point_far_from_any_road_is_an_error_with_its_distance(command: Command) -> None:
    """Exit status 1, with the row and the id."""
    ended = command(ROWS + "hanoi,21.03,105.85\n")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("harvestlane: row 5, point 'hanoi': ")
    assert "km from the nearest road; at most 15.0 km" in ended.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--vehicle", "ox_cart"), "choose one of"),
        (("--at", "today"), "no time such as"),
        (("--at", "2021-08-20T06:00"), "offset"),
    ],
)
def test_wrong_options_are_told(command: Command, words: tuple[str, ...], told: str) -> None:
    """Exit status 2, with what is wrong."""
    ended = command(ROWS, *words)
    assert ended.status == 2
    assert told in ended.err


def test_a_missing_file_is_told(command: Command, tmp_path: Path) -> None:
    """Exit status 2, naming it."""
    ended = command.run("matrix", str(tmp_path / "none.csv"))
    assert ended.status == 2
    assert "none.csv" in ended.err
