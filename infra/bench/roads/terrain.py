"""Draw the ground of a made-up delta: rivers, towns, the arterials between them, and junctions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

from infra.bench.roads.graph import CLASSES, EARTH_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEST, SOUTH, EAST, NORTH = 104.6, 8.8, 106.8, 10.9
"""Box of the made-up delta, degrees."""

_RIVERS = 4
_BRIDGED_SHARE = 0.12  # of the pairs of towns with a river between them
_NODES_PER_TOWN = 1_500
_CHAIN_SHARE = 0.08  # of all nodes are on arterials
_RURAL_SHARE = 0.25  # of the others lie beside arterials, outside towns
_MOTORWAY_SHARE = 0.06  # of the links between towns have a motorway beside them
_ARTERIALS = (("trunk", 0.2), ("primary", 0.4), ("secondary", 1.0))
"""Class of a link by the rank of its smaller town: the largest fifth has trunk roads."""


@dataclass(frozen=True, eq=False)
class Terrain:
    """Describe the ground before its streets are drawn, ``n`` nodes in a plane.

    Attributes
    ----------
    xy
        Metres east and north of the box's corner, shape ``(n, 2)``.
    bank
        Which piece of land between rivers a node is on, shape ``(n,)``.
    open_ground
        Whether streets may meet there, which they may not on a motorway, shape ``(n,)``.
    arterials
        Ends of the arterial pieces, shape ``(k, 2)``, each once.
    arterial_class, arterial_one_way
        Index into `CLASSES`, and whether only the given direction is driven, shape ``(k,)``.
    """

    xy: NDArray[np.float64]
    bank: NDArray[np.int64]
    open_ground: NDArray[np.bool_]
    arterials: NDArray[np.int64]
    arterial_class: NDArray[np.int64]
    arterial_one_way: NDArray[np.bool_]

    def degrees(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give latitudes and longitudes, whole multiples of 1e-7 degrees."""
        east, north = _metres_per_degree()
        lat = np.rint((SOUTH + self.xy[:, 1] / north) * 1e7) / 1e7
        lon = np.rint((WEST + self.xy[:, 0] / east) * 1e7) / 1e7
        return lat, lon


