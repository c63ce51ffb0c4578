"""Turn a dispatch problem into the engine's model, and keep what its numbers mean.

Everything is a shipment from a pickup to the end of one of its lanes. A lot that some truck cannot
take at once is a lot of the engine too: as many requests as trips may be needed, each carrying what
its truck has room for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from routing.dispatch.crow import plane_m
from routing.dispatch.lower_places import Gates
from routing.dispatch.lower_stops import Stops
from routing.dispatch.lower_trucks import Fleet
from routing.dispatch.work import Errand, room_kg
from routing.solver.draft import Draft
from routing.solver.model import Lot as Shared
from routing.solver.model import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routing.dispatch.drives import Drives
    from routing.dispatch.lower_stops import Way
    from routing.dispatch.problem import Earlier, Lot, Pin
    from routing.dispatch.table import Lane, Table
    from routing.dispatch.work import Work
    from routing.solver.draft import Model

_MOST_TRIPS = 40
"""Of one lot in one plan."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A consignment that is asked for beside the lots' own: through a transhipment point.

    `after_s` is when the goods are there at the earliest, `until_s` by when they have to be
    brought there.
    """

    lot: int
    lanes: tuple[Lane, ...]
    quantity_kg: int
    leg: int = 1
    after_s: int | None = None
    until_s: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What one of the engine's requests means: a consignment by one of these lanes."""

    lot: int
    lanes: tuple[Lane, ...]
    leg: int = 1
    pin: Pin | None = None
    earlier: Earlier | None = None


@dataclass(frozen=True, slots=True)
class Lowered:
    """A model, and what its numbers mean.

    `asked` has no entries for the engine's last requests, which only hold bays.
    """

    model: Model
    asked: tuple[Asked, ...]
    trucks: tuple[int, ...]
    slots: dict[int, int]
    guests: tuple[int, ...]
    """The requests that hold bays."""
    urgent: tuple[int, ...]
    """Requests of lots with a priority, the highest first."""

    def errand(self, table: Table, request: int, option: int, amount: int, open_kg: int) -> Errand:
        """Return what a request carries, as an errand."""
        asked = self.asked[request]
        return Errand(
            table.problem.lots[asked.lot],
            asked.lanes[option],
            amount,
            open_kg,
            leg=asked.leg,
            pinned=asked.pin is not None,
            earlier=asked.earlier,
        )


