"""Refuse what the rules of the world forbid, one named pure function per rule.

Each rule looks at one candidate, a truck for a lot into a slot, and answers a `Refusal` or
nothing. `options` computes the same for all trucks and slots at once; the tests hold the two
against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from routing.dispatch.words import Hours, Word, plain, tell

if TYPE_CHECKING:
    from routing.dispatch.params import Params
    from routing.dispatch.problem import Facility, Lot, Slot, Truck
    from routing.dispatch.timeline import Itinerary


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which rule refused, in one English sentence; `params` has its numbers, and `vi`."""

    code: str
    detail: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One truck for one lot, as far as it is known: `None` where there is nothing to judge.

    `way` is `None` where no road leads to the pickup or on to the facility; `free` counts the
    slot's places left at this point of the plan; `busy_with` is the lot the truck already has.
    """

    now: datetime
    params: Params
    truck: Truck
    lot: Lot
    facility: Facility | None
    slot: Slot | None
    way: Itinerary | None
    free: int = 0
    declined: bool = False
    busy_with: str | None = None

    @property
    def latest(self) -> datetime:
        """Until when the lot has to be delivered: its hold time less the margin."""
        return self.lot.hold_until - timedelta(seconds=self.params.margin_s)

    @property
    def arrival(self) -> datetime | None:
        """When the truck reaches the facility."""
        return None if self.way is None else self.now + timedelta(seconds=self.way.arrival_s)

    @property
    def delivery_eta(self) -> datetime | None:
        """When the truck may enter: its arrival, or the window's start where that is later."""
        if self.arrival is None or self.slot is None:
            return None
        return max(self.arrival, self.slot.window_start)


Rule = Callable[[Candidate], Refusal | None]


def refusal(params: Params, code: str, *, sentence: str | None = None, **values: Any) -> Refusal:
    """Return a refusal with its sentences.

    Parameters
    ----------
    params
        Where local time is found.
    code, sentence
        The rule's code, and its sentence where it has several.
    values
        What stands in the sentence.
    """
    told = tell(f"rule.{sentence or code}", values, utc_offset_s=params.local_utc_offset_s)
    return Refusal(code, told["en"], plain(values) | {"vi": told["vi"]})


def declined(candidate: Candidate) -> Refusal | None:
    """Refuse a truck whose haulier has declined the lot."""
    if not candidate.declined:
        return None
    truck_id, lot_id = candidate.truck.truck_id, candidate.lot.lot_id
    return refusal(candidate.params, "declined", truck_id=truck_id, lot_id=lot_id)


def truck_busy(candidate: Candidate) -> Refusal | None:
    """Refuse a truck that already has a trip in this plan."""
    if candidate.busy_with is None:
        return None
    truck_id = candidate.truck.truck_id
    return refusal(candidate.params, "truck_busy", truck_id=truck_id, lot_id=candidate.busy_with)


def temperature(candidate: Candidate) -> Refusal | None:
    """Refuse a truck that cannot keep the lot's temperature."""
    truck, lot = candidate.truck, candidate.lot
    if lot.temperature in truck.temperature_classes:
        return None
    wanted = Word("temperature", lot.temperature)
    return refusal(candidate.params, "temperature", truck_id=truck.truck_id, temperature=wanted)


def payload(candidate: Candidate) -> Refusal | None:
    """Refuse a truck that cannot carry even the smallest consignment."""
    least_kg = max(candidate.params.min_consignment_kg, 1)
    if candidate.truck.payload_kg >= least_kg:
        return None
    return refusal(
        candidate.params,
        "payload",
        truck_id=candidate.truck.truck_id,
        payload_kg=candidate.truck.payload_kg,
        min_consignment_kg=least_kg,
    )


def too_small(candidate: Candidate) -> Refusal | None:
    """Refuse a lot whose open quantity is not worth a truck."""
    least_kg = max(candidate.params.min_consignment_kg, 1)
    open_kg = candidate.lot.quantity_kg
    if open_kg >= least_kg:
        return None
    return refusal(candidate.params, "too_small", quantity_kg=open_kg, min_consignment_kg=least_kg)


