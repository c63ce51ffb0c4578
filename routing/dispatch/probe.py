"""Ask the engine what stands between a lot left over and the routes of a plan.

What the rules forbid is put upon a probe, and lifted rule by rule; the routes stay as they are.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from routing.dispatch.scenery import Scene, Scenery
from routing.dispatch.table import Lane
from routing.solver.arrays import (
    F_BAYS,
    N_FACILITY,
    N_LATEST,
    N_PLACE,
    N_WINDOWS,
    O_MASK,
    R_OPTIONS,
    R_OPTIONS_END,
    S_CAPACITY,
    S_ID,
    V_CLOSE,
    V_DRIVE_LIMIT,
    V_PROFILE,
    V_START,
)
from routing.solver.kernels.booking import release
from routing.solver.kernels.walk import walk
from routing.solver.live import Live
from routing.solver.model import FOREVER, NO_WAY
from routing.solver.states import copy_state

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from routing.dispatch.problem import Truck
    from routing.solver.arrays import Arrays
    from routing.solver.solution import Insertion, Visit

    Flags = NDArray[np.bool_]

BY_TRUCK = ("declined", "temperature", "skills", "permits")
"""What makes a truck unable to carry a lot wherever it goes."""
RULES = (
    *BY_TRUCK,
    "payload",
    "volume",
    "too_small",
    "truck_busy",
    "destination_unknown",
    "no_route",
    "driving_hours",
    "shift_over",
    "pass_expired",
    "slot_full",
    "quota_full",
    "bays_busy",
    "no_slot",
    "hold_exceeded",
)
"""What can be lifted, by the code of the reason."""
_ALWAYS = 10**7
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A place for a probe, tried: the truck, and the visits of its pickup and its delivery.

    `today_s` is what the driver has driven this day when all is done.
    """

    vehicle: int
    truck: int
    lane: Lane
    pickup: Visit
    delivery: Visit
    cost: float
    today_s: int


@dataclass(frozen=True, slots=True)
class Changes:
    """How far limits give way: seconds later, kilograms more; `slot` alone, or all of them."""

    hold_s: int = 0
    slot_s: int = 0
    close_s: int = 0
    drive_s: int = 0
    places: int = 0
    slot: int | None = None
    truck: int | None = None


