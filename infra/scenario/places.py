"""Register facilities and checkpoints, open their slots, and open the day's corridors."""

from __future__ import annotations

from datetime import datetime, timedelta

from infra.scenario.draft import Draft
from infra.scenario.facts import DrawnWay, parts
from schemas.corridor import CorridorHours, CorridorOpened
from schemas.model import Geometry
from schemas.place import CheckpointRegistered, FacilityRegistered
from schemas.slot import SlotOpened

_NIGHT_H = 6
"""Slots are opened this long past the day's end, for what is still on the road."""
_NEAR_CORRIDOR_M = 1_000.0
_STOP_AT_ASSEMBLY_M = 3_000.0


def register_places(draft: Draft) -> None:
    """Register every facility and checkpoint before the day starts."""
    for row in draft.facts.facilities:
        facility = FacilityRegistered(
            place_id=row["place_id"],
            kind=row["kind"],
            name=row["name"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            gates=parts(row["gates"]),
            region=row["region"],
            products=parts(row["products"]),
        )
        draft.say("facility.registered", facility, draft.start)
    for row in draft.facts.checkpoints:
        checkpoint = CheckpointRegistered(
            place_id=row["place_id"],
            name=row["name"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            bays=int(row["bays"]),
            region=row["region"],
        )
        draft.say("checkpoint.registered", checkpoint, draft.start)


def open_slots(draft: Draft) -> list[SlotOpened]:
    """Open hourly slots: the day's before it starts, those of the next night in the afternoon.

    Returns
    -------
    list of SlotOpened
        All of them.
    """
    opened = []
    for row in draft.facts.facilities:
        for gate in parts(row["gates"]):
            for hour in range(24 + _NIGHT_H):
                if not int(row["open_hour"]) <= hour % 24 < int(row["close_hour"]):
                    continue
                slot = SlotOpened(
                    facility_id=row["place_id"],
                    gate_id=gate,
                    window_start=draft.hour(hour),
                    window_end=draft.hour(hour + 1),
                    capacity_trucks=int(row["capacity_trucks"]),
                )
                opened.append(slot)
                draft.say("slot.opened", slot, draft.start if hour < 24 else draft.hour(15))
    return opened


def open_corridors(draft: Draft) -> None:
    """Open the shuttles and forks of `ways.csv` before the day starts."""
    for way in draft.facts.ways.values():
        if way.use == "corridor":
            draft.say("corridor.opened", _corridor(draft, way, draft.start), draft.start)


def _corridor(draft: Draft, way: DrawnWay, valid_from: datetime) -> CorridorOpened:
    lines = [line.coordinates() for line in way.lines]
    geometry = (
        Geometry(type="LineString", coordinates=lines[0])
        if len(lines) == 1
        else Geometry(type="MultiLineString", coordinates=lines)
    )
    return CorridorOpened(
        corridor_id=way.way_id,
        kind="shuttle" if len(way.stops) == 2 else "fork",
        name=way.name,
        region=next(
            row["region"] for row in draft.facts.facilities if row["place_id"] == way.stops[0]
        ),
        facilities=list(way.stops),
        geometry=geometry,
        width_m=400.0,
        checkpoints=_along(draft, way, draft.facts.checkpoints, _NEAR_CORRIDOR_M),
        allowed_stops=_along(
            draft,
            way,
            [row for row in draft.facts.facilities if row["kind"] == "assembly_point"],
            _STOP_AT_ASSEMBLY_M,
        ),
        hours=CorridorHours(start="00:00", end="23:59"),
        valid_from=valid_from,
        valid_until=draft.end + timedelta(hours=_NIGHT_H),
    )


def _along(draft: Draft, way: DrawnWay, rows: list[dict[str, str]], within_m: float) -> list[str]:
    """Return the places near any line of a way, in the order in which they are met."""
    met: dict[str, float] = {}
    for line in way.lines:
        for row in rows:
            along_m, off_m = line.nearest(draft.facts.places[row["place_id"]])
            if off_m <= within_m:
                met.setdefault(row["place_id"], along_m)
    return sorted(met, key=lambda place_id: met[place_id])
