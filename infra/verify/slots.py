"""Judge `slots_within_capacity`: no window takes more trucks than it was known to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from infra.verify.finding import Finding
from infra.verify.known import NEWS_MS, Change, as_known, in_order, lasts_too_long
from infra.verify.log import Entry, Log, slot_of
from schemas.slot import Reservation, SlotCapacityChanged, SlotClosed, SlotOpened, slot_key

SLOT_WRITER = "/streams/place"
"""The source of every answer: the partition that owns the slot."""
Slotted = SlotOpened | SlotCapacityChanged | SlotClosed

_ENDS = frozenset({"reservation.released", "reservation.no_show"})


@dataclass
class Place:
    """One reservation's life in its partition: where it was asked for, given and given back."""

    asked: int | None = None
    confirmed: Entry | None = None
    released: Entry | None = None
    displaced: bool = False
    """Whether the slot's own partition took it back, which it does before it says so."""

    @property
    def is_open(self) -> bool:
        """Whether it was asked for, or given, and not given back."""
        return self.released is None and (self.asked is not None or self.confirmed is not None)

    def holds_at(self, offset: int) -> bool:
        """Tell whether the place was taken once the partition had read so far."""
        if self.confirmed is None:
            return False
        given = self.confirmed.offset if self.asked is None else self.asked
        return given <= offset and (self.released is None or self.released.offset > offset)


def judge(log: Log) -> Finding:
    """Judge each place given, and how long each excess after a cut lasted."""
    finding = Finding()
    capacities = told_capacities(log)
    for slot_id, places in places_of(log).items():
        known = capacities.get(slot_id)
        if known is None:
            if log.whole("port.slot.v1") and any(place.confirmed for place in places.values()):
                finding.violate("slot_unknown", f"Nobody opened {slot_id}.", slot_id=slot_id)
            continue
        _judge_places(finding, slot_id, places, known)
        _judge_cuts(log, finding, slot_id, places, known)
    return finding


def told_capacities(log: Log) -> dict[str, list[Change[int]]]:
    """Return, for each slot, how many trucks it took from when on; a closed one takes none."""
    told: dict[str, list[tuple[datetime, int, Slotted]]] = {}
    for read in log.live("port.slot.v1"):
        data = read.event.data
        if isinstance(data, SlotOpened | SlotCapacityChanged | SlotClosed):
            slot_id = slot_key(data.facility_id, data.gate_id, data.window_start)
            entry = (read.event.time, read.entry.appended_ms, data)
            told.setdefault(slot_id, []).append(entry)
    return {slot_id: _capacities(in_order(many)) for slot_id, many in told.items()}


def _capacities(changes: list[Change[Slotted]]) -> list[Change[int]]:
    capacities: list[Change[int]] = []
    is_open = True
    for change in changes:
        data = change.value
        if not isinstance(data, SlotCapacityChanged):
            is_open = isinstance(data, SlotOpened)
        room = 0 if isinstance(data, SlotClosed) or not is_open else data.capacity_trucks
        capacities.append(Change(change.appended_ms, room))
    return capacities


def places_of(log: Log) -> dict[str, dict[str, Place]]:
    """Return every reservation by slot and id, as the slot's partition has read them."""
    slots: dict[str, dict[str, Place]] = {}
    for read in log.live("slot.reservation.v1"):
        data, entry = read.event.data, read.entry
        if not isinstance(data, Reservation):
            continue
        place = slots.setdefault(slot_of(read), {}).setdefault(data.reservation_id, Place())
        ours = read.event.source == SLOT_WRITER
        if read.event.type == "reservation.requested" and place.asked is None:
            place.asked = entry.offset
        elif read.event.type == "reservation.confirmed" and ours and place.confirmed is None:
            place.confirmed = entry
        elif read.event.type in _ENDS and place.is_open:
            place.released, place.displaced = entry, ours
    return slots


def _judge_places(
    finding: Finding, slot_id: str, places: Mapping[str, Place], known: list[Change[int]]
) -> None:
    for reservation_id, place in places.items():
        if place.confirmed is None:
            continue
        finding.checked += 1
        given = place.confirmed.offset if place.asked is None else place.asked
        at_ms = place.confirmed.appended_ms
        taken = sum(other.holds_at(given) and not _going(other, at_ms) for other in places.values())
        room = max(as_known(known, at_ms), default=0)
        if taken > room:
            finding.violate(
                "overfull",
                f"Slot {slot_id} gave {reservation_id} place {taken} of {room}.",
                slot_id=slot_id,
                reservation_id=reservation_id,
                at=place.confirmed.place,
            )


def _going(place: Place, at_ms: int) -> bool:
    """Tell whether the partition had displaced the truck, but said so a little later."""
    released = place.released
    return released is not None and place.displaced and released.appended_ms <= at_ms + NEWS_MS


def _judge_cuts(
    log: Log,
    finding: Finding,
    slot_id: str,
    places: Mapping[str, Place],
    known: list[Change[int]],
) -> None:
    """Walk through places and capacities by append time, and time each excess."""
    steps = [(change.appended_ms, 0, change.value) for change in known]
    for place in places.values():
        if place.confirmed is not None:
            steps.append((place.confirmed.appended_ms, 1, 1))
            if place.released is not None:
                steps.append((place.released.appended_ms, 1, -1))
    taken, room = 0, known[0].value
    since: int | None = None
    for at_ms, kind, value in [*sorted(steps), (log.last_ms, 1, 0)]:
        if since is not None and lasts_too_long(since, at_ms):
            finding.violate(
                "excess_stays",
                f"Slot {slot_id} held too many trucks for more than 60 s after a cut.",
                slot_id=slot_id,
            )
            return
        room, taken = (value, taken) if kind == 0 else (room, taken + value)
        since = (since if since is not None else at_ms) if taken > room else None
