"""Hold the times of arcs to speed, surface, posted speed and what no vehicle can shorten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from routing.roads import bundled, store
from routing.roads.layout import lay_out
from routing.roads.network import RoadNetwork
from routing.roads.times import arc_lengths_dm, arc_speeds_kph, arc_times_ms
from routing.roads.vehicle import vehicle
from tests.routing.roads.drafts import draft_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def _road(
    *,
    length_m: float = 100.0,
    gravel: bool = False,
    posted_kph: Sequence[float] = (0, 0),
    fixed_ms: int = 0,
    ferry: bool = False,
) -> RoadNetwork:
    """Return one road of a class of 36 km/h, its arcs forwards and backwards."""
    draft = replace(
        draft_of(2, [(0, 1)], length_m=[length_m]),
        seg_surface=np.array([int(gravel)], dtype=np.int32),
        seg_cap_kph=np.array([posted_kph], dtype=np.float32),
        seg_fixed_ms=np.array([fixed_ms], dtype=np.int64),
        seg_ferry=np.array([ferry]),
    )
    arrays = lay_out(draft)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return RoadNetwork(store.describe(arrays, bundled.ORIGIN, built_at=moment), arrays)


@pytest.mark.parametrize(
    ("network", "forwards_ms", "backwards_ms"),
    [
        (_road(), 10_000, 10_000),
        (_road(gravel=True), 20_000, 20_000),
        (_road(posted_kph=(24, 0)), 15_000, 10_000),
        (_road(posted_kph=(50, 9)), 10_000, 40_000),
        (_road(posted_kph=(24, 0), gravel=True), 20_000, 20_000),
        (_road(fixed_ms=6_000), 16_000, 16_000),
        (_road(length_m=0.001), 1, 1),
        (_road(length_m=0.001, fixed_ms=6_000), 6_001, 6_001),
        (_road(ferry=True, fixed_ms=6_000), 6_000, 6_000),
        (_road(ferry=True), 10_000, 10_000),
        (_road(ferry=True, gravel=True, posted_kph=(9, 9)), 10_000, 10_000),
    ],
)
def test_a_road_takes_its_time(network: RoadNetwork, forwards_ms: int, backwards_ms: int) -> None:
    """Surface slows, a posted speed holds its direction back, a ferry takes its crossing."""
    assert arc_times_ms(network).tolist() == [forwards_ms, backwards_ms]


def test_a_posted_speed_holds_back_only_who_is_faster() -> None:
    """The light truck's 1.08 is cut to what is posted, the semi-trailer's 0.88 is not."""
    network = _road(posted_kph=(34, 34))
    speeds = {name: arc_speeds_kph(network, name)[0] for name in ("light_truck", "semi_trailer")}
    assert speeds["light_truck"] == 34
    assert speeds["semi_trailer"] == pytest.approx(36 * vehicle("semi_trailer").speed_factor)


def test_a_ferry_carries_every_class_at_one_speed() -> None:
    """Whatever its crossing time, known or by the speed of its class."""
    for network in (_road(ferry=True), _road(ferry=True, fixed_ms=5)):
        light, heavy = (arc_times_ms(network, name) for name in ("light_truck", "semi_trailer"))
        assert light.tolist() == heavy.tolist()


def test_lengths_are_whole_decimetres() -> None:
    """So that sums of them are exact."""
    lengths_dm = arc_lengths_dm(_road(length_m=123.4))
    assert lengths_dm.dtype == np.int32
    assert lengths_dm.tolist() == [1234, 1234]
