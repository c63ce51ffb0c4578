"""Draw a road-like graph from a seed: towns, arterials, rivers with few bridges, never a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import (
    breadth_first_order,
    connected_components,
    minimum_spanning_tree,
)
from scipy.spatial import Delaunay

from infra.bench.roads.graph import CLASSES, RoadGraph, great_circle_m
from infra.bench.roads.terrain import Terrain, draw_terrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

NODES = 200_000
"""Size of the graph that the goals speak of."""

_ARCS_PER_NODE = 2.65
"""With it, separators are about as large as in New York's roads (DIMACS 9, 2.76 arcs a node)."""
_ONE_WAY_SHARE = 0.3  # of the streets that close a circle
_ONE_WAY_TREE_SHARE = 0.03  # of those that do not, as far as one can get back
_ARCS_PER_NODE_OF_TREE = 2 - _ONE_WAY_TREE_SHARE / 2
_FAR = 30  # times the median: a street so long is built only where there is no other way
_WET = 1e7  # metres: more than any way round
_LIMITED_SHARE = 0.06
_LIMITS_KPH = (20, 30, 40)
_COLLECTS = ((2_000, "secondary"), (150, "tertiary"))
"""A street that so many junctions hang on is of that class."""


def generate(*, nodes: int = NODES, seed: int = 1) -> RoadGraph:
    """Draw a strongly connected road graph.

    Towns of very different sizes hold most junctions; chains of nodes join them as arterials;
    streets are a random part of the Delaunay edges that cross no river.

    Parameters
    ----------
    nodes
        How many nodes it has, exactly; 200 at least.
    seed
        The same seed gives the same arrays.

    Returns
    -------
    RoadGraph
        About 2.65 arcs a node, of seven classes, some one-way, some with a signed limit.

    Raises
    ------
    ValueError
        If fewer than 200 nodes are asked for.
    """
    if nodes < 200:
        raise ValueError("Expected at least 200 nodes.")
    rng = np.random.default_rng(seed)
    terrain = draw_terrain(rng, nodes)
    street, on_tree = _streets(rng, terrain)
    pairs = np.concatenate([terrain.arterials, street])
    classes = np.concatenate([terrain.arterial_class, _classes(street, on_tree, nodes)])
    one_way = np.concatenate([terrain.arterial_one_way, _one_ways(rng, on_tree)])
    limit = np.where(
        (classes >= CLASSES.index("primary")) & (rng.random(len(pairs)) < _LIMITED_SHARE),
        rng.choice(_LIMITS_KPH, len(pairs)),
        0,
    )
    one_way &= ~_traps(pairs, one_way, nodes)
    back = ~one_way
    tail = np.concatenate([pairs[:, 0], pairs[back, 1]]).astype(np.int32)
    head = np.concatenate([pairs[:, 1], pairs[back, 0]]).astype(np.int32)
    order = np.lexsort((head, tail))
    tail, head = tail[order], head[order]
    lat, lon = terrain.degrees()
    return RoadGraph(
        name=f"generated-{nodes}-{seed}",
        lat=lat,
        lon=lon,
        tail=tail,
        head=head,
        length_m=np.maximum(great_circle_m(lat, lon, tail, head), 0.5),
        road_class=np.concatenate([classes, classes[back]])[order].astype(np.int8),
        limit_kph=np.concatenate([limit, limit[back]])[order].astype(np.int16),
    )


