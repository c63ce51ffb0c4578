"""Test that a corridor's facts become the rules that its trucks are judged by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from routing.corridors import WatchParams, rules_of
from schemas.corridor import CorridorOpened

TRUNK = [[105.0, 10.0], [105.1, 10.0]]
FORK: dict[str, Any] = {
    "corridor_id": "K1",
    "kind": "fork",
    "facilities": ["F1", "F2", "F3"],
    "geometry": {
        "type": "MultiLineString",
        "coordinates": [[*TRUNK, [105.1, 10.1]], [*TRUNK, [105.1, 9.9]]],
    },
    "width_m": 300,
    "checkpoints": ["C1", "C9"],
    "roster": ["T1"],
    "hours": {"start": "06:00", "end": "18:30"},
    "valid_from": "2021-08-24T00:00:00+07:00",
    "valid_until": "2021-08-31T00:00:00+07:00",
}


def test_a_corridor_becomes_its_rules() -> None:
    """Geometry, width, roster, hours, dates, and the checkpoints whose place is known."""
    fact = CorridorOpened.model_validate(FORK)
    rules = rules_of(fact, {"F1": (10.0, 105.0), "C1": (10.05, 105.1)})
    assert rules.course.branches == 2
    assert rules.course.half_m == 150
    assert rules.roster == {"T1"}
    ((checkpoint_id, alongs),) = rules.checkpoints
    assert checkpoint_id == "C1"
    assert alongs[0] is not None
    assert alongs[1] is None
    morning_s = fact.valid_from.timestamp()
    day = [rules.is_open(morning_s + hour * 3_600) for hour in (5.9, 6.1, 18.4, 18.6)]
    assert day == [False, True, True, False]
    assert not rules.is_open(morning_s - 12 * 3_600)
    assert not rules.is_open(morning_s + (7 * 24 + 12) * 3_600)
    assert rules.course.match(np.array([[105.05, 10.0]])).excess_m[0] == pytest.approx(-150, abs=1)


def test_a_corridor_that_is_an_area_is_refused() -> None:
    """Only along lines there is a way to go, and progress."""
    ring = [[105.0, 10.0], [105.1, 10.0], [105.1, 10.1], [105.0, 10.0]]
    area = {**FORK, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    with pytest.raises(ValueError, match="lines"):
        rules_of(CorridorOpened.model_validate(area), {})


@pytest.mark.parametrize("wrong", [{"lateness_s": 0}, {"sigma_m": -1}, {"back_m": 60}])
def test_thresholds_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    """Where they are made, they are checked."""
    with pytest.raises(ValueError, match="Expected"):
        WatchParams(**wrong)  # type: ignore[arg-type]
