"""Hold what a measure would do: hit trips, lots, slots and corridors, and the sums of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Becomes = Literal["detour", "wait", "other_slot", "lost"]
"""What becomes of a trip or a lot: another way into the same slot; its own way once the measure is
over, into the same slot; another slot; or nothing in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why something cannot be: a stable code, and a sentence in English and Vietnamese."""

    code: str
    detail: str
    vi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """The fastest way to the same facility that the measure leaves open.

    Attributes
    ----------
    duration_s, distance_m
        Driving from where the truck is, by its pickup where it has not loaded.
    extra_s, extra_m
        More than the fastest way without the measure, at least 0.
    delivery_eta
        When the truck enters, at the earliest when its window opens.
    in_window
        Whether that is in time for its own slot and for the lot, by the rules of dispatch.
    geometry
        The way, a GeoJSON line.
    """

    duration_s: float
    distance_m: float
    extra_s: float
    extra_m: float
    delivery_eta: datetime
    in_window: bool
    geometry: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSlot:
    """A free place in another window, at the same facility or at another that takes the goods.

    Attributes
    ----------
    delivery_eta
        When the truck enters.
    waits
        Whether it is reached by the trip's own way, once the measure is over.
    geometry
        The way there; None where it is the trip's own or the detour.
    """

    slot_id: str
    facility_id: str
    gate_id: str
    window_start: datetime
    window_end: datetime
    delivery_eta: datetime
    waits: bool
    geometry: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meets:
    """Where and when a trip would meet the measure.

    Attributes
    ----------
    begins, ends
        When it would be there.
    from_m, until_m
        From where to where on its planned route, metres.
    part
        That part of its route, a GeoJSON line.
    """

    begins: datetime
    ends: datetime
    from_m: float
    until_m: float
    part: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitTrip:
    """A trip that would still meet the measure, and what would become of it.

    Attributes
    ----------
    placed_by
        Whether the truck was found by its last position, or by the plan's times.
    lat, lon
        Where it is now, or will set out.
    meets
        Where and when it would meet the measure; None for a gate.
    expected_eta
        When it would enter its facility without the measure.
    becomes
        What would become of it.
    delivery_eta
        When it would deliver; None where it is lost.
    detour, other_slot
        The way round, where there is one; the other place, where it needs one.
    waits_until
        When the measure is over, where the trip waits for that.
    extra_drive_s, waiting_s, delay_s
        More driving; later delivery beyond that; later delivery in all.
    lost_kg
        The consignment, where it is lost.
    reasons
        Why it does not keep its own slot.
    """

    assignment_id: str
    truck_id: str
    plate: str | None
    haulier_id: str
    lot_id: str
    status: str
    quantity_kg: int
    facility_id: str
    slot_id: str
    corridor_id: str | None
    pinned: bool
    placed_by: Literal["position", "plan"]
    lat: float
    lon: float
    meets: Meets | None
    expected_eta: datetime
    becomes: Becomes
    delivery_eta: datetime | None
    detour: Detour | None
    other_slot: OtherSlot | None
    waits_until: datetime | None
    extra_drive_s: float
    waiting_s: float
    delay_s: float
    lost_kg: int
    reasons: tuple[Why, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLot:
    """A lot that is hit: on trucks, or still open.

    Attributes
    ----------
    assignments
        The hit trips that have some of it.
    delayed_kg, lost_kg
        On those trips.
    open_kg
        What no truck has yet and would come later, or not at all; 0 where it is not hit.
    open_becomes
        What would become of that; None where it is not hit.
    open_delay_s
        How much later its earliest delivery would be.
    """

    lot_id: str
    product: str
    assignments: tuple[str, ...]
    delayed_kg: int
    lost_kg: int
    open_kg: int
    open_becomes: Becomes | None
    open_delay_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HitSlot:
    """A slot that is closed by the measure, or that hit trucks would not come to in time.

    Attributes
    ----------
    closed
        Whether the measure closes it.
    assignments
        The hit trips that have a place in it.
    freed
        How many of them would leave their place.
    """

    slot_id: str
    facility_id: str
    gate_id: str
    window_start: datetime
    window_end: datetime
    capacity_trucks: int
    closed: bool
    assignments: tuple[str, ...]
    freed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRound:
    """A road path between a hit corridor's ends that the measure leaves open.

    Attributes
    ----------
    detour_ratio
        Its length over that of the fastest way without the measure.
    """

    distance_m: float
    duration_s: float
    detour_ratio: float
    geometry: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What joins two ends of a hit corridor instead.

    Attributes
    ----------
    corridors
        Other open corridors that join them and are not hit.
    way_round
        A road path, where there is no such corridor and the roads have one.
    """

    facilities: tuple[str, str]
    corridors: tuple[str, ...]
    way_round: WayRound | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitCorridor:
    """A corridor that could not be driven, or whose end takes no trucks, and what is instead."""

    corridor_id: str
    name: str | None
    facilities: tuple[str, ...]
    assignments: tuple[str, ...]
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One sum, and how it was computed, in Vietnamese and English."""

    value: float
    unit: str
    how: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums."""

    trucks: Total
    tonnes_lost: Total
    tonnes_delayed: Total
    hours_lost: Total
    open_tonnes_lost: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """All that a measure would do, in the order of ids.

    Attributes
    ----------
    now
        The moment that it was judged for.
    valid_from, valid_until
        When the measure is in force.
    closed
        What it closes, a GeoJSON geometry; None for a gate.
    planned_anew
        Trips that would not meet it by their times, but cross it and are on their way within an
        hour of it: dispatch is careful and looks for another way for them as well.
    skipped
        What could not be read, and was left out.
    """

    now: datetime
    valid_from: datetime
    valid_until: datetime | None
    closed: Mapping[str, Any] | None
    trips: tuple[HitTrip, ...]
    lots: tuple[HitLot, ...]
    slots: tuple[HitSlot, ...]
    corridors: tuple[HitCorridor, ...]
    totals: Totals
    planned_anew: tuple[str, ...] = ()
    skipped: tuple[str, ...] = field(default=())


