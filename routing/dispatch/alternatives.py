"""Name the best ways that a trip did not take, what more they cost, and why they were not taken.

A trip is taken out of the routes of its plan, and the engine is asked where else it could go. Every
way that is told was driven, with all else that its truck has to do: its cost is a true one.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from routing.dispatch.book import steps_of, tasks_of
from routing.dispatch.outcome import Alternative
from routing.dispatch.scenery import drive_again
from routing.dispatch.tours import costs_of, home_s_of, tours_of
from routing.dispatch.words import tell
from routing.solver.arrays import S_CAPACITY, S_ID
from routing.solver.errors import InvalidModel
from routing.solver.live import Live
from routing.solver.model import FOREVER
from routing.solver.states import copy_state, take_over, totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from routing.dispatch.outcome import Trip
    from routing.dispatch.scenery import Scene
    from routing.dispatch.table import Lane, Table
    from routing.solver.solution import Insertion, Visit

    Why = tuple[str, dict[str, Any]]

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a trip is in the routes: its vehicle, and the visit that delivers it."""

    vehicle: int
    visit: Visit


@dataclass(frozen=True, slots=True)
class _Way:
    """Another way for a trip, driven: its delivery, and what all routes cost more, by part."""

    vehicle: int
    delivery: Visit
    more: dict[str, float]

    @property
    def cost(self) -> float:
        """Cost seconds more than as planned; negative where it is cheaper."""
        return sum(self.more.values())


