"""Write a large extract, roads and much else, piece by piece in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from infra.bench.roads.generate import generate
from infra.bench.roads.pbf import ways
from infra.bench.roads.terrain import EAST, NORTH, SOUTH, WEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.bench.measure import Tell
    from infra.bench.roads.graph import RoadGraph

LEAST_BYTES = 100_000_000
"""How large the extract of the benchmark is, at least."""

_BLOCK = 20_000
_HOUSES = _BLOCK // 5
_BYTES_PER_BLOCK = 430_000  # in the file, with its share of roads: measured
_ROADS_PER_BYTE = 1 / 500
_FIRST_EDIT = datetime(2014, 1, 1, tzinfo=UTC)
_CORNERS = ((-1, -1), (1, -1), (1, 1), (-1, 1))
_LIMITS = (
    {"maxweight": "13"},
    {"maxweight": "8", "bridge": "yes"},
    {"maxheight": "3.5"},
    {"hgv": "no"},
    {"hgv:conditional": "no @ (06:00-08:00)"},
    {"access": "private"},
    {"surface": "unpaved"},
)
_LIMITED_SHARE = 0.03
_RESTRICTED_SHARE = 0.002
_ADDRESSED_SHARE = 0.3
_POINT_SHARE = 0.05


@dataclass(frozen=True)
class Extract:
    """Count what was written."""

    bytes_written: int
    nodes: int
    ways: int
    road_nodes: int
    road_ways: int
    relations: int


def write_extract(path: Path, *, seed: int, tell: Tell, least_bytes: int = LEAST_BYTES) -> Extract:
    """Write an extract sorted as OpenStreetMap's are: nodes, then ways, then relations, by id.

    Most of it is what a reader of roads has to pass by: buildings with their corners, lone nodes,
    places, relations of other kinds. Roads carry limits, conditions and turn restrictions. Only
    the roads are held in memory; all else is drawn in blocks, twice from the same seed.

    Parameters
    ----------
    path
        Ends in `.osm.pbf`; an earlier file is replaced.
    seed
        The same seed and size give the same extract.
    tell
        Is told what happens.
    least_bytes
        Size to reach; about a tenth more is written.
    """
    import osmium  # noqa: PLC0415 - heavy

    tell("extract: drawing the roads")
    roads = generate(nodes=max(200, int(least_bytes * _ROADS_PER_BYTE)), seed=seed)
    blocks = _Blocks(seed, math.ceil(1.1 * least_bytes / _BYTES_PER_BLOCK))
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        mutable = osmium.osm.mutable
        for number, place in enumerate(zip(roads.lon.tolist(), roads.lat.tolist(), strict=True)):
            writer.add_node(mutable.Node(id=number + 1, version=1, location=place))
        for block in range(blocks.count):
            tell(f"extract: block {block + 1} of {blocks.count}")
            for number, place, tags, changeset in blocks.nodes(block, roads.nodes + 1):
                writer.add_node(
                    mutable.Node(
                        id=number,
                        version=1 + changeset % 7,
                        changeset=changeset,
                        timestamp=_FIRST_EDIT + timedelta(seconds=changeset),
                        uid=changeset % 5003,
                        user=f"mapper {changeset % 5003}",
                        location=place,
                        tags=tags,
                    )
                )
        pieces = _tagged(roads, seed)
        for number, (tail, head, tags) in enumerate(pieces):
            writer.add_way(
                mutable.Way(id=number + 1, version=1, nodes=[tail + 1, head + 1], tags=tags)
            )
        for block in range(blocks.count):
            tell(f"extract: buildings {block + 1} of {blocks.count}")
            for number, corners, tags in blocks.buildings(block, roads.nodes + 1, len(pieces) + 1):
                writer.add_way(mutable.Way(id=number, version=1, nodes=corners, tags=tags))
        relations = _relations(pieces, seed)
        for number, (members, tags) in enumerate(relations):
            writer.add_relation(
                mutable.Relation(id=number + 1, version=1, members=members, tags=tags)
            )
    return Extract(
        bytes_written=path.stat().st_size,
        nodes=roads.nodes + blocks.count * _BLOCK,
        ways=len(pieces) + blocks.count * _HOUSES,
        road_nodes=roads.nodes,
        road_ways=len(pieces),
        relations=len(relations),
    )


@dataclass(frozen=True)
class _Blocks:
    """Draw what is no road: in each block so many houses of four corners, and lone nodes."""

    seed: int
    count: int

    def nodes(
        self, block: int, first: int
    ) -> Iterator[tuple[int, tuple[float, float], dict[str, str], int]]:
        """Yield id, place, tags and changeset of the nodes of a block."""
        rng = np.random.default_rng([self.seed, block])
        lon = rng.uniform(WEST, EAST, _HOUSES).tolist()
        lat = rng.uniform(SOUTH, NORTH, _HOUSES).tolist()
        half = rng.uniform(3e-5, 1.5e-4, (_HOUSES, 4)).tolist()
        changeset = rng.integers(0, 300_000_000, _BLOCK).tolist()
        number = first + block * _BLOCK
        for house in range(_HOUSES):
            for corner, (east, north) in enumerate(_CORNERS):
                by = half[house][corner]
                yield (
                    number,
                    (lon[house] + east * by, lat[house] + north * by),
                    {},
                    changeset[5 * house + corner],
                )
                number += 1
        shown = (rng.random(_HOUSES) < _POINT_SHARE).tolist()
        for lone in range(_HOUSES):
            edit = changeset[5 * lone + 4]
            tags = {"amenity": "cafe", "name": f"Quán {edit}"} if shown[lone] else {}
            yield number, (lon[lone] + 2e-4, lat[lone]), tags, edit
            number += 1

    def buildings(
        self, block: int, first_node: int, first_way: int
    ) -> Iterator[tuple[int, list[int], dict[str, str]]]:
        """Yield id, corners and tags of the buildings of a block."""
        rng = np.random.default_rng([self.seed, block, 1])
        register = rng.integers(0, 2**62, _HOUSES).tolist()
        addressed = (rng.random(_HOUSES) < _ADDRESSED_SHARE).tolist()
        for house in range(_HOUSES):
            corner = first_node + block * _BLOCK + 4 * house
            tags = {"building": "yes", "ref": f"{register[house]:x}"}
            if addressed[house]:
                tags["addr:housenumber"] = str(house % 400 + 1)
            number = first_way + block * _HOUSES + house
            yield number, [corner, corner + 1, corner + 2, corner + 3, corner], tags


Piece = tuple[int, int, dict[str, str]]


def _tagged(roads: RoadGraph, seed: int) -> list[Piece]:
    """Give some roads names, and limits for trucks."""
    rng = np.random.default_rng([seed, 2])
    pieces = ways(roads)
    limited = (rng.random(len(pieces)) < _LIMITED_SHARE).tolist()
    which = rng.integers(0, len(_LIMITS), len(pieces)).tolist()
    for number, (_, _, tags) in enumerate(pieces):
        tags["name"] = f"Đường {number % 997}"
        if limited[number]:
            tags.update(_LIMITS[which[number]])
    return pieces


Member = tuple[str, int, str]


def _relations(pieces: list[Piece], seed: int) -> list[tuple[list[Member], dict[str, str]]]:
    """Forbid some turns, and add relations that are no restrictions."""
    rng = np.random.default_rng([seed, 3])
    into = {head: number for number, (_, head, _) in enumerate(pieces)}
    found: list[tuple[list[Member], dict[str, str]]] = []
    for number in rng.choice(len(pieces), int(_RESTRICTED_SHARE * len(pieces)), False).tolist():
        via = pieces[number][0]
        if via not in into:
            continue
        turn: list[Member] = [
            ("w", into[via] + 1, "from"),
            ("n", via + 1, "via"),
            ("w", number + 1, "to"),
        ]
        found.append((turn, {"type": "restriction", "restriction": "no_left_turn"}))
        route: list[Member] = [("w", number + 1, ""), ("w", into[via] + 1, "")]
        found.append((route, {"type": "route", "route": "bus", "ref": str(number % 90)}))
    return found
