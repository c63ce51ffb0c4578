"""Say what would become of one trip: another way, a wait, another slot, or nothing in time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from routing.dispatch import Facility, Lot, Slot
from routing.dispatch.timeline import Itinerary
from routing.whatif.case import Case, case_of, legs_of, path_of
from routing.whatif.outcome import Becomes, Detour, HitTrip, Meets, OtherSlot, Why

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from routing.dispatch import Refusal
    from routing.travel import RoutePath
    from routing.whatif.meeting import Meeting
    from routing.whatif.scene import Scene
    from routing.whatif.standing import Standing, Track
    from routing.whatif.world import KnownTrip

_GATE_CLOSED = Why(
    code="gate_closed",
    detail="The gate takes no trucks in the trip's window.",
    vi="Cổng không nhận xe trong khung giờ của chuyến.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """What becomes of a trip, as far as it is known.

    ``path`` is the way that it drives, None for its own.
    """

    becomes: Becomes
    eta: datetime | None = None
    path: RoutePath | None = None
    waits: bool = False
    detour: Detour | None = None
    other: OtherSlot | None = None
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Another place, and the way there."""

    eta: datetime
    drive_s: int
    slot: Slot
    facility: Facility
    waits: bool


def decide(
    scene: Scene, trip: KnownTrip, track: Track, standing: Standing, meeting: Meeting | None
) -> HitTrip:
    """Say what would become of a hit trip, and take or free its places.

    Parameters
    ----------
    scene
        The measure, the roads and the free places.
    trip, track, standing
        The trip, its route, and where it is.
    meeting
        Where it would meet the measure; None for a gate.
    """
    case = case_of(scene, trip, standing)
    free = path_of(scene.free, case)
    base = case.way(legs_of(free), standing.leaves_s)
    refusals, eta = case.own_slot(base)
    expected = eta or trip.delivery_eta
    if meeting is None:
        fate = _elsewhere(case, _Fate(becomes="lost"), base, None, expected)
    else:
        path = path_of(scene.around, case)
        way = case.way(legs_of(path), _soonest(case))
        waiting = _waits(case, base, meeting, track)
        known = {refusal.code for refusal in refusals}
        fate = _by_detour(case, way, path, free, known)
        if fate.becomes == "lost" and waiting is not None:
            fate = _by_waiting(case, fate, waiting, known)
        if fate.becomes == "lost":
            fate = _elsewhere(case, replace(fate, path=path), way, waiting, expected)
    _move(scene, trip, fate)
    return _told(case, track, meeting, fate, free, expected)


def _by_detour(
    case: Case,
    way: Itinerary | None,
    path: RoutePath | None,
    free: RoutePath | None,
    known: set[str],
) -> _Fate:
    """Go round into the same slot, unless that breaks a rule that is not `known` to be broken."""
    refusals, eta = case.own_slot(way)
    if path is None or eta is None:
        return _Fate(becomes="lost", refusals=refusals)
    detour = _detour(path, free, eta, in_window=not refusals)
    if {refusal.code for refusal in refusals} <= known:
        return _Fate(becomes="detour", eta=eta, path=path, detour=detour)
    return _Fate(becomes="lost", refusals=refusals, detour=detour)


def _by_waiting(case: Case, fate: _Fate, waiting: Itinerary, known: set[str]) -> _Fate:
    """Wait, then go the planned way into the same slot, unless that breaks a rule."""
    refusals, eta = case.own_slot(waiting)
    if {refusal.code for refusal in refusals} <= known:
        return replace(fate, becomes="wait", eta=eta, waits=True)
    return fate


