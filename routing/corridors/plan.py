"""Propose corridors that serve flows with few kilometres of road, outside zones in force."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from routing.corridors.crowds import fit
from routing.corridors.design import design
from routing.corridors.flows import CorridorPlan, NotServed
from routing.corridors.forks import fork
from routing.corridors.proposals import Asked, Drawing
from routing.corridors.terrain import Terrain
from routing.corridors.ways import Leg

if TYPE_CHECKING:
    from routing.corridors.flows import CorridorProblem, Flow, ProposedCorridor
    from routing.corridors.forks import Fork, Ints
    from routing.corridors.proposals import Way
    from routing.corridors.ways import Design
    from routing.roads.network import RoadNetwork

ROUNDS = 200
"""Rounds of the search: thirty flows on the bundled roads take some two seconds."""


class _Found(NamedTuple):
    legs: list[Leg]
    asked: list[Asked]
    refused: list[NotServed]


def plan_corridors(
    problem: CorridorProblem, network: RoadNetwork, *, seed: int = 1, rounds: int = ROUNDS
) -> CorridorPlan:
    """Propose a set of corridors, and say of each flow that gets none why.

    A kilometre of road counts once, however many corridors and in whichever direction they drive
    it, as for who has to staff, sign and mend it. No way is longer than the limit's multiple of the
    shortest permitted way outside zones.

    Parameters
    ----------
    problem
        What to plan for.
    network
        The roads.
    seed
        Where all chance comes from: the same seed gives the same plan.
    rounds
        How long to search.

    Raises
    ------
    RoadError
        If a vehicle class or a facility's coordinate is none.
    """
    terrain = Terrain(problem, network)
    found = _legs(problem, terrain)
    made, crowded = fit(
        design(terrain.field, found.legs, seed=seed, rounds=rounds), terrain.gate_ids, found.asked
    )
    forks, unshared = _forks(made, found)
    drawing = Drawing(problem, terrain)
    corridors = _drawn(made, found.asked, forks, drawing)
    refused = {(each.flow_id, each.destination): each for each in
               (*found.refused, *crowded, *unshared)}  # fmt: skip
    return CorridorPlan(
        corridors=tuple(corridors),
        not_served=tuple(
            refused[flow.flow_id, end]
            for flow in problem.flows
            for end in flow.destinations
            if (flow.flow_id, end) in refused
        ),
        road_m=made.road_m,
        loads_per_h={
            gate: float(load) for gate, load in zip(terrain.gate_ids, made.loads, strict=True)
        },
    )


def _legs(problem: CorridorProblem, terrain: Terrain) -> _Found:
    found = _Found([], [], [])
    for flow in problem.flows:
        told = [terrain.refusal(flow, end) for end in flow.destinations]
        load_per_h = flow.trucks / problem.limits.hours_per_day / len(flow.destinations)
        forked = flow.kind == "fork" and not any(told)
        for at, (end, refusal) in enumerate(zip(flow.destinations, told, strict=True)):
            if refusal is not None:
                found.refused.append(refusal)
                continue
            start, goal = terrain.ends(flow, end)
            to_goal_m = terrain.to_goal_m(flow.vehicle_class, goal)
            shortest_m = float(to_goal_m[start])
            found.asked.append(Asked(flow, end, shortest_m))
            found.legs.append(
                Leg(
                    start,
                    goal,
                    shortest_m * problem.limits.detour,
                    load_per_h,
                    terrain.arc_m(flow.vehicle_class),
                    to_goal_m,
                    len(found.legs) + (1 if at == 0 else -1) if forked else -1,
                )
            )
    return found


def _forks(made: Design, found: _Found) -> tuple[dict[int, tuple[int, Fork]], list[NotServed]]:
    """Let both branches of each fork share their trunk: on roads in use, else, if asked, on any.

    Returns
    -------
    tuple
        By the first of a fork's two legs, the second and the fork; and what got none.
    """
    by_flow: dict[str, list[int]] = defaultdict(list)
    for leg, asked in enumerate(found.asked):
        by_flow[asked.flow.flow_id].append(leg)
    forks: dict[int, tuple[int, Fork]] = {}
    refused = []
    for legs in by_flow.values():
        flow = found.asked[legs[0]].flow
        if len(flow.destinations) == 1 or flow.kind == "shuttle":
            continue
        chosen = _fork(made, legs, found) if len(legs) == 2 else None
        if chosen is not None:
            forks[legs[0]] = legs[1], chosen
        elif flow.kind == "fork":
            for leg in legs:
                if made.ways[leg] is not None:
                    made.take(leg)
                    refused.append(_unshared(flow, found, leg, made))
    return forks, refused


def _fork(made: Design, legs: list[int], found: _Found) -> Fork | None:
    before = [_way(made, leg) for leg in legs if made.ways[leg] is not None]
    if len(before) < len(legs):
        return None
    branches, ground = [made.legs[leg] for leg in legs], made.ground
    in_use = np.append(made.uses > 0, True)  # the last: arcs that drive no road
    for leg in legs:
        made.take(leg)
    full = made.crowded(branches[0].load_per_h)
    arc_m = np.where(full[ground.piece], np.inf, branches[0].arc_m)
    roads = [np.where(in_use[ground.piece], arc_m, np.inf)]
    if found.asked[legs[0]].flow.kind == "fork":
        roads.append(arc_m)
    for chosen in (fork(ground, branches, roads_m) for roads_m in roads):
        if chosen is None:
            continue
        _put(made, legs, [np.concatenate([chosen.trunk, branch]) for branch in chosen.branches])
        if not made.overload().any():
            return chosen
        for leg in legs:
            made.take(leg)
    _put(made, legs, before)
    return None


def _put(made: Design, legs: list[int], ways: list[Ints]) -> None:
    for leg, way in zip(legs, ways, strict=True):
        made.put(leg, way)


def _unshared(flow: Flow, found: _Found, leg: int, made: Design) -> NotServed:
    asked = found.asked[leg]
    return NotServed(
        flow_id=flow.flow_id,
        destination=asked.destination,
        why="no_shared_trunk",
        numbers={"shortest_m": asked.shortest_m, "limit_m": made.legs[leg].budget_m},
    )


def _drawn(
    made: Design,
    asked: list[Asked],
    forks: dict[int, tuple[int, Fork]],
    drawing: Drawing,
) -> list[ProposedCorridor]:
    """Draw corridors; flows between the same two facilities over the same road share one."""
    second = {other for other, _ in forks.values()}
    shuttles: dict[tuple[frozenset[str], frozenset[int]], list[Way]] = {}
    order: list[tuple[list[Way], Fork | None]] = []
    for leg, way in enumerate(made.ways):
        if way is None or leg in second:
            continue
        if leg in forks:
            other, chosen = forks[leg]
            order.append(([(asked[leg], way), (asked[other], _way(made, other))], chosen))
            continue
        ends = frozenset((asked[leg].flow.source, asked[leg].destination))
        key = ends, frozenset(made.pieces(way).tolist())
        if key not in shuttles:
            shuttles[key] = []
            order.append((shuttles[key], None))
        shuttles[key].append((asked[leg], way))
    return [drawing.corridor(ways, chosen) for ways, chosen in order]


def _way(made: Design, leg: int) -> Ints:
    way = made.ways[leg]
    assert way is not None
    return way
