"""Read the facts that scenarios are made of from the tables in `data/`."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.scenario.way import LatLon, Way

DATA = Path(__file__).parent / "data"
"""The folder of the tables; `docs/scenario.md` says where they come from."""


def table(name: str) -> list[dict[str, str]]:
    """Read one table, a dict a row."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def point(row: dict[str, str]) -> LatLon:
    """Return where a row's place lies."""
    return (float(row["lat"]), float(row["lon"]))


def parts(text: str) -> list[str]:
    """Split a cell that holds several words."""
    return [part for part in text.split(";") if part]


@dataclass(frozen=True, slots=True)
class DrawnWay:
    """A road path of `ways.csv` with its lines, one for each end."""

    way_id: str
    use: str
    name: str
    stops: tuple[str, ...]
    lines: tuple[Way, ...]


class Facts:
    """All tables, each read once."""

    @cached_property
    def facilities(self) -> list[dict[str, str]]:
        """Ports, markets, plants and assembly points."""
        return table("facilities")

    @cached_property
    def checkpoints(self) -> list[dict[str, str]]:
        """Checkpoints on the highways of August 2021."""
        return table("checkpoints")

    @cached_property
    def farms(self) -> list[dict[str, str]]:
        """Where lots are harvested, with the goods of the place, repeated by their weight."""
        return table("farms")

    @cached_property
    def hauliers(self) -> list[dict[str, str]]:
        """Who owns trucks, and how they answer offers."""
        return table("hauliers")

    @cached_property
    def products(self) -> list[dict[str, str]]:
        """Goods with their number of lots, amounts, prices and hours of hold."""
        return table("products")

    @cached_property
    def places(self) -> dict[str, LatLon]:
        """Where each facility and checkpoint lies."""
        return {row["place_id"]: point(row) for row in (*self.facilities, *self.checkpoints)}

    @cached_property
    def ways(self) -> dict[str, DrawnWay]:
        """Road paths, as `scenario ways` drew them."""
        drawn: dict[str, Any] = json.loads((DATA / "ways.geojson").read_text(encoding="utf-8"))
        return {
            feature["properties"]["way_id"]: DrawnWay(
                way_id=feature["properties"]["way_id"],
                use=feature["properties"]["use"],
                name=feature["properties"]["name"],
                stops=tuple(feature["properties"]["stops"]),
                lines=tuple(
                    Way((lat, lon) for lon, lat in line)
                    for line in feature["geometry"]["coordinates"]
                ),
            )
            for feature in drawn["features"]
        }
