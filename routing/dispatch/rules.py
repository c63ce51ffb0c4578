"""Refuse what the rules of the world forbid, one named pure function per rule.

Each rule looks at one candidate, a truck for a lot into a slot, and answers a `Refusal` or
nothing. The search knows the same as arrays: `lower` says how; the checker in the tests says all
of it again in other words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from routing.dispatch.words import Hours, Word, plain, tell
from routing.dispatch.work import room_kg

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
    slot's places left at this point of the plan, `quota` those of the truck's haulier; `waits_s`
    is how long the truck waits for a bay. `corridor` is false where the way leads through a
    corridor that does not admit the truck then. `home_s` and `home_rest_s` are the driving home
    afterwards and the breaks on it, where trucks end at home.
    """

    now: datetime
    params: Params
    truck: Truck
    lot: Lot
    facility: Facility | None
    slot: Slot | None
    way: Itinerary | None
    free: int = 0
    quota: int | None = None
    waits_s: int = 0
    declined: bool = False
    corridor: bool = True
    home_s: int = 0
    home_rest_s: int = 0

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
        """When the truck may enter: on its arrival, in the window, and when a bay is free."""
        if self.arrival is None or (self.slot is None and self.lot.drop is None):
            return None
        opens = self.arrival if self.slot is None else self.slot.window_start
        return max(self.arrival, opens) + timedelta(seconds=self.waits_s)

    @property
    def delivery_done(self) -> datetime | None:
        """When the truck is empty, and home if it ends there."""
        eta = self.delivery_eta
        more_s = self.params.unload_of(self.lot.product) + self.home_s + self.home_rest_s
        return None if eta is None else eta + timedelta(seconds=more_s)


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


def volume(candidate: Candidate) -> Refusal | None:
    """Refuse a truck without room for even the smallest consignment."""
    truck, lot = candidate.truck, candidate.lot
    least_kg = max(candidate.params.min_consignment_kg, 1)
    if truck.volume_l is None or room_kg(truck, lot) >= min(least_kg, truck.payload_kg):
        return None
    return refusal(
        candidate.params,
        "volume",
        truck_id=truck.truck_id,
        volume_l=truck.volume_l,
        lot_volume_l=lot.volume_l,
        quantity_kg=lot.quantity_kg,
    )


def skills(candidate: Candidate) -> Refusal | None:
    """Refuse a truck that lacks what the lot needs."""
    lacking = tuple(sorted(candidate.lot.needs - candidate.truck.skills))
    if not lacking:
        return None
    truck_id = candidate.truck.truck_id
    return refusal(candidate.params, "skills", truck_id=truck_id, lacking=lacking)


def permits(candidate: Candidate) -> Refusal | None:
    """Refuse a truck without the permits for the lot and for the facility."""
    facility = candidate.facility
    wanted = candidate.lot.permits | (facility.permits if facility else frozenset())
    lacking = tuple(sorted(wanted - candidate.truck.permits))
    if not lacking:
        return None
    truck_id = candidate.truck.truck_id
    return refusal(candidate.params, "permits", truck_id=truck_id, lacking=lacking)


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
    destinations = lot.destinations if lot.drop is None else (lot.drop_name,)
    if lot.drop is not None and facility is None:
        return None
    if facility is None:
        return refusal(params, code, product=product, destinations=lot.destinations)
    name = facility.facility_id
    if destinations and name not in destinations:
        which = "destination_not_named"
        return refusal(params, code, sentence=which, destinations=destinations, facility_id=name)
    if facility.products and lot.product not in facility.products:
        which = "destination_other_product"
        return refusal(params, code, sentence=which, product=product, facility_id=name)
    return None


def no_route(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that no open road carries."""
    if candidate.way is not None:
        return None
    lot = candidate.lot
    return refusal(
        candidate.params,
        "no_route",
        truck_id=candidate.truck.truck_id,
        pickup_name=lot.pickup_name,
        facility_id=candidate.facility.facility_id if candidate.facility else lot.drop_name,
    )


def driving_hours(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that drives more than a day allows."""
    way, limit_s = candidate.way, candidate.params.day_s
    if way is None or way.today_s + candidate.home_s <= limit_s:
        return None
    today_s = Hours(way.today_s + candidate.home_s)
    return refusal(candidate.params, "driving_hours", today_s=today_s, day_s=Hours(limit_s))


def driving_week(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that drives more than a week allows."""
    way, limit_s = candidate.way, candidate.params.week_s
    if way is None or way.week_s + candidate.home_s <= limit_s:
        return None
    week_s = Hours(way.week_s + candidate.home_s)
    return refusal(candidate.params, "driving_week", week_s=week_s, limit_s=Hours(limit_s))


def shift_over(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that is done only after the driver's shift."""
    done, end = candidate.delivery_done, candidate.truck.shift_end
    if done is None or end is None or done <= end:
        return None
    truck_id = candidate.truck.truck_id
    return refusal(candidate.params, "shift_over", truck_id=truck_id, done=done, shift_end=end)


def pass_expired(candidate: Candidate) -> Refusal | None:
    """Refuse a trip that is done only after the truck's pass has ended."""
    done, end = candidate.delivery_done, candidate.truck.pass_until
    if done is None or end is None or done <= end:
        return None
    truck_id = candidate.truck.truck_id
    return refusal(candidate.params, "pass_expired", truck_id=truck_id, done=done, pass_until=end)


def corridor_closed(candidate: Candidate) -> Refusal | None:
    """Refuse a way through a corridor that does not admit the truck at that time."""
    if candidate.corridor:
        return None
    return refusal(candidate.params, "corridor_closed", truck_id=candidate.truck.truck_id)


def no_slot(candidate: Candidate) -> Refusal | None:
    """Refuse a slot whose window is over, or nearly, when the truck arrives."""
    slot, eta = candidate.slot, candidate.delivery_eta
    if candidate.lot.drop is not None:
        return None
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


def quota_full(candidate: Candidate) -> Refusal | None:
    """Refuse a slot in which the truck's haulier has no place left."""
    if candidate.slot is None or candidate.quota is None or candidate.quota > 0:
        return None
    return refusal(
        candidate.params,
        "quota_full",
        slot_id=candidate.slot.slot_id,
        haulier_id=candidate.truck.haulier_id,
    )


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
    temperature,
    skills,
    permits,
    payload,
    volume,
    too_small,
    not_ready,
    destination_unknown,
    no_route,
    driving_hours,
    driving_week,
    corridor_closed,
    no_slot,
    slot_full,
    quota_full,
    hold_exceeded,
    shift_over,
    pass_expired,
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
