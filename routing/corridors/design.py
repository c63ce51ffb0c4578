"""Search for ways of all flows that together use few kilometres of road, by ruin and recreate.

A Steiner forest with a length limit for each way. Roads that others use already cost next to
nothing, so a way that is laid anew joins them within its limit; a few ways are taken out and laid
anew, over and over. Checkpoints over their capacity cost as much as kilometres, and more with time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.corridors.search import LABELS_KEPT, cheapest_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LENGTH_PRICE = 0.002
"""What a kilometre driven on a road that others use costs, in kilometres of new road."""

OVERLOAD_M = 5_000.0
"""What one vehicle an hour over a checkpoint's capacity costs at first, metres of road."""

UNSHARED_M = 50_000.0
"""What two ways that are to share their first road and do not cost, metres of road."""

_DEARER, _PATIENCE = 2.0, 25
_SLACK = 0.02
_SHUT = 50.0
_SHUFFLED_STARTS = 3
_NOISY_STARTS = 6
_MANY_ARCS, _LABELS_FEW = 10_000, 8
"""Above so many arcs labels are few, and the search keeps to roads that a first set uses."""


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
        return np.where(over > _ROUNDING, over, 0.0)

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
        full = self.loads + load_per_h > self.ground.capacity_per_h + _ROUNDING
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
        start, arc_m, budget_m = one.start, one.arc_m, one.budget_m * (1 + 1e-9)
        if len(trunk):
            start = int(ground.head[trunk[-1]])
            budget_m -= float(arc_m[trunk].sum())
            arc_m = np.where(ground.piece == ground.piece[trunk[-1]], np.inf, arc_m)
        way: Ints = cheapest_within(
            ground.first, ground.head, arc_m, cost, start, one.goal,
            one.to_goal_m, budget_m, LABELS_KEPT if len(arc_m) <= _MANY_ARCS else _LABELS_FEW,
        )  # fmt: skip
        return way


_ROUNDING = 1e-9


def design(ground: Field, legs: Sequence[Leg], *, seed: int, rounds: int) -> Design:
    """Return ways for all legs that use few kilometres together and spread over checkpoints.

    Parameters
    ----------
    ground
        Roads and checkpoints.
    legs
        What to find ways for; each has one within its budget.
    seed
        The same seed gives the same ways.
    rounds
        How often some ways are taken out and laid anew.
    """
    rng = np.random.default_rng(seed)
    overload_m = np.full(len(ground.capacity_per_h), OVERLOAD_M)
    starts = list(_starts(ground, legs, overload_m, rng))
    now = min(starts, key=lambda one: one.cost(overload_m))
    if len(ground.head) > _MANY_ARCS:
        now = Design(ground, _narrowed(ground, legs, starts), list(now.ways))
    best = list(now.ways)
    best_cost, now_cost = (now.cost(overload_m),) * 2
    for turn in range(rounds if len(legs) > 1 else 0):
        slack_m = _SLACK * best_cost * (1 - turn / rounds)
        before, noise = _ruin(now, rng)
        _again(now, list(before), overload_m, rng, noise)
        cost = now.cost(overload_m)
        if cost > now_cost + slack_m:
            _restore(now, before)
        else:
            now_cost = cost
        if now_cost < best_cost - _ROUNDING:
            best, best_cost = list(now.ways), now_cost
        if turn % _PATIENCE == _PATIENCE - 1:
            over = Design(ground, legs, list(best)).overload() > 0
            if over.any():
                overload_m = np.where(over, overload_m * _DEARER, overload_m)
                best_cost = Design(ground, legs, list(best)).cost(overload_m)
                now_cost = now.cost(overload_m)
    return _polished(Design(ground, legs, best), overload_m)


