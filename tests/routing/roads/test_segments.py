"""Hold segments to the ways that they are cut from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.roads.sphere import distance_m
from tests.routing.roads.osm_files import OPEN, PLACES, read, write_osm

if TYPE_CHECKING:
    from pathlib import Path

    from routing.roads.draft import Draft


def _ends(draft: Draft) -> list[tuple[int, int]]:
    return list(zip(draft.seg_u.tolist(), draft.seg_v.tolist(), strict=True))


def test_ways_are_cut_where_they_meet_and_keep_their_shape(tmp_path: Path) -> None:
    """Lengths are great circles along the shape, rounded up to a decimetre."""
    ways = {10: [1, 4, 3], 20: [4, 2, 6]}
    tags = {10: OPEN | {"name": "Quốc lộ 80"}, 20: OPEN | {"ref": "ĐT 963"}}
    draft = read(write_osm(tmp_path / "x.osm.pbf", ways=ways, tags=tags)).draft
    assert draft.seg_osmid.tolist() == [10, 10, 20]
    ends = [(int(draft.node_id[u]), int(draft.node_id[v])) for u, v in _ends(draft)]
    assert ends == [(1, 4), (4, 3), (4, 6)]
    assert [str(draft.name[name]) for name in draft.seg_name] == ["Quốc lộ 80"] * 2 + ["ĐT 963"]
    assert draft.shape_lonlat[draft.shape_start[2] :].tolist() == [[105.11, 10.0]]
    true_m = distance_m(PLACES[4], PLACES[2]) + distance_m(PLACES[2], PLACES[6])
    assert 0 <= draft.seg_length_m[2] - true_m < 0.1
    assert (10 * draft.seg_length_m == np.rint(10 * draft.seg_length_m)).all()


def test_a_ring_and_a_way_through_itself_are_cut_once(tmp_path: Path) -> None:
    """A roundabout on its own becomes a loop; one that roads meet is cut there."""
    ways = {10: [2, 3, 4, 2], 20: [1, 4]}
    draft = read(write_osm(tmp_path / "x.osm", ways=ways)).draft
    named = [(int(draft.node_id[u]), int(draft.node_id[v])) for u, v in _ends(draft)]
    assert named == [(2, 4), (4, 2), (1, 4)]
    alone = read(write_osm(tmp_path / "y.osm", ways={10: [2, 3, 4, 2]})).draft
    assert _ends(alone) == [(0, 0)]
