"""Hold `roads build`, `roads info` and `route` to their answers and exit codes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from typer.testing import CliRunner

from infra import cli
from routing.roads.network import load_network

if TYPE_CHECKING:
    from pathlib import Path

RACH_GIA, CAN_THO, AN_THOI = "10.012,105.081", "10.037,105.788", "10.019,104.015"


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def _run(*words: str) -> Ended:
    """Run one command as `main` does, with its exit status."""
    result = CliRunner().invoke(cli.build_app(), list(words))
    return Ended(result.exit_code, result.stdout, result.stderr)


def _main(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> Ended:
    """Run the whole program, errors turned into lines."""
    monkeypatch.setattr(sys, "argv", ["harvestlane", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Ended(ended.value.code, printed.out, printed.err)


def test_roads_are_built_where_out_says(tmp_path: Path) -> None:
    """The folder then opens as a network, and the attribution is printed."""
    out = tmp_path / "new" / "roads"
    ended = _run("roads", "build", "--bundled", "--out", str(out))
    assert ended.status == 0
    assert "OpenStreetMap" in ended.out
    assert load_network(out).nodes > 1200


def test_roads_are_built_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --out the stack's own network is written, and read by info."""
    monkeypatch.setenv("HARVESTLANE_NETWORK", str(tmp_path / "roads"))
    assert _run("roads", "build", "--bundled").status == 0
    told = json.loads(_run("roads", "info", "--json").out)
    assert told["nodes"] == load_network(tmp_path / "roads").nodes
    assert "attribution" in _run("roads", "info").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--place, --pbf or --bundled"),
        (("--place", "Rạch Giá, Vietnam", "--pbf", "vietnam.osm.pbf"), "once"),
        (("--bundled", "--pbf", "vietnam.osm.pbf"), "once"),
        (("--bundled", "--timezone", "Asia/Ho_Chi_Minh"), "leave --timezone out"),
    ],
)
def test_roads_are_built_from_just_one_source(words: tuple[str, ...], told: str) -> None:
    """Anything else is wrong use, and nothing is built."""
    ended = _run("roads", "build", *words)
    assert ended.status == 2
    assert told in " ".join(ended.err.split())


def test_a_folder_without_roads_is_one_line_on_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the command that builds them."""
    ended = _main(monkeypatch, capsys, "roads", "info", "--network", str(tmp_path))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("harvestlane: there is no road network in")
    assert "roads build --bundled" in ended.err
    assert ended.err.count("\n") == 1


def test_a_route_as_json_has_what_the_contract_names(network_dir: Path) -> None:
    """Duration, distance, a GeoJSON line, restrictions and how far the ends lie from the road."""
    where = ("--network", str(network_dir))
    ended = _run("route", "--from", AN_THOI, "--to", CAN_THO, *where, "--json")
    assert ended.status == 0
    found = json.loads(ended.out)
    assert found["duration_s"] > 3 * 3600
    assert found["distance_m"] > 150_000
    assert found["geometry"]["type"] == "LineString"
    assert len(found["geometry"]["coordinates"]) > 10
    assert [restriction["kind"] for restriction in found["restrictions"]] == ["ferry"]
    assert 0 <= found["origin_snap_m"] <= 3000
    assert 0 <= found["destination_snap_m"] <= 3000


def test_a_route_for_people_tells_distance_time_and_ferries(network_dir: Path) -> None:
    """A heavy truck takes longer, and a ferry is named."""
    where = ("--network", str(network_dir), "--at", "2021-08-20T06:00:00+07:00")
    ended = _run("route", "--from", AN_THOI, "--to", RACH_GIA, "--vehicle", "semi_trailer", *where)
    assert ended.status == 0
    assert " km in " in ended.out
    assert "ferry: Phà" in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "Rạch Giá", "--to", CAN_THO), "LAT,LON"),
        (("--from", "105.081,10.012", "--to", CAN_THO), "swapped"),
        (("--from", "nan,105", "--to", CAN_THO), "finite"),
        (("--from", RACH_GIA, "--to", CAN_THO, "--vehicle", "ox_cart"), "choose one of"),
        (("--from", RACH_GIA, "--to", CAN_THO, "--at", "today"), "no time such as"),
        (("--from", RACH_GIA, "--to", CAN_THO, "--at", "2021-08-20T06:00"), "offset"),
        (("--from", RACH_GIA), "--to"),
    ],
)
def test_wrong_use_of_route_is_told(network_dir: Path, words: tuple[str, ...], told: str) -> None:
    """Exit status 2, with what is wrong."""
    ended = _run("route", *words, "--network", str(network_dir))
    assert ended.status == 2
    assert told in " ".join(ended.err.split())


def test_a_point_outside_the_network_names_the_distance(
    network_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit status 1, no JSON."""
    words = ("route", "--from", "21.03,105.85", "--to", CAN_THO, "--network", str(network_dir))
    ended = _main(monkeypatch, capsys, *words, "--json")
    assert (ended.status, ended.out) == (1, "")
    assert "km from the nearest road; at most 15.0 km" in ended.err
    assert ended.err.count("\n") == 1
