"""Refuse what the rules of the world forbid, one named pure function per rule.

Each rule looks at one candidate, a truck for a lot into a slot, and answers a `Refusal` or
nothing. `options` computes the same for all trucks and slots at once; the tests hold the two
against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from routing.dispatch.params import Params
    from routing.dispatch.problem import Facility, Lot, Slot, Truck
    from routing.dispatch.timeline import Itinerary


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which rule refused, in one English sentence with its numbers, and the numbers."""

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


def clock(moment: datetime) -> str:
    """Write a time for a sentence: hours and minutes in UTC, the page translates `params`."""
    return moment.astimezone(UTC).strftime("%d %b %H:%M UTC")


def declined(candidate: Candidate) -> Refusal | None:
    """Refuse a truck whose haulier has declined the lot."""
    if not candidate.declined:
        return None
    return Refusal(
        "declined", f"Truck {candidate.truck.truck_id} has declined lot {candidate.lot.lot_id}."
    )


def truck_busy(candidate: Candidate) -> Refusal | None:
    """Refuse a truck that already has a trip in this plan."""
    if candidate.busy_with is None:
        return None
    return Refusal(
        "truck_busy",
        f"Truck {candidate.truck.truck_id} already carries lot {candidate.busy_with}.",
        {"lot_id": candidate.busy_with},
    )


def temperature(candidate: Candidate) -> Refusal | None:
    """Refuse a truck that cannot keep the lot's temperature."""
    truck, lot = candidate.truck, candidate.lot
    if lot.temperature in truck.temperature_classes:
        return None
    able = ", ".join(sorted(truck.temperature_classes)) or "nothing"
    return Refusal(
        "temperature",
        f"Truck {truck.truck_id} can carry {able}; the lot is {lot.temperature}.",
        {"temperature": lot.temperature},
    )


def payload(candidate: Candidate) -> Refusal | None:
    """Refuse a truck that cannot carry even the smallest consignment."""
    least_kg = max(candidate.params.min_consignment_kg, 1)
    if candidate.truck.payload_kg >= least_kg:
        return None
    return Refusal(
        "payload",
        f"Truck {candidate.truck.truck_id} carries {candidate.truck.payload_kg:,} kg; "
        f"no consignment is smaller than {least_kg:,} kg.",
        {"payload_kg": candidate.truck.payload_kg, "min_consignment_kg": least_kg},
    )


def too_small(candidate: Candidate) -> Refusal | None:
    """Refuse a lot whose open quantity is not worth a truck."""
    least_kg = max(candidate.params.min_consignment_kg, 1)
    if candidate.lot.quantity_kg >= least_kg:
        return None
    return Refusal(
        "too_small",
        f"{candidate.lot.quantity_kg:,} kg are open; no truck is sent for less than "
        f"{least_kg:,} kg.",
        {"quantity_kg": candidate.lot.quantity_kg, "min_consignment_kg": least_kg},
    )


def not_ready(candidate: Candidate) -> Refusal | None:
    """Refuse a lot that is ready only after the horizon of this plan."""
    horizon = candidate.now + timedelta(seconds=candidate.params.horizon_s)
    if candidate.lot.ready_from <= horizon:
        return None
    return Refusal(
        "not_ready",
        f"The lot is ready at {clock(candidate.lot.ready_from)}, after the horizon "
        f"{clock(horizon)}.",
        {"ready_from": candidate.lot.ready_from.isoformat()},
    )


def destination_unknown(candidate: Candidate) -> Refusal | None:
    """Refuse a facility that the lot does not go to, or that does not take its product."""
    lot, facility = candidate.lot, candidate.facility
    if facility is None:
        return Refusal(
            "destination_unknown",
            f"No known facility may take {lot.product}.",
            {"destinations": list(lot.destinations), "product": lot.product},
        )
    if lot.destinations and facility.facility_id not in lot.destinations:
        return Refusal(
            "destination_unknown",
            f"The lot goes to {', '.join(lot.destinations)}, not to {facility.facility_id}.",
            {"destinations": list(lot.destinations), "facility_id": facility.facility_id},
        )
    if facility.products and lot.product not in facility.products:
        return Refusal(
            "destination_unknown",
            f"Facility {facility.facility_id} does not take {lot.product}.",
            {"product": lot.product, "facility_id": facility.facility_id},
        )
    return None


def no_route(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that no open road carries."""
    if candidate.way is not None:
        return None
    place = candidate.facility.facility_id if candidate.facility else "any facility"
    return Refusal(
        "no_route",
        f"No open road leads truck {candidate.truck.truck_id} by {candidate.lot.pickup_name} "
        f"to {place}.",
    )


def driving_hours(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that drives more than a day allows."""
    way, limit_s = candidate.way, candidate.params.day_s
    if way is None or way.today_s <= limit_s:
        return None
    return Refusal(
        "driving_hours",
        f"The trip would bring the day's driving to {way.today_s / 3600:.1f} h; "
        f"{limit_s / 3600:.1f} h are allowed.",
        {"today_s": way.today_s, "day_s": limit_s},
    )


def no_slot(candidate: Candidate) -> Refusal | None:
    """Refuse a slot whose window is over, or nearly, when the truck arrives."""
    if candidate.slot is None:
        return Refusal("no_slot", "No facility that may take the lot has a slot.")
    eta = candidate.delivery_eta
    if eta is None:
        return None
    margin_s = max(candidate.params.slot_margin_s, 1)
    start = candidate.slot.window_start
    last = max(start, candidate.slot.window_end - timedelta(seconds=margin_s))
    if eta <= last and eta < candidate.slot.window_end:
        return None
    return Refusal(
        "no_slot",
        f"The truck arrives at {clock(eta)}; slot {candidate.slot.slot_id} ends at "
        f"{clock(candidate.slot.window_end)}.",
        {"arrival": eta.isoformat(), "window_end": candidate.slot.window_end.isoformat()},
    )


def slot_full(candidate: Candidate) -> Refusal | None:
    """Refuse a slot that has no place left."""
    if candidate.slot is None or candidate.free > 0:
        return None
    return Refusal(
        "slot_full",
        f"Slot {candidate.slot.slot_id} at {candidate.slot.facility_id} has no place left.",
        {"slot_id": candidate.slot.slot_id},
    )


def hold_exceeded(candidate: Candidate) -> Refusal | None:
    """Refuse a delivery after the lot's hold time."""
    eta, hold = candidate.delivery_eta or candidate.arrival, candidate.lot.hold_until
    if eta is None or eta <= hold:
        return None
    late_min = -(-(eta - hold).total_seconds() // 60)
    return Refusal(
        "hold_exceeded",
        f"Delivery at {clock(eta)} is {late_min:.0f} min after the hold time {clock(hold)}.",
        {"delivery_eta": eta.isoformat(), "hold_until": hold.isoformat()},
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
