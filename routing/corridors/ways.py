"""Hold ways of flows over the same roads, and lay one beside the others as cheaply as can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from routing.corridors.search import LABELS_KEPT, cheapest_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LENGTH_PRICE = 0.002
"""What a kilometre driven on a road that others use costs, in kilometres of new road."""

UNSHARED_M = 50_000.0
"""What two ways that are to share their first road and do not cost, metres of road."""

MANY_ARCS = 10_000
"""Above so many arcs labels are few, and the search keeps to roads that a first set uses."""

ROUNDING = 1e-9
_LABELS_FEW = 8


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """A way to be found for one flow to one destination.

    Parameters
    ----------
    start, goal
        Nodes.
    budget_m
        The most that the way may measure.
    load_per_h
        Vehicles an hour that take it.
    arc_m
        Length of each arc for its class of vehicle, `inf` where it is closed.
    to_goal_m
        Least length from each node to the goal.
    twin
        The leg with whose way this one is to share the first road at least; -1: none.
    """

    start: int
    goal: int
    budget_m: float
    load_per_h: float
    arc_m: Floats
    to_goal_m: Floats
    twin: int = -1

    @property
    def most_m(self) -> float:
        """The budget, with room for rounding."""
        return self.budget_m * (1 + ROUNDING)


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Roads and checkpoints among which ways are found.

    Parameters
    ----------
    first, head, piece
        Arcs out of each node, where they lead, and the piece of road that they drive, -1 none.
    piece_m
        Length of each piece.
    gates
        The checkpoints at each piece that has any, as indices.
    capacity_per_h
        Of each checkpoint.
    """

    first: Ints
    head: Ints
    piece: Ints
    piece_m: Floats
    gates: dict[int, tuple[int, ...]]
    capacity_per_h: Floats
    reverse: tuple[Ints, Ints, Ints] = field(init=False)
    """The same against the arcs: those into each node, where they come from, and which they are."""

    def __post_init__(self) -> None:
        tail = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        order = np.argsort(self.head, kind="stable").astype(np.int64)
        into = np.searchsorted(self.head[order], np.arange(len(self.first))).astype(np.int64)
        object.__setattr__(self, "reverse", (into, tail[order].astype(np.int64), order))