def draw_terrain(rng: np.random.Generator, nodes: int) -> Terrain:
    """Draw rivers, towns and arterials, and scatter junctions until there are enough.

    Parameters
    ----------
    rng
        Where all chance comes from.
    nodes
        How many nodes there shall be, those on arterials included.
    """
    rivers = _Rivers.draw(rng)
    towns = _box() * rng.uniform(0.03, 0.97, (max(8, nodes // _NODES_PER_TOWN), 2))
    size = np.sort(rng.pareto(1.1, len(towns)) + 0.3)[::-1]
    links = _links(rng, towns, rivers)
    chains = _Chains.draw(rng, towns, links, int(_CHAIN_SHARE * nodes))
    scattered = _scatter(rng, towns, size, chains, nodes - len(chains.xy))
    xy = np.concatenate([chains.xy, scattered])
    ramps = _ramps(chains, xy)
    return Terrain(
        xy=xy,
        bank=rivers.bank(xy),
        open_ground=np.arange(nodes) >= chains.motorway_nodes,
        arterials=np.concatenate([chains.pairs, ramps]),
        arterial_class=np.concatenate(
            [chains.road_class, np.full(len(ramps), CLASSES.index("trunk_link"))]
        ),
        arterial_one_way=np.concatenate([chains.one_way, np.zeros(len(ramps), dtype=bool)]),
    )


def _metres_per_degree() -> tuple[float, float]:
    north = EARTH_M * np.pi / 180
    return float(north * np.cos(np.radians((SOUTH + NORTH) / 2))), float(north)


def _box() -> NDArray[np.float64]:
    east, north = _metres_per_degree()
    return np.array([(EAST - WEST) * east, (NORTH - SOUTH) * north])


@dataclass(frozen=True)
class _Rivers:
    """Rivers as waves from the north-west to the south-east; none meets another."""

    offset: NDArray[np.float64]
    swing: NDArray[np.float64]
    phase: NDArray[np.float64]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> _Rivers:
        spread = np.arange(1, _RIVERS + 1) / (_RIVERS + 1)
        return cls(
            offset=spread + rng.uniform(-0.04, 0.04, _RIVERS),
            swing=rng.uniform(0.01, 0.035, _RIVERS),
            phase=rng.uniform(0, 2 * np.pi, _RIVERS),
        )

    def bank(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the rivers to the south-west of each place."""
        x, y = (xy / _box()).T
        along = (x - y)[:, None]
        across = ((x + y) / 2)[:, None]
        course = self.offset + self.swing * np.sin(9 * along + self.phase)
        counted: NDArray[np.int64] = (across > course).sum(axis=1)
        return counted


def _links(
    rng: np.random.Generator, towns: NDArray[np.float64], rivers: _Rivers
) -> NDArray[np.int64]:
    """Choose which towns an arterial joins: all hang together, and few of them over a river."""
    triangles = Delaunay(towns).simplices
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    length = np.hypot(*(towns[pairs[:, 0]] - towns[pairs[:, 1]]).T)
    bank = rivers.bank(towns)
    wet = bank[pairs[:, 0]] != bank[pairs[:, 1]]
    cost = length * np.where(wet, 20.0, 1.0)
    shape = (len(towns), len(towns))
    tree = minimum_spanning_tree(coo_array((cost, pairs.T), shape=shape).tocsr()).tocoo()
    in_tree = {
        tuple(sorted(pair)) for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True)
    }
    kept = np.array([tuple(pair) in in_tree for pair in pairs.tolist()])
    near = length < 1.3 * np.median(length)
    share = np.where(wet, _BRIDGED_SHARE, 0.6)
    chosen: NDArray[np.int64] = pairs[kept | (near & (rng.random(len(pairs)) < share))]
    return chosen


@dataclass(frozen=True)
class _Chains:
    """Arterials as chains of nodes; those of motorways come first."""

    xy: NDArray[np.float64]
    pairs: NDArray[np.int64]
    road_class: NDArray[np.int64]
    one_way: NDArray[np.bool_]
    motorway_nodes: int
    ends: NDArray[np.int64]

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        towns: NDArray[np.float64],
        links: NDArray[np.int64],
        nodes: int,
    ) -> _Chains:
        length = np.hypot(*(towns[links[:, 0]] - towns[links[:, 1]]).T)
        fast = np.argsort(links.max(axis=1), kind="stable")
        fast = fast[: max(1, int(_MOTORWAY_SHARE * len(links)))]
        step_m = (length.sum() + 2 * length[fast].sum()) / nodes
        rank = links.max(axis=1) / len(towns)
        plans = [(link, side, "motorway") for link in fast.tolist() for side in (40.0, -40.0)]
        for link in range(len(links)):
            name = next(name for name, upto in _ARTERIALS if rank[link] <= upto)
            plans.append((link, 0.0, name))
        places, pairs, classes, one_way, ends = [], [], [], [], []
        count = motorway_nodes = 0
        hub: dict[int, int] = {}
        for link, side, name in plans:
            start, goal = links[link][:: -1 if side < 0 else 1].tolist()
            inner = _bent(rng, towns[start], towns[goal], step_m, side)
            numbers = list(range(count, count + len(inner)))
            places.append(inner)
            count += len(inner)
            if name == "motorway":
                motorway_nodes = count
                ends += numbers[:1] + numbers[12:-12:12] + numbers[-1:]
            else:
                numbers = [*_hub(hub, start, numbers), *numbers, *_hub(hub, goal, numbers[::-1])]
            pairs += list(pairwise(numbers))
            classes += [CLASSES.index(name)] * (len(numbers) - 1)
            one_way += [name == "motorway"] * (len(numbers) - 1)
        return cls(
            xy=np.concatenate(places),
            pairs=np.array(pairs, dtype=np.int64),
            road_class=np.array(classes, dtype=np.int64),
            one_way=np.array(one_way, dtype=bool),
            motorway_nodes=motorway_nodes,
            ends=np.unique(np.array(ends, dtype=np.int64)),
        )


def _hub(hub: dict[int, int], town: int, numbers: list[int]) -> list[int]:
    """Return the node where a town's arterials meet; the first that comes there makes it."""
    if town not in hub:
        hub[town] = numbers[0]
        return []
    return [hub[town]]


def _bent(
    rng: np.random.Generator,
    start: NDArray[np.float64],
    goal: NDArray[np.float64],
    step_m: float,
    side_m: float,
) -> NDArray[np.float64]:
    """Lead a bent line from town to town, without the very ends."""
    along = goal - start
    length = float(np.hypot(*along))
    across = np.array([-along[1], along[0]]) / max(length, 1.0)
    count = max(3, int(length / step_m))
    at = (np.arange(count) + 0.5) / count
    swing = rng.normal(0, 0.03 * length) * np.sin(np.pi * at)
    wobble = rng.normal(0, 0.08 * step_m, count) if side_m == 0 else np.zeros(count)
    moved = start + at[:, None] * along
    result: NDArray[np.float64] = moved + (swing + wobble + side_m)[:, None] * across
    return result


def _scatter(
    rng: np.random.Generator,
    towns: NDArray[np.float64],
    size: NDArray[np.float64],
    chains: _Chains,
    count: int,
) -> NDArray[np.float64]:
    """Scatter junctions: most in towns, thinning outwards, the others along arterials."""
    rural = int(_RURAL_SHARE * count)
    share = np.minimum(size, 60.0)
    town = rng.choice(len(towns), count - rural, p=share / share.sum())
    radius_m = 45.0 * np.sqrt(np.bincount(town, minlength=len(towns)) + 1.0)
    squeeze = rng.uniform(0.5, 1.0, (len(towns), 2))
    within = rng.normal(0, 1, (count - rural, 2)) * radius_m[town, None] * squeeze[town]
    beside = chains.xy[rng.integers(chains.motorway_nodes, len(chains.xy), rural)]
    offset = rng.normal(0, 900.0, (rural, 2))
    places = np.abs(np.concatenate([towns[town] + within, beside + offset]))
    folded: NDArray[np.float64] = np.abs(_box() - np.abs(_box() - places))  # none outside
    return folded


def _ramps(chains: _Chains, xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Join motorways to the nearest other road at their ends and now and then between."""
    others = xy[chains.motorway_nodes :]
    _, nearest = cKDTree(others).query(xy[chains.ends])
    return np.stack([chains.ends, nearest.astype(np.int64) + chains.motorway_nodes], axis=1)
