"""Name what a plan is bound to: overrides, pins, legs under way, and the plan before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.dispatch.invalid import named, whole

if TYPE_CHECKING:
    from routing.dispatch.problem import Lot, Slot


@dataclass(frozen=True, slots=True)
class Forced:
    """A dispatcher's override: this truck takes this lot, to this slot if one is named."""

    truck_id: str
    lot_id: str
    slot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """A consignment that stays on its truck, and in its slot if one is named.

    Attributes
    ----------
    quantity_kg
        How much of the lot; None: as much as the truck takes.
    booked
        Whether its place in the slot is already taken out of the slot's `free`.
    """

    truck_id: str
    lot_id: str
    slot_id: str | None = None
    quantity_kg: int | None = None
    booked: bool = False

    def __post_init__(self) -> None:
        named("truck_id", self.truck_id)
        named("lot_id", self.lot_id)
        if self.quantity_kg is not None:
            whole("quantity_kg", self.quantity_kg)


@dataclass(frozen=True, slots=True)
class Committed:
    """A leg that a truck has begun or is held to: first in its route, and unmovable.

    Attributes
    ----------
    lot
        The goods, with the quantity on this truck; it need not stand among the problem's lots.
    slot
        Where it is expected, its place booked and not in the slot's `free`; None: the lot's drop.
    aboard
        Whether it is loaded; the truck's position is then where it is under way.
    """

    truck_id: str
    lot: Lot
    slot: Slot | None = None
    aboard: bool = False

    def __post_init__(self) -> None:
        named("truck_id", self.truck_id)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Who carried a lot in the plan before, and into which slot: to be kept if it costs little."""

    lot_id: str
    truck_id: str
    slot_id: str | None = None
