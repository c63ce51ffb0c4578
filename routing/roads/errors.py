"""Name what can go wrong with roads.

::

    HarvestlaneError
    └── RoadError               roads cannot be read, built or used
        ├── BadPoint            a coordinate is no place on this network's part of the earth
        ├── TooFarFromRoad      a point lies too far from any road
        └── NoRoute             no permitted way leads from one point to another
"""

from __future__ import annotations

from schemas.errors import HarvestlaneError


class RoadError(HarvestlaneError):
    """Roads cannot be read, built or used; the message says what to do."""


class BadPoint(RoadError):
    """A coordinate is not finite, out of range, or has latitude and longitude swapped."""


class TooFarFromRoad(RoadError):
    """A point lies too far from any road.

    Parameters
    ----------
    message
        One line for people, naming the distance.
    snap_m
        Distance to the nearest road, metres.
    """

    def __init__(self, message: str, *, snap_m: float) -> None:
        super().__init__(message)
        self.snap_m = snap_m


class NoRoute(RoadError):
    """No permitted way leads from one point to another for this vehicle class.

    Parameters
    ----------
    message
        One line for people, naming the closures in the way.
    closures
        Ids of the closures that stand on the way a truck would take without them.
    """

    def __init__(self, message: str, *, closures: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.closures = closures
