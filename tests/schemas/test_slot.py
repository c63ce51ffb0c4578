"""Test that a slot has one name, and no other slot has it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.slot import SlotOpened, SlotState, slot_key

WINDOW: dict[str, Any] = {
    "facility_id": "port-tac-cau",
    "gate_id": "gate-1",
    "window_start": "2021-08-24T05:00:00+07:00",
    "window_end": "2021-08-24T06:00:00+07:00",
    "capacity_trucks": 4,
}
ENDS = st.text("abc/-.", max_size=3).map(lambda text: f"p{text}")
MINUTES = st.integers(0, 10_000).map(
    lambda m: datetime(2021, 8, 1, tzinfo=UTC) + timedelta(0, m * 60)
)


def opened(**fields: Any) -> SlotOpened:
    return SlotOpened.model_validate(WINDOW | fields)


def test_a_slot_is_named_by_facility_gate_and_start_in_utc() -> None:
    assert opened().slot_id == "port-tac-cau|gate-1|20210823T2200Z"


def test_the_offset_in_which_a_window_is_told_does_not_matter() -> None:
    told_in_utc = opened(window_start="2021-08-23T22:00:00Z")
    assert told_in_utc.slot_id == opened().slot_id
    hanoi = datetime(2021, 8, 24, 5, tzinfo=timezone(timedelta(hours=7)))
    assert slot_key("port-tac-cau", "gate-1", hanoi) == opened().slot_id


@given(ENDS, ENDS, MINUTES, ENDS, ENDS, MINUTES)
def test_two_windows_share_a_name_only_where_they_are_one(
    facility: str, gate: str, start: datetime, facility_2: str, gate_2: str, start_2: datetime
) -> None:
    hour = timedelta(hours=1)
    one = opened(facility_id=facility, gate_id=gate, window_start=start, window_end=start + hour)
    two = opened(
        facility_id=facility_2, gate_id=gate_2, window_start=start_2, window_end=start_2 + hour
    )
    same = (facility, gate, start) == (facility_2, gate_2, start_2)
    assert (one.slot_id == two.slot_id) == same


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"facility_id": "port|a"}, r"hold no \|"),
        ({"gate_id": "gate|a"}, r"hold no \|"),
        ({"window_start": "2021-08-24T05:00:30+07:00"}, "full minute"),
        ({"window_start": "2021-08-24T05:00:00.5+07:00"}, "full minute"),
        ({"window_end": "2021-08-24T05:00:00+07:00"}, "window_end must be later"),
        ({"capacity_trucks": 501}, "less than or equal to 500"),
        ({"capacity_trucks": -1}, "greater than or equal to 0"),
        ({"capacity_trucks": 1.5}, "integer"),
    ],
)
def test_a_window_that_cannot_be_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        opened(**fields)


def test_the_state_of_a_slot_with_the_longest_names_can_be_told() -> None:
    """Identifiers of full length once made a name that no state could carry."""
    slot = opened(facility_id="f" * 128, gate_id="g" * 128)
    state = SlotState(
        slot_id=slot.slot_id,
        version=1,
        updated_at=slot.window_start,
        facility_id=slot.facility_id,
        gate_id=slot.gate_id,
        window_start=slot.window_start,
        window_end=slot.window_end,
        capacity_trucks=slot.capacity_trucks,
        status="open",
    )
    assert state.slot_id == slot.slot_id
