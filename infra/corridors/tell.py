"""Write a plan of corridors down: as JSON, as GeoJSON, as events to post, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from infra.corridors.shortest import distinct_km, served, shortest_ways
from infra.scenario.script import event_line

if TYPE_CHECKING:
    from datetime import datetime

    from routing.corridors.flows import (
        CorridorPlan,
        CorridorProblem,
        NotServed,
        ProposedCorridor,
        Served,
    )
    from routing.roads.network import RoadNetwork

SOURCE = "/corridors/plan"
"""The CloudEvents source of the events that are written."""

_WHY = {
    "unknown_facility": "no place of that name is listed",
    "too_far_from_road": "a place is too far from any road",
    "same_place": "both ends are one place on the road",
    "no_way": "no permitted way, not even without zones",
    "no_way_outside_zones": "zones cut it off",
    "detour": "zones lead round too far",
    "no_shared_trunk": "a fork is wanted, and no road can be shared within the limit",
    "checkpoint_capacity": "every way within the limit leads past a full checkpoint",
}


def plan_doc(plan: CorridorPlan, problem: CorridorProblem, network: RoadNetwork) -> dict[str, Any]:
    """Return a plan as JSON holds it.

    Parameters
    ----------
    plan, problem, network
        The plan, what it was asked for, and on which roads.

    Returns
    -------
    dict
        ``corridors``, ``flows`` (each flow's ways), ``not_served`` with reasons, ``loads_per_h``,
        ``corridor_km``, ``shortest_paths_km`` (distinct kilometres of the shortest ways of the
        same flows) and ``ratio``, null where nothing is served.
    """
    ways = served(plan)
    alone_km = distinct_km(shortest_ways(problem, network, only=ways).values())
    ours_km = distinct_km(ways.values())
    trucks = {flow.flow_id: flow.trucks / len(flow.destinations) for flow in problem.flows}
    return {
        "corridors": [_corridor(each, trucks) for each in plan.corridors],
        "flows": [
            _way(way, each.opened.corridor_id) for each in plan.corridors for way in each.served
        ],
        "not_served": [_refusal(each) for each in plan.not_served],
        "loads_per_h": {gate: round(load, 2) for gate, load in plan.loads_per_h.items() if load},
        "corridor_km": round(ours_km, 1),
        "shortest_paths_km": round(alone_km, 1),
        "ratio": round(ours_km / alone_km, 3) if alone_km else None,
    }


def as_lines(doc: dict[str, Any]) -> Iterator[str]:
    """Yield what people read of a plan.

    Parameters
    ----------
    doc
        What `plan_doc` returned.
    """
    for one in doc["corridors"]:
        yield (
            f"{one['corridor_id']}  {one['kind']}  {' – '.join(one['facilities'])}  "
            f"{one['km']:.1f} km, {one['trucks_per_day']:g} trucks a day"
        )
        yield f"    checkpoints: {', '.join(one['checkpoints']) or 'none'}"
        for way in doc["flows"]:
            if way["corridor_id"] == one["corridor_id"]:
                yield (
                    f"    {way['flow_id']} to {way['destination']}: {way['km']:.1f} km, "
                    f"{way['detour']:.2f} times the shortest"
                )
    for each in doc["not_served"]:
        numbers = ", ".join(f"{name} {value}" for name, value in each["numbers"].items())
        told = f" ({numbers})" if numbers else ""
        yield f"no corridor: {each['flow_id']} to {each['destination']}: {_WHY[each['why']]}{told}"
    ratio = "" if doc["ratio"] is None else f", {doc['ratio']:.2f} times"
    yield (
        f"{len(doc['corridors'])} corridors, {doc['corridor_km']:.1f} km of road; separate "
        f"shortest ways {doc['shortest_paths_km']:.1f} km{ratio}"
    )


def as_geojson(plan: CorridorPlan, network: RoadNetwork) -> bytes:
    """Return the proposed set as a GeoJSON ``FeatureCollection``, one feature a corridor."""
    features = [
        {
            "type": "Feature",
            "properties": each.opened.model_dump(mode="json", exclude={"geometry"})
            | {"km": _km(each.road_m)},
            "geometry": each.opened.geometry.model_dump(mode="json"),
        }
        for each in plan.corridors
    ]
    info = network.info
    whole = {"type": "FeatureCollection", "attribution": info.attribution, "features": features}
    return orjson.dumps(whole) + b"\n"


def as_events(plan: CorridorPlan, now: datetime) -> bytes:
    """Return one ``corridor.opened`` a line, each a CloudEvent that `POST /v1/events` takes.

    Parameters
    ----------
    plan
        The plan.
    now
        The events' time. Ids are made of what is opened, so that posting twice is harmless.
    """
    lines = []
    for each in plan.corridors:
        data = each.opened.model_dump(mode="json", exclude_defaults=True)
        digest = blake2b(orjson.dumps([data, str(now)]), digest_size=12).hexdigest()
        lines.append(
            event_line(
                "corridor.opened", data, event_id=digest, source=SOURCE, time=now, at=now
            )
        )  # fmt: skip
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def _corridor(each: ProposedCorridor, trucks: dict[str, float]) -> dict[str, Any]:
    opened = each.opened
    return {
        "corridor_id": opened.corridor_id,
        "kind": opened.kind,
        "facilities": list(opened.facilities),
        "km": _km(each.road_m),
        "trunk_km": _km(each.trunk_m),
        "trucks_per_day": sum(trucks[way.flow_id] for way in each.served),
        "checkpoints": list(opened.checkpoints),
        "geometry": opened.geometry.model_dump(mode="json"),
    }


def _way(way: Served, corridor_id: str) -> dict[str, Any]:
    return {
        "flow_id": way.flow_id,
        "destination": way.destination,
        "corridor_id": corridor_id,
        "km": _km(way.length_m),
        "shortest_km": _km(way.shortest_m),
        "detour": round(way.detour, 3),
        "checkpoints": [
            {"place_id": place_id, "along_km": _km(along_m)}
            for place_id, along_m in way.checkpoints
        ],
    }


def _refusal(each: NotServed) -> dict[str, Any]:
    return {
        "flow_id": each.flow_id,
        "destination": each.destination,
        "why": each.why,
        "numbers": {
            name: round(value, 1) if isinstance(value, float) else value
            for name, value in each.numbers.items()
        },
    }


def _km(length_m: float) -> float:
    return round(length_m / 1000, 2)
