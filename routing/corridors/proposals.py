"""Write ways down as corridors: lines, checkpoints in order, lengths, detours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from routing.corridors.flows import ProposedCorridor, Served
from schemas.corridor import CorridorOpened
from schemas.model import Geometry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.corridors.flows import CorridorProblem, Flow
    from routing.corridors.forks import Fork
    from routing.corridors.terrain import Terrain


class Asked(NamedTuple):
    """What a way is for: a flow's trucks to one destination, and its shortest length, metres."""

    flow: Flow
    destination: str
    shortest_m: float


Way = tuple[Asked, "NDArray[np.int64]"]
"""What it is for, and its arcs."""


class Drawing:
    """Draws corridors.

    Parameters
    ----------
    problem, terrain
        What they were planned for, and on which roads.
    """

    def __init__(self, problem: CorridorProblem, terrain: Terrain) -> None:
        self._problem, self._terrain = problem, terrain

    def corridor(self, ways: Sequence[Way], fork: Fork | None) -> ProposedCorridor:
        """Return a corridor over ways: both branches of a fork, or those of one shuttle.

        Parameters
        ----------
        ways
            Of a shuttle the first is drawn; the others drive the same road.
        fork
            Its trunk and branches; None for a shuttle.
        """
        ground = self._terrain.ground
        served = tuple(self._served(asked, way) for asked, way in ways)
        first = ways[0][0]
        flow = first.flow
        lines = [ground.line(way.tolist()) for _, way in ways]
        ends = [flow.source, first.destination]
        if fork is not None:
            ends.append(ways[1][0].destination)
        several = len(flow.destinations) > 1 and fork is None
        number = f"-{flow.destinations.index(first.destination) + 1}" if several else ""
        drawn = served if fork is not None else served[:1]
        problem, limits = self._problem, self._problem.limits
        opened = CorridorOpened(
            corridor_id=f"corridor-{flow.flow_id}{number}",
            kind="shuttle" if fork is None else "fork",
            region=problem.region,
            facilities=ends,
            geometry=_geometry(lines if fork is not None else lines[:1]),
            width_m=limits.width_m,
            checkpoints=list(dict.fromkeys(gate for each in drawn for gate, _ in each.checkpoints)),
            hours=limits.hours,
            valid_from=problem.valid_from,
            valid_until=problem.valid_until,
        )
        length_m = dict(piece for each in served for piece in each.pieces)
        trunk = () if fork is None else ground.pieces(fork.trunk.tolist())
        return ProposedCorridor(
            opened=opened,
            served=served,
            road_m=sum(length_m.values()),
            trunk_m=sum(length_m[piece] for piece in trunk),
        )

    def _served(self, asked: Asked, way: NDArray[np.int64]) -> Served:
        ground = self._terrain.ground
        pieces = ground.pieces(way.tolist())
        length_m = ground.length_m[list(pieces)].tolist()
        return Served(
            flow_id=asked.flow.flow_id,
            destination=asked.destination,
            length_m=sum(length_m),
            shortest_m=asked.shortest_m,
            pieces=tuple(zip(pieces, length_m, strict=True)),
            checkpoints=self._along(way),
        )

    def _along(self, way: NDArray[np.int64]) -> tuple[tuple[str, float], ...]:
        """Return the checkpoints on a way with how far along it its nearest point to each lies."""
        terrain, ground = self._terrain, self._terrain.ground
        best: dict[int, tuple[float, float]] = {}
        done_m = 0.0
        for arc in way.tolist():
            piece = int(ground.piece[arc])
            if piece < 0:
                continue
            length_m = float(ground.length_m[piece])
            for gate in terrain.field.gates.get(piece, ()):
                off, share = self._beside(piece, gate)
                ahead_m = length_m * (1 - share if ground.backwards[arc] else share)
                best[gate] = min(best.get(gate, (np.inf, 0.0)), (off, done_m + ahead_m))
            done_m += length_m
        order = sorted(best, key=lambda gate: (best[gate][1], gate))
        return tuple((terrain.gate_ids[gate], best[gate][1]) for gate in order)

    def _beside(self, piece: int, gate: int) -> tuple[float, float]:
        """Return how far a checkpoint is off a piece, and at which share of it it stands."""
        squeeze, at = self._terrain.squeeze, self._problem.checkpoints[gate]
        line = shapely.transform(self._terrain.ground.lines[piece], lambda xy: xy * (squeeze, 1.0))
        point = shapely.Point(at.lon * squeeze, at.lat)
        share = float(shapely.line_locate_point(line, point, normalized=True))
        return round(float(shapely.distance(line, point)), 9), share


def _geometry(lines: Sequence[Sequence[tuple[float, float]]]) -> Geometry:
    coordinates = [[list(point) for point in line] for line in lines]
    if len(coordinates) == 1:
        return Geometry(type="LineString", coordinates=coordinates[0])
    return Geometry(type="MultiLineString", coordinates=coordinates)