_HOW: Mapping[str, Mapping[str, str]] = {
    "trucks": {
        "vi": "Số xe khác nhau của các chuyến bị ảnh hưởng.",
        "en": "Different trucks of the hit trips.",
    },
    "tonnes_lost": {
        "vi": "Tổng khối lượng các chuyến bị ảnh hưởng không còn đường hoặc chỗ kịp giờ, "
        "với chính xe đang nhận chuyến.",
        "en": "Goods of hit trips that have no way or no place in time, with the truck they are "
        "on or promised to.",
    },
    "tonnes_delayed": {
        "vi": "Tổng khối lượng các chuyến bị ảnh hưởng vẫn giao được nhưng muộn hơn dự kiến từ "
        "một phút trở lên.",
        "en": "Goods of hit trips that are delivered, but a minute or more later than expected.",
    },
    "hours_lost": {
        "vi": "Tổng giờ lái thêm và giờ chờ thêm của các chuyến vẫn giao được.",
        "en": "Extra driving and extra waiting of the hit trips that are still delivered.",
    },
    "open_tonnes_lost": {
        "vi": "Khối lượng chưa có xe mà không còn chỗ nhận kịp giờ; không cộng vào các số trên.",
        "en": "Goods on no truck yet for which no place is left in time; in none of the other "
        "sums.",
    },
}
DELAYED_S = 60.0
"""A delivery later by less than this is not delayed."""


def totals(trips: tuple[HitTrip, ...], lots: tuple[HitLot, ...]) -> Totals:
    """Add up what becomes of trips and open lots.

    Parameters
    ----------
    trips, lots
        What is hit.
    """
    saved = [trip for trip in trips if trip.becomes != "lost"]
    late_kg = sum(trip.quantity_kg for trip in saved if trip.delay_s >= DELAYED_S)
    spent_s = sum(trip.extra_drive_s + trip.waiting_s for trip in saved)
    open_kg = sum(lot.open_kg for lot in lots if lot.open_becomes == "lost")
    return Totals(
        trucks=_total("trucks", len({trip.truck_id for trip in trips}), "trucks"),
        tonnes_lost=_total("tonnes_lost", sum(trip.lost_kg for trip in trips) / 1000, "t"),
        tonnes_delayed=_total("tonnes_delayed", late_kg / 1000, "t"),
        hours_lost=_total("hours_lost", round(spent_s / 3600, 3), "h"),
        open_tonnes_lost=_total("open_tonnes_lost", open_kg / 1000, "t"),
    )


def _total(name: str, value: float, unit: str) -> Total:
    return Total(value=value, unit=unit, how=_HOW[name])
