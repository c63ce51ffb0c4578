"""Replanning after a stream of events, on a small day."""

from __future__ import annotations

from infra.bench.assignment.replanning import replan_all
from infra.bench.assignment.ways import crow


def test_no_answer_to_an_event_breaks_a_rule() -> None:
    found = replan_all(8, 12, seed=2, drive=crow, limit_s=0.2, events=20)
    assert found.violations == 0
    assert len(found.taken_ms) == 20
    assert found.drift < 1.0
