"""Turn facilities, slots and bays into the engine's, less what is taken already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.solver.model import Request, Slot, Stop, Vehicle

if TYPE_CHECKING:
    from collections.abc import Collection

    from routing.dispatch.drives import Drives
    from routing.dispatch.lower_trucks import Fleet
    from routing.dispatch.problem import Pin
    from routing.dispatch.table import Table
    from routing.dispatch.work import Work
    from routing.solver.draft import Draft


class Gates:
    """The facilities that trucks may still enter, as the engine knows them.

    A pin has a slot of its own, up to the very end of the window. A truck that stands at a bay by
    what was planned before is a vehicle of its own that does nothing else.

    Parameters
    ----------
    table, drives, work
        The problem, its driving times, and what is planned already.
    fleet
        The vehicles.
    draft
        What the facilities and slots are added to.
    lost
        Pins that need no slot any more.
    """

    def __init__(
        self,
        table: Table,
        drives: Drives,
        work: Work,
        fleet: Fleet,
        draft: Draft,
        lost: Collection[Pin],
    ) -> None:
        self.lost = lost
        self.table, self.drives, self.fleet, self.draft = table, drives, fleet, draft
        self.known: dict[int, int] = {}
        self.facility_of: dict[int, int] = {}
        """The engine's number of each facility with a place left in a slot; `known`: or a pin."""
        self.slot_of: dict[int, int] = {}
        """The engine's number of each open slot."""
        self.pinned: dict[Pin, tuple[int, int]] = {}
        """The engine's facility and slot of each pin."""
        self.told: dict[int, int] = {}
        """The slot behind each of the engine's numbers."""
        self.guests: list[tuple[Vehicle, Request]] = []
        users = work.in_slots(table)
        for at in range(len(table.problem.facilities)):
            self._open(at, users)
        for at in self.known:
            self._occupy(at, work)

    def _open(self, at: int, users: dict[int, set[int]]) -> None:
        table, place = self.table, self.table.problem.facilities[at]
        slots = []
        for slot in table.slots_of[at]:
            pins, left = self._pins(slot), table.slots[slot].free - len(users[slot])
            pins = [pin for n, pin in enumerate(pins) if pin.booked or n < left]
            free = left - sum(not pin.booked for pin in pins)
            if pins or (free > 0 and table.last_s(table.slots[slot]) >= 0):
                slots.append((slot, free, pins))
        if not slots:
            return
        facility = self.draft.facility(place.bays)
        self.known[at] = facility
        if any(free > 0 for _, free, _ in slots):
            self.facility_of[at] = facility
        for slot, free, pins in slots:
            if free > 0:
                pinned = {table.truck_at[pin.truck_id] for pin in pins}
                self._slot(facility, slot, free, users[slot] | pinned)
            for pin in pins:
                self._pin(facility, slot, pin)

    def _pins(self, slot: int) -> list[Pin]:
        slot_id = self.table.slots[slot].slot_id
        found = [
            pin
            for pin in self.table.problem.pins
            if pin.slot_id == slot_id
            and pin not in self.lost
            and pin.truck_id in self.table.truck_at
            and pin.lot_id in self.table.lot_at
        ]
        return sorted(dict.fromkeys(found), key=lambda pin: pin.booked)

    def _slot(self, facility: int, at: int, free: int, users: set[int]) -> None:
        slot, trucks = self.table.slots[at], self.table.problem.trucks
        quotas = {
            self.fleet.hauliers[haulier_id]: max(
                0, places - sum(trucks[user].haulier_id == haulier_id for user in users)
            )
            for haulier_id, places in slot.quotas.items()
            if haulier_id in self.fleet.hauliers
        }
        number = self.draft.slot(
            Slot(
                facility=facility,
                start=max(0, self.table.opens_s(slot)),
                last=self.table.last_s(slot),
                capacity=free,
                quotas=quotas,
            )
        )
        self.slot_of[at], self.told[number] = number, at

    def _pin(self, facility: int, at: int, pin: Pin) -> None:
        """Give a pin its slot: at a gate of its own, unless the facility's bays are shared."""
        slot = self.table.slots[at]
        owner = self.table.facility_at[slot.facility_id]
        quotas = {}
        if self.table.problem.facilities[owner].bays is None:
            facility = self.draft.facility(None)
        else:
            truck = self.table.problem.trucks[self.table.truck_at[pin.truck_id]]
            own = self.fleet.hauliers[truck.haulier_id]
            quotas = {group: 0 for group in range(self._guest + 1) if group != own}
        number = self.draft.slot(
            Slot(
                facility=facility,
                start=max(0, self.table.opens_s(slot)),
                last=self.table.last_s(slot, margin_s=0),
                capacity=1,
                quotas=quotas,
            )
        )
        self.pinned[pin], self.told[number] = (facility, number), at

    @property
    def _guest(self) -> int:
        """The group of vehicles that only hold a bay."""
        return len(self.fleet.hauliers)

    def _occupy(self, at: int, work: Work) -> None:
        facility = self.known[at]
        place = self.drives.at[self.table.problem.facilities[at].position]
        for begin_s, end_s in work.at_bays(self.table, at):
            slot = self.draft.slot(
                Slot(
                    facility=facility,
                    start=begin_s,
                    last=begin_s,
                    capacity=1,
                    quotas=dict.fromkeys(range(self._guest), 0),
                )
            )
            stop = Stop(
                place=place,
                service=end_s - begin_s,
                windows=((begin_s, begin_s),),
                facility=facility,
                slot=slot,
            )
            self.guests.append(
                (
                    Vehicle(start=place, shift_start=begin_s, drive_cost=0.0, group=self._guest),
                    Request(options=((stop,),)),
                )
            )
