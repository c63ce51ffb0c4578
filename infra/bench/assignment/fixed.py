"""Hold a problem whose slots are fixed: each lot one visit, exactly, with a window and a length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from infra.bench.assignment.checker import Call
from infra.bench.assignment.flow import NONE
from infra.bench.assignment.instances import SERVICE_S, Instance, Ints

if TYPE_CHECKING:
    from collections.abc import Sequence

Order = list[list[int]]
"""For each truck, its visits in their order."""


@dataclass(frozen=True, eq=False)
class Fixed:
    """Visits of trucks to lots whose slots are given.

    A visit is loading, driving to the port and unloading in one. It may begin in a window that
    follows from the lot's times and the slot; a truck that would wait at the port waits before it
    begins, at the same cost.

    Attributes
    ----------
    instance
        The whole problem.
    lot, slot, port
        Of each visit.
    first_s, last_s
        Between which seconds each visit begins.
    length_s, loaded_s
        How long each visit takes, and how much of that is driving.
    """

    instance: Instance
    lot: Ints
    slot: Ints
    port: Ints
    first_s: Ints
    last_s: Ints
    length_s: Ints
    loaded_s: Ints

    @classmethod
    def of(cls, instance: Instance, slot_of_lot: Ints) -> Self:
        """Fix the slots of an instance.

        Parameters
        ----------
        instance
            The problem.
        slot_of_lot
            A slot or `NONE` for each lot; such a lot is left out.
        """
        lot = np.flatnonzero(slot_of_lot != NONE)
        slot = slot_of_lot[lot]
        port = instance.slot_port[slot]
        first_s, last_s = instance.window_s
        loaded_s = instance.lot_to_port_s[lot, port]
        return cls(
            instance,
            lot,
            slot,
            port,
            first_s[lot, slot],
            last_s[lot, slot],
            2 * SERVICE_S + loaded_s,
            loaded_s,
        )

    @property
    def visits(self) -> int:
        """Count the visits."""
        return len(self.lot)

    @cached_property
    def start_s(self) -> Ints:
        """Give the driving from trucks' starts to visits, shape ``(trucks, visits)``."""
        return self.instance.start_to_lot_s[:, self.lot]

    @cached_property
    def next_s(self) -> Ints:
        """Give the driving from the ends of visits to others, shape ``(visits, visits)``."""
        between: Ints = self.instance.port_to_lot_s[self.port][:, self.lot].copy()
        np.fill_diagonal(between, 0)
        return between

    @cached_property
    def start_wait_s(self) -> Ints:
        """Give the waiting of a truck between its shift's start and its first visit."""
        ready_s = self.instance.shift_start_s[:, None] + self.start_s
        return np.maximum(0, self.first_s[None, :] - ready_s)

    def next_wait_s(self, begun_s: Ints) -> Ints:
        """Give the waiting between visits of which it is known when they begin.

        Parameters
        ----------
        begun_s
            When each visit begins, or is thought to.
        """
        free_s = (begun_s + self.length_s)[:, None] + self.next_s
        return np.maximum(0, self.first_s[None, :] - free_s)

    def barred(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Say which trucks may not make which visits, shape ``(trucks, visits)``."""
        return np.asarray(self.instance.chilled[self.lot][None, :] & ~self.instance.reefer[:, None])

    def routes(self, order: Sequence[Sequence[int]]) -> list[list[Call]]:
        """Turn visits into calls at lots, ports and slots."""
        return [
            [Call(int(self.lot[v]), int(self.port[v]), int(self.slot[v])) for v in visits]
            for visits in order
        ]

    def order_of(self, routes: Sequence[Sequence[Call]]) -> Order:
        """Find the visits of routes of which every lot still has a slot.

        Parameters
        ----------
        routes
            In any slots; lots that are no visits are passed over.
        """
        at = {int(lot): visit for visit, lot in enumerate(self.lot)}
        return [[at[call.lot] for call in route if call.lot in at] for route in routes]

    def begins_s(self, truck: int, visits: Sequence[int]) -> list[int]:
        """Say when each visit of a truck begins at the earliest.

        Parameters
        ----------
        truck
            Which.
        visits
            In their order.
        """
        begins = []
        now_s, before = int(self.instance.shift_start_s[truck]), -1
        for visit in visits:
            way_s = self.start_s[truck, visit] if before < 0 else self.next_s[before, visit]
            begins.append(max(now_s + int(way_s), int(self.first_s[visit])))
            now_s, before = begins[-1] + int(self.length_s[visit]), visit
        return begins

    def fits(self, truck: int, visits: Sequence[int]) -> bool:
        """Say whether a truck can make its visits within their windows and its shift."""
        begins = self.begins_s(truck, visits)
        if not begins:
            return True
        in_time = all(now <= self.last_s[visit] for now, visit in zip(begins, visits, strict=True))
        end_s = begins[-1] + self.length_s[visits[-1]]
        return bool(in_time and end_s <= self.instance.shift_end_s[truck])

    def kept(self, order: Sequence[Sequence[int]]) -> Order:
        """Drop visits that can no longer be made: late ones, or the last where the shift ends."""
        kept = []
        for truck, visits in enumerate(order):
            able = list(visits)
            while not self.fits(truck, able):
                begins = self.begins_s(truck, able)
                late = [i for i, v in enumerate(able) if begins[i] > self.last_s[v]]
                able.pop(late[0] if late else -1)
            kept.append(able)
        return kept
