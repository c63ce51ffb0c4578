"""Tell legs that are stranded on closed ways as they were planned."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.drives import Drives
from routing.solver.model import NO_WAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from routing.dispatch.problem import Point, Travel


class LastingDrives(Drives):
    """Driving times that know what a way took before it was closed.

    Only legs that are stranded are driven there, and told as they were planned.
    """

    known_before: Mapping[tuple[str, Point, Point], int] = MappingProxyType({})

    def between(self, vehicle_class: str, one: Point, two: Point) -> int:
        """Return the seconds of driving, those of an earlier moment where the way is closed."""
        known = super().between(vehicle_class, one, two)
        if known < NO_WAY:
            return known
        return self.known_before.get((vehicle_class, one, two), known)


@dataclass(frozen=True, slots=True)
class PassableTravel:
    """Travel that tells closed ways as 0 m long: stranded legs lie on them."""

    travel: Travel

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return seconds of driving."""
        return self.travel.duration_s(vehicle_class, origins, destinations)

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
    ) -> NDArray[np.float64]:
        """Return metres."""
        known = np.asarray(self.travel.distance_m(vehicle_class, origins, destinations), float)
        return np.where(np.isfinite(known), known, 0.0)
