"""Give a road network as light GeoJSON for the map page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    arrays = network.arrays
    features = []
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
        features.append(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": "LineString", "coordinates": line},
            }
        )
    return {
        "type": "FeatureCollection",
        "attribution": network.info.attribution,
        "licence": network.info.licence,
        "features": features,
    }
