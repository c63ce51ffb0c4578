"""Draw random problem files, with every feature in some of them, and solve them with VROOM."""

from __future__ import annotations

import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import vroom

Json = dict[str, Any]


def draw(seed: int, *, tasks: int = 8, slots: bool = False) -> Json:
    """Draw a problem; nothing in it is wrong, but not all of it can always be served."""
    chance = random.Random(seed)
    size = chance.randint(3, 7)
    spots = [(chance.randint(0, 600), chance.randint(0, 600)) for _ in range(size)]
    durations = [
        [
            round(((a - c) ** 2 + (b - d) ** 2) ** 0.5)
            + (chance.randint(0, 20) if (a, b) != (c, d) else 0)
            for c, d in spots
        ]
        for a, b in spots
    ]
    dimensions = chance.choice((0, 1, 1, 2))
    problem: Json = {
        "vehicles": [
            _vehicle(chance, number, size, dimensions) for number in range(chance.randint(1, 3))
        ],
        "jobs": [],
        "shipments": [],
        "matrices": {"car": {"durations": durations}},
    }
    if chance.random() < 0.6:
        problem["matrices"]["car"]["distances"] = [[7 * cell for cell in row] for row in durations]
    else:
        for vehicle in problem["vehicles"]:
            vehicle.pop("max_distance", None)
            vehicle.get("costs", {}).pop("per_km", None)
    for number in range(tasks):
        kind = "jobs" if chance.random() < 0.5 else "shipments"
        problem[kind].append(_carrier(chance, kind, number, size, dimensions))
    if slots:
        problem["slots"] = [
            {
                "location_index": at,
                "start": start,
                "end": start + 599,
                "capacity": chance.randint(0, 2),
            }
            for at in range(0, size, 2)
            for start in range(0, 4800, 600)
        ]
    return problem


def _carrier(chance: random.Random, kind: str, number: int, size: int, dimensions: int) -> Json:
    some = chance.random
    carrier: Json = {}
    if some() < 0.3:
        carrier["priority"] = chance.randint(0, 3)
    if some() < 0.2:
        carrier["skills"] = [chance.randint(1, 2)]
    if kind == "jobs":
        for key in ("delivery", "pickup"):
            if dimensions and some() < 0.5:
                carrier[key] = [chance.randint(0, 3) for _ in range(dimensions)]
        return _task(chance, number, size) | carrier
    if dimensions:
        carrier["amount"] = [chance.randint(0, 3) for _ in range(dimensions)]
    return carrier | {end: _task(chance, number, size) for end in ("pickup", "delivery")}


def _vehicle(chance: random.Random, number: int, size: int, dimensions: int) -> Json:
    some = chance.random
    vehicle: Json = {"id": number, "start_index": chance.randrange(size)}
    if some() < 0.7:
        vehicle["end_index"] = chance.randrange(size)
        if some() < 0.2:
            del vehicle["start_index"]
    if dimensions:
        vehicle["capacity"] = [chance.randint(3, 9) for _ in range(dimensions)]
    if some() < 0.5:
        vehicle["skills"] = [1, 2][: chance.randint(1, 2)]
    if some() < 0.6:
        opens = chance.randint(0, 600)
        vehicle["time_window"] = [opens, opens + chance.randint(1500, 6000)]
    for name, most in (("max_tasks", 8), ("max_travel_time", 3000), ("max_distance", 20_000)):
        if some() < 0.2:
            vehicle[name] = chance.randint(most // 4, most)
    priced = {"fixed": chance.randint(0, 900), "per_hour": 7200, "per_km": 40}
    first = chance.randint(600, 1500)
    pause = {"id": 1, "time_windows": [[first, first + chance.randint(0, 900)]], "service": 120}
    for name, value in (
        ("breaks", [pause]),
        ("speed_factor", chance.choice((0.7, 1.3, 2))),
        ("costs", priced),
        ("type", "crane"),
    ):
        if some() < 0.25:
            vehicle[name] = value
    return vehicle


def _task(chance: random.Random, number: int, size: int) -> Json:
    some = chance.random
    task: Json = {"id": number, "location_index": chance.randrange(size)}
    if some() < 0.5:
        task["service"] = chance.randint(0, 200)
    if some() < 0.3:
        task["setup"] = chance.randint(0, 100)
    if some() < 0.1:
        task["service_per_type"] = {"crane": chance.randint(0, 50)}
    if some() < 0.5:
        first = chance.randint(0, 4000)
        task["time_windows"] = [[first, first + chance.randint(300, 1200)]]
        if some() < 0.3:
            task["time_windows"].append([first + 1800, first + 2400])
    return task


def by_vroom(problem: Json, *, exploration: int = 5) -> Json:
    """Solve a problem with VROOM."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "problem.json")
        file.write_text(json.dumps(problem))
        asked = vroom.Input.from_json(file)
        asked._distances = all("distances" in one for one in problem["matrices"].values())
        found: Json = asked.solve(exploration_level=exploration, nb_threads=1).to_dict()
    return found
