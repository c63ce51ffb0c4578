"""Make small problems and answers by hand."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
ALWAYS = (0, 1000)


def problem(*windows: tuple[int, int], capacity: int = 10, home: int = 1000) -> Document:
    """Put places 10 seconds apart on a line, the depot at its end; goods go from 1 to 2, 3 to 4.

    Parameters
    ----------
    windows
        Of each place but the depot, in their order.
    capacity
        Of each of three vehicles; a shipment takes 6.
    home
        When vehicles must be back.
    """
    size = len(windows) + 1
    line = [[10 * abs(one - other) for other in range(size)] for one in range(size)]
    tasks = [
        {"id": at, "location_index": at, "service": 1, "time_windows": [list(window)]}
        for at, window in enumerate(windows, 1)
    ]
    vehicle = {
        "start_index": 0,
        "end_index": 0,
        "capacity": [capacity],
        "time_window": [0, home],
        "costs": {"fixed": 10_000},
    }
    return {
        "vehicles": [{"id": number} | vehicle for number in (1, 2, 3)],
        "shipments": [
            {"amount": [6], "pickup": pickup, "delivery": delivery}
            for pickup, delivery in zip(tasks[::2], tasks[1::2], strict=True)
        ],
        "matrices": {"car": {"durations": line, "distances": line}},
    }


def solution(document: Document, *routes: list[int], left: tuple[int, ...] = ()) -> Document:
    """Answer with the tasks of each vehicle in their order, and those that are left."""
    kinds = {
        shipment[part]["id"]: part
        for shipment in document["shipments"]
        for part in ("pickup", "delivery")
    }
    return {
        "code": 0,
        "routes": [
            {
                "vehicle": number,
                "steps": [{"type": kinds.get(task, "pickup"), "id": task} for task in route],
                "cost": 0,
            }
            for number, route in enumerate(routes, 1)
        ],
        "summary": {"cost": 0},
        "unassigned": [{"type": kinds[task], "id": task} for task in left],
    }
