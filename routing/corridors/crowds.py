"""Keep checkpoints within their capacity: what the search leaves over is laid anew or left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from routing.corridors.flows import NotServed
from routing.corridors.forks import lengths_to
from routing.corridors.ways import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.corridors.proposals import Asked
    from routing.corridors.ways import Design


def fit(
    made: Design, gate_ids: Sequence[str], asked: Sequence[Asked]
) -> tuple[Design, list[NotServed]]:
    """Take ways out until no checkpoint is over its capacity, and lay anew what then fits.

    Parameters
    ----------
    made
        The ways; it is changed.
    gate_ids
        Of the checkpoints.
    asked
        What each leg was for.

    Returns
    -------
    tuple
        The design, and what has no way within the capacities.
    """
    taken: dict[int, int] = {}
    while (over := made.overload()).any():
        gate = int(np.argmax(over / np.maximum(made.ground.capacity_per_h, 1e-9)))
        leg = _least(made, gate, float(over[gate]))
        taken[leg] = gate
        made.take(leg)
    refused = [
        _refusal(made, leg, taken[leg], gate_ids, asked[leg])
        for leg in sorted(taken, key=lambda leg: (-made.legs[leg].load_per_h, leg))
        if not _lay(made, leg)
    ]
    return made, refused


def _least(made: Design, gate: int, over_per_h: float) -> int:
    """Return the leg to take out: the smallest that suffices, else the greatest."""
    through = [
        leg
        for leg, way in enumerate(made.ways)
        if way is not None and gate in made.passes(way) and made.legs[leg].load_per_h > 0
    ]
    enough = [leg for leg in through if made.legs[leg].load_per_h >= over_per_h - ROUNDING]
    if enough:
        return min(enough, key=lambda leg: (made.legs[leg].load_per_h, leg))
    return max(through, key=lambda leg: (made.legs[leg].load_per_h, -leg))


def _lay(made: Design, leg: int) -> bool:
    """Give a leg a way past checkpoints that have room for it, if there is one."""
    one, ground = made.legs[leg], made.ground
    full = made.crowded(one.load_per_h)
    arc_m = np.where(full[ground.piece], np.inf, one.arc_m)
    to_goal_m = lengths_to(ground, arc_m, one.goal)
    if to_goal_m[one.start] > one.most_m:
        return False
    made.lay_as(leg, replace(one, arc_m=arc_m, to_goal_m=to_goal_m))
    return made.ways[leg] is not None


def _refusal(made: Design, leg: int, gate: int, gate_ids: Sequence[str], asked: Asked) -> NotServed:
    return NotServed(
        flow_id=asked.flow.flow_id,
        destination=asked.destination,
        why="checkpoint_capacity",
        numbers={
            "checkpoint_id": gate_ids[gate],
            "capacity_per_h": float(made.ground.capacity_per_h[gate]),
            "load_per_h": float(made.loads[gate]),
            "wanted_per_h": made.legs[leg].load_per_h,
        },
    )