def not_ready(candidate: Candidate) -> Refusal | None:
    """Refuse a lot that is ready only after the horizon of this plan."""
    horizon = candidate.now + timedelta(seconds=candidate.params.horizon_s)
    ready_from = candidate.lot.ready_from
    if ready_from <= horizon:
        return None
    return refusal(candidate.params, "not_ready", ready_from=ready_from, horizon=horizon)


def destination_unknown(candidate: Candidate) -> Refusal | None:
    """Refuse a facility that the lot does not go to, or that does not take its product."""
    lot, facility, params = candidate.lot, candidate.facility, candidate.params
    code, product = "destination_unknown", Word("product", lot.product)
    if facility is None:
        return refusal(params, code, product=product, destinations=lot.destinations)
    name = facility.facility_id
    if lot.destinations and name not in lot.destinations:
        which = "destination_not_named"
        return refusal(
            params, code, sentence=which, destinations=lot.destinations, facility_id=name
        )
    if facility.products and lot.product not in facility.products:
        which = "destination_other_product"
        return refusal(params, code, sentence=which, product=product, facility_id=name)
    return None


def no_route(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that no open road carries."""
    if candidate.way is not None:
        return None
    return refusal(
        candidate.params,
        "no_route",
        truck_id=candidate.truck.truck_id,
        pickup_name=candidate.lot.pickup_name,
        facility_id=candidate.facility.facility_id if candidate.facility else "?",
    )


def driving_hours(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that drives more than a day allows."""
    way, limit_s = candidate.way, candidate.params.day_s
    if way is None or way.today_s <= limit_s:
        return None
    return refusal(
        candidate.params, "driving_hours", today_s=Hours(way.today_s), day_s=Hours(limit_s)
    )


def no_slot(candidate: Candidate) -> Refusal | None:
    """Refuse a slot whose window is over, or nearly, when the truck arrives."""
    slot, eta = candidate.slot, candidate.delivery_eta
    if slot is None:
        return refusal(candidate.params, "no_slot")
    if eta is None:
        return None
    margin = timedelta(seconds=candidate.params.margin_s)
    last = max(slot.window_start, slot.window_end - margin)
    if eta <= last and eta < slot.window_end:
        return None
    return refusal(
        candidate.params,
        "no_slot",
        sentence="slot_missed",
        delivery_eta=eta,
        slot_id=slot.slot_id,
        window_end=slot.window_end,
        last=last,
    )


def slot_full(candidate: Candidate) -> Refusal | None:
    """Refuse a slot that has no place left."""
    if candidate.slot is None or candidate.free > 0:
        return None
    return refusal(candidate.params, "slot_full", slot_id=candidate.slot.slot_id)


def hold_exceeded(candidate: Candidate) -> Refusal | None:
    """Refuse a delivery after the lot's hold time, less the margin."""
    eta = candidate.delivery_eta or candidate.arrival
    if eta is None or eta <= candidate.latest:
        return None
    return refusal(
        candidate.params,
        "hold_exceeded",
        delivery_eta=eta,
        hold_until=candidate.lot.hold_until,
        latest=candidate.latest,
    )


RULES: tuple[Rule, ...] = (
    declined,
    truck_busy,
    temperature,
    payload,
    too_small,
    not_ready,
    destination_unknown,
    no_route,
    driving_hours,
    no_slot,
    slot_full,
    hold_exceeded,
)
"""Every rule, once. A trip is allowed when none of them refuses it."""

OVERRIDABLE: frozenset[Rule] = frozenset({declined, not_ready})
"""What a dispatcher's override may set aside: offers again, and goods that are not yet near."""


def judge(candidate: Candidate, *, forced: bool = False) -> tuple[Refusal, ...]:
    """Return all refusals of a candidate, in the order of the rules.

    Parameters
    ----------
    candidate
        The truck, lot and slot to judge.
    forced
        Whether a dispatcher's override asks for it.
    """
    rules = (rule for rule in RULES if not (forced and rule in OVERRIDABLE))
    refusals = (rule(candidate) for rule in rules)
    return tuple(refusal for refusal in refusals if refusal is not None)