def _starts(
    ground: Field, legs: Sequence[Leg], overload_m: Floats, rng: np.random.Generator
) -> Iterable[Design]:
    """Yield first designs: each way the shortest, then laid one beside another in some orders."""
    alone = Design(ground, legs)
    for leg, one in enumerate(legs):
        way = cheapest_within(
            ground.first, ground.head, one.arc_m, one.arc_m, one.start, one.goal, one.to_goal_m,
            one.budget_m * (1 + 1e-9), 1,
        )  # fmt: skip
        if len(way):
            alone.put(leg, way)
    yield alone
    longest = sorted(range(len(legs)), key=lambda leg: (-legs[leg].budget_m, leg))
    orders = [longest, longest[::-1]]
    orders += [rng.permutation(len(legs)).tolist() for _ in range(_SHUFFLED_STARTS)]
    noises: list[Floats | None] = [None] * len(orders)
    if len(ground.head) > _MANY_ARCS:
        orders += [rng.permutation(len(legs)).tolist() for _ in range(_NOISY_STARTS)]
        noises += [rng.uniform(0.4, 1.0, len(ground.piece_m)) for _ in range(_NOISY_STARTS)]
    for order, noise in zip(orders, noises, strict=True):
        made = Design(ground, legs)
        for leg in order:
            made.lay(leg, overload_m, noise)
        yield made


def _narrowed(ground: Field, legs: Sequence[Leg], starts: Sequence[Design]) -> list[Leg]:
    """Return the legs with all roads closed that no first set uses."""
    used = np.append(np.any([one.uses > 0 for one in starts], axis=0), True)
    shut = ~used[ground.piece]
    return [replace(leg, arc_m=np.where(shut, np.inf, leg.arc_m)) for leg in legs]


def _ruin(now: Design, rng: np.random.Generator) -> tuple[dict[int, Ints | None], Floats | None]:
    """Take some ways out: through a crowded checkpoint, over one road, beside one way, or any.

    Returns
    -------
    tuple
        The ways by leg, and factors of the pieces' prices with which to lay them anew.
    """
    count, pieces = len(now.legs), len(now.ground.piece_m)
    noise = rng.uniform(0.4, 1.0, pieces) if rng.random() < 0.5 else None
    most, kind = int(rng.integers(1, 9)), rng.random()
    over = np.flatnonzero(now.overload())
    used = np.flatnonzero(now.uses > 0)
    if not len(used):
        return {}, noise
    if len(over) and kind < 0.4:
        gate = int(rng.choice(over))
        chosen = [
            n for n, way in enumerate(now.ways) if way is not None and gate in now.passes(way)
        ]
    elif kind < 0.75:
        share = now.ground.piece_m[used] / now.uses[used] ** rng.uniform(0, 1) + _ROUNDING
        piece = int(rng.choice(used, p=share / share.sum()))
        chosen, most = now.over(piece), count
        if rng.random() < 0.7:  # as if the road were far longer, so that it falls out of use
            noise = np.ones(pieces) if noise is None else noise
            noise[piece] = _SHUT
    elif kind < 0.9:
        piece = int(rng.choice(used))
        chosen = now.over(piece)
    elif kind < 0.97:
        chosen = list(range(count))
    else:
        chosen, most = list(range(count)), count
    picked = rng.permutation(np.array(sorted(chosen), np.int64))[:most].tolist()
    twins = {now.legs[leg].twin for leg in picked} - {-1, *picked}
    picked += sorted(twins)
    before = {leg: now.ways[leg] for leg in picked}
    for leg in picked:
        now.take(leg)
    return before, noise


def _again(
    now: Design,
    taken: list[int],
    overload_m: Floats,
    rng: np.random.Generator,
    noise: Floats | None,
) -> None:
    for leg in rng.permutation(np.array(taken, np.int64)).tolist():
        now.lay(leg, overload_m, noise)
    if noise is not None or len(taken) > 1:  # each once more, beside all others
        for leg in rng.permutation(np.array(taken, np.int64)).tolist():
            now.take(leg)
            now.lay(leg, overload_m)


def _restore(now: Design, before: dict[int, Ints | None]) -> None:
    for leg in before:
        now.take(leg)
    for leg, way in before.items():
        if way is not None:
            now.put(leg, way)


def _polished(made: Design, overload_m: Floats) -> Design:
    """Lay each way once more until that saves nothing."""
    cost = made.cost(overload_m)
    while True:
        for leg in range(len(made.legs)):
            made.take(leg)
            made.lay(leg, overload_m)
        then = made.cost(overload_m)
        if then >= cost - 1e-3:
            return made
        cost = then