def _elsewhere(
    case: Case,
    fate: _Fate,
    way: Itinerary | None,
    waiting: Itinerary | None,
    expected: datetime,
) -> _Fate:
    """Go to another slot, if one is reached in time."""
    found = _other(case, way, waiting, expected)
    if found is None:
        return replace(fate, path=None)
    slot, path, geometry = found.slot, fate.path, None
    if found.facility.facility_id != case.facility.facility_id:
        path = path_of(case.scene.around, case, found.facility.position)
        geometry = path.geometry if path else None
    other = OtherSlot(
        slot_id=slot.slot_id,
        facility_id=slot.facility_id,
        gate_id=slot.gate_id,
        window_start=slot.window_start,
        window_end=slot.window_end,
        delivery_eta=found.eta,
        waits=found.waits,
        geometry=geometry,
    )
    return replace(
        fate,
        becomes="other_slot",
        eta=found.eta,
        path=None if found.waits else path,
        waits=found.waits,
        other=other,
    )


def _soonest(case: Case) -> int:
    """Return when a trip that has not left may leave by another way, seconds from now."""
    answer_s = case.params.accept_s if case.trip.status == "proposed" else 0
    return min(case.standing.leaves_s, answer_s)


def _detour(
    path: RoutePath, free_path: RoutePath | None, eta: datetime, *, in_window: bool
) -> Detour:
    before_s, before_m = (free_path.duration_s, free_path.distance_m) if free_path else (0.0, 0.0)
    return Detour(
        duration_s=path.duration_s,
        distance_m=round(path.distance_m, 1),
        extra_s=round(max(0.0, path.duration_s - before_s), 3),
        extra_m=round(max(0.0, path.distance_m - before_m), 1),
        delivery_eta=eta,
        in_window=in_window,
        geometry=path.geometry,
    )


def _waits(case: Case, base: Itinerary | None, meeting: Meeting, track: Track) -> Itinerary | None:
    """Return the trip's times if it stands before the measure until that is over."""
    measure = case.scene.measure
    if base is None or measure.valid_until is None:
        return None
    stops_s = max(meeting.from_s, case.scene.seconds(measure.valid_from), 0)
    held_s = math.ceil(max(0.0, case.scene.seconds(measure.valid_until) - stops_s))
    before_pickup = meeting.from_m < track.pickup_m and not case.standing.is_loaded
    if before_pickup and not case.standing.at_pickup:
        ready_s = case.scene.seconds(case.lot.ready_from)
        done_s = max(base.pickup_eta_s + held_s, ready_s) + case.standing.load_s
        held_s = max(0, done_s - base.pickup_done_s)
    return replace(base, arrival_s=base.arrival_s + held_s)


def _other(
    case: Case, way: Itinerary | None, waiting: Itinerary | None, expected: datetime
) -> _Found | None:
    """Return the place with the least delay; of several its own facility's, then the nearest."""
    found = [
        best
        for facility, itinerary, waits in _ways(case, way, waiting)
        if (best := _first(case, facility, itinerary, waits=waits)) is not None
    ]
    own = case.facility.facility_id

    def rank(one: _Found) -> tuple[datetime, bool, datetime, int, str]:
        is_other = one.slot.facility_id != own
        return max(one.eta, expected), is_other, one.eta, one.drive_s, one.slot.slot_id

    return min(found, key=rank, default=None)


def _ways(
    case: Case, way: Itinerary | None, waiting: Itinerary | None
) -> Iterator[tuple[Facility, Itinerary, bool]]:
    """Yield the facilities that may take the goods, with the times of the way there."""
    own = case.facility.facility_id
    if way is not None:
        yield case.facility, way, False
    if waiting is not None:
        yield case.facility, waiting, True
    others = [
        facility
        for facility in case.scene.world.facilities.values()
        if facility.facility_id != own and _takes(facility, case.lot, case.scene)
    ]
    if not others:
        return
    around, places = case.scene.around, case.via[:-1]
    ends = [facility.position for facility in others]
    loaded_s = around.duration_s(case.truck.vehicle_class, places[-1:], ends)[0].tolist()
    empty: tuple[float, ...] = ()
    if len(places) > 1:
        leg = around.duration_s(case.truck.vehicle_class, places[:1], places[1:])
        empty = (float(leg[0, 0]),)
    for facility, leg_s in zip(others, loaded_s, strict=True):
        itinerary = case.way((*empty, leg_s), _soonest(case))
        if itinerary is not None:
            yield facility, itinerary, False


