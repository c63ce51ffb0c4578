"""Gather a model piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.model import NO_WAY, Lot, Request, Slot, Vehicle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


from routing.solver.layout import Layout, Model, require

__all__ = ["Draft", "Model"]


class Draft:
    """A model in the making.

    Parameters
    ----------
    dimensions
        Of capacities and amounts, one at least.
    """

    def __init__(self, dimensions: int = 1) -> None:
        require(dimensions >= 1, "Expected one dimension at least.")
        self.dimensions = dimensions
        self.time = np.zeros((1, 0, 0), np.int32)
        self.second = np.zeros((0, 0, 0))
        self.where: NDArray[np.float64] | None = None
        self.vehicles: list[Vehicle] = []
        self.requests: list[Request] = []
        self.lots: list[Lot] = []
        self.bays: list[int] = []
        self.slots: list[Slot] = []

    def matrix(
        self,
        times: Sequence[NDArray[np.int32]],
        second: Sequence[NDArray[np.float64]] | None = None,
        where: NDArray[np.float64] | None = None,
    ) -> None:
        """Set the matrices, one a profile, all over the same places.

        Parameters
        ----------
        times
            Seconds of driving, whole; `NO_WAY` or more where there is no way.
        second
            Another amount along the same ways (metres, or a price), 0 and more.
        where
            Of each place, metres on a plane, places × 2: by these the search knows what is near,
            even where nobody asked for the times between places that are never driven. None: it
            goes by the times.

        Raises
        ------
        InvalidModel
            A matrix is not square, of another size than the first, negative or undefined.
        """
        self.time = _square("times", times).astype(np.int32)
        if where is not None:
            shape = (self.time.shape[1], 2)
            fine = np.shape(where) == shape and bool(np.isfinite(where).all())
            require(fine, f"Expected {shape[0]} x 2 finite metres, got {np.shape(where)}.")
            self.where = np.asarray(where, np.float64)
        if second is not None:
            self.second = _square("second", second).astype(np.float64)
            require(self.second.shape == self.time.shape, "Expected one second for each time.")

    def vehicle(self, vehicle: Vehicle) -> int:
        """Add a vehicle and return its number."""
        self.vehicles.append(vehicle)
        return len(self.vehicles) - 1

    def request(self, request: Request) -> int:
        """Add a request and return its number."""
        self.requests.append(request)
        return len(self.requests) - 1

    def lot(self, lot: Lot) -> int:
        """Add a lot and return its number."""
        self.lots.append(lot)
        return len(self.lots) - 1

    def facility(self, bays: int | None = None) -> int:
        """Add a facility and return its number; `bays` vehicles are served at once."""
        require(bays is None or bays >= 0, f"Expected bays >= 0, got {bays!r}.")
        self.bays.append(-1 if bays is None else bays)
        return len(self.bays) - 1

    def slot(self, slot: Slot) -> int:
        """Add a slot of a facility and return its number."""
        require(slot.capacity >= 0, f"Expected capacity >= 0, got {slot.capacity!r}.")
        self.slots.append(slot)
        return len(self.slots) - 1

    def model(self) -> Model:
        """Check everything and lay it out.

        Raises
        ------
        InvalidModel
            Something refers to what is not there, or has an amount that cannot be.
        """
        return Layout(self).model()


def _square(name: str, matrices: Sequence[NDArray[np.generic]]) -> NDArray[np.generic]:
    require(len(matrices) > 0, f"Expected a matrix of {name} at least.")
    size = len(matrices[0])
    for matrix in matrices:
        shape = np.shape(matrix)
        require(shape == (size, size), f"Expected {name} square and alike, got {shape}.")
        fine = bool((np.asarray(matrix) >= 0).all())
        require(fine, f"Expected {name} >= 0, got a negative or undefined one.")
    stack = np.array(matrices)
    return np.minimum(stack, NO_WAY) if name == "times" else stack
