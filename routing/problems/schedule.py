"""Lay a route of the solver out in time: its start, visits, breaks and end, as late as may be.

The solver lets every vehicle leave at the beginning of its shift. Here the departure moves to
where the vehicle waits least, as VROOM tells its routes; nothing comes later than it came before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from routing.problems.lower import break_window, in_order
from routing.problems.problem import Job
from routing.solver.model import FOREVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.problems.lower import Lowered
    from routing.problems.problem import Break, Problem, Task, Vehicle
    from routing.solver.solution import Visit


@dataclass(slots=True)
class Row:
    """One step of a route.

    Attributes
    ----------
    kind
        ``start``, ``job``, ``pickup``, ``delivery``, ``break`` or ``end``.
    arrival, begin, setup, service
        Seconds; work begins after waiting, and takes setup and service.
    driven_s, driven_m
        On the whole route until here; metres None where the problem has none.
    latest
        The last moment at which this work may begin.
    index
        Of its place in the matrices; None for a break.
    task, pause
        What is done here.
    request, slot
        The request it belongs to, and the number of the slot it begins in.
    """

    kind: str
    arrival: int
    begin: int
    driven_s: int
    driven_m: int | None
    latest: int = FOREVER
    setup: int = 0
    service: int = 0
    index: int | None = None
    task: Task | None = None
    pause: Break | None = None
    request: int | None = None
    slot: int | None = None

    @property
    def waiting(self) -> int:
        """How long it waits."""
        return self.begin - self.arrival

    @property
    def leave(self) -> int:
        """When it goes on."""
        return self.begin + self.setup + self.service


def lay_out(
    problem: Problem, lowered: Lowered, number: int, visits: tuple[Visit, ...]
) -> list[Row]:
    """Return the steps of one vehicle's route.

    Parameters
    ----------
    problem
        With matrices.
    lowered
        The same, as the solver took it.
    number
        The vehicle's place in the problem.
    visits
        One or more, as the solver found them.
    """
    return _Layout(problem, lowered, number).rows_of(visits)


def loads_of(
    lowered: Lowered, rows: Sequence[Row], size: int
) -> tuple[list[list[int]], list[int], list[int]]:
    """Return what is aboard after each step, and what is delivered and picked up in all.

    Parameters
    ----------
    lowered
        The problem as the solver took it.
    rows
        Of one route.
    size
        In how many dimensions amounts are counted.
    """
    zero = [0] * size
    moves = [_moved(lowered, row, zero) for row in rows]
    aboard = [
        sum(give[k] for (give, _take), row in zip(moves, rows, strict=True) if row.kind == "job")
        for k in range(size)
    ]
    loads = []
    for give, take in moves:
        aboard = [n - g + t for n, g, t in zip(aboard, give, take, strict=True)]
        loads.append(aboard)
    delivered, picked = (
        [sum(move[k] for move in one) for k in range(size)] for one in zip(*moves, strict=True)
    )
    return loads, delivered, picked


def _moved(lowered: Lowered, row: Row, zero: list[int]) -> tuple[list[int], list[int]]:
    """Return what a step gives away and what it takes."""
    if row.request is None:
        return zero, zero
    carrier = lowered.carriers[row.request]
    if isinstance(carrier, Job):
        return list(carrier.delivered) or zero, list(carrier.picked) or zero
    amount = list(carrier.amount or zero)
    return (zero, amount) if row.kind == "pickup" else (amount, zero)


@dataclass(slots=True)
class _Layout:
    """A route in the making."""

    problem: Problem
    lowered: Lowered
    number: int
    rows: list[Row] = field(default_factory=list)
    breaks: list[tuple[int, int, Break]] = field(default_factory=list)

    @property
    def vehicle(self) -> Vehicle:
        return self.problem.vehicles[self.number]

    def rows_of(self, visits: tuple[Visit, ...]) -> list[Row]:
        vehicle = self.vehicle
        opens, closes = vehicle.time_window or (0, FOREVER)
        self.breaks = [
            (*break_window(pause, opens, closes), pause) for pause in in_order(vehicle.breaks)
        ]
        first, last = (self._task(visits[at])[1] for at in (0, -1))
        begun = first.location_index if vehicle.start_index is None else vehicle.start_index
        ended = last.location_index if vehicle.end_index is None else vehicle.end_index
        known = self.lowered.metres(vehicle, begun or 0, begun or 0) is not None
        self.rows = [Row("start", opens, opens, 0, 0 if known else None, index=begun)]
        here = vehicle.start_index
        for visit in visits:
            here = self._visit(visit, here)
        self._end(ended, closes)
        self._wait_less()
        return self.rows

    def _task(self, visit: Visit) -> tuple[str, Task]:
        carrier = self.lowered.carriers[visit.request]
        if isinstance(carrier, Job):
            return "job", carrier
        return ("delivery", carrier.delivery) if visit.part else ("pickup", carrier.pickup)

    def _visit(self, visit: Visit, here: int | None) -> int | None:
        """Add a visit, and the breaks on the way there; return where it is."""
        kind, task = self._task(visit)
        there = task.location_index
        row = self._drive(kind, there)
        while (
            self.breaks
            and max(row.arrival, self.breaks[0][0]) + self.breaks[0][2].service <= visit.start
        ):
            row = self._pause(row)
        row.begin, row.task, row.request, row.slot = visit.start, task, visit.request, visit.slot
        row.setup = 0 if here == there else task.setup_by(self.vehicle)
        row.service = task.service_by(self.vehicle)
        windows = task.time_windows or ((0, FOREVER),)
        row.latest = max(
            (end for start, end in windows if start <= visit.start <= end), default=visit.start
        )
        if visit.slot is not None:
            row.latest = min(row.latest, self.problem.slots[visit.slot].end)
        self.rows.append(row)
        return there

    def _end(self, there: int | None, closes: int) -> None:
        row = self._drive("end", there)
        while self.breaks:
            row = self._pause(row)
        row.latest = closes
        self.rows.append(row)

    def _drive(self, kind: str, there: int | None) -> Row:
        """Drive on from the last row, with the breaks that begin on the way."""
        last = self.rows[-1]
        here = next(row.index for row in reversed(self.rows) if row.index is not None)
        way = metres = 0
        if here is not None and there is not None and here != there:
            way = self.lowered.seconds(self.vehicle, here, there)
            metres = self.lowered.metres(self.vehicle, here, there) or 0
        clock, left = last.leave, way
        driven_m = last.driven_m
        while self.breaks and left:
            begin = max(clock, self.breaks[0][0])
            if begin >= clock + left:
                break
            left -= begin - clock
            done = None if driven_m is None else driven_m + metres * (way - left) // way
            self._take(Row("break", begin, begin, last.driven_s + way - left, done))
            clock = self.rows[-1].leave
        total = None if driven_m is None else driven_m + metres
        arrival = clock + left
        return Row(kind, arrival, arrival, last.driven_s + way, total, index=there)

    def _pause(self, row: Row) -> Row:
        """Take a break after arriving, before what is done there."""
        begin = max(row.arrival, self.breaks[0][0])
        self._take(Row("break", row.arrival, begin, row.driven_s, row.driven_m))
        leave = self.rows[-1].leave
        return Row(row.kind, leave, leave, row.driven_s, row.driven_m, index=row.index)

    def _take(self, row: Row) -> None:
        _first, row.latest, row.pause = self.breaks.pop(0)
        row.service = row.pause.service
        self.rows.append(row)

    def _wait_less(self) -> None:
        """Move all that comes before a wait towards it, as far as windows allow."""
        room = FOREVER
        for at, row in enumerate(self.rows):
            if at and row.waiting:
                later = min(row.waiting, room)
                for early in self.rows[:at]:
                    early.arrival += later
                    early.begin += later
                row.arrival += later
                room -= later
                if row.waiting:
                    return
            room = min(room, row.latest - row.begin)
