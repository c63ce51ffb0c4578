"""Measure how long a what-if takes on the demo's world.

The world is the demo's day planned by dispatch's own planner over the bundled roads, at two
moments: what was planned first is under way at the second. What is timed is all that the API does
for one request but for asking Redis and sending the answer: read every state, judge, write.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import orjson

from api.whatif import KINDS, Question, answer, measure_of
from infra.bench.corridors.agreement import compared
from infra.bench.corridors.morning import Docs, demo_morning
from infra.bench.measure import Measure, Tell
from routing.roads.bundled import build_bundled
from routing.roads.network import load_network
from routing.whatif.world import read_world
from schemas.model import format_time

GOAL_MS = 500.0
ROADS, CHECKPOINTS, GATES = 12, 8, 6
"""How many measures of each kind are asked about."""


def whatif_measures(seed: int, tell: Tell, facts: dict[str, Any]) -> Iterator[Measure]:
    """Ask what different measures would do.

    Parameters
    ----------
    seed
        Chooses the measures; the world is always the demo's.
    tell
        Is told what happens.
    facts
        Is given the size of the world, and what each measure hits and takes.

    Yields
    ------
    Measure
        The median time, the longest, how many trips the measures hit in all, and of how many of
        those dispatch's planner then finds the same (`infra.bench.corridors.agreement`).
    """
    with tempfile.TemporaryDirectory() as folder:
        build_bundled(Path(folder) / "roads")
        network = load_network(Path(folder) / "roads")
    tell("planning the demo's morning")
    docs, now = demo_morning(network)
    views = {
        kind: {key: orjson.dumps(doc) for key, doc in docs.get(kind, {}).items()} for kind in KINDS
    }
    questions = list(asked(docs, now, seed))
    tell(f"asking about {len(questions)} measures")
    answer(network, views, now, questions[0])  # opens and compiles
    rows = []
    for question in questions:
        start = time.perf_counter()
        said, _ = answer(network, views, now, question)
        took_ms = 1000 * (time.perf_counter() - start)
        rows.append(_row(question, orjson.loads(said), took_ms, len(said)))
    facts["whatif"] = {
        "now": format_time(now),
        "world": {kind: len(views[kind]) for kind in KINDS},
        "assignments": dict(Counter(doc["status"] for doc in docs["assignment"].values())),
        "measures": rows,
    }
    hit = sum(row["trips"] for row in rows)
    tell(f"{hit} trips hit by {sum(row['trips'] > 0 for row in rows)} of {len(rows)} measures")
    times_ms = [row["ms"] for row in rows]
    yield Measure(
        name="what_if_ms", value=median(times_ms), unit="ms", goal=GOAL_MS, better="lower"
    )
    yield Measure(name="what_if_longest_ms", value=max(times_ms), unit="ms")
    yield Measure(name="what_if_trips_hit", value=float(hit), unit="trips")
    tell("asking dispatch's planner about the same trips")
    world = read_world(docs, now)
    pairs = [
        pair
        for question in questions
        if question.measure.kind != "gate"
        for pair in compared(world, measure_of(question, now), network)
    ]
    facts["whatif"]["not_as_dispatch"] = [pair for pair in pairs if pair[1] != pair[2]]
    same = sum(said == found for _, said, found in pairs)
    yield Measure(name="what_if_as_dispatch", value=same / len(pairs), unit="share")


def _row(question: Question, said: dict[str, Any], took_ms: float, size: int) -> dict[str, Any]:
    totals = {name: each["value"] for name, each in said["totals"].items()}
    return {
        "kind": question.measure.kind,
        "ms": round(took_ms, 1),
        "trips": len(said["trips"]),
        "become": dict(Counter(trip["becomes"] for trip in said["trips"])),
        "lots": len(said["lots"]),
        "slots": len(said["slots"]),
        "corridors": len(said["corridors"]),
        "planned_anew": len(said["planned_anew"]),
        "bytes": size,
        **totals,
    }


def asked(docs: Docs, now: datetime, seed: int) -> Iterator[Question]:
    """Choose measures: roads of trips, checkpoints, and gates that trips have places at.

    Parameters
    ----------
    docs, now
        The world.
    seed
        Where chance comes from.
    """
    chance = Random(f"what-if|{seed}")
    span = {"from": format_time(now), "until": format_time(now + timedelta(hours=6))}
    trips = [doc for _, doc in sorted(docs["assignment"].items()) if doc["status"] != "delivered"]
    places = sorted(
        {tuple(place) for trip in trips for place in trip["route"]["geometry"]["coordinates"][1:-1]}
    )
    for place in chance.sample(places, ROADS):
        geometry = {"type": "Point", "coordinates": list(place)}
        yield Question.model_validate({"measure": {"kind": "road", "geometry": geometry}, **span})
    for checkpoint_id in chance.sample(sorted(docs["checkpoint"]), CHECKPOINTS):
        measure = {"kind": "checkpoint", "checkpoint_id": checkpoint_id}
        yield Question.model_validate({"measure": measure, **span})
    gates = sorted({(trip["facility_id"], trip["gate_id"]) for trip in trips})
    for facility_id, gate_id in chance.sample(gates, min(GATES, len(gates))):
        measure = {"kind": "gate", "facility_id": facility_id, "gate_id": gate_id}
        yield Question.model_validate({"measure": measure, **span})