class Others:
    """Asks the engine where else the trips of a plan could go.

    Parameters
    ----------
    scene
        The routes of the plan.
    trips
        The plan's trips, truck by truck; those that are in the routes can be asked about.
    """

    def __init__(self, scene: Scene, trips: Sequence[Trip]) -> None:
        assert scene.lowered is not None
        assert scene.solution is not None
        self.scene, self.table, self.lowered = scene, scene.table, scene.lowered
        self.trips = trips
        self._own: dict[str, list[int]] = {}
        for number, trip in enumerate(trips):
            self._own.setdefault(trip.truck_id, []).append(number)
        self.live = Live(self.lowered.model)
        driven = drive_again(self.live, scene.solution.routes)
        self._cost = _cost_of(self.live)
        self._room = copy_state(self.live.state), copy_state(self.live.state)
        self._seats = self._seated() if driven else {}
        self._nearest: dict[int, tuple[float, int, Insertion]] = {}

    def _seated(self) -> dict[int, _Seat]:
        """Return where each trip is that may be moved: a truck's last trips are its deliveries."""
        found: dict[int, _Seat] = {}
        for vehicle, truck in enumerate(self.lowered.trucks):
            visits = [visit for visit in self.live.route(vehicle) if visit.part == 1]
            own = self._own.get(self.table.problem.trucks[truck].truck_id, [])
            last = own[len(own) - len(visits) :]
            found |= {
                number: _Seat(vehicle, visit)
                for number, visit in zip(last, visits, strict=True)
                if self._movable(visit)
            }
        return found

    def _movable(self, visit: Visit) -> bool:
        """Say whether a trip is no pin's, and no other truck has a part in it."""
        asked = self.lowered.asked[visit.request]
        return asked.leg == 1 and asked.pin is None and asked.lanes[visit.option].handover is None

    def of(self, number: int) -> tuple[Alternative, ...]:
        """Return the three cheapest other ways of a trip, at most one a truck, cheapest first.

        A full slot that would make the trip's own truck cheaper is told before them.

        Parameters
        ----------
        number
            The trip's place among the plan's.
        """
        seat = self._seats.get(number)
        if seat is None:
            return ()
        out = self._without(seat)
        if out is None:
            return ()
        request = seat.visit.request
        elsewhere = [place for place in out.insertions(request) if place.vehicle != seat.vehicle]
        self._remember(number, elsewhere, saved=self._cost - _cost_of(out))
        asked = [(out, place) for place in elsewhere] + self._at_other_times(out, seat)
        asked.sort(key=lambda one: one[1].cost)
        ways: list[_Way] = []
        for live, place in asked:
            way = self._driven(live, seat, place)
            if way is not None and not _same(way, seat):
                ways.append(way)
            if len(ways) == _SHOWN:
                break
        ways.sort(key=lambda way: way.cost)
        told = [self._told(way, self._why(seat, way)) for way in ways]
        full = self._into_full_slot(out, seat)
        if full is not None and full.cost < min((way.cost for way in ways), default=0.0):
            told.insert(0, self._told(full, ("slot_full", {"slot_id": self._slot_id(full)})))
        return tuple(told)

    def nearest(self, truck_id: str) -> tuple[Trip, Alternative] | None:
        """Return the trip, of those asked about, that a truck would do for the least more.

        Parameters
        ----------
        truck_id
            A truck that has no trip.
        """
        truck = self.table.truck_at[truck_id]
        vehicle = self.lowered.trucks.index(truck) if truck in self.lowered.trucks else -1
        if vehicle not in self._nearest:
            return None
        _, number, place = self._nearest[vehicle]
        seat = self._seats[number]
        out = self._without(seat)
        way = None if out is None else self._driven(out, seat, place)
        if way is None:
            return None
        return self.trips[number], self._told(way, self._why(seat, way))

    def _remember(self, number: int, places: Iterable[Insertion], *, saved: float) -> None:
        for place in places:
            more = place.cost - saved
            known = self._nearest.get(place.vehicle)
            if known is None or more < known[0]:
                self._nearest[place.vehicle] = more, number, place

    def _without(self, seat: _Seat) -> Live | None:
        """Return the routes without a trip; None: past its places no road leads in time."""
        out = copy.copy(self.live)
        out.state = self._room[0]
        take_over(out.state, self.live.state)
        try:
            out.remove(seat.visit.request)
        except InvalidModel:
            return None
        return out

    def _at_other_times(self, out: Live, seat: _Seat) -> list[tuple[Live, Insertion]]:
        """Return the best place in the trip's own route but into its own slot."""
        if seat.visit.slot is None:
            return []
        m = out.model.arrays
        slot = m.slot.copy()
        own = m.slot[:, S_ID] == seat.visit.slot
        slot[own, S_CAPACITY] = out.state.used[own]
        other = out.under(slot=slot)
        return [(other, place) for place in other.insertions(seat.visit.request, [seat.vehicle])]

    def _into_full_slot(self, out: Live, seat: _Seat) -> _Way | None:
        """Return the best place in the trip's own route if a full slot had room for it."""
        m = out.model.arrays
        slot = m.slot.copy()
        full = out.state.used >= m.slot[:, S_CAPACITY]
        slot[full, S_CAPACITY] = FOREVER
        other = out.under(slot=slot)
        places = other.insertions(seat.visit.request, [seat.vehicle])
        way = self._driven(other, seat, places[0]) if places else None
        if way is None or way.delivery.slot not in set(m.slot[full, S_ID].tolist()):
            return None
        return way

    def _driven(self, live: Live, seat: _Seat, place: Insertion) -> _Way | None:
        """Put a trip elsewhere, and return what that costs more; None: it cannot be driven."""
        tried = copy.copy(live)
        tried.state = self._room[1]
        take_over(tried.state, live.state)
        if not tried.insert(seat.visit.request, place):
            return None
        more: dict[str, float] = defaultdict(float)
        for vehicle in {seat.vehicle, place.vehicle}:
            for part, cost in self._parts(tried, vehicle):
                more[part] += cost
            for part, cost in self._parts_planned(vehicle):
                more[part] -= cost
        del more["total"]
        whole = _cost_of(tried) - self._cost
        more["further_trips"] = whole - sum(more.values())
        visits = tried.route(place.vehicle)
        (delivery,) = (v for v in visits if v.request == seat.visit.request and v.part == 1)
        return _Way(place.vehicle, delivery, dict(more))

    def _parts(self, live: Live, vehicle: int) -> Iterator[tuple[str, float]]:
        """Yield what a vehicle's route costs, by part."""
        table, drives, work = self.table, self.scene.drives, self.scene.work
        truck, visits = self.lowered.trucks[vehicle], live.route(vehicle)
        errands = {
            visit.request: self.lowered.errand(
                table, visit.request, visit.option, visit.amount[0], visit.amount[0]
            )
            for visit in visits
        }
        tasks = tasks_of(self.lowered, visits, errands)
        more = steps_of(table, drives, truck, work.standing[truck], tasks)
        steps = [*work.steps[truck], *more]
        for tour in tours_of(steps, truck, home_s=home_s_of(table, drives, truck, steps) or 0):
            for cost in costs_of(table, tour):
                yield from cost.items()

    def _parts_planned(self, vehicle: int) -> Iterator[tuple[str, float]]:
        for number in self._own.get(self._truck_id(vehicle), []):
            yield from self.trips[number].cost.items()

    def _why(self, seat: _Seat, way: _Way) -> Why:
        """Return what speaks most against a way."""
        truck_id = self._truck_id(way.vehicle)
        carried = self._own.get(truck_id, [])
        if way.vehicle != seat.vehicle and carried:
            return "truck_taken", {"truck_id": truck_id, "lot_id": self.trips[carried[0]].lot_id}
        worst = max(way.more, key=lambda part: way.more[part])
        if round(way.cost, 1) < 0:
            return "not_found", {}
        return (worst if way.more[worst] > 0 else "no_better"), {}

    def _told(self, way: _Way, why: Why) -> Alternative:
        lane = self.lowered.asked[way.delivery.request].lanes[way.delivery.option]
        return alternative(
            self.table,
            truck_id=self._truck_id(way.vehicle),
            lane=lane,
            slot_id=self._slot_id(way),
            cost=way.cost,
            why=why,
        )

    def _slot_id(self, way: _Way) -> str:
        slot = way.delivery.slot
        return "" if slot is None else self.table.slots[self.lowered.slots[slot]].slot_id

    def _truck_id(self, vehicle: int) -> str:
        return self.table.problem.trucks[self.lowered.trucks[vehicle]].truck_id


def alternative(
    table: Table, *, truck_id: str, lane: Lane, slot_id: str, cost: float, why: Why
) -> Alternative:
    """Return another way, told in words.

    Parameters
    ----------
    table
        The problem.
    truck_id, lane, slot_id
        Who would go where; no slot is an empty id.
    cost
        What it costs more.
    why
        The code of why it was not taken, and what its sentence names.
    """
    problem, (code, values) = table.problem, why
    words = tell(f"why.{code}", values, utc_offset_s=table.params.local_utc_offset_s)
    corridor = None if lane.corridor is None else problem.corridors[lane.corridor].corridor_id
    facility = "" if lane.facility is None else problem.facilities[lane.facility].facility_id
    return Alternative(
        truck_id=truck_id,
        facility_id=facility,
        slot_id=slot_id,
        corridor_id=corridor,
        cost_difference=round(cost, 1),
        why_code=code,
        why=words["en"],
        why_vi=words["vi"],
    )


def _same(way: _Way, seat: _Seat) -> bool:
    """Say whether a way leads the same truck into the same slot: beside what it delivers there."""
    return (way.vehicle, way.delivery.slot) == (seat.vehicle, seat.visit.slot)


def _cost_of(live: Live) -> float:
    """Return the cost of all routes, and of what is on none."""
    return sum(totals(live.model.arrays, live.state))