class Lowering:
    """Makes models of some lots of a problem.

    Parameters
    ----------
    table, drives, work
        The problem, the driving times of its places, and what is planned already.
    lots
        Which lots, by their places in the problem.
    """

    def __init__(self, table: Table, drives: Drives, work: Work, lots: Sequence[int]) -> None:
        self.table, self.drives, self.work, self.lots = table, drives, work, lots
        self.fleet = Fleet(table, drives, work)
        self.lost: set[Pin] = set()
        """Pins that cannot be kept: nobody carries their goods."""
        self.pinned_kg: dict[int, int] = {}
        """What of each lot is asked for by pins, and by nobody else."""
        self._known_rooms: dict[tuple[tuple[int, ...], object], _Rooms] = {}
        self.earlier: dict[str, list[Earlier]] = {}
        for one in table.problem.earlier:
            self.earlier.setdefault(one.lot_id, []).append(one)

    def model(
        self, extras: Sequence[Extra] = (), moved: Mapping[int, int] | None = None
    ) -> Lowered:
        """Return the model.

        Parameters
        ----------
        extras
            What is asked for beside; the other requests keep their numbers.
        moved
            How much of a lot is carried by extras, and not to be carried otherwise.
        """
        self.draft = Draft(self.fleet.dimensions)
        self.draft.matrix(list(self.drives.seconds), where=plane_m(self.drives.points))
        self.gates = Gates(self.table, self.drives, self.work, self.fleet, self.draft, self.lost)
        self.stops = Stops(self.table, self.drives, self.fleet, self.gates)
        for vehicle in self.fleet.vehicles():
            self.draft.vehicle(vehicle)
        self.asked: list[Asked] = []
        for at in self.lots:
            self._lot(at, (moved or {}).get(at, 0))
        for extra in extras:
            self._extra(extra)
        guests = []
        for vehicle, request in self.gates.guests:
            own = self.draft.vehicle(replace(vehicle, capacity=(0,) * self.fleet.dimensions))
            guests.append(self.draft.request(replace(request, vehicles=(own,))))
        return Lowered(
            self.draft.model(),
            tuple(self.asked),
            tuple(self.fleet.trucks),
            self.gates.told,
            tuple(guests),
            self._urgent(),
        )

    def _urgent(self) -> tuple[int, ...]:
        lots = self.table.problem.lots
        ranked = [
            (-lots[asked.lot].priority, lots[asked.lot].hold_until, number)
            for number, asked in enumerate(self.asked)
            if asked.pin is None and lots[asked.lot].priority and asked.leg == 1
        ]
        return tuple(number for _, _, number in sorted(ranked))

    def _lot(self, at: int, moved_kg: int) -> None:
        lot, params = self.table.problem.lots[at], self.table.params
        self.pinned_kg[at] = self._pins(at)
        open_kg = self.work.open_kg[at] - self.pinned_kg[at]
        able = self.fleet.able(lot)
        least_kg = max(params.min_consignment_kg, 1)
        if open_kg < least_kg or not able or self.table.hold_s(lot) < params.margin_s:
            return
        lanes = self.stops.open_lanes(lot)
        if not lanes:
            return
        rooms = self._rooms(lot, able)
        trips = _most_trips(open_kg, rooms)
        weight = 1 + lot.priority
        shared = None
        if trips > 1 or rooms.least < open_kg:
            shared = self.draft.lot(
                Shared(
                    quantity=self.fleet.amount(lot, open_kg - moved_kg),
                    least=least_kg,
                    unserved_cost=weight * params.unserved_cost,
                    unserved_unit_cost=weight * params.unserved_cost_per_kg,
                    split_cost=params.split_cost,
                )
            )
        kept = self.earlier.get(lot.lot_id, [])
        quantity_kg = min(open_kg, rooms.most)
        ways = self.stops.ways(lot, lanes, quantity_kg)
        for trip in range(max(1, trips)):
            self._ask(
                at,
                ways,
                quantity_kg,
                shared=shared,
                vehicles=() if moved_kg and shared is None else able,
                earlier=kept[trip] if trip < len(kept) else None,
            )

    def _rooms(self, lot: Lot, able: tuple[int, ...]) -> _Rooms:
        key = (able, lot.volume_l and lot.lot_id)
        if key not in self._known_rooms:
            trucks = self.table.problem.trucks
            rooms = sorted(room_kg(trucks[self.fleet.trucks[v]], lot) for v in able)
            self._known_rooms[key] = _Rooms(rooms[0], rooms[len(rooms) // 2], rooms[-1], len(rooms))
        return self._known_rooms[key]

    def _pins(self, at: int) -> int:
        """Ask for the pinned consignments of a lot, and return their kilograms."""
        lot, total_kg = self.table.problem.lots[at], 0
        for pin in self.table.problem.pins:
            truck = self.table.truck_at.get(pin.truck_id, -1)
            vehicle = self.fleet.vehicle_of.get(truck)
            if pin.lot_id != lot.lot_id or vehicle is None or self.table.hold_s(lot) < 0:
                continue
            room = room_kg(self.table.problem.trucks[truck], lot)
            open_kg = self.work.open_kg[at] - total_kg
            takes = min(room if pin.quantity_kg is None else pin.quantity_kg, open_kg)
            named = pin.slot_id is not None
            lanes = self.stops.open_lanes(lot, pinned=named)
            if named:
                slot = self.table.slot_at.get(pin.slot_id or "")
                owner = slot is not None and self.table.slots[slot].facility_id
                lanes = [n for n in lanes if self.stops.facility_id(n) == owner]
                lanes = lanes if pin in self.gates.pinned else []
            total_kg += takes
            if takes > 0 and lanes and vehicle in self.fleet.able(lot) and pin not in self.lost:
                ways = self.stops.ways(lot, lanes, takes, pin=pin)
                self._ask(at, ways, takes, vehicles=(vehicle,), pin=pin)
        return total_kg

    def _extra(self, extra: Extra) -> None:
        lot = self.table.problem.lots[extra.lot]
        ways = self.stops.ways(
            lot,
            extra.lanes,
            extra.quantity_kg,
            after_s=extra.after_s,
            until_s=extra.until_s,
        )
        able = self.fleet.able(lot)
        self._ask(extra.lot, ways, extra.quantity_kg, vehicles=able, leg=extra.leg)

    def _ask(
        self,
        at: int,
        ways: Sequence[Way],
        quantity_kg: int,
        *,
        vehicles: tuple[int, ...],
        shared: int | None = None,
        earlier: Earlier | None = None,
        pin: Pin | None = None,
        leg: int = 1,
    ) -> None:
        """Ask for one consignment by one of some ways."""
        lot, params, kept = self.table.problem.lots[at], self.table.params, None
        if earlier is not None:
            kept = self.fleet.vehicle_of.get(self.table.truck_at.get(earlier.truck_id, -1))
            if self._open_slot(earlier) is None:
                earlier = replace(earlier, slot_id=None)
            ways = self._kept(ways, earlier)
        unserved = params.unserved_cost + params.unserved_cost_per_kg * quantity_kg
        self.draft.request(
            Request(
                options=tuple((pickup, delivery) for _, pickup, delivery in ways),
                amount=() if shared is not None else self.fleet.amount(lot, quantity_kg),
                vehicles=None if len(vehicles) == len(self.fleet.trucks) else vehicles,
                unserved_cost=(1 + lot.priority) * unserved,
                lot=shared,
                kept_by=kept,
                churn_cost=params.churn_cost,
                spare_cost=params.spare_cost_per_kg,
            )
        )
        lanes = tuple(lane for lane, _, _ in ways)
        self.asked.append(Asked(at, lanes, leg, pin, earlier))

    def _open_slot(self, earlier: Earlier) -> int | None:
        """Return the engine's number of the earlier slot, if it is still open."""
        return self.gates.slot_of.get(self.table.slot_at.get(earlier.slot_id or "", -1))

    def _kept(self, ways: Sequence[Way], earlier: Earlier) -> list[Way]:
        """Return the ways with a price on all but the earlier slot, if there is one."""
        slot = self._open_slot(earlier)
        if slot is None:
            return list(ways)
        owner = self.table.slots[self.gates.told[slot]].facility_id
        found: list[Way] = []
        for lane, pickup, delivery in ways:
            if self.stops.facility_id(lane) == owner:
                found.append((lane, pickup, replace(delivery, slot=slot)))
            dearer = delivery.cost + self.table.params.churn_cost
            found.append((lane, pickup, replace(delivery, cost=dearer)))
        return found


@dataclass(frozen=True, slots=True)
class _Rooms:
    """What some trucks have room for, in kilograms of a lot, and how many they are."""

    least: int
    middle: int
    most: int
    trucks: int


def _most_trips(open_kg: int, rooms: _Rooms) -> int:
    """Return how many requests a lot needs: as many as trips can carry it, with some to spare."""
    return min(
        -(-open_kg // rooms.least),
        2 - (-open_kg // rooms.middle),
        rooms.trucks - (-open_kg // rooms.most),
        _MOST_TRIPS,
    )
