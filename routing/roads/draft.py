"""Hold roads as they were read, before the moves at their junctions are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Turn:
    """A move that is forbidden: driving some pieces of road one after the other.

    Parameters
    ----------
    path
        Segment and direction (0 forwards, 1 backwards) of each piece, two or more, each
        beginning where the one before ends.
    when
        Index into the draft's ``when``; 0 is always.
    """

    path: tuple[tuple[int, int], ...]
    when: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Roads as read: ``j`` junctions, ``s`` segments, ``r`` rules.

    Fields that `routing.roads.network.Arrays` has too mean the same there.

    Parameters
    ----------
    seg_open
        Whether a segment may be driven in each direction, shape ``(s, 2)``.
    seg_residents
        Whether it may be driven only by who starts or ends on such roads (OpenStreetMap's
        ``access=destination``), shape ``(s,)``.
    rule_segment, rule_direction
        The segment that a rule is about, and the direction, shape ``(r,)``.
    turns
        Moves that are forbidden.
    """

    node_id: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    class_name: NDArray[np.str_]
    class_speed_kph: NDArray[np.float64]
    surface_name: NDArray[np.str_]
    surface_factor: NDArray[np.float64]
    seg_u: NDArray[np.int32]
    seg_v: NDArray[np.int32]
    seg_open: NDArray[np.bool_]
    seg_residents: NDArray[np.bool_]
    seg_length_m: NDArray[np.float64]
    seg_class: NDArray[np.int32]
    seg_surface: NDArray[np.int32]
    seg_cap_kph: NDArray[np.float32]
    seg_fixed_ms: NDArray[np.int64]
    seg_ferry: NDArray[np.bool_]
    seg_inferred: NDArray[np.bool_]
    seg_border: NDArray[np.bool_]
    seg_toll: NDArray[np.bool_]
    seg_bridge: NDArray[np.bool_]
    seg_opened_day: NDArray[np.int32]
    seg_closed_day: NDArray[np.int32]
    seg_osmid: NDArray[np.int64]
    seg_name: NDArray[np.int32]
    name: NDArray[np.str_]
    shape_start: NDArray[np.int32]
    shape_lonlat: NDArray[np.float64]
    rule_segment: NDArray[np.int32]
    rule_direction: NDArray[np.int8]
    rule_kind: NDArray[np.int8]
    rule_value: NDArray[np.int32]
    rule_when: NDArray[np.int32]
    when: NDArray[np.str_]
    turns: tuple[Turn, ...] = ()
