"""Find the cheapest way within a length, exactly: costs and lengths differ along each road."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from routing.engine.compiled import compiled

LABELS_KEPT = 64
"""Ways remembered to one node; more are let go, so that a search stays short. Exact below it."""


@compiled
def lengths_from(first: Any, head: Any, length_m: Any, start: int) -> Any:
    """Return the least length from a node to each, `inf` where there is no way.

    Parameters
    ----------
    first, head
        The arcs out of each node, and where they lead.
    length_m
        Of each arc, `inf` where it is closed.
    start
        The node.
    """
    found = np.full(len(first) - 1, np.inf)
    found[start] = 0.0
    heap = [(0.0, start)]
    while len(heap) > 0:
        at_m, node = heapq.heappop(heap)
        if at_m > found[node]:
            continue
        for arc in range(first[node], first[node + 1]):
            then_m = at_m + length_m[arc]
            if then_m < found[head[arc]]:
                found[head[arc]] = then_m
                heapq.heappush(heap, (then_m, head[arc]))
    return found


@compiled
def cheapest_within(  # noqa: PLR0913, PLR0917 - a kernel of arrays
    first: Any,
    head: Any,
    length_m: Any,
    cost: Any,
    start: int,
    goal: int,
    to_goal_m: Any,
    budget_m: float,
    kept: int,
) -> Any:
    """Return the arcs of the cheapest way that is no longer than a budget; none: no such way.

    Labels of cost and length are taken up by cost; one that is no shorter than an earlier one at
    its node is worse in both, and is dropped.

    Parameters
    ----------
    first, head
        The arcs out of each node, and where they lead.
    length_m, cost
        Of each arc; a length of `inf` closes it.
    start, goal
        The nodes.
    to_goal_m
        Least length from each node to the goal.
    budget_m
        The most that the way may measure.
    kept
        The most labels at one node.
    """
    nodes = len(first) - 1
    shortest = np.full(nodes, np.inf)
    taken = np.zeros(nodes, np.int64)
    above, by, where = [-1], [-1], [start]
    heap = [(0.0, 0.0, 0)]
    last = -1
    while len(heap) > 0:
        at_cost, at_m, label = heapq.heappop(heap)
        node = where[label]
        if at_m >= shortest[node] or taken[node] >= kept:
            continue
        shortest[node] = at_m
        taken[node] += 1
        if node == goal:
            last = label
            break
        for arc in range(first[node], first[node + 1]):
            then = head[arc]
            then_m = at_m + length_m[arc]
            if then_m + to_goal_m[then] > budget_m or then_m >= shortest[then]:
                continue
            above.append(label)
            by.append(arc)
            where.append(then)
            heapq.heappush(heap, (at_cost + cost[arc], then_m, len(where) - 1))
    count = 0
    at = last
    while at > 0:
        count += 1
        at = above[at]
    arcs = np.empty(count, np.int64)
    at = last
    while at > 0:
        count -= 1
        arcs[count] = by[at]
        at = above[at]
    return arcs
