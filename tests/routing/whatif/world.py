"""Make up small worlds over the bundled roads, as the views hold them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from shapely.geometry import shape

from routing.dispatch import Point
from routing.roads.network import RoadNetwork
from routing.travel import RoadTravel, RoutePath
from routing.whatif.consider import what_if
from routing.whatif.measure import Measure
from routing.whatif.outcome import Consequences
from routing.whatif.world import read_world
from schemas.model import format_time
from schemas.slot import slot_key
from tests.routing.roads.places import PLACES

Docs = dict[str, dict[str, dict[str, Any]]]

NOW = datetime(2021, 8, 24, 3, 0, tzinfo=UTC)
"""Ten in the morning at Rạch Giá."""
PORTS = {"port-can-tho": "Cần Thơ", "plant-ca-mau": "Cà Mau", "plant-long-xuyen": "Long Xuyên"}
FARMS = ("Gò Quao", "An Biên", "Vĩnh Thuận", "Kiên Lương", "Tắc Cậu")
CLASSES = ("light_truck", "rigid_2_axle")
LOAD_S = 1_800
_STAMP = {"version": 1, "updated_at": format_time(NOW)}


def place(name: str) -> Point:
    """Return a place by its name."""
    return Point(*PLACES[name])


def hours(count: float) -> datetime:
    """Return the time so many hours from `NOW`."""
    return NOW + timedelta(hours=count)


def bare(*, capacity: int = 3) -> Docs:
    """Return facilities with hourly slots at two gates, a checkpoint, and nothing else."""
    docs: Docs = {
        kind: {}
        for kind in (
            "truck",
            "lot",
            "slot",
            "assignment",
            "corridor",
            "checkpoint",
            "facility",
            "closure",
        )
    }
    for facility_id, name in PORTS.items():
        point = place(name)
        docs["facility"][facility_id] = {
            **_STAMP,
            "place_id": facility_id,
            "kind": "port",
            "name": name,
            "lat": point.lat,
            "lon": point.lon,
            "gates": ["G1", "G2"],
            "region": facility_id.split("-", 1)[1],
            "products": [],
            "status": "active",
        }
        for gate in ("G1", "G2"):
            for hour in range(-2, 16):
                start = hours(hour)
                slot_id = slot_key(facility_id, gate, start)
                docs["slot"][slot_id] = {
                    **_STAMP,
                    "slot_id": slot_id,
                    "facility_id": facility_id,
                    "gate_id": gate,
                    "window_start": format_time(start),
                    "window_end": format_time(start + timedelta(hours=1)),
                    "capacity_trucks": capacity,
                    "status": "open",
                    "reserved": [],
                }
    point = place("Vàm Cống")
    docs["checkpoint"]["cp-vam-cong"] = {
        **_STAMP,
        "place_id": "cp-vam-cong",
        "name": "Vàm Cống",
        "lat": point.lat,
        "lon": point.lon,
        "bays": 2,
        "region": "an-giang",
        "status": "active",
    }
    return docs


def add_lot(docs: Docs, lot_id: str, farm: str, **changes: Any) -> dict[str, Any]:
    """Declare 5 t of paddy at a farm, ready for an hour, that hold twelve hours."""
    point = place(farm)
    docs["lot"][lot_id] = {
        **_STAMP,
        "lot_id": lot_id,
        "region": "kien-giang",
        "product": "paddy",
        "quantity_kg": 5_000,
        "pickup": {"lat": point.lat, "lon": point.lon, "name": farm},
        "ready_from": format_time(hours(-1)),
        "hold_until": format_time(hours(12)),
        "temperature": "ambient",
        "destinations": [],
        "status": "ready",
        "booked_kg": 0,
        "loaded_kg": 0,
        "delivered_kg": 0,
        **changes,
    }
    return docs["lot"][lot_id]


def add_trip(
    docs: Docs,
    travel: RoadTravel,
    number: int,
    *,
    home: str = "Rạch Giá",
    farm: str = "Gò Quao",
    facility_id: str = "port-can-tho",
    gate_id: str = "G1",
    leaves_h: float = 0.5,
    vehicle_class: str = "rigid_2_axle",
    seen_share: float | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Plan a trip as dispatch would: to the farm, load, on to the first window in time.

    Parameters
    ----------
    leaves_h
        When it leaves, hours from `NOW`; one that has loaded by now is loaded.
    seen_share
        How much of its way the truck has behind it, as seen just now; None: as planned.
    changes
        Fields of the assignment that differ.
    """
    ends = [place(home), place(farm), place(PORTS[facility_id])]
    path = travel.route(vehicle_class, ends)
    leave = hours(leaves_h)
    pickup = leave + timedelta(seconds=path.leg_durations_s[0])
    done = pickup + timedelta(seconds=LOAD_S)
    arrival = done + timedelta(seconds=path.leg_durations_s[1])
    slot = _window(docs, facility_id, gate_id, arrival)
    name, truck_id, lot_id = f"A-{number:02d}", f"truck-{number:02d}", f"lot-{number:02d}"
    status = "loaded" if done <= NOW else "accepted"
    lot = add_lot(docs, lot_id, farm, ready_from=format_time(pickup - timedelta(hours=1)))
    lot["loaded_kg" if status == "loaded" else "booked_kg"] = lot["quantity_kg"]
    slot["reserved"].append({"reservation_id": name, "assignment_id": name, "truck_id": truck_id})
    docs["truck"][truck_id] = {
        **_STAMP,
        "truck_id": truck_id,
        "registered": True,
        "plate": f"68C-{number:05d}",
        "haulier_id": "haulier-1",
        "region": "kien-giang",
        "vehicle_class": vehicle_class,
        "payload_kg": 8_000,
        "temperature_classes": ["ambient"],
        "home": {"lat": ends[0].lat, "lon": ends[0].lon},
        "status": "available",
        "position": _seen(path, seen_share),
    }
    docs["assignment"][name] = {
        **_STAMP,
        "assignment_id": name,
        "trip_id": f"T-{number:02d}",
        "leg": 1,
        "region": "kien-giang",
        "truck_id": truck_id,
        "haulier_id": "haulier-1",
        "plate": f"68C-{number:05d}",
        "lot_id": lot_id,
        "product": "paddy",
        "temperature": "ambient",
        "quantity_kg": 5_000,
        "facility_id": facility_id,
        "gate_id": gate_id,
        "slot_id": slot["slot_id"],
        "window_start": slot["window_start"],
        "window_end": slot["window_end"],
        "corridor_id": None,
        "pickup": lot["pickup"],
        "departure": format_time(leave),
        "pickup_eta": format_time(pickup),
        "delivery_eta": max(format_time(arrival), slot["window_start"]),
        "breaks": [],
        "drive_s": int(path.duration_s),
        "route": {
            "geometry": path.geometry,
            "duration_s": path.duration_s,
            "distance_m": path.distance_m,
        },
        "explanation": {},
        "accept_by": format_time(leave),
        "status": status,
        "pinned": False,
        "revision": 1,
        **changes,
    }
    return docs["assignment"][name]


