"""Draw scenarios' ways along the bundled roads."""

from pathlib import Path

import pytest

from infra.scenario.draw import draw_ways
from infra.scenario.facts import Facts, table
from infra.scenario.way import Way, distance_m
from routing.roads.bundled import build_bundled
from schemas.model import parse_time


def test_every_way_joins_its_stops(tmp_path: Path) -> None:
    """A way drawn anew starts and ends near the places that its row names."""
    build_bundled(tmp_path / "roads")
    out = tmp_path / "ways.geojson"
    at = parse_time("2021-08-24T00:00:00+07:00")
    assert draw_ways(tmp_path / "roads", at=at, out=out) == len(table("ways"))
    assert out.read_text(encoding="utf-8").count('"Feature"') == len(table("ways"))


@pytest.mark.parametrize("way_id", [row["way_id"] for row in table("ways")])
def test_a_kept_way_joins_its_stops(way_id: str) -> None:
    """The lines that are kept start and end within 2 km of their places."""
    facts = Facts()
    way = facts.ways[way_id]
    start, *ends = way.stops
    for line, end in zip(way.lines, ends, strict=True):
        assert isinstance(line, Way)
        assert distance_m(line.points[0], facts.places[start]) < 2_000
        assert distance_m(line.points[-1], facts.places[end]) < 2_000
