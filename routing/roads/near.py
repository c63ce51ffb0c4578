"""Find the segments near a point: by their boxes for a few points, by a tree of lines for many.

Making lines of all segments and a tree of them takes half a second for 280,000; a process that asks
for two places should not wait for that. Both ways answer the same.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from routing.roads.network import segment_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.roads.network import RoadNetwork

FEW = 50
"""Points asked for by boxes, some 3 ms each for 280,000 segments; then the tree is made."""

_AT_ONCE = 16
_ROUNDING_DEG = 1e-9
"""A box may seem this much further off than the line in it (a tenth of a millimetre)."""


class Lines:
    """All segments of a network as lines on a plane.

    Parameters
    ----------
    network
        The roads.
    squeeze
        What longitudes are multiplied by, so that east and north have one scale.
    """

    def __init__(self, network: RoadNetwork, squeeze: float) -> None:
        self._network, self._squeeze = network, squeeze

    def one(self, segment: int) -> shapely.LineString:
        """Return the line of one segment, forwards."""
        line = self._network.segment_line(segment)
        return shapely.LineString([(x * self._squeeze, y) for x, y in line])

    @cached_property
    def all(self) -> NDArray[np.object_]:
        """The lines of all segments, shape ``(s,)``."""
        return segment_lines(self._network, squeeze=self._squeeze)

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """West, south, east and north of each segment, shape ``(4, s)``."""
        arrays, scale = self._network.arrays, (self._squeeze, 1.0)
        ends = np.stack(
            [
                np.stack([arrays.lon[at], arrays.lat[at]], axis=1) * scale
                for at in (arrays.seg_u, arrays.seg_v)
            ]
        )
        low, high = ends.min(axis=0), ends.max(axis=0)
        curved = np.flatnonzero(np.diff(arrays.shape_start))
        if len(curved):
            inner, starts = arrays.shape_lonlat * scale, arrays.shape_start[curved]
            low[curved] = np.minimum(low[curved], np.minimum.reduceat(inner, starts))
            high[curved] = np.maximum(high[curved], np.maximum.reduceat(inner, starts))
        return np.concatenate([low.T, high.T])


class Near:
    """Some segments, to be asked which of them are near a point.

    Parameters
    ----------
    lines
        Of the network.
    segments
        Indices of the segments, ascending.
    """

    def __init__(self, lines: Lines, segments: NDArray[np.int64]) -> None:
        self.segments = segments
        self._lines = lines
        self._asked = 0

    def nearest(self, point: shapely.Point) -> int:
        """Return the segment nearest to a point, of equally near ones the first."""
        self._asked += 1
        if self._asked > FEW:
            return int(self.segments[self._tree.query_nearest(point)].min())
        return self._by_boxes(point)

    def within(self, point: shapely.Point, reach_deg: float) -> list[int]:
        """Return the segments within a distance of a point."""
        hits = self._tree.query(point, predicate="dwithin", distance=reach_deg)
        found: list[int] = self.segments[hits].tolist()
        return found

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._lines.all[self.segments])

    @cached_property
    def _boxes(self) -> NDArray[np.float64]:
        return self._lines.boxes[:, self.segments]

    def _by_boxes(self, point: shapely.Point) -> int:
        """Look at lines in the order of the distances to their boxes, as far as needed."""
        west, south, east, north = self._boxes
        x, y = point.x, point.y
        beside = np.hypot(
            np.maximum(0, np.maximum(west - x, x - east)),
            np.maximum(0, np.maximum(south - y, y - north)),
        )
        count = min(_AT_ONCE, len(beside))
        few = np.argpartition(beside, count - 1)[:count]
        reach = shapely.distance([self._lines.one(int(self.segments[at])) for at in few], point)
        all_near = np.flatnonzero(beside <= reach.min() + _ROUNDING_DEG)
        lines = [self._lines.one(int(self.segments[at])) for at in all_near]
        distance = shapely.distance(lines, point)
        return int(self.segments[all_near[distance == distance.min()]].min())
