"""Give a road network as light GeoJSON for the map page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from routing.roads.network import RoadNetwork


def to_geojson(network: RoadNetwork) -> dict[str, Any]:
    """Return the network as a GeoJSON ``FeatureCollection`` of lines.

    Parameters
    ----------
    network
        The network.

    Returns
    -------
    dict
        One ``LineString`` a segment, coordinates rounded to 5 decimals, with the properties
        ``class``, ``name`` (empty where none is known), ``length_m`` and, where they apply,
        ``inferred`` and ``border``; the collection names the ``attribution`` that a map must
        show and the ``licence``.
    """
    return {**_head(network), "features": list(_features(network))}


def write_geojson(network: RoadNetwork, path: Path) -> None:
    """Write what `to_geojson` returns into a file, line by line: a million are gigabytes at once.

    Parameters
    ----------
    network
        The network.
    path
        The file.
    """
    with path.open("w", encoding="utf-8") as file:
        file.write(_text(_head(network))[:-1] + ',"features":[')
        for number, feature in enumerate(_features(network)):
            file.write("," * (number > 0) + _text(feature))
        file.write("]}\n")


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _head(network: RoadNetwork) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "attribution": network.info.attribution,
        "licence": network.info.licence,
    }


def _features(network: RoadNetwork) -> Iterator[dict[str, Any]]:
    arrays = network.arrays
    for segment in range(len(arrays.seg_u)):
        properties: dict[str, Any] = {
            "class": str(arrays.class_name[arrays.seg_class[segment]]),
            "name": network.segment_name(segment),
            "length_m": round(float(arrays.seg_length_m[segment])),
        }
        if arrays.seg_inferred[segment]:
            properties["inferred"] = True
        if arrays.seg_border[segment]:
            properties["border"] = True
        line = [[round(x, 5), round(y, 5)] for x, y in network.segment_line(segment)]
        yield {
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "LineString", "coordinates": line},
        }