def add_corridor(
    docs: Docs, travel: RoadTravel, corridor_id: str, one: str, two: str, *, by: Sequence[str] = ()
) -> None:
    """Open a corridor between two facilities along the fastest way by some places."""
    via = [place(PORTS[one]), *(place(name) for name in by), place(PORTS[two])]
    docs["corridor"][corridor_id] = {
        **_STAMP,
        "corridor_id": corridor_id,
        "kind": "shuttle",
        "name": corridor_id,
        "facilities": [one, two],
        "geometry": travel.route("rigid_2_axle", via).geometry,
        "width_m": 200.0,
        "checkpoints": [],
        "allowed_stops": [],
        "roster": [],
        "hours": None,
        "valid_from": format_time(hours(-24)),
        "valid_until": None,
        "status": "open",
    }


def crowd(network: RoadNetwork, seed: int, *, trips: int = 7) -> Docs:
    """Return a world of random trips, some under way, with open lots and two corridors."""
    chance, travel, docs = Random(seed), RoadTravel(network), bare(capacity=2)
    for number in range(trips):
        add_trip(
            docs,
            travel,
            number,
            home=chance.choice(("Rạch Giá", "Hà Tiên", "Cà Mau")),
            farm=chance.choice(FARMS),
            facility_id=chance.choice(list(PORTS)),
            gate_id=chance.choice(("G1", "G2")),
            leaves_h=chance.uniform(-3.5, 2.0),
            vehicle_class=chance.choice(CLASSES),
            seen_share=chance.choice((None, chance.random())),
        )
    for number in range(3):
        add_lot(docs, f"open-{number}", chance.choice(FARMS))
    add_corridor(docs, travel, "c-one", "port-can-tho", "plant-ca-mau")
    add_corridor(docs, travel, "c-two", "port-can-tho", "plant-long-xuyen")
    return docs


def ask(docs: Docs, measure: Measure, network: RoadNetwork) -> Consequences:
    """Ask what a measure would do."""
    world = read_world(docs, NOW)
    assert world.skipped == ()
    return what_if(world, measure, RoadTravel(network, closures=world.closures))


def _window(docs: Docs, facility_id: str, gate_id: str, arrival: datetime) -> dict[str, Any]:
    """Return the first window that a truck reaches a quarter of an hour before its end."""
    due = format_time(arrival + timedelta(minutes=15))
    return next(
        slot
        for _, slot in sorted(docs["slot"].items())
        if (slot["facility_id"], slot["gate_id"]) == (facility_id, gate_id)
        and slot["window_end"] >= due
    )


def _seen(path: RoutePath, share: float | None) -> dict[str, Any] | None:
    if share is None:
        return None
    point = shape(path.geometry).interpolate(share, normalized=True)
    return {"lat": point.y, "lon": point.x, "at": format_time(NOW - timedelta(seconds=60))}
