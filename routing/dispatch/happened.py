"""Name what may happen while trucks move, and what an answer to it changes in the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.dispatch.invalid import named, whole

if TYPE_CHECKING:
    from datetime import datetime

    from routing.dispatch.problem import Lot, Travel


@dataclass(frozen=True, slots=True)
class LotAdded:
    """A lot has come; one that is ready only after the horizon waits."""

    lot: Lot


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A lot is not to be carried any more; what has begun of it is."""

    lot_id: str


@dataclass(frozen=True, slots=True)
class Reprioritised:
    """A lot has another priority."""

    lot_id: str
    priority: int

    def __post_init__(self) -> None:
        whole("priority", self.priority)


@dataclass(frozen=True, slots=True)
class Declined:
    """A haulier will not carry that lot on that truck."""

    truck_id: str
    lot_id: str


@dataclass(frozen=True, slots=True)
class BrokenDown:
    """A truck does nothing more."""

    truck_id: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """A truck goes on so much later than it could have."""

    truck_id: str
    by_s: int

    def __post_init__(self) -> None:
        named("truck_id", self.truck_id)
        whole("by_s", self.by_s)


@dataclass(frozen=True, slots=True)
class Closed:
    """Roads take other times: one was closed, opened, or is slower."""

    travel: Travel


@dataclass(frozen=True, slots=True)
class SlotCut:
    """A slot has another number of places for this plan: fewer, or more."""

    slot_id: str
    places: int

    def __post_init__(self) -> None:
        whole("places", self.places)


Event = LotAdded | Withdrawn | Reprioritised | Declined | BrokenDown | Delayed | Closed | SlotCut


@dataclass(frozen=True, slots=True)
class Leg:
    """A consignment on a truck: the loading and the unloading as they are planned.

    `slot_id` is None where the goods go to a drop or a transhipment point; `pickup` is None where
    the goods are aboard.
    """

    truck_id: str
    lot_id: str
    slot_id: str | None
    quantity_kg: int
    pickup: datetime | None
    delivery: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A leg that has changed: its truck, slot, amount or times."""

    before: Leg
    after: Leg

    @property
    def only_times(self) -> bool:
        """Whether truck, slot and amount are the same."""
        return (self.before.truck_id, self.before.slot_id, self.before.quantity_kg) == (
            self.after.truck_id,
            self.after.slot_id,
            self.after.quantity_kg,
        )


@dataclass(frozen=True, slots=True)
class Stranded:
    """A frozen or pinned leg that cannot be done as it is planned: somebody has to decide."""

    truck_id: str
    lot_id: str


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """What an answer changes in a plan.

    Attributes
    ----------
    added, removed, moved
        Legs; one whose times alone have changed is among the moved.
    unassigned
        Lots that lost a leg, or came, and are not carried in full.
    stranded
        Legs that stay, though they cannot be done in time.
    cost_before, cost_after
        Of all that lies ahead, with what is left over: right before the event, and after the
        answer, what was changed included at the price of stability.
    rounds
        Of the search.
    """

    added: tuple[Leg, ...] = ()
    removed: tuple[Leg, ...] = ()
    moved: tuple[Moved, ...] = ()
    unassigned: tuple[str, ...] = ()
    stranded: tuple[Stranded, ...] = ()
    cost_before: float = 0.0
    cost_after: float = 0.0
    rounds: int = 0

    @property
    def trucks(self) -> frozenset[str]:
        """The trucks that have to be told."""
        legs = [*self.added, *self.removed]
        legs += [leg for moved in self.moved for leg in (moved.before, moved.after)]
        return frozenset(leg.truck_id for leg in legs)