@dataclass(slots=True, eq=False)
class Design:
    """Ways of legs, and what they use together.

    Parameters
    ----------
    ground
        The roads.
    legs
        The legs.
    ways
        Arcs of each leg's way, None where it has none yet.
    """

    ground: Field
    legs: Sequence[Leg]
    ways: list[Ints | None] = field(default_factory=list)
    uses: Ints = field(init=False)
    loads: Floats = field(init=False)
    driven_m: float = 0.0

    def __post_init__(self) -> None:
        given = self.ways or [None] * len(self.legs)
        self.ways = [None] * len(self.legs)
        self.uses = np.zeros(len(self.ground.piece_m), np.int64)
        self.loads = np.zeros(len(self.ground.capacity_per_h))
        for leg, way in enumerate(given):
            if way is not None:
                self.put(leg, way)

    def pieces(self, way: Ints) -> Ints:
        """Return the pieces of road of a way, each once."""
        driven = self.ground.piece[way]
        return np.unique(driven[driven >= 0])

    def passes(self, way: Ints) -> list[int]:
        """Return the checkpoints that a way passes, each once."""
        gates = self.ground.gates
        return sorted(
            {gate for piece in self.pieces(way).tolist() for gate in gates.get(piece, ())}
        )

    def put(self, leg: int, way: Ints) -> None:
        """Give a leg its way."""
        self._count(leg, way, 1)
        self.ways[leg] = way

    def take(self, leg: int) -> None:
        """Take a leg's way out."""
        way = self.ways[leg]
        if way is not None:
            self._count(leg, way, -1)
            self.ways[leg] = None

    def over(self, piece: int) -> list[int]:
        """Return the legs whose ways drive a piece of road."""
        return [
            leg
            for leg, way in enumerate(self.ways)
            if way is not None and (self.ground.piece[way] == piece).any()
        ]

    def _count(self, leg: int, way: Ints, sign: int) -> None:
        pieces = self.pieces(way)
        self.uses[pieces] += sign
        self.loads[self.passes(way)] += sign * self.legs[leg].load_per_h
        self.driven_m += sign * float(self.legs[leg].arc_m[way].sum())

    @property
    def road_m(self) -> float:
        """Metres of distinct road in use."""
        return float(self.ground.piece_m[self.uses > 0].sum())

    def overload(self) -> Floats:
        """Return the vehicles an hour over each checkpoint's capacity."""
        over = self.loads - self.ground.capacity_per_h
        return np.where(over > ROUNDING, over, 0.0)

    def cost(self, overload_m: Floats) -> float:
        """Return what the design costs, metres.

        Parameters
        ----------
        overload_m
            Price of one vehicle an hour over each checkpoint's capacity.
        """
        return (
            self.road_m
            + LENGTH_PRICE * self.driven_m
            + float((self.overload() * overload_m).sum())
            + UNSHARED_M * self._unshared()
        )

    def trunk(self, leg: int) -> Ints:
        """Return the arcs of a leg's way up to the end of its first road; none without a way."""
        way = self.ways[leg] if leg >= 0 else None
        if way is None:
            return np.zeros(0, np.int64)
        driven = np.flatnonzero(self.ground.piece[way] >= 0)
        return way[: int(driven[0]) + 1] if len(driven) else way[:0]

    def _unshared(self) -> int:
        """Count the pairs of legs that are to share their first road and do not."""
        return sum(
            self.ways[one.twin] is not None
            and self.ways[leg] is not None
            and self.trunk(leg)[-1:].tolist() != self.trunk(one.twin)[-1:].tolist()
            for leg, one in enumerate(self.legs)
            if one.twin > leg
        )

    def crowded(self, load_per_h: float) -> NDArray[np.bool_]:
        """Return which pieces lead past a checkpoint without room for more vehicles an hour.

        Returns
        -------
        NDArray
            Shape ``(p + 1,)``: the last, of index -1, stands for no road.
        """
        full = self.loads + load_per_h > self.ground.capacity_per_h + ROUNDING
        crowded = np.zeros(len(self.ground.piece_m) + 1, bool)
        for piece, gates in self.ground.gates.items():
            crowded[piece] = any(full[gate] for gate in gates)
        return crowded

    def lay_as(self, leg: int, like: Leg) -> None:
        """Give a leg a way as one over fewer roads would have it.

        Parameters
        ----------
        leg
            Which has no way now.
        like
            The same leg, with more roads closed.
        """
        narrowed = Design(self.ground, [*self.legs[:leg], like, *self.legs[leg + 1 :]])
        narrowed.uses, narrowed.loads = self.uses.copy(), self.loads.copy()
        narrowed.lay(leg, np.zeros(len(self.loads)))
        way = narrowed.ways[leg]
        if way is not None:
            self.put(leg, way)

    def lay(self, leg: int, overload_m: Floats, noise: Floats | None = None) -> None:
        """Give a leg the cheapest way within its budget beside those that others have.

        Parameters
        ----------
        leg
            Which has no way now; it has one whenever its budget allows any.
        overload_m
            As for `cost`.
        noise
            Factors of the pieces' prices.
        """
        one, ground = self.legs[leg], self.ground
        price = np.where(self.uses > 0, 0.0, ground.piece_m)
        if noise is not None:
            price = price * noise
        price = price + LENGTH_PRICE * ground.piece_m
        over = np.maximum(self.loads + one.load_per_h - ground.capacity_per_h, 0)
        over -= np.maximum(self.loads - ground.capacity_per_h, 0)
        dear = over * overload_m
        if dear.any():
            for piece, gates in ground.gates.items():
                price[piece] += sum(float(dear[gate]) for gate in gates)
        cost = np.where(ground.piece >= 0, price[ground.piece], 0.0)
        for trunk in (self.trunk(one.twin), np.zeros(0, np.int64)):
            way = self._beyond(one, trunk, cost)
            if len(way):
                self.put(leg, np.concatenate([trunk, way]))
                return

    def _beyond(self, one: Leg, trunk: Ints, cost: Floats) -> Ints:
        """Return the cheapest way on from a trunk, which it does not drive again."""
        ground = self.ground
        start, arc_m, budget_m = one.start, one.arc_m, one.most_m
        if len(trunk):
            start = int(ground.head[trunk[-1]])
            budget_m -= float(arc_m[trunk].sum())
            arc_m = np.where(ground.piece == ground.piece[trunk[-1]], np.inf, arc_m)
        way: Ints = cheapest_within(
            ground.first, ground.head, arc_m, cost, start, one.goal,
            one.to_goal_m, budget_m, LABELS_KEPT if len(arc_m) <= MANY_ARCS else _LABELS_FEW,
        )  # fmt: skip
        return way
