"""Lay a draft out as arrays, and refuse what cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import N_COLUMNS, V_COLUMNS, Arrays
from routing.solver.errors import InvalidModel
from routing.solver.model import FOREVER, Request, Stop, Vehicle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.solver.draft import Draft


@dataclass(frozen=True, slots=True)
class Model:
    """A routing problem, checked and laid out; made by `Draft`.

    Attributes
    ----------
    arrays
        What compiled code takes.
    slot_at
        Where each slot stands in the arrays, by the number under which it was added.
    where
        Of each place, metres on a plane; None: only times say what is near.
    """

    arrays: Arrays
    slot_at: tuple[int, ...]
    where: NDArray[np.float64] | None = None

    def changed(self, **arrays: NDArray[np.generic]) -> Model:
        """Return the model with other arrays in place of some; nobody checks them."""
        return replace(self, arrays=self.arrays._replace(**arrays))  # type: ignore[arg-type]


class Layout:
    """Lays a draft out."""

    def __init__(self, draft: Draft) -> None:
        self.time, self.second, self.size = draft.time, draft.second, draft.dimensions
        self.where = draft.where
        self.vehicles, self.requests, self.lots = draft.vehicles, draft.requests, draft.lots
        self.bays, self.slots = draft.bays, draft.slots
        self.places = self.time.shape[1]
        self.option: list[tuple[int, int, int]] = []
        self.stop: list[list[int]] = []
        self.stop_price: list[tuple[float, float, float]] = []
        self.window: list[tuple[int, int]] = []
        self.hours: list[tuple[int, int]] = []
        self.masks: dict[frozenset[int], int] = {}
        self.plain = True

    def model(self) -> Model:
        """Return the model."""
        slot, at, facility = self._slot_arrays()
        self.slot_at = at
        request = self._request_arrays()
        allowed = self._allowed()
        vehicle, price, breaks = self._vehicle_arrays(allowed)
        jobs = any(len(r.options[0]) == 1 for r in self.requests)
        bonus = any(price[0] < 0 for price in self.stop_price)
        flags = [int(self.plain), int(jobs), int(bonus)]
        arrays = Arrays(
            time=self.time,
            time_to=np.ascontiguousarray(self.time.transpose(0, 2, 1)),
            second=self.second,
            vehicle=vehicle,
            vehicle_price=price,
            capacity=self._amounts("capacity", [v.capacity for v in self.vehicles]),
            breaks=breaks,
            request=request,
            request_price=_floats(
                [
                    (r.unserved_cost, r.churn_cost, r.spare_cost, self._cheapest(r))
                    for r in self.requests
                ],
                4,
            ),
            amount=self._request_amounts(),
            picked=self._amounts("picked", [r.picked for r in self.requests]),
            allowed=allowed,
            reach=self._reach(request),
            option=_ints(self.option, 3),
            mask=self._mask(),
            stop=_ints(self.stop, N_COLUMNS),
            stop_price=_floats(self.stop_price, 3),
            window=_ints(self.window, 2),
            hours=_ints(self.hours, 2),
            lot=self._amounts("quantity", [lot.quantity for lot in self.lots]),
            lot_least=np.array([max(1, lot.least) for lot in self.lots], np.int64),
            lot_price=_floats(
                [(t.unserved_cost, t.unserved_unit_cost, t.split_cost) for t in self.lots], 3
            ),
            facility=facility,
            slot=slot,
            quota=self._quota(at),
            flags=np.array(flags, np.int64),
        )
        return Model(arrays, at, self.where)

    def _slot_arrays(
        self,
    ) -> tuple[NDArray[np.int64], tuple[int, ...], NDArray[np.int64]]:
        for slot in self.slots:
            require(0 <= slot.facility < len(self.bays), f"No facility {slot.facility!r}.")
        order = sorted(
            range(len(self.slots)),
            key=lambda n: (self.slots[n].facility, self.slots[n].start, self.slots[n].last, n),
        )
        at = [0] * len(order)
        for place, number in enumerate(order):
            at[number] = place
        rows = [(self.slots[n].start, self.slots[n].last, self.slots[n].capacity, n) for n in order]
        owner = np.array([self.slots[n].facility for n in order], np.int64)
        edges = np.searchsorted(owner, np.arange(len(self.bays) + 1))
        facility = [(edges[f], edges[f + 1], bays) for f, bays in enumerate(self.bays)]
        return _ints(rows, 4), tuple(at), _ints(facility, 3)

    def _quota(self, at: tuple[int, ...]) -> NDArray[np.int64]:
        if not any(slot.quotas for slot in self.slots):
            return np.full((0, 0), -1, np.int64)
        groups = 1 + max(
            [v.group for v in self.vehicles] + [g for slot in self.slots for g in slot.quotas]
        )
        quota = np.full((len(self.slots), groups), -1, np.int64)
        for number, slot in enumerate(self.slots):
            for group, places in slot.quotas.items():
                quota[at[number], group] = places
        return quota

    def _request_arrays(self) -> NDArray[np.int64]:
        rows = []
        for number, request in enumerate(self.requests):
            require(bool(request.options), f"Expected an option for request {number}.")
            sizes = {len(option) for option in request.options}
            require(
                sizes in ({1}, {2}),
                f"Expected options of one stop, or of two, for request {number}.",
            )
            first = len(self.option)
            for option in request.options:
                self._option(number, option)
            lot = -1 if request.lot is None else request.lot
            require(-1 <= lot < len(self.lots), f"No lot {lot!r} for request {number}.")
            require(lot < 0 or sizes == {2}, f"Expected a shipment for lot {lot}.")
            self.plain &= lot < 0
            kept = -1 if request.kept_by is None else request.kept_by
            work = max(sum(stop.service + stop.setup for stop in o) for o in request.options)
            rows.append((int(sizes == {1}), first, len(self.option), lot, kept, work))
        return _ints(rows, 6)

    def _cheapest(self, request: Request) -> float:
        return min(sum(stop.cost for stop in option) for option in request.options)

    def _reach(self, request: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the least driving between the stops of each request, -1 where it says little."""
        reach = np.full((len(self.time), len(request)), -1, np.int64)
        for number, one in enumerate(self.requests):
            first = {replace(option[0], cost=0.0, vehicles=None) for option in one.options}
            if len(one.options) > 1 and len(first) == 1 and len(one.options[0]) == 2:
                here = one.options[0][0].place
                there = [option[1].place for option in one.options]
                reach[:, number] = self.time[:, here, there].min(axis=1)
        return reach

    def _option(self, request: int, option: tuple[Stop, ...]) -> None:
        number = len(self.option)
        vehicles = option[-1].vehicles
        mask = -1 if vehicles is None else self.masks.setdefault(vehicles, len(self.masks))
        first = len(self.stop)
        self.option.append((first, first + 1 if len(option) == 2 else -1, mask))
        for part, stop in enumerate(option):
            self._stop(stop, request, number, part)

    def _stop(self, stop: Stop, request: int, option: int, part: int) -> None:
        where = f"a stop of request {request}"
        for place in (stop.place, stop.via):
            require(
                place is None or 0 <= place < self.places,
                f"Expected a place in [0, {self.places}) for {where}, got {place!r}.",
            )
        facility = -1 if stop.facility is None else stop.facility
        require(-1 <= facility < len(self.bays), f"No facility {facility!r} for {where}.")
        slot = -1 if stop.slot is None else self.slot_at[stop.slot]
        windows = stop.windows or ((FOREVER, FOREVER),)
        for name, amount in (("service", stop.service), ("setup", stop.setup)):
            require(amount >= 0, f"Expected {name} >= 0 for {where}, got {amount!r}.")
        for name, price in (("late_cost", stop.late_cost), ("risk_cost", stop.risk_cost)):
            require(price >= 0, f"Expected {name} >= 0 for {where}, got {price!r}.")
        require(math.isfinite(stop.cost), f"Expected a finite cost for {where}.")
        self.plain &= (
            len(windows) == 1
            and facility < 0
            and stop.via is None
            and not stop.setup
            and not (stop.late_cost or stop.risk_cost)
        )
        first_window, first_hours = len(self.window), len(self.hours)
        self.window += windows
        self.hours += stop.hours
        self.stop_price.append((stop.cost, stop.late_cost, stop.risk_cost))
        self.stop.append(
            [
                request,
                option,
                part,
                stop.place,
                stop.service,
                stop.setup,
                first_window,
                len(self.window),
                min(w[0] for w in windows),
                max(w[1] for w in windows),
                facility,
                slot,
                -1 if stop.via is None else stop.via,
                stop.via_service,
                -1 if stop.relief_left is None else stop.relief_left,
                first_hours,
                len(self.hours),
                stop.late_from,
                stop.risk_from,
            ]
        )

    def _request_amounts(self) -> NDArray[np.int64]:
        amounts = self._amounts("amount", [r.amount for r in self.requests])
        for number, request in enumerate(self.requests):
            if request.lot is not None:
                amounts[number] = 0
        return amounts

    def _amounts(self, name: str, rows: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
        filled = [row or (0,) * self.size for row in rows]
        for row in filled:
            require(len(row) == self.size, f"Expected {name} in {self.size} dimensions: {row!r}.")
            require(all(n >= 0 for n in row), f"Expected {name} >= 0, got {row!r}.")
        return _ints(filled, self.size)

    def _allowed(self) -> NDArray[np.bool_]:
        allowed = np.ones((len(self.requests), len(self.vehicles)), bool)
        for number, request in enumerate(self.requests):
            if request.vehicles is not None:
                allowed[number] = False
                allowed[number, np.asarray(list(request.vehicles), np.int64)] = True
        return allowed

    def _mask(self) -> NDArray[np.bool_]:
        mask = np.zeros((len(self.masks), len(self.vehicles)), bool)
        for vehicles, number in self.masks.items():
            mask[number, np.asarray(sorted(vehicles), np.int64)] = True
        return mask

    def _vehicle_arrays(
        self, allowed: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        rows, prices = [], []
        breaks: list[tuple[int, int, int]] = []
        kinds: dict[object, int] = {}
        kept = {r.kept_by for r in self.requests}
        mask = self._mask()
        for number, vehicle in enumerate(self.vehicles):
            self._check_vehicle(number, vehicle)
            kind = (vehicle, allowed[:, number].tobytes(), mask[:, number].tobytes())
            unlike = number if number in kept else kind
            first = len(breaks)
            breaks += vehicle.breaks
            self.plain &= not (
                vehicle.breaks
                or vehicle.wait_cost
                or vehicle.break_after is not None
                or vehicle.drive_limit < FOREVER
                or vehicle.second_limit < FOREVER
            )
            rows.append(
                [
                    -1 if vehicle.start is None else vehicle.start,
                    -1 if vehicle.end is None else vehicle.end,
                    vehicle.profile,
                    vehicle.shift_start,
                    vehicle.shift_end,
                    vehicle.drive_limit,
                    vehicle.second_limit,
                    vehicle.stop_limit,
                    FOREVER if vehicle.break_after is None else vehicle.break_after,
                    vehicle.break_length,
                    vehicle.since_break,
                    int(vehicle.rear_loading),
                    vehicle.group,
                    kinds.setdefault(unlike, len(kinds)),
                    first,
                    len(breaks),
                ]
            )
            prices.append(
                (vehicle.fixed_cost, vehicle.drive_cost, vehicle.second_cost, vehicle.wait_cost)
            )
        return _ints(rows, V_COLUMNS), _floats(prices, 4), _ints(breaks, 3)

    def _check_vehicle(self, number: int, vehicle: Vehicle) -> None:
        where = f"vehicle {number}"
        for place in (vehicle.start, vehicle.end):
            require(
                place is None or 0 <= place < self.places,
                f"Expected a place in [0, {self.places}) for {where}, got {place!r}.",
            )
        profiles = self.time.shape[0]
        require(0 <= vehicle.profile < profiles, f"No profile {vehicle.profile!r} for {where}.")
        for name in ("fixed_cost", "drive_cost", "second_cost", "wait_cost"):
            price = getattr(vehicle, name)
            require(
                math.isfinite(price) and price >= 0,
                f"Expected {name} finite and >= 0 for {where}, got {price!r}.",
            )
        require(
            vehicle.break_after is None or vehicle.break_after > 0,
            f"Expected break_after > 0 for {where}.",
        )
        require(
            vehicle.second_cost == 0 or self.second.size > 0,
            f"Expected a second matrix for the second_cost of {where}.",
        )


def _ints(rows: Sequence[Sequence[int]], columns: int) -> NDArray[np.int64]:
    return np.array(rows, np.int64).reshape(len(rows), columns)


def _floats(rows: Sequence[Sequence[float]], columns: int) -> NDArray[np.float64]:
    return np.array(rows, np.float64).reshape(len(rows), columns)


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - an assertion that stays
    """Refuse a model.

    Raises
    ------
    InvalidModel
        The condition does not hold.
    """
    if not condition:
        raise InvalidModel(message)
