"""Furnish a stack so that lots can be planned: ports with slots, and lots near the towns."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from infra.bench.streams.fleet import LOTS, PLACES, Message, message
from schemas.model import format_time

REGION = "kien-giang"
SLOTS = "port.slot.v1"
_PORTS = {
    "PORT-RG": (10.012, 105.08, "Cảng Rạch Giá"),
    "PORT-GQ": (9.733, 105.274, "Cảng Gò Quao"),
    "PORT-CT": (10.035, 105.787, "Cảng Cần Thơ"),
}
_FARMS = {
    "Gò Quao": (9.733, 105.274),
    "Giồng Riềng": (9.908, 105.312),
    "Tân Hiệp": (10.113, 105.284),
    "Châu Thành": (9.939, 105.175),
}
_GATES, _CAPACITY, _HOURS = 2, 20, 14


def ports(now: datetime) -> list[Message]:
    """Register ports and open their slots for the next hours."""
    found = []
    first = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    for port, (lat, lon, name) in _PORTS.items():
        gates = [f"G{number}" for number in range(1, _GATES + 1)]
        data: dict[str, object] = {
            "place_id": port,
            "kind": "port",
            "name": name,
            "lat": lat,
            "lon": lon,
            "gates": gates,
            "region": REGION,
        }
        found.append(message(PLACES, "facility.registered", port, data, event_id=port, time=now))
        for gate in gates:
            for hour in range(_HOURS):
                start = first + timedelta(hours=hour)
                data = {
                    "facility_id": port,
                    "gate_id": gate,
                    "window_start": format_time(start),
                    "window_end": format_time(start + timedelta(hours=1)),
                    "capacity_trucks": _CAPACITY,
                }
                name_ = f"{port}-{gate}-{hour}"
                found.append(message(SLOTS, "slot.opened", port, data, event_id=name_, time=now))
    return found


def lot(number: int, chance: Random, now: datetime) -> Message:
    """Declare a lot of one truck's load that is ready in an hour and holds for the day."""
    farm, (lat, lon) = chance.choice(list(_FARMS.items()))
    lot_id = f"L{number:04d}"
    data: dict[str, object] = {
        "lot_id": lot_id,
        "region": REGION,
        "product": "pineapple",
        "quantity_kg": 4000 + 50 * chance.randrange(60),
        "pickup": {
            "lat": round(lat + chance.uniform(-0.01, 0.01), 5),
            "lon": round(lon + chance.uniform(-0.01, 0.01), 5),
            "name": farm,
        },
        "ready_from": format_time(now + timedelta(hours=1)),
        "hold_until": format_time(now + timedelta(hours=12)),
    }
    return message(LOTS, "lot.declared", lot_id, data, event_id=lot_id, time=now)


def decline(assignment_id: str, now: datetime) -> Message:
    """Have a haulier decline an offer."""
    data: dict[str, object] = {
        "assignment_id": assignment_id,
        "region": REGION,
        "actor": "bench",
        "reason": None,
    }
    name = f"decline-{assignment_id}"
    return message(
        "dispatch.command.v1", "assignment.decline", REGION, data, event_id=name, time=now
    )


def closure(number: int, line: list[list[float]], now: datetime) -> Message:
    """Close a piece of road."""
    data: dict[str, object] = {
        "closure_id": f"C{number}",
        "region": REGION,
        "geometry": {"type": "LineString", "coordinates": line},
        "valid_from": format_time(now),
        "valid_until": None,
        "reason": None,
    }
    return message(
        "road.condition.v1", "road.closed", REGION, data, event_id=f"C{number}", time=now
    )
