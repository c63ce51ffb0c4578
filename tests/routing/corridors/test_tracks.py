"""Test the truth that deviations are measured against, and how reports are matched with it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from infra.bench.corridors.matching import Score, count, score, town
from infra.bench.corridors.tracks import (
    BEYOND_M,
    LASTING_S,
    START_S,
    WIDTH_M,
    Track,
    _deviations,
    _heard_s,
    roads,
    tracks,
)
from routing.corridors import Raised


def _spell(excess: list[tuple[int, float]]) -> np.ndarray:
    return np.concatenate([np.full(seconds, value) for seconds, value in excess])


@pytest.mark.parametrize(
    ("excess", "found"),
    [
        ([(300, -100), (120, 50), (300, -100)], [(300, 420)]),
        ([(300, -100), (119, 900), (300, -100)], []),
        ([(300, -100), (900, 49.9), (300, -100)], []),
        ([(300, -100), (200, 90), (100, 30), (200, 90), (300, -100)], [(300, 800)]),
        ([(300, -100), (200, 90), (100, 0), (200, 90), (300, -100)], [(300, 500), (600, 800)]),
        ([(300, -100), (200, 90), (20, 0), (200, 90), (300, -100)], [(300, 720)]),
    ],
)
def test_a_true_deviation_is_50_m_beyond_for_2_minutes(
    excess: list[tuple[int, float]], found: list[tuple[float, float]]
) -> None:
    """Shorter, nearer: none; a return that was heard makes two of one."""
    true = _spell(excess)
    assert list(_deviations(true, np.arange(0.0, len(true), 30))) == found


def test_only_time_between_positions_is_heard() -> None:
    """A tunnel in the middle of a deviation is not heard."""
    sent = np.array([0, 30, 60, 300, 330, 360.0])
    assert _heard_s(sent, 45, 315) == 15 + 15
    assert _heard_s(sent, 100, 200) == 0


def test_the_truth_is_shapelys_distance_of_the_true_path() -> None:
    """Where a position was sent within a true deviation the true path is as far off as that."""
    known = roads(3, 2)
    inside: list[bool] = []
    for track in tracks(3, known, 24):
        line = shapely.LineString(known[track.road].xy)
        excess = shapely.distance(shapely.points(track.true_xy), line) - WIDTH_M / 2
        far = dict(zip(track.sent_s.tolist(), excess.tolist(), strict=True))
        for at_s, excess_m in far.items():
            if any(start + 1 < at_s < end - 1 for start, end in track.deviations):
                inside.append(excess_m >= BEYOND_M - 0.5)
            elif excess_m >= BEYOND_M + 0.5:
                # beyond, but for less than two minutes: the positions around it are nearer
                near = [m for other_s, m in far.items() if abs(other_s - at_s) < 2 * LASTING_S]
                assert min(near) < BEYOND_M
    assert len(inside) > 100
    assert np.mean(inside) > 0.95


def _report(since_s: float) -> Raised:
    return Raised("id", "deviation", "", START_S + since_s, START_S + since_s + 130, {})


def test_reports_and_true_deviations_are_matched_one_to_one() -> None:
    """A second report of one deviation is false, one without a report is missed."""
    nothing = np.zeros(0)
    deviations = [
        (START_S + a, START_S + b) for a, b in ((100, 400), (1_000, 1_300), (2_000, 2_500))
    ]
    track = Track(0, (), nothing, nothing, nothing, deviations, [300.0, 300.0, 60.0])
    total = Score()
    reports = [(_report(110), START_S + 200), (_report(300), START_S + 450)]
    count(total, track, [*reports, (_report(1_500), START_S + 1_700)])
    assert (total.right, total.false, total.missed, total.unseen) == (1, 2, 1, 1)
    assert total.precision == pytest.approx(1 / 3)
    assert total.recall == pytest.approx(1 / 2)


def test_deviations_are_told_well_and_alike_from_one_seed() -> None:
    """On a few drives most is right already; the same seed gives the same score."""
    drawn = town(11, corridors=4, drives=60)
    told = score(drawn, 25.0)
    assert told.to_doc() == score(town(11, corridors=4, drives=60), 25.0).to_doc()
    assert told.precision is not None
    assert told.recall is not None
    assert told.precision >= 0.9
    assert told.recall >= 0.9
