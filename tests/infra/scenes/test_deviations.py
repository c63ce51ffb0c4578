"""Hold what the demo tells of deviations to what the stack said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from infra.scenes.deviations import deviations_doc, deviations_lines
from schemas.alert import AlertCleared, AlertRaised
from schemas.corridor import DeviationDetected, FindingMended
from schemas.envelope import Event
from schemas.model import Fact
from tests.infra.scenes.conftest import Heard

START = datetime(2021, 8, 24, 3, 0, tzinfo=UTC)


def _event(event_type: str, data: Fact, minutes: float) -> Event:
    topic = "alert.v1" if event_type.startswith("alert") else "corridor.lifecycle.v1"
    return Event(
        topic=topic,
        key="x",
        id=f"{event_type}@{minutes}",
        source="/streams/test",
        type=event_type,
        time=START + timedelta(minutes=minutes),
        data=data,
        digest="",
    )


def _detected(minutes: float, **changed: Any) -> Event:
    fields: dict[str, Any] = {
        "corridor_id": "c1",
        "truck_id": "k1",
        "assignment_id": "a1",
        "alert_id": "deviation/k1",
        "since": START + timedelta(minutes=minutes),
        "evidence": {"beyond_m": 431.6, "lasted_s": 150.0, "positions": []},
    }
    return _event(
        "corridor.deviation_detected", DeviationDetected(**fields | changed), minutes + 2.5
    )


def test_a_deviation_is_told_with_how_far_how_long_and_its_alert() -> None:
    """It lasted until it was mended, not until it was clear."""
    alert = AlertRaised(alert_id="deviation/k1", subject="k1", code="corridor_deviation")
    mended = FindingMended(
        corridor_id="c1", truck_id="k1", alert_id="deviation/k1", kind="deviation"
    )  # fmt: skip
    cleared = AlertCleared(alert_id="deviation/k1", subject="k1")
    heard = Heard(
        [
            _detected(0),
            _event("alert.raised", alert, 2.5),
            _event("corridor.finding_mended", mended, 9),
            _event("alert.cleared", cleared, 9),
        ]
    )
    doc = deviations_doc(heard)
    assert doc == [
        {
            "truck_id": "k1",
            "corridor_id": "c1",
            "assignment_id": "a1",
            "since": "2021-08-24T03:00:00Z",
            "at": "2021-08-24T03:02:30Z",
            "until": "2021-08-24T03:09:00Z",
            "beyond_m": 431.6,
            "lasted_s": 540.0,
            "alert": "cleared",
        }
    ]
    assert list(deviations_lines(doc, 1)) == [
        "deviation: truck k1, corridor c1, 432 m outside for 9 min; alert cleared"
    ]


def test_one_that_lasts_still_is_told_by_its_evidence() -> None:
    """Without an end there is what was known when it became clear; they stand in order of time."""
    doc = deviations_doc(Heard([_detected(30, truck_id="k2", alert_id="d2"), _detected(5)]))
    assert [one["truck_id"] for one in doc] == ["k1", "k2"]
    assert [(one["until"], one["lasted_s"], one["alert"]) for one in doc] == [
        (None, 150.0, None)
    ] * 2
    assert "no alert" in next(deviations_lines(doc, 1))


def test_where_none_was_told_that_is_said() -> None:
    """The reader learns how many trucks strayed, so silence is not taken for good news."""
    assert deviations_doc(Heard([])) == []
    (line,) = deviations_lines([], 1)
    assert "none was told" in line
    assert line.endswith(": 1")
