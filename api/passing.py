"""Tell whether a trip's way passes a checkpoint, once for each route and checkpoint."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any

import numpy as np

REACH_M = 1_000.0
"""Beside the way, in metres: more than arrivals are looked for in, so that none is missing."""

_M_PER_DEGREE = 111_320.0
_MOST = 50_000
_known: OrderedDict[tuple[Any, ...], bool] = OrderedDict()


def passes(
    assignment_id: str, doc: dict[str, Any], lonlat: tuple[float, float], width_m: float
) -> bool:
    """Tell whether a trip's way passes a point.

    Parameters
    ----------
    assignment_id
        The trip's id.
    doc
        Its state; a route is told from a later one by its `revision`, length and ends.
    lonlat
        The point, in degrees.
    width_m
        The whole width of the trip's corridor, in metres; 0 for none.
    """
    reach_m = max(REACH_M, width_m / 2)
    geometry = (doc.get("route") or {}).get("geometry") or {}
    if geometry.get("type") != "LineString":
        return False
    line = geometry["coordinates"]
    key = (assignment_id, doc.get("revision"), len(line), *line[0], *line[-1], *lonlat, reach_m)
    found = _known.get(key)
    if found is None:
        found = _known[key] = _comes_near(line, lonlat, reach_m)
        if len(_known) > _MOST:
            _known.popitem(last=False)
    return found


def _comes_near(line: list[Any], lonlat: tuple[float, float], reach_m: float) -> bool:
    lonlats = np.array([point[:2] for point in line], dtype=float)
    scale = np.array([math.cos(math.radians(lonlat[1])), 1.0]) * _M_PER_DEGREE
    points = (lonlats - np.array(lonlat)) * scale
    starts, steps = points[:-1], np.diff(points, axis=0)
    squares = np.maximum((steps**2).sum(axis=1), 1e-9)
    along = np.clip(-(starts * steps).sum(axis=1) / squares, 0.0, 1.0)
    nearest = starts + steps * along[:, None]
    distances = np.hypot(nearest[:, 0], nearest[:, 1])
    return bool(distances.min(initial=np.hypot(*points[0])) <= reach_m)
