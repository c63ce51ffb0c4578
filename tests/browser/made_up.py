"""Make up what a planner would say, and where a truck is along its way."""

from datetime import datetime, timedelta
from typing import Any

from schemas.model import format_time

Doc = dict[str, Any]


def along(line: tuple[tuple[float, float], ...], share: float) -> tuple[float, float]:
    """Return the place after a share of a line's points."""
    place = share * (len(line) - 1)
    at = min(int(place), len(line) - 2)
    (lon, lat), (next_lon, next_lat) = line[at], line[at + 1]
    part = place - at
    return lon + (next_lon - lon) * part, lat + (next_lat - lat) * part


def late_reason(now: datetime) -> Doc:
    """Say that all slots are full."""
    return {
        "code": "slot_full",
        "detail": "All slots are full.",
        "params": {
            "trucks": 240,
            "refused": 31,
            "nearest": 31,
            "alone": True,
            "full_slots": 6,
            "arrival": format_time(now + timedelta(hours=3)),
            "hold_until": format_time(now + timedelta(hours=5)),
        },
    }


def explanation(truck: Doc, lot: Doc, facility: Doc, slot_id: str, quantity: int) -> Doc:
    """Explain a trip as the planner does."""
    return {
        "summary": f"Truck {truck['truck_id']} carries {quantity} kg.",
        "quantity": {
            "open_before_kg": lot["quantity_kg"],
            "carried_kg": quantity,
            "spare_payload_kg": truck["payload_kg"] - quantity,
        },
        "slack_s": {"hold": 16_200, "window": 1_500, "day_driving": 20_000},
        "wait_s": {"pickup": 0, "facility": 420},
        "alternatives": [
            {
                "truck_id": "truck-030",
                "facility_id": facility["place_id"],
                "slot_id": slot_id,
                "corridor_id": None,
                "cost_difference": 1840.0,
                "why": "it drives farther to the pickup (+1840)",
            },
            {
                "truck_id": "truck-031",
                "facility_id": facility["place_id"],
                "slot_id": slot_id,
                "corridor_id": None,
                "cost_difference": 2210.0,
                "why": f"truck truck-031 carries lot {lot['lot_id']}",
            },
        ],
    }
