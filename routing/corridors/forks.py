"""Choose where a fork's two branches part: the longest trunk within the detour limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from routing.corridors.search import cheapest_within, lengths_from
from routing.corridors.ways import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.corridors.ways import Field, Leg

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_SAME_M = 1e-6


class Fork(NamedTuple):
    """Arcs of a trunk, and of both branches beyond it."""

    trunk: Ints
    branches: tuple[Ints, Ints]


def fork(ground: Field, legs: Sequence[Leg], arc_m: Floats) -> Fork | None:
    """Return the fork with the longest trunk, of equal ones the shortest branches.

    For each node at which the branches might part, trunk and branches are the shortest ways; a
    fork whose branches share road with each other or with the trunk is none.

    Parameters
    ----------
    ground
        The roads.
    legs
        To both destinations from one source.
    arc_m
        Length of each arc that may be used, `inf` for others.

    Returns
    -------
    Fork or None
        None where nothing can be shared within the budgets.
    """
    one, two = legs
    trunk_m = lengths_from(ground.first, ground.head, arc_m, one.start)
    beyond = [lengths_to(ground, arc_m, leg.goal) for leg in legs]
    fits = np.isfinite(trunk_m) & (trunk_m > _SAME_M)
    for leg, branch_m in zip(legs, beyond, strict=True):
        fits &= trunk_m + branch_m <= leg.most_m
    nodes = np.flatnonzero(fits)
    order = np.lexsort((nodes, (beyond[0] + beyond[1])[nodes], -trunk_m[nodes]))
    for node in nodes[order].tolist():
        parts = [
            shortest(ground, arc_m, (one.start, node), lengths_to(ground, arc_m, node)),
            *(
                shortest(ground, arc_m, (node, leg.goal), branch_m)
                for leg, branch_m in zip((one, two), beyond, strict=True)
            ),
        ]
        driven = [set(ground.piece[part][ground.piece[part] >= 0].tolist()) for part in parts]
        if sum(map(len, driven)) == len(set().union(*driven)):
            return Fork(parts[0], (parts[1], parts[2]))
    return None


def lengths_to(ground: Field, arc_m: Floats, goal: int) -> Floats:
    """Return the least length from each node to one, `inf` where there is no way.

    Parameters
    ----------
    ground
        The roads.
    arc_m
        Length of each arc, `inf` where it is closed.
    goal
        The node.
    """
    first, tail, order = ground.reverse
    found: Floats = lengths_from(first, tail, arc_m[order], goal)
    return found


def shortest(ground: Field, arc_m: Floats, ends: tuple[int, int], to_goal_m: Floats) -> Ints:
    """Return the arcs of a shortest way between two nodes; there is one.

    Parameters
    ----------
    ground
        The roads.
    arc_m
        Length of each arc, `inf` where it is closed.
    ends
        From where to where.
    to_goal_m
        Least length from each node to the second.
    """
    start, goal = ends
    budget_m = to_goal_m[start] * (1 + ROUNDING)
    way: Ints = cheapest_within(
        ground.first, ground.head, arc_m, arc_m, start, goal, to_goal_m, budget_m, 1
    )
    return way
