"""Travel as the crow flies, times a detour factor, at one speed: a fake that ships."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.dispatch.problem import Point

EARTH_RADIUS_M = 6_371_008.8
_NARROWER = math.cos(math.radians(10.0))
"""A degree of longitude in degrees of latitude, at 10° north."""


@dataclass(frozen=True, slots=True)
class CrowTravel:
    """Straight lines × `detour` at `speed_kmh`, the same for every vehicle class."""

    detour: float = 1.3
    speed_kmh: float = 45.0

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds of driving, origins × destinations."""
        metres = self.distance_m(vehicle_class, origins, destinations)
        return metres / (self.speed_kmh / 3.6)

    def distance_m(
        self,
        vehicle_class: str,  # noqa: ARG002 - the protocol's argument
        origins: Sequence[Point],
        destinations: Sequence[Point],
    ) -> NDArray[np.float64]:
        """Return metres, origins × destinations."""
        return straight_m(origins, destinations) * self.detour


def plane_m(points: Sequence[Point]) -> NDArray[np.float64]:
    """Return metres east and north on a plane that touches the earth at 10° north, points × 2.

    Only for what is near what: exact enough within a country that lies there.
    """
    degrees = np.array([(p.lon * _NARROWER, p.lat) for p in points], float).reshape(-1, 2)
    metres: NDArray[np.float64] = np.radians(degrees) * EARTH_RADIUS_M
    return metres


def straight_m(origins: Sequence[Point], destinations: Sequence[Point]) -> NDArray[np.float64]:
    """Return great-circle metres (haversine), origins × destinations."""
    one = np.radians(np.array([(p.lat, p.lon) for p in origins], float).reshape(-1, 2))
    two = np.radians(np.array([(p.lat, p.lon) for p in destinations], float).reshape(-1, 2))
    lat_1, lon_1 = one[:, 0, None], one[:, 1, None]
    lat_2, lon_2 = two[None, :, 0], two[None, :, 1]
    half = (
        np.sin((lat_2 - lat_1) / 2) ** 2
        + np.cos(lat_1) * np.cos(lat_2) * np.sin((lon_2 - lon_1) / 2) ** 2
    )
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return metres
