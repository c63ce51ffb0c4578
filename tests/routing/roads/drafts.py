"""Make small drafts of roads by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.roads.draft import Draft, Turn
from routing.roads.network import RULE_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPEN = {"both": (True, True), "forwards": (True, False), "backwards": (False, True)}

Rule = tuple[int, int, str, int, int]
"""Segment, direction, kind, value, and index into `WHEN`."""

WHEN = ["", "+Mo-Fr 06:00-09:00", "-Sa,Su 00:00-24:00"]
"""Always, in the morning of weekdays, and but for weekends."""


def draft_of(
    junctions: int,
    segments: Sequence[tuple[int, int]],
    *,
    one_way: Sequence[str] = (),
    residents: Sequence[bool] = (),
    length_m: Sequence[float] = (),
    turns: tuple[Turn, ...] = (),
    rules: Sequence[Rule] = (),
) -> Draft:
    """Return roads among junctions on a line, of one class, 100 m each if not said.

    Parameters
    ----------
    junctions
        How many there are.
    segments
        The two ends of each.
    one_way
        Of each segment ``both``, ``forwards`` or ``backwards``.
    residents
        Whether each is for residents only.
    length_m
        Of each.
    turns, rules
        What is forbidden.
    """
    count = len(segments)
    ends = np.array(segments, dtype=np.int32).reshape(-1, 2)
    no = np.zeros(count, dtype=bool)
    zero = np.zeros(count, dtype=np.int32)
    columns = list(zip(*rules, strict=True)) or [()] * 5
    return Draft(
        node_id=10 * np.arange(junctions, dtype=np.int64) + 7,
        lat=10 + np.arange(junctions) / 1000,
        lon=np.full(junctions, 105.0),
        class_name=np.array(["trunk"]),
        class_speed_kph=np.array([36.0]),
        surface_name=np.array(["", "gravel"]),
        surface_factor=np.array([1.0, 0.5]),
        seg_u=ends[:, 0].copy(),
        seg_v=ends[:, 1].copy(),
        seg_open=np.array([_OPEN[each] for each in one_way or ["both"] * count], dtype=bool),
        seg_residents=np.array(residents or no, dtype=bool),
        seg_length_m=np.array(length_m or [100.0] * count, dtype=np.float64),
        seg_class=zero,
        seg_surface=zero.copy(),
        seg_cap_kph=np.zeros((count, 2), dtype=np.float32),
        seg_fixed_ms=np.zeros(count, dtype=np.int64),
        seg_ferry=no,
        seg_inferred=no,
        seg_border=no,
        seg_toll=no,
        seg_bridge=no,
        seg_opened_day=zero,
        seg_closed_day=zero,
        seg_osmid=np.arange(count, dtype=np.int64) + 500,
        seg_name=zero,
        name=np.array(["", "Quốc lộ 80"]),
        shape_start=np.zeros(count + 1, dtype=np.int32),
        shape_lonlat=np.zeros((0, 2)),
        rule_segment=np.array(columns[0], dtype=np.int32),
        rule_direction=np.array(columns[1], dtype=np.int8),
        rule_kind=np.array([RULE_KINDS.index(kind) for kind in columns[2]], dtype=np.int8),
        rule_value=np.array(columns[3], dtype=np.int32),
        rule_when=np.array(columns[4], dtype=np.int32),
        when=np.array(WHEN),
        turns=turns,
    )
