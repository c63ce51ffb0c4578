"""Let things happen to a day that is planned: lots come and go, trucks fail, slots shrink."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from infra.bench.assignment.ours import Present

if TYPE_CHECKING:
    from infra.bench.assignment.checker import Routes
    from infra.bench.assignment.instances import Instance

Kind = Literal[
    "lot", "withdrawal", "priority", "decline", "breakdown", "delay", "slot_cut", "closure"
]

_SHARES: dict[Kind, float] = {
    "lot": 0.3,
    "withdrawal": 0.12,
    "priority": 0.1,
    "decline": 0.15,
    "breakdown": 0.06,
    "delay": 0.15,
    "slot_cut": 0.1,
    "closure": 0.02,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happens.

    Attributes
    ----------
    kind
        What.
    lot, truck
        To whom; -1 where it is to none.
    slot, port
        Which slot loses places; to which port the ways are longer.
    amount
        The new priority, the seconds of delay, the places left, or how long ways are, in percent.
    """

    kind: Kind
    lot: int = -1
    truck: int = -1
    slot: int = -1
    port: int = -1
    amount: int = 0


@dataclass(frozen=True, eq=False)
class Day:
    """An instance as it is at a moment.

    Attributes
    ----------
    instance
        With the shifts and the slots of that moment.
    present
        What of it is there.
    """

    instance: Instance
    present: Present

    def after(self, event: Happening) -> Day:
        """Return the day after something has happened.

        Parameters
        ----------
        event
            What happens.
        """
        there, kind = self.present, event.kind
        if kind in {"lot", "withdrawal"}:
            lots = there.lots.copy()
            lots[event.lot] = kind == "lot"
            there = replace(there, lots=lots)
        elif kind == "breakdown":
            trucks = there.trucks.copy()
            trucks[event.truck] = False
            there = replace(there, trucks=trucks)
        elif kind == "decline":
            there = replace(there, declined=there.declined | {(event.truck, event.lot)})
        elif kind == "priority":
            there = replace(there, priority=there.priority | {event.lot: event.amount})
        return Day(_changed(self.instance, event), there)

    def judged(self) -> tuple[Instance, int]:
        """Return an instance to judge plans by, and how many of its lots are not there.

        No port takes a lot that is not there, and no truck that is not there has a shift.
        """
        there = self.present
        takes = self.instance.takes & there.lots[:, None]
        ends_s = np.where(there.trucks, self.instance.shift_end_s, 0)
        judged = replace(self.instance, takes=takes, shift_end_s=ends_s)
        return judged, int((~there.lots).sum())


def happen(day: Day, routes: Routes, rng: np.random.Generator) -> Happening:
    """Draw what happens next.

    Parameters
    ----------
    day
        As it is.
    routes
        What is planned: only trucks and slots in use are worth an event.
    rng
        Where chance comes from.
    """
    kinds = list(_SHARES)
    shares = np.array([_SHARES[kind] for kind in kinds])
    kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
    instance, there = day.instance, day.present
    used = [truck for truck, route in enumerate(routes) if route]
    if (kind == "lot" or not used) and not there.lots.all():
        return Happening(kind="lot", lot=int(rng.choice(np.flatnonzero(~there.lots))))
    if not used:
        return Happening(kind="withdrawal", lot=int(rng.choice(np.flatnonzero(there.lots))))
    truck = int(rng.choice(used))
    call = routes[truck][int(rng.integers(len(routes[truck])))]
    places = int(instance.slot_places[call.slot])
    events: dict[Kind, Happening] = {
        "priority": Happening(kind="priority", lot=call.lot, amount=int(rng.integers(1, 4))),
        "decline": Happening(kind="decline", lot=call.lot, truck=truck),
        "breakdown": Happening(kind="breakdown", truck=truck),
        "delay": Happening(kind="delay", truck=truck, amount=60 * int(rng.integers(15, 91))),
        "slot_cut": Happening(kind="slot_cut", slot=call.slot, amount=places // 2),
        "closure": Happening(kind="closure", port=call.port, amount=int(rng.integers(105, 121))),
    }
    return events.get(kind, Happening(kind="withdrawal", lot=call.lot))


def _changed(instance: Instance, event: Happening) -> Instance:
    """Return an instance with a later shift, fewer places in a slot, or longer ways to a port."""
    if event.kind == "delay":
        starts_s = instance.shift_start_s.copy()
        starts_s[event.truck] += event.amount
        return replace(instance, shift_start_s=starts_s)
    if event.kind == "slot_cut":
        places = instance.slot_places.copy()
        places[event.slot] = event.amount
        return replace(instance, slot_places=places)
    if event.kind == "closure":
        at = instance.trucks + instance.lots + event.port
        drive_s = instance.drive_s.copy()
        for ways_s in (drive_s[at], drive_s[:, at]):
            ways_s[:] = -(-ways_s * event.amount // 100)
        return replace(instance, drive_s=drive_s)
    return instance
