"""Part a great problem with fixed slots: trucks that work near each other, and their visits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.assignment.fixed import Fixed, Order
from infra.bench.assignment.flow import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.bench.assignment.instances import Instance, Ints


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the trucks and of the visits, as a problem of its own.

    Attributes
    ----------
    fixed
        The problem.
    trucks, visits
        Which of the whole's they are.
    """

    fixed: Fixed
    trucks: Ints
    visits: Ints

    def inside(self, order: Order) -> Order:
        """Give the part's share of the whole's routes, in its own numbers."""
        at = {int(visit): number for number, visit in enumerate(self.visits)}
        return [[at[visit] for visit in order[truck]] for truck in self.trucks]

    def outside(self, order: Order, found: Order) -> Order:
        """Put routes of the part back into the whole's."""
        whole = list(order)
        for truck, visits in zip(self.trucks.tolist(), found, strict=True):
            whole[truck] = [int(self.visits[visit]) for visit in visits]
        return whole


def parts(fixed: Fixed, order: Order, *, size: int, rng: np.random.Generator) -> Iterator[Part]:
    """Part a problem along a direction, another one each time.

    Parameters
    ----------
    fixed
        The whole.
    order
        Its routes; a visit on none goes where it lies.
    size
        Trucks of a part, about.
    rng
        Where chance comes from.
    """
    instance = fixed.instance
    turn = rng.uniform(0, np.pi)
    along = instance.places @ np.array([np.sin(turn), np.cos(turn)])
    lot_at = along[instance.trucks : instance.trucks + instance.lots][fixed.lot]
    truck_at = along[: instance.trucks].copy()
    for truck, visits in enumerate(order):
        if visits:
            truck_at[truck] = lot_at[visits].mean()
    groups = np.array_split(np.argsort(truck_at), max(1, round(instance.trucks / size)))
    edges = [truck_at[group[-1]] for group in groups[:-1]]
    home = np.searchsorted(edges, lot_at)
    for number, group in enumerate(groups):
        for truck in group:
            home[order[truck]] = number
    for number, group in enumerate(groups):
        yield _part(fixed, np.sort(group), np.flatnonzero(home == number))


def _part(fixed: Fixed, trucks: Ints, visits: Ints) -> Part:
    lots = fixed.lot[visits]
    slots = np.full(fixed.instance.lots, NONE)
    slots[lots] = fixed.slot[visits]
    order = np.sort(lots)
    inner = Fixed.of(_instance(fixed.instance, trucks, order), slots[order])
    at = np.empty(fixed.instance.lots, np.int64)
    at[lots] = visits
    return Part(inner, trucks, at[order])


def _instance(instance: Instance, trucks: Ints, lots: Ints) -> Instance:
    """Give an instance with some of the trucks and lots, all ports and all slots."""
    ports = instance.trucks + instance.lots + np.arange(instance.ports)
    places = np.concatenate([trucks, instance.trucks + lots, ports])
    return replace(
        instance,
        places=instance.places[places],
        drive_s=instance.drive_s[np.ix_(places, places)],
        shift_start_s=instance.shift_start_s[trucks],
        shift_end_s=instance.shift_end_s[trucks],
        reefer=instance.reefer[trucks],
        ready_s=instance.ready_s[lots],
        hold_s=instance.hold_s[lots],
        chilled=instance.chilled[lots],
        takes=instance.takes[lots],
    )