class Prober(Scenery):
    """Tries lots left over in the routes of a plan.

    Parameters
    ----------
    scene
        The routes.
    open_kg
        What is open of each lot in question, by its place in the problem.
    """

    def __init__(self, scene: Scene, open_kg: Mapping[int, int]) -> None:
        super().__init__(scene, open_kg)
        self.tries = 0
        self._empty: Live | None = None
        self._refused: dict[tuple[int, str], Flags] = {}

    def refused(self, at: int, rule: str) -> Flags:
        """Return the trucks that a rule of `BY_TRUCK` refuses."""
        if (at, rule) not in self._refused:
            self._refused[at, rule] = self._refuse(at, rule)
        return self._refused[at, rule]

    def _refuse(self, at: int, rule: str) -> Flags:
        lot, forbidden = self.table.problem.lots[at], self.table.problem.forbidden
        wrong: dict[str, Callable[[Truck], bool]] = {
            "declined": lambda t: (t.truck_id, lot.lot_id) in forbidden,
            "temperature": lambda t: lot.temperature not in t.temperature_classes,
            "skills": lambda t: not lot.needs <= t.skills,
            "permits": lambda t: not lot.permits <= t.permits,
        }
        return np.array([wrong[rule](truck) for truck in self.trucks], np.bool_)

    def fits(
        self,
        at: int,
        lifted: Collection[str] = (),
        change: Changes | None = None,
        *,
        most: int = _TRIES,
    ) -> list[Found]:
        """Return places for a lot with some rules lifted, the cheapest first, each tried.

        Parameters
        ----------
        at
            The lot, by its place in the problem.
        lifted
            Codes of `RULES`.
        change
            Limits that give way besides.
        most
            How many places are tried.
        """
        self.tries += 1
        change = change or Changes()
        base = self._base(lifted, change)
        if base is None:
            return []
        m = self._arrays(at, lifted, change)
        asked = base.under(**m._asdict())
        places = asked.insertions(self.request[at])[:most]
        tried = (self._tried(asked, at, place) for place in places)
        return [one for one in tried if one is not None]

    def _tried(self, asked: Live, at: int, place: Insertion) -> Found | None:
        tried = copy.copy(asked)
        tried.state = copy_state(asked.state)
        if not tried.insert(self.request[at], place):
            return None
        route = tried.route(place.vehicle)
        own = [visit for visit in route if visit.request == self.request[at]]
        lane = self.lanes[at][place.option]
        truck = self.fleet.trucks[place.vehicle]
        today_s = self._today_s(asked.model.arrays, place.vehicle, route)
        return Found(place.vehicle, truck, lane, own[0], own[1], place.cost, today_s)

    def _today_s(self, m: Arrays, vehicle: int, route: Sequence[Visit]) -> int:
        """Return what a truck's driver has driven this day at the end of a route."""
        time, places = m.time[m.vehicle[vehicle, V_PROFILE]], [int(m.vehicle[vehicle, V_START])]
        for visit in route:
            option = m.option[m.request[visit.request, R_OPTIONS] + visit.option]
            places.append(int(m.stop[option[visit.part], N_PLACE]))
        driven_s = sum(int(time[one, two]) for one, two in pairwise(places))
        return self.scene.work.standing[self.fleet.trucks[vehicle]].today_s + driven_s

    def _base(self, lifted: Collection[str], change: Changes) -> Live | None:
        """Return the routes, driven again where the ends of shifts move."""
        base = self.live
        if "truck_busy" in lifted:
            base = self._emptied()
        if not change.close_s and not {"shift_over", "pass_expired"} & set(lifted):
            return base
        m = self._closing(base.model.arrays, lifted, change)
        walked = base.under(**m._asdict())
        walked.state = copy_state(base.state)
        for vehicle in range(len(self.trucks)):
            release(m, walked.state, vehicle)
            if not walk(m, walked.state, vehicle):
                return None
        return walked

    def _emptied(self) -> Live:
        """Return the plan without its routes, but with the places in slots taken."""
        if self._empty is None:
            m = self.live.model.arrays
            slot = m.slot.copy()
            slot[:, S_CAPACITY] = np.maximum(slot[:, S_CAPACITY] - self.live.state.used, 0)
            self._empty = Live(self.live.model.changed(slot=slot))
        return self._empty

    def _closing(self, m: Arrays, lifted: Collection[str], change: Changes) -> Arrays:
        vehicle = m.vehicle.copy()
        for number, truck in enumerate(self.trucks):
            ends = {"shift_over": truck.shift_end, "pass_expired": truck.pass_until}
            left = [
                self.table.seconds(end, down=True)
                for rule, end in ends.items()
                if end is not None and rule not in lifted
            ]
            by_s = change.close_s if change.truck in (None, number) else 0
            vehicle[number, V_CLOSE] = min(left, default=FOREVER - by_s) + by_s
        return m._replace(vehicle=vehicle)

    def _arrays(self, at: int, lifted: Collection[str], change: Changes) -> Arrays:
        m = (self._empty if "truck_busy" in lifted else self.live).model.arrays  # type: ignore[union-attr]
        if change.close_s or {"shift_over", "pass_expired"} & set(lifted):
            m = self._closing(m, lifted, change)
        m = self._able(m, at, lifted)
        m = self._times(m, at, lifted, change)
        return self._gates(m, at, lifted, change)

    def _able(self, m: Arrays, at: int, lifted: Collection[str]) -> Arrays:
        request, lot = self.request[at], self.table.problem.lots[at]
        allowed, capacity = m.allowed.copy(), m.capacity
        ok = np.ones(len(self.trucks), bool)
        for rule in BY_TRUCK:
            if rule not in lifted:
                ok &= ~self.refused(at, rule)
        if "destination_unknown" not in lifted and not self.table.ways(lot):
            ok[:] = False
        if "too_small" not in lifted and self.open_kg[at] < self.least_kg:
            ok[:] = False
        allowed[request] = False
        allowed[request, : len(ok)] = ok
        if {"payload", "volume"} & set(lifted):
            capacity = capacity.copy()
            for dimension, rule in enumerate(("payload", "volume")[: 1 + self.fleet.has_volume]):
                if rule in lifted:
                    small = capacity[: len(ok), dimension] < m.amount[request, dimension]
                    capacity[: len(ok), dimension][small] = _ALWAYS
        option = m.option
        if "permits" in lifted:
            option = option.copy()
            option[m.request[request, R_OPTIONS] : m.request[request, R_OPTIONS_END], O_MASK] = -1
        return m._replace(allowed=allowed, capacity=capacity, option=option)

    def _times(self, m: Arrays, at: int, lifted: Collection[str], change: Changes) -> Arrays:
        more_s = _ALWAYS if "hold_exceeded" in lifted else change.hold_s
        if more_s:
            stop, window = m.stop.copy(), m.window.copy()
            for own, _ in self.stops_of(m, at):
                window[stop[own, N_WINDOWS], 1] += more_s
                stop[own, N_LATEST] += more_s
            m = m._replace(stop=stop, window=window)
        if "driving_hours" in lifted or change.drive_s:
            vehicle = m.vehicle.copy()
            rows = slice(None) if change.truck is None else change.truck
            vehicle[rows, V_DRIVE_LIMIT] += change.drive_s or _ALWAYS
            m = m._replace(vehicle=vehicle)
        if "no_route" in lifted:
            time = np.where(m.time >= NO_WAY, 0, m.time).astype(m.time.dtype)
            time_to = np.where(m.time_to >= NO_WAY, 0, m.time_to).astype(m.time_to.dtype)
            reach = np.where(m.reach >= NO_WAY, 0, m.reach)
            m = m._replace(time=time, time_to=time_to, reach=reach)
        return m

    def _gates(self, m: Arrays, at: int, lifted: Collection[str], change: Changes) -> Arrays:
        if {"slot_full"} & set(lifted) or change.places or change.slot_s:
            slot = m.slot.copy()
            rows = slice(None) if change.slot is None else slot[:, S_ID] == change.slot
            if change.slot_s:
                slot[rows, 1] += change.slot_s
            else:
                slot[rows, S_CAPACITY] += change.places or _ALWAYS
            m = m._replace(slot=slot)
        if "quota_full" in lifted and m.quota.size:
            m = m._replace(quota=np.full_like(m.quota, -1))
        if "bays_busy" in lifted:
            facility = m.facility.copy()
            facility[:, F_BAYS] = np.where(facility[:, F_BAYS] >= 0, _ALWAYS, -1)
            m = m._replace(facility=facility)
        if "no_slot" in lifted:
            stop = m.stop.copy()
            for own, _ in self.stops_of(m, at):
                stop[own, N_FACILITY] = -1
            m = m._replace(stop=stop)
        return m

    def slot_id(self, found: Found) -> int | None:
        """Return the place, in the table, of the slot that a tried probe enters."""
        slot = found.delivery.slot
        return None if slot is None else self.lowered.slots.get(slot)

    def truck(self, found: Found) -> Truck:
        """Return the truck of a place that was tried."""
        return self.table.problem.trucks[found.truck]
