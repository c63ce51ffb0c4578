"""Say how long a truck drives between places: over our own roads, or as the crow flies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from routing.dispatch.problem import Point

Drive = Callable[["NDArray[np.float64]"], "NDArray[np.int32]"]
"""Gives whole seconds between all of the places of shape ``(p, 2)``, latitudes and longitudes."""

NO_WAY_S = 10**8
"""Seconds that stand for places that no way joins."""
VEHICLE_CLASS = "rigid_2_axle"

_EARTH_M = 6_371_000
_DETOUR = 1.3
_M_PER_S = 12.5


class Place(NamedTuple):
    """Degrees; as good as a `Point` of `routing.dispatch` for asking the roads."""

    lat: float
    lon: float


def crow(places: NDArray[np.float64]) -> NDArray[np.int32]:
    """Drive in straight lines, made longer by a factor, at one speed.

    Parameters
    ----------
    places
        Latitudes and longitudes, shape ``(p, 2)``.

    Returns
    -------
    numpy.ndarray
        Whole seconds, rounded up, shape ``(p, p)``.
    """
    lat, lon = np.radians(places).T
    across = np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + across
    metres = 2 * _EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1)))
    return _whole(metres * _DETOUR / _M_PER_S)


def roads(folder: Path) -> Drive:
    """Drive over a network that `roads build` has written.

    Parameters
    ----------
    folder
        Where it stands.
    """
    from routing.roads.network import load_network  # noqa: PLC0415 - heavy
    from routing.travel import RoadTravel  # noqa: PLC0415 - heavy

    travel = RoadTravel(load_network(folder))

    def drive(places: NDArray[np.float64]) -> NDArray[np.int32]:
        points = _points(places)
        return _whole(travel.duration_s(VEHICLE_CLASS, points, points))

    return drive


def _points(places: NDArray[np.float64]) -> list[Point]:
    return cast("list[Point]", [Place(float(lat), float(lon)) for lat, lon in places])


def _whole(seconds: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.ceil(np.minimum(seconds, NO_WAY_S)).astype(np.int32)
