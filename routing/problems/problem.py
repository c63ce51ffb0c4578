"""State a problem file as frozen values, in the words of VROOM's API.

https://github.com/VROOM-Project/vroom/blob/master/docs/API.md has the meaning of each field. Here
stands what a field may hold; what fields say together is in `rules`. Times are seconds, lengths
metres, amounts whole numbers of the user's own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PROFILE = "car"
DEFAULT_PER_HOUR = 3600
LARGEST = 2**32 - 1
"""VROOM's numbers have 32 bits without a sign."""
NO_WAY_S = 10**9
"""From here on a time means that there is no way."""

Whole = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
Id = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
Amounts = tuple[Whole, ...]
Priority = Annotated[int, Field(strict=True, ge=0, le=100)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]


def _ordered(window: tuple[int, int]) -> tuple[int, int]:
    if window[1] < window[0]:
        raise ValueError(f"ends at {window[1]}, before it starts at {window[0]}; turn them round")
    return window


def _disjoint(windows: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    inorder = tuple(sorted(windows))
    for one, two in pairwise(inorder):
        if two[0] < one[1]:
            raise ValueError(f"windows {list(one)} and {list(two)} overlap; join them to one")
    return inorder


def _without_height(position: Any) -> Any:
    return position[:2] if isinstance(position, list | tuple) else position


Window = Annotated[tuple[Whole, Whole], AfterValidator(_ordered)]
Windows = Annotated[tuple[Window, ...], Field(min_length=1), AfterValidator(_disjoint)]
Position = Annotated[tuple[Longitude, Latitude], BeforeValidator(_without_height)]


def _square(rows: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return rows as an array, -1 where they hold null; anything else amiss is named."""
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    if not isinstance(rows, list | tuple) or not rows:
        raise ValueError("must be rows of whole numbers, one row at least")
    for at, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) != len(rows):
            size = len(row) if isinstance(row, list | tuple) else "none"
            raise ValueError(f"must be square: row {at} needs {len(rows)} numbers and has {size}")
        if not set(map(type, row)) <= {int, type(None)} or any(
            cell is not None and not 0 <= cell <= LARGEST for cell in row
        ):
            raise ValueError(_bad_cell(at, row))
    filled = [
        [-1 if cell is None else cell for cell in row] if None in row else row for row in rows
    ]
    return np.array(filled, np.int64)


def _bad_cell(at: int, row: Any) -> str:
    for number, cell in enumerate(row):
        whole = type(cell) is int and 0 <= cell <= LARGEST
        if cell is not None and not whole:
            return (
                f"[{at}][{number}] must be a whole number from 0 to {LARGEST}, "
                f"or null where there is no way, and is {cell!r}"
            )
    raise AssertionError("only called with a bad row")


Square = Annotated[Any, BeforeValidator(_square)]
"""A square matrix as an array of int64, -1 where it holds null."""


class _Part(BaseModel):
    """A frozen part of a problem; fields that nobody knows are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)


class Break(_Part):
    """A pause that a driver takes within one of its windows."""

    id: Id
    time_windows: Windows | None = None
    service: Whole = 0
    description: str | None = None
    max_load: Amounts | None = None


class Costs(_Part):
    """What a vehicle costs; hours are hours of driving, task hours those of setup and service."""

    fixed: Whole = 0
    per_hour: Whole = DEFAULT_PER_HOUR
    per_task_hour: Whole = 0
    per_km: Whole = 0


class Step(_Part):
    """One stop of a route that the problem gives to begin with."""

    type: Annotated[str, Field(pattern="^(start|job|pickup|delivery|break|end)$")]
    id: Id | None = None


class Vehicle(_Part):
    """A vehicle and what it may do."""

    id: Id
    profile: str = DEFAULT_PROFILE
    description: str | None = None
    start: Position | None = None
    start_index: Whole | None = None
    end: Position | None = None
    end_index: Whole | None = None
    capacity: Amounts | None = None
    costs: Costs = Costs()
    skills: frozenset[Whole] = frozenset()
    type: str = ""
    time_window: Window | None = None
    breaks: tuple[Break, ...] = ()
    speed_factor: Annotated[float, Field(strict=True, gt=0, le=5, allow_inf_nan=False)] = 1.0
    max_tasks: Whole | None = None
    max_travel_time: Whole | None = None
    max_distance: Whole | None = None
    steps: tuple[Step, ...] = ()


class Task(_Part):
    """One place where work is done: a job, or one end of a shipment."""

    id: Id
    description: str | None = None
    location: Position | None = None
    location_index: Whole | None = None
    setup: Whole = 0
    service: Whole = 0
    setup_per_type: dict[str, Whole] = Field(default_factory=dict)
    service_per_type: dict[str, Whole] = Field(default_factory=dict)
    time_windows: Windows | None = None

    def setup_by(self, vehicle: Vehicle) -> int:
        """Return the seconds of setup that a vehicle needs."""
        return self.setup_per_type.get(vehicle.type, self.setup)

    def service_by(self, vehicle: Vehicle) -> int:
        """Return the seconds of service that a vehicle needs."""
        return self.service_per_type.get(vehicle.type, self.service)


class Job(Task):
    """A task of its own: what it delivers is aboard from the start, what it picks up to the end."""

    amount: Amounts | None = None
    delivery: Amounts | None = None
    pickup: Amounts | None = None
    skills: frozenset[Whole] = frozenset()
    priority: Priority = 0

    @property
    def delivered(self) -> Amounts:
        """What it delivers; the old key ``amount`` counts where neither new key stands."""
        if self.delivery is None and self.pickup is None:
            return self.amount or ()
        return self.delivery or ()

    @property
    def picked(self) -> Amounts:
        """What it picks up."""
        return self.pickup or ()

    @property
    def delivers(self) -> bool:
        """Whether it delivers anything, and so needs a slot where there are slots."""
        return any(self.delivered)


class Shipment(_Part):
    """Goods that one vehicle picks up and delivers."""

    pickup: Task
    delivery: Task
    amount: Amounts | None = None
    skills: frozenset[Whole] = frozenset()
    priority: Priority = 0


class Slot(_Part):
    """A window of a place in which so many vehicles may begin to deliver, both ends included."""

    location_index: Whole | None = None
    location: Position | None = None
    start: Whole
    end: Whole
    capacity: Whole

    def model_post_init(self, _context: Any, /) -> None:
        """Refuse a slot that ends before it starts."""
        _ordered((self.start, self.end))


class Matrices(_Part):
    """What driving takes for one profile, from rows to columns."""

    durations: Square = None
    distances: Square = None
    costs: Square = None


class Problem(_Part):
    """A whole problem file."""

    vehicles: tuple[Vehicle, ...]
    jobs: tuple[Job, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    matrices: dict[str, Matrices] = Field(default_factory=dict)
    matrix: Square = None
    slots: tuple[Slot, ...] = ()

    @property
    def dimensions(self) -> int:
        """In how many dimensions amounts are counted; 0 where there are none."""
        return max((len(amounts) for _where, amounts in self.amounts()), default=0)

    def amounts(self) -> Iterator[tuple[str, Amounts]]:
        """Yield every amount that is given, and where it stands."""
        for at, vehicle in enumerate(self.vehicles):
            if vehicle.capacity:
                yield f"vehicles[{at}].capacity", vehicle.capacity
            for number, pause in enumerate(vehicle.breaks):
                if pause.max_load:
                    yield f"vehicles[{at}].breaks[{number}].max_load", pause.max_load
        for at, job in enumerate(self.jobs):
            for name in ("amount", "delivery", "pickup"):
                if given := getattr(job, name):
                    yield f"jobs[{at}].{name}", given
        for at, shipment in enumerate(self.shipments):
            if shipment.amount:
                yield f"shipments[{at}].amount", shipment.amount

    def tasks(self) -> Iterator[tuple[str, Task]]:
        """Yield every task and where it stands."""
        for at, job in enumerate(self.jobs):
            yield f"jobs[{at}]", job
        for at, shipment in enumerate(self.shipments):
            yield f"shipments[{at}].pickup", shipment.pickup
            yield f"shipments[{at}].delivery", shipment.delivery

    def changed(self, **fields: Any) -> Self:
        """Return the problem with other fields in place of some; nobody checks them."""
        return self.model_copy(update=fields)