def _takes(facility: Facility, lot: Lot, scene: Scene) -> bool:
    named = not lot.destinations or facility.facility_id in lot.destinations
    takes = not facility.products or lot.product in facility.products
    return named and takes and facility.facility_id in scene.slots


def _first(case: Case, facility: Facility, way: Itinerary, *, waits: bool) -> _Found | None:
    arrival = case.scene.world.now + timedelta(seconds=way.arrival_s)
    latest = case.lot.hold_until
    tight = case.standing.is_loaded  # the goods of others are planned anew, with their margin
    for slot in case.scene.slots.get(facility.facility_id, ()):
        if slot.window_start > latest:
            return None
        room = case.scene.room[slot.slot_id]
        if room < 1 or slot.window_end <= arrival or slot.slot_id == case.trip.slot_id:
            continue
        refusals, eta = case.judged(way, slot, facility, room, may_be_tight=tight)
        if not refusals and eta is not None:
            return _Found(eta, way.empty_s + way.loaded_s, slot, facility, waits)
    return None


def _move(scene: Scene, trip: KnownTrip, fate: _Fate) -> None:
    """Take the other place, and free the one that is left."""
    if fate.becomes in {"detour", "wait"}:
        return
    if fate.other is not None:
        scene.room[fate.other.slot_id] -= 1
    if trip.slot_id in scene.room and trip.slot_id not in scene.gone:
        scene.room[trip.slot_id] += 1


def _extra_s(path: RoutePath | None, free: RoutePath | None) -> float:
    """Return how much longer the truck drives than by the fastest way without the measure."""
    if path is None or free is None:
        return 0.0
    return round(max(0.0, path.duration_s - free.duration_s), 3)


def _reasons(fate: _Fate, meeting: Meeting | None) -> tuple[Why, ...]:
    if meeting is None:
        return (_GATE_CLOSED,)
    return tuple(
        Why(code=refusal.code, detail=refusal.detail, vi=str(refusal.params.get("vi", "")))
        for refusal in fate.refusals
    )


def _meets(meeting: Meeting | None, track: Track, now: datetime) -> Meets | None:
    if meeting is None:
        return None
    return Meets(
        begins=now + timedelta(seconds=round(meeting.from_s)),
        ends=now + timedelta(seconds=round(meeting.until_s)),
        from_m=round(meeting.from_m, 1),
        until_m=round(meeting.until_m, 1),
        part={"type": "LineString", "coordinates": track.part(meeting.from_m, meeting.until_m)},
    )


def _told(
    case: Case,
    track: Track,
    meeting: Meeting | None,
    fate: _Fate,
    free: RoutePath | None,
    expected: datetime,
) -> HitTrip:
    trip, origin = case.trip, case.standing.origin
    extra_drive_s = _extra_s(fate.path, free)
    delay_s = max(0.0, (fate.eta - expected).total_seconds()) if fate.eta else 0.0
    return HitTrip(
        assignment_id=trip.assignment_id,
        truck_id=trip.truck_id,
        plate=trip.doc.get("plate"),
        haulier_id=trip.doc["haulier_id"],
        lot_id=trip.lot_id,
        status=trip.status,
        quantity_kg=trip.quantity_kg,
        facility_id=trip.window.facility_id,
        slot_id=trip.slot_id,
        corridor_id=trip.doc.get("corridor_id"),
        pinned=bool(trip.doc.get("pinned")),
        placed_by=case.standing.placed_by,
        lat=round(origin.lat, 6),
        lon=round(origin.lon, 6),
        meets=_meets(meeting, track, case.scene.world.now),
        expected_eta=expected,
        becomes=fate.becomes,
        delivery_eta=fate.eta,
        detour=fate.detour,
        other_slot=fate.other,
        waits_until=case.scene.measure.valid_until if fate.waits else None,
        extra_drive_s=extra_drive_s,
        waiting_s=round(max(0.0, delay_s - extra_drive_s), 3),
        delay_s=round(delay_s, 3),
        lost_kg=trip.quantity_kg if fate.becomes == "lost" else 0,
        reasons=_reasons(fate, meeting),
    )
