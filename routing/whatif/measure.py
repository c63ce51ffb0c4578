"""State a measure that somebody thinks of: a closed road or zone, checkpoint, or port gate."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from routing.roads.closures import Closure
from routing.roads.errors import RoadError
from routing.roads.sphere import METRES_PER_DEGREE

CHECKPOINT_RADIUS_M = 150.0
"""A closed checkpoint closes the roads within this distance of its place on the road (assumed)."""

_CORNERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """When a measure is in force; ``valid_until`` is excluded, None is open-ended."""

    valid_from: datetime
    valid_until: datetime | None = None

    def __post_init__(self) -> None:
        for moment in (self.valid_from, self.valid_until):
            if moment is not None and moment.tzinfo is None:
                raise RoadError("the times of a measure need an offset, such as +07:00")
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise RoadError("a measure ends after it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRoad(_Span):
    """A closed road (``road``) or restricted zone (``zone``), a GeoJSON geometry.

    As in the events, a point closes the roads within 100 m, a line those within 20 m.
    """

    geometry: Mapping[str, Any]
    kind: Literal["road", "zone"] = "road"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCheckpoint(_Span):
    """A checkpoint where no truck passes."""

    checkpoint_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedGate(_Span):
    """A gate of a facility that takes no truck: all its windows that overlap the span."""

    facility_id: str
    gate_id: str

    def closes(self, window_start: datetime, window_end: datetime) -> bool:
        """Say whether a window of this gate is closed."""
        begun = self.valid_until is None or window_start < self.valid_until
        return begun and window_end > self.valid_from


Measure = ClosedRoad | ClosedCheckpoint | ClosedGate


def circle(lat: float, lon: float, radius_m: float) -> dict[str, Any]:
    """Return a circle as a GeoJSON polygon that holds it.

    Parameters
    ----------
    lat, lon
        Its middle, degrees.
    radius_m
        Its radius, metres.
    """
    reach_m = radius_m / math.cos(math.pi / _CORNERS)
    stretch = max(math.cos(math.radians(lat)), 1e-6)
    ring = [
        [
            round(lon + reach_m * math.cos(angle) / METRES_PER_DEGREE / stretch, 7),
            round(lat + reach_m * math.sin(angle) / METRES_PER_DEGREE, 7),
        ]
        for angle in (2 * math.pi * corner / _CORNERS for corner in range(_CORNERS))
    ]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def closure_of(
    measure: ClosedRoad | ClosedCheckpoint, geometry: Mapping[str, Any], closure_id: str = ""
) -> Closure:
    """Return the closure that a measure is.

    Parameters
    ----------
    measure
        The measure.
    geometry
        What it closes.
    closure_id
        Its name; made from the measure where none is given.

    Raises
    ------
    RoadError
        If the geometry is none.
    """
    return Closure.from_geojson(
        closure_id or name_of(measure),
        geometry,
        kind=measure.kind if isinstance(measure, ClosedRoad) else "road",
        valid_from=measure.valid_from,
        valid_until=measure.valid_until,
    )


def name_of(measure: Measure) -> str:
    """Return a name that is the same for the same measure: what is committed twice is closed once.

    Parameters
    ----------
    measure
        The measure.
    """
    until = measure.valid_until and measure.valid_until.timestamp()
    what: tuple[Any, ...]
    if isinstance(measure, ClosedRoad):
        what = (measure.kind, dict(measure.geometry))
    elif isinstance(measure, ClosedCheckpoint):
        what = ("checkpoint", measure.checkpoint_id)
    else:
        what = ("gate", measure.facility_id, measure.gate_id)
    said = json.dumps([*what, measure.valid_from.timestamp(), until], sort_keys=True, default=str)
    return f"what-if-{hashlib.blake2b(said.encode(), digest_size=6).hexdigest()}"
