"""See that answers are matched with what they answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random

from infra.bench.streams.latency import decisions, percentile
from infra.bench.streams.pour import Found
from infra.bench.streams.town import closure, decline, lot, ports
from schemas.envelope import decode


def _said(kind: str, at_ms: int, **data: str) -> Found:
    topic = "dispatch.assignment.v1"
    return Found(
        topic, 0, at_ms, None, json.dumps(data).encode(), {"ce_type": kind.encode()}, at_ms
    )


def test_a_cause_is_answered_by_what_is_said_after_it() -> None:
    """A lot by its offer, a decline by the next one, a closure by its trip's new road."""
    said = [
        _said("assignment.proposed", 120, lot_id="L1", assignment_id="A1"),
        _said("assignment.declined", 201, lot_id="L1", assignment_id="A1"),
        _said("assignment.proposed", 350, lot_id="L1", assignment_id="A2"),
        _said("assignment.revised", 470, lot_id="L1", assignment_id="A2"),
    ]
    causes = [("lot", "L1", 100), ("decline", "L1", 200), ("closure", "A2", 400)]
    assert decisions(causes, said) == ({"lot": [20.0], "decline": [150.0], "closure": [70.0]}, 0)


def test_a_lot_that_is_left_is_answered_too() -> None:
    """Why it is left is a decision."""
    said = [_said("lot.unassigned", 90, lot_id="L1"), _said("lot.unassigned", 130, lot_id="L1")]
    assert decisions([("lot", "L1", 100)], said) == ({"lot": [30.0]}, 0)


def test_a_cause_without_an_answer_is_counted() -> None:
    """It is not left out of the figure in silence."""
    said = [_said("assignment.proposed", 90, lot_id="L1", assignment_id="A1")]
    assert decisions([("lot", "L1", 100)], said) == ({}, 1)


def test_percentiles_are_values_that_were_taken() -> None:
    """Of none there is none."""
    assert percentile([], 0.99) is None
    assert percentile([1.0, 2.0, 3.0], 0.99) == 3.0
    assert percentile([float(n) for n in range(100)], 0.5) == 50.0


def test_what_is_sent_are_events_of_the_catalogue() -> None:
    """Every message can be decoded."""
    now = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    line = [[105.1, 10.0], [105.2, 10.0]]
    sent = [*ports(now), lot(1, Random(1), now), decline("A-1", now), closure(1, line, now)]
    for one in sent:
        assert decode(one.topic, one.key, one.value, one.headers).time == now
