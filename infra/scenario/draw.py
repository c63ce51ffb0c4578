"""Draw the road paths of `data/ways.csv` along a built network, for scenarios to keep."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.scenario.facts import DATA, Facts, parts, table
from routing.roads.network import RoadNetwork, load_network
from routing.route import route


def draw_ways(network_dir: Path, *, at: datetime, out: Path = DATA / "ways.geojson") -> int:
    """Route every row of `ways.csv` and write the lines as GeoJSON.

    Parameters
    ----------
    network_dir
        A network built by `roads build`.
    at
        The day of the scenario: roads that opened later are not used.
    out
        The file to write.

    Returns
    -------
    int
        How many ways were drawn.
    """
    network, facts = load_network(network_dir), Facts()
    features = [_feature(network, facts, row, at) for row in table("ways")]
    collection = {
        "type": "FeatureCollection",
        "note": "Made by `harvestlane scenario ways` from ways.csv",
        "attribution": network.info.attribution,
        "features": features,
    }
    lines = json.dumps(collection, ensure_ascii=False).replace(
        '{"type": "Feature",', '\n{"type": "Feature",'
    )
    out.write_text(lines + "\n", encoding="utf-8")
    return len(features)


def _feature(
    network: RoadNetwork, facts: Facts, row: dict[str, str], at: datetime
) -> dict[str, Any]:
    start, *ends = parts(row["stops"])
    lines = [route(network, facts.places[start], facts.places[end], at=at).geometry for end in ends]
    return {
        "type": "Feature",
        "properties": {
            "way_id": row["way_id"],
            "use": row["use"],
            "name": row["name"],
            "stops": [start, *ends],
        },
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [
                [[round(lon, 5), round(lat, 5)] for lon, lat in line] for line in lines
            ],
        },
    }
