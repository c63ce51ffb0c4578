"""Measure great-circle distances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_009.0
"""Mean earth radius, the value osmnx uses, so that lengths agree with it."""

METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180.0
"""Length of one degree along a meridian."""


def great_circle_m(
    lat: float, lon: float, lats: NDArray[np.float64], lons: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the great-circle distances from one point to many, by the haversine formula.

    Parameters
    ----------
    lat, lon
        The one point, degrees.
    lats, lons
        The many points, degrees, shape ``(n,)``.

    Returns
    -------
    numpy.ndarray
        Distances in metres, shape ``(n,)``.
    """
    phi, phis = math.radians(lat), np.radians(lats)
    half_lat = (phis - phi) / 2
    half_lon = (np.radians(lons) - math.radians(lon)) / 2
    h = np.sin(half_lat) ** 2 + math.cos(phi) * np.cos(phis) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0))))


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance in metres between two ``(lat, lon)`` points, degrees."""
    return float(great_circle_m(a[0], a[1], np.array([b[0]]), np.array([b[1]]))[0])


def steps_m(lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the great-circle distances from each point to the next, by the haversine formula.

    Parameters
    ----------
    lats, lons
        The points, degrees, shape ``(n,)``.

    Returns
    -------
    numpy.ndarray
        Distances in metres, shape ``(n - 1,)``.
    """
    phis, lambdas = np.radians(lats), np.radians(lons)
    half_lat, half_lon = np.diff(phis) / 2, np.diff(lambdas) / 2
    h = np.sin(half_lat) ** 2 + np.cos(phis[:-1]) * np.cos(phis[1:]) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0))))
