"""Give a problem that has coordinates and no matrices those of our own roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from routing.problems.errors import ProblemError
from routing.problems.problem import Matrices, Position, Problem, Shipment, Task, Vehicle
from routing.problems.rules import places
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, VEHICLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANY_TRUCK = ("car", "driving", "truck")
"""Profiles that stand for the default class of vehicle, as at ``/osrm``."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the ground, in WGS 84 degrees."""

    lat: float
    lon: float


class Travel(Protocol):
    """Answer how long and how far vehicles drive, as `routing.travel.RoadTravel` does."""

    def duration_s(
        self, vehicle_class: str, origins: Sequence[Any], destinations: Sequence[Any]
    ) -> NDArray[np.float64]:
        """Return seconds of driving, origins × destinations, `inf` where there is no way."""
        ...

    def distance_m(
        self, vehicle_class: str, origins: Sequence[Any], destinations: Sequence[Any]
    ) -> NDArray[np.float64]:
        """Return metres along the same ways, origins × destinations, `inf` where none."""
        ...


def on_roads(problem: Problem, travel: Travel | None) -> Problem:
    """Return the problem with matrices: itself if it has them, else those of the roads.

    Times are rounded to whole seconds, lengths to whole metres, as routing engines give them.

    Parameters
    ----------
    problem
        Any problem.
    travel
        What answers for the roads.

    Raises
    ------
    ProblemError
        There is nothing that answers for the roads, or a profile is no class of vehicle.
    """
    if problem.matrices or not (problem.vehicles or any(places(problem))):
        return problem
    if travel is None:
        raise ProblemError("matrices: missing; give them, or a road network to drive on")
    known = _known_places(problem)
    points = [Spot(lat=lat, lon=lon) for lon, lat in known]
    matrices = {
        profile: _matrices(travel, vehicle_class, points)
        for profile, vehicle_class in _classes(problem).items()
    }
    return problem.changed(
        matrices=matrices,
        vehicles=tuple(_vehicle(vehicle, known) for vehicle in problem.vehicles),
        jobs=tuple(_task(job, known) for job in problem.jobs),
        shipments=tuple(_shipment(shipment, known) for shipment in problem.shipments),
        slots=tuple(_placed(slot, "location", known) for slot in problem.slots),
    )


def _known_places(problem: Problem) -> dict[Position, int]:
    """Return every place once, numbered as they come."""
    known: dict[Position, int] = {}
    for _where, _index, position in places(problem):
        if position is not None:
            known.setdefault(position, len(known))
    return known


def _classes(problem: Problem) -> dict[str, str]:
    """Return the class of vehicle for each profile in use."""
    classes = {}
    for at, vehicle in enumerate(problem.vehicles):
        profile = vehicle.profile
        if profile not in VEHICLES and profile not in ANY_TRUCK:
            raise ProblemError(
                f"vehicles[{at}].profile: {profile[:60]!r} is no class of vehicle; choose one of "
                f"{', '.join((*ANY_TRUCK, *VEHICLES))}"
            )
        classes[profile] = profile if profile in VEHICLES else DEFAULT_VEHICLE_CLASS
    return classes


def _matrices(travel: Travel, vehicle_class: str, points: list[Spot]) -> Matrices:
    return Matrices.model_construct(
        durations=_whole(travel.duration_s(vehicle_class, points, points)),
        distances=_whole(travel.distance_m(vehicle_class, points, points)),
    )


def _whole(exact: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round to whole numbers, -1 where there is no way, 0 from a place to itself."""
    known = np.isfinite(exact)
    whole = np.where(known, np.rint(np.where(known, exact, 0)), -1).astype(np.int64)
    np.fill_diagonal(whole, 0)
    return whole


def _vehicle(vehicle: Vehicle, known: dict[Position, int]) -> Vehicle:
    return vehicle.model_copy(
        update={
            "start_index": None if vehicle.start is None else known[vehicle.start],
            "end_index": None if vehicle.end is None else known[vehicle.end],
        }
    )


def _task(task: Task, known: dict[Position, int]) -> Task:
    placed: Task = _placed(task, "location", known)
    return placed


def _placed(part: Any, name: str, known: dict[Position, int]) -> Any:
    return part.model_copy(update={f"{name}_index": known[getattr(part, name)]})


def _shipment(shipment: Shipment, known: dict[Position, int]) -> Shipment:
    return shipment.model_copy(
        update={
            "pickup": _task(shipment.pickup, known),
            "delivery": _task(shipment.delivery, known),
        }
    )
