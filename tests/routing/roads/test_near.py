"""Hold the two ways of finding the nearest segment against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.roads.near import FEW, Lines, Near

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(102, 108), st.floats(8, 12), st.integers(1, 40))
def test_boxes_and_tree_find_the_same_segment(
    network: RoadNetwork, x: float, y: float, every: int
) -> None:
    """Anywhere, also far off, among all segments or few."""
    lines = Lines(network, 0.98)
    segments = np.arange(0, network.info.segments, every)
    by_boxes, by_tree = Near(lines, segments), Near(lines, segments)
    for _ in range(FEW):
        by_tree.nearest(shapely.Point(0, 0))
    point = shapely.Point(x, y)
    assert by_boxes.nearest(point) == by_tree.nearest(point)


def test_boxes_hold_their_lines(network: RoadNetwork) -> None:
    """Bent ones, too."""
    lines = Lines(network, 0.98)
    assert np.allclose(lines.boxes.T, shapely.bounds(lines.all), rtol=0, atol=1e-12)