def _streets(
    rng: np.random.Generator, terrain: Terrain
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Choose streets; say of each whether the whole hangs together by it."""
    nodes = len(terrain.xy)
    candidates, wet = _candidates(terrain)
    length = _lengths_m(terrain, candidates)
    # Streets lead crooked ways: lengths are taken at random, within bounds.
    taste = (length + 1) * rng.uniform(0.6, 1.6, len(length))
    # A river is crossed by a street only where a bank would be cut off otherwise.
    pairs = np.concatenate([terrain.arterials, candidates, wet])
    paid = np.full(len(terrain.arterials), 1e-3), taste, _WET + _lengths_m(terrain, wet)
    weight = np.concatenate(paid)
    tree = minimum_spanning_tree(coo_array((weight, pairs.T), shape=(nodes, nodes)).tocsr()).tocoo()
    tree_keys = _keys(np.stack([tree.row, tree.col], axis=1), nodes)
    in_tree = np.isin(_keys(candidates, nodes), tree_keys)
    bridges = wet[np.isin(_keys(wet, nodes), tree_keys)]
    kept_share = (_ARCS_PER_NODE - _ARCS_PER_NODE_OF_TREE) / (2 - _ONE_WAY_SHARE)
    wanted = int(kept_share * nodes)
    far = length > _FAR * np.median(length)
    wish = np.where(in_tree | far, np.inf, rng.random(len(candidates)))
    extra = np.zeros(len(candidates), dtype=bool)
    extra[np.argpartition(wish, min(wanted, len(wish) - 1))[:wanted]] = True
    extra &= ~(in_tree | far)
    chosen = in_tree | extra
    streets = np.concatenate([candidates[chosen], bridges])
    return streets, np.concatenate([in_tree[chosen], np.ones(len(bridges), dtype=bool)])


def _lengths_m(terrain: Terrain, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    ends = terrain.xy[pairs]
    lengths: NDArray[np.float64] = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    return lengths


def _candidates(terrain: Terrain) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the Delaunay edges that are no arterials, each once: on one bank, and over a river."""
    nodes = len(terrain.xy)
    corners = np.flatnonzero(terrain.open_ground)
    triangles = corners[Delaunay(terrain.xy[corners]).simplices]
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    keys = np.setdiff1d(_keys(pairs, nodes), _keys(terrain.arterials, nodes))
    pairs = np.stack([keys // nodes, keys % nodes], axis=1)
    dry = terrain.bank[pairs[:, 0]] == terrain.bank[pairs[:, 1]]
    return pairs[dry], pairs[~dry]


def _classes(
    streets: NDArray[np.int64], on_tree: NDArray[np.bool_], nodes: int
) -> NDArray[np.int64]:
    """Give streets that many others hang on a higher class."""
    pairs = streets[on_tree]
    graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(nodes, nodes))
    _, part = connected_components(graph, directed=False)
    roots = np.unique(part, return_index=True)[1]  # arterials come first: each part hangs on one
    trunk = np.stack([np.full(len(roots), nodes), roots], axis=1)
    joined = np.concatenate([pairs, trunk])
    graph = coo_array((np.ones(len(joined)), joined.T), shape=(nodes + 1, nodes + 1))
    order, above = breadth_first_order(graph.tocsr(), nodes, directed=False)
    weighs = [1] * (nodes + 1)
    before = above.tolist()
    for node in order[:0:-1].tolist():
        weighs[before[node]] += weighs[node]
    hanging = np.array(weighs)
    classes = np.full(len(streets), CLASSES.index("residential"))
    child = np.where(above[pairs[:, 0]] == pairs[:, 1], pairs[:, 0], pairs[:, 1])
    for least, name in reversed(_COLLECTS):
        classes[np.flatnonzero(on_tree)[hanging[child] >= least]] = CLASSES.index(name)
    return classes


def _one_ways(rng: np.random.Generator, on_tree: NDArray[np.bool_]) -> NDArray[np.bool_]:
    share = np.where(on_tree, _ONE_WAY_TREE_SHARE, _ONE_WAY_SHARE)
    return rng.random(len(on_tree)) < share


def _traps(pairs: NDArray[np.int64], one_way: NDArray[np.bool_], nodes: int) -> NDArray[np.bool_]:
    """Find the one-ways between strong components: both ways, they make the whole one."""
    both = pairs[~one_way]
    arcs = np.concatenate([pairs, both[:, ::-1]])
    graph = coo_array((np.ones(len(arcs)), arcs.T), shape=(nodes, nodes))
    _, part = connected_components(graph, connection="strong")
    return np.asarray(part[pairs[:, 0]] != part[pairs[:, 1]])


def _keys(pairs: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    keys: NDArray[np.int64] = low.astype(np.int64) * nodes + high
    return keys
