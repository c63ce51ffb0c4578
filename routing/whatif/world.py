"""Read the states that the views hold into what a what-if asks of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import shapely
import shapely.geometry

from routing.dispatch import Facility, InvalidProblem, Lot, Point, Slot, Truck
from routing.roads.closures import Closure
from routing.roads.sphere import great_circle_m
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS
from schemas.assignment import ACTIVE
from schemas.model import LOCAL, parse_time

Doc = Mapping[str, Any]
Drawn = TypeVar("Drawn")

AHEAD = timedelta(hours=14)
"""Closures that begin within this time are avoided, as dispatch avoids them."""

KINDS = ("truck", "lot", "slot", "assignment", "corridor", "checkpoint", "facility", "closure")
"""The kinds of views that a world is read from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTruck:
    """A truck, and where it was last seen."""

    truck: Truck
    position_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLot:
    """A lot, and how much of it no truck has."""

    lot: Lot
    open_kg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSlot:
    """An open slot with its free places, and how many it has in all."""

    slot: Slot
    capacity_trucks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTrip:
    """An active assignment."""

    doc: Doc
    assignment_id: str
    truck_id: str
    lot_id: str
    status: str
    quantity_kg: int
    slot_id: str
    window: Slot
    """Its own slot as the trip knows it, with the one place that it has."""
    pickup: Point
    departure: datetime
    pickup_eta: datetime
    delivery_eta: datetime
    breaks: tuple[tuple[datetime, datetime], ...]
    drive_s: int
    line: shapely.LineString


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCorridor:
    """An open corridor."""

    corridor_id: str
    name: str | None
    facilities: tuple[str, ...]
    checkpoints: frozenset[str]
    geometry: shapely.geometry.base.BaseGeometry
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlace:
    """A facility or a checkpoint as a place; its region is empty where none is known."""

    place_id: str
    point: Point
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is known at one moment; every mapping is in the order of ids.

    Attributes
    ----------
    now
        The stack's time.
    trips
        Active assignments.
    places
        Facilities and checkpoints in use.
    closures
        Those in force now or within `AHEAD`.
    driven_s
        What each truck drove today on trips that are delivered.
    skipped
        What could not be read, as ``kind id``.
    """

    now: datetime
    trucks: Mapping[str, KnownTruck]
    lots: Mapping[str, KnownLot]
    slots: Mapping[str, KnownSlot]
    trips: Mapping[str, KnownTrip]
    corridors: Mapping[str, KnownCorridor]
    checkpoints: Mapping[str, KnownPlace]
    facilities: Mapping[str, Facility]
    places: Mapping[str, KnownPlace]
    closures: tuple[Closure, ...]
    driven_s: Mapping[str, int] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    def region_near(self, geometry: Doc) -> str:
        """Return the dispatch region of the place nearest to a GeoJSON geometry.

        Parameters
        ----------
        geometry
            The geometry; ``stack`` is answered where no place has a region.
        """
        middle = shapely.geometry.shape(dict(geometry)).centroid
        known = [place for place in self.places.values() if place.region]
        if not known:
            return "stack"
        lats, lons = (np.array([getattr(one.point, by) for one in known]) for by in ("lat", "lon"))
        return known[int(great_circle_m(middle.y, middle.x, lats, lons).argmin())].region


def read_world(views: Mapping[str, Mapping[str, Doc]], now: datetime) -> World:
    """Read a world from the states of its entities.

    Parameters
    ----------
    views
        For each of `KINDS`, the states by id, as the state topics and the views have them.
    now
        The stack's time.

    Returns
    -------
    World
        Without what is over, and without what cannot be read: that is named in ``skipped``.

    Raises
    ------
    RoadError, KeyError, TypeError, ValueError
        If a closure cannot be read: a road that is not known to be closed would be driven.
    """
    reader = _Reader(views, now)
    trucks = reader.each("truck", _truck)
    facilities = reader.each("facility", _facility)
    checkpoints = reader.each("checkpoint", _place)
    places = reader.each("facility", _place)
    return World(
        now=now,
        trucks=trucks,
        lots=reader.each("lot", _lot),
        slots=reader.each("slot", _slot),
        trips=reader.each("assignment", _trip),
        corridors=reader.each("corridor", _corridor),
        checkpoints=checkpoints,
        facilities=facilities,
        places=dict(sorted({**places, **checkpoints}.items())),
        closures=_closures(views.get("closure", {}), now),
        driven_s=_driven(views.get("assignment", {}), now),
        skipped=tuple(sorted(set(reader.skipped))),
    )


@dataclass
class _Reader:
    views: Mapping[str, Mapping[str, Doc]]
    now: datetime
    skipped: list[str] = field(default_factory=list)

    def each(self, kind: str, read: Callable[[Doc, datetime], Drawn | None]) -> dict[str, Drawn]:
        found: dict[str, Drawn] = {}
        for entity_id, doc in sorted(self.views.get(kind, {}).items()):
            try:
                drawn = read(doc, self.now)
            except (InvalidProblem, KeyError, TypeError, ValueError, AttributeError):
                self.skipped.append(f"{kind} {entity_id}")
                continue
            if drawn is not None:
                found[entity_id] = drawn
        return found


def _truck(doc: Doc, now: datetime) -> KnownTruck | None:
    place = doc.get("position") or doc.get("home")
    if place is None:
        return None
    truck = Truck(
        truck_id=doc["truck_id"],
        haulier_id=doc.get("haulier_id") or "",
        vehicle_class=doc.get("vehicle_class") or DEFAULT_VEHICLE_CLASS,
        payload_kg=doc.get("payload_kg") or 0,
        temperature_classes=frozenset(doc.get("temperature_classes") or ()),
        position=Point(place["lat"], place["lon"]),
        available_from=now,
        region=doc.get("region") or "",
    )
    seen = (doc.get("position") or {}).get("at")
    return KnownTruck(truck=truck, position_at=parse_time(seen) if seen else None)


def _lot(doc: Doc, _now: datetime) -> KnownLot:
    taken_kg = sum(doc.get(stage) or 0 for stage in ("booked_kg", "loaded_kg", "delivered_kg"))
    place = doc["pickup"]
    lot = Lot(
        lot_id=doc["lot_id"],
        region=doc.get("region") or "",
        product=doc["product"],
        quantity_kg=doc["quantity_kg"],
        temperature=doc["temperature"],
        pickup=Point(place["lat"], place["lon"]),
        pickup_name=place.get("name") or doc["lot_id"],
        ready_from=parse_time(doc["ready_from"]),
        hold_until=parse_time(doc["hold_until"]),
        destinations=tuple(doc.get("destinations") or ()),
    )
    is_open = doc.get("status") != "withdrawn"
    return KnownLot(lot=lot, open_kg=max(0, lot.quantity_kg - taken_kg) if is_open else 0)


def _slot(doc: Doc, now: datetime) -> KnownSlot | None:
    end = parse_time(doc["window_end"])
    if doc["status"] != "open" or end <= now:
        return None
    slot = Slot(
        slot_id=doc["slot_id"],
        facility_id=doc["facility_id"],
        gate_id=doc["gate_id"],
        window_start=parse_time(doc["window_start"]),
        window_end=end,
        free=max(0, doc["capacity_trucks"] - len(doc.get("reserved") or ())),
    )
    return KnownSlot(slot=slot, capacity_trucks=doc["capacity_trucks"])


def _facility(doc: Doc, _now: datetime) -> Facility | None:
    if doc.get("status", "active") != "active":
        return None
    return Facility(
        facility_id=doc["place_id"],
        kind=doc["kind"],
        position=Point(doc["lat"], doc["lon"]),
        products=frozenset(doc.get("products") or ()),
    )


def _place(doc: Doc, _now: datetime) -> KnownPlace | None:
    if doc.get("status", "active") != "active":
        return None
    point = Point(doc["lat"], doc["lon"])
    return KnownPlace(place_id=doc["place_id"], point=point, region=doc.get("region") or "")


def _trip(doc: Doc, _now: datetime) -> KnownTrip | None:
    if doc["status"] not in ACTIVE:
        return None
    return KnownTrip(
        doc=doc,
        assignment_id=doc["assignment_id"],
        truck_id=doc["truck_id"],
        lot_id=doc["lot_id"],
        status=doc["status"],
        quantity_kg=doc["quantity_kg"],
        slot_id=doc["slot_id"],
        window=Slot(
            slot_id=doc["slot_id"],
            facility_id=doc["facility_id"],
            gate_id=doc["gate_id"],
            window_start=parse_time(doc["window_start"]),
            window_end=parse_time(doc["window_end"]),
            free=1,
        ),
        pickup=Point(doc["pickup"]["lat"], doc["pickup"]["lon"]),
        departure=parse_time(doc["departure"]),
        pickup_eta=parse_time(doc["pickup_eta"]),
        delivery_eta=parse_time(doc["delivery_eta"]),
        breaks=tuple((parse_time(one), parse_time(two)) for one, two in doc.get("breaks") or ()),
        drive_s=doc.get("drive_s") or 0,
        line=shapely.LineString(doc["route"]["geometry"]["coordinates"]),
    )


def _corridor(doc: Doc, now: datetime) -> KnownCorridor | None:
    until = parse_time(doc["valid_until"]) if doc.get("valid_until") else None
    if doc["status"] != "open" or (until is not None and until <= now):
        return None
    return KnownCorridor(
        corridor_id=doc["corridor_id"],
        name=doc.get("name"),
        facilities=tuple(doc["facilities"]),
        checkpoints=frozenset(doc.get("checkpoints") or ()),
        geometry=shapely.geometry.shape(doc["geometry"]),
        valid_from=parse_time(doc["valid_from"]),
        valid_until=until,
    )


def _closures(docs: Mapping[str, Doc], now: datetime) -> tuple[Closure, ...]:
    known = (
        Closure.from_geojson(
            closure_id,
            doc["geometry"],
            kind=doc["kind"],
            valid_from=parse_time(doc["valid_from"]),
            valid_until=parse_time(doc["valid_until"]) if doc.get("valid_until") else None,
        )
        for closure_id, doc in sorted(docs.items())
        if doc["status"] == "in_force"
    )
    return tuple(closure for closure in known if closure.in_force(now, now + AHEAD))


def _driven(docs: Mapping[str, Doc], now: datetime) -> dict[str, int]:
    today = now.astimezone(LOCAL).date()
    driven: Counter[str] = Counter()
    for doc in docs.values():
        if doc.get("status") != "delivered" or not doc.get("delivery_eta"):
            continue
        if parse_time(doc["delivery_eta"]).astimezone(LOCAL).date() == today:
            driven[doc["truck_id"]] += doc.get("drive_s") or 0
    return dict(driven)
