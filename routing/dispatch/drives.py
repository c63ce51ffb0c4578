"""Ask travel for the driving times between the places of a plan, and hold them as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.invalid import InvalidProblem
from routing.solver.model import NO_WAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from routing.dispatch.problem import Lot, Point, Travel
    from routing.dispatch.table import Table

    Floats = NDArray[np.float64]
    Matrix = Callable[[str, Sequence[Point], Sequence[Point]], NDArray[np.float64]]

_AT_ONCE = 64
"""So many ways are asked for their lengths in one matrix."""


class Drives:
    """Whole seconds of driving between places, rounded up, `NO_WAY` where there is no way.

    Trucks are never driven to, and farms not from other farms where nothing is pooled: these times
    are not asked for.

    Parameters
    ----------
    table
        The problem.
    stands
        Where trucks stand.
    lots
        The lots whose pickups and drops are wanted.
    older
        What was asked before: `between` looks there for what is not here.
    """

    def __init__(
        self,
        table: Table,
        stands: Iterable[Point],
        lots: Iterable[Lot],
        *,
        older: Drives | None = None,
    ) -> None:
        self.older = older
        problem = table.problem
        self.classes = sorted({truck.vehicle_class for truck in problem.trucks})
        self.class_at = {name: at for at, name in enumerate(self.classes)}
        lots = list(lots)
        farms = list(dict.fromkeys(lot.pickup for lot in lots))
        ends = dict.fromkeys(facility.position for facility in problem.facilities)
        ends |= dict.fromkeys(point.position for _, point in table.assembly)
        ends |= dict.fromkeys(place.position for place in problem.transhipments)
        ends |= dict.fromkeys(lot.drop for lot in lots if lot.drop is not None)
        if table.params.return_home:
            ends |= dict.fromkeys(t.home for t in problem.trucks if t.home is not None)
        known = dict.fromkeys([*farms, *ends])
        standing = dict.fromkeys(stands)
        self.points = list(known | standing)
        self.at = {point: at for at, point in enumerate(self.points)}
        size = len(self.points)
        self.seconds = np.full((len(self.classes), size, size), NO_WAY, np.int32)
        for number in range(len(self.classes)):
            self._fill(table, number, farms, ends=list(ends), stands=set(standing))
            np.fill_diagonal(self.seconds[number], 0)

    def _fill(
        self,
        table: Table,
        number: int,
        farms: list[Point],
        *,
        ends: list[Point],
        stands: set[Point],
    ) -> None:
        travel, name = table.problem.travel, self.classes[number]
        targets = list(dict.fromkeys([*farms, *ends]))
        blocks = [(self.points, targets)]
        if not table.params.pool:
            only = set(farms) - set(ends) - stands
            others = [point for point in self.points if point not in only]
            blocks = [(others, targets), (list(only & set(self.points)), ends)]
            blocks[1][0].sort(key=self.at.__getitem__)
        for origins, destinations in blocks:
            rows, columns = [self.at[p] for p in origins], [self.at[p] for p in destinations]
            known = seconds(travel, name, origins, destinations)
            self.seconds[number][np.ix_(rows, columns)] = known

    def between(self, vehicle_class: str, one: Point, two: Point) -> int:
        """Return the seconds of driving from one place to another, `NO_WAY` or more where none."""
        if self.older is not None and not (one in self.at and two in self.at):
            return self.older.between(vehicle_class, one, two)
        return int(self.seconds[self.class_at[vehicle_class], self.at[one], self.at[two]])


def seconds(
    travel: Travel, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
) -> Floats:
    """Return driving times in whole seconds, rounded up, `NO_WAY` where there is no way."""
    exact = asked(travel.duration_s, vehicle_class, origins, destinations)
    return np.where(np.isfinite(exact) & (exact < NO_WAY), np.ceil(exact), NO_WAY)


def metres(travel: Travel, vehicle_class: str, pairs: Sequence[tuple[Point, Point]]) -> list[float]:
    """Return the length of each way, from the first to the second place of a pair.

    Raises
    ------
    InvalidProblem
        A way has no length.
    """
    wanted = [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1]]
    found = {pair: 0.0 for pair in pairs if pair[0] == pair[1]}
    for start in range(0, len(wanted), _AT_ONCE):
        block = wanted[start : start + _AT_ONCE]
        origins, destinations = [pair[0] for pair in block], [pair[1] for pair in block]
        answer = np.diagonal(asked(travel.distance_m, vehicle_class, origins, destinations))
        found |= dict(zip(block, answer.tolist(), strict=True))
    if not np.isfinite(list(found.values())).all():
        raise InvalidProblem("Expected travel to know the distance wherever it knows a duration.")
    return [found[pair] for pair in pairs]


def asked(
    matrix: Matrix, vehicle_class: str, origins: Sequence[Point], destinations: Sequence[Point]
) -> Floats:
    """Ask travel for a matrix, each different point once, and check what it answers.

    Raises
    ------
    InvalidProblem
        The matrix has another shape, or a negative or undefined entry.
    """
    if not origins or not destinations:
        return np.zeros((len(origins), len(destinations)))
    rows = {point: at for at, point in enumerate(dict.fromkeys(origins))}
    columns = {point: at for at, point in enumerate(dict.fromkeys(destinations))}
    answer = np.asarray(matrix(vehicle_class, list(rows), list(columns)), float)
    if answer.shape != (len(rows), len(columns)) or not (answer >= 0).all():
        raise InvalidProblem(
            f"Expected travel to answer {len(rows)} x {len(columns)} amounts >= 0 "
            f"for {vehicle_class!r}, got shape {answer.shape}."
        )
    row = [rows[point] for point in origins]
    column = [columns[point] for point in destinations]
    return answer[np.ix_(row, column)]
