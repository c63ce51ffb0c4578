"""Test how plates are read: as people write them, compared as they are meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.checkpoint import CheckpointArrived, CheckpointState
from schemas.topics import CATALOGUE
from schemas.truck import Plate, normal_plate, plate_key

SERIES = st.text("ABCDĐEFGHKLMNPSTUVXYZ", min_size=1, max_size=2)
CIVIL = st.tuples(st.integers(11, 99), SERIES, st.integers(0, 99_999)).map(
    lambda parts: f"{parts[0]}{parts[1]}-{parts[2]:05d}"
)


@pytest.mark.parametrize(
    "written", ["68C-123.45", "68C12345", "68c 123 45", " 68C-12345 ", "68C.123-45"]
)
def test_a_plate_is_the_same_however_it_is_written(written: str) -> None:
    assert normal_plate(written) == "68C12345"
    assert plate_key(written) == "plate:68C12345"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("68LD-012.34", "68LD01234"),  # two letters
        ("29A-1234", "29A1234"),  # four digits
        ("QĐ-5678", "QD5678"),  # a military plate
        ("80-NG-123-45", "80NG12345"),  # diplomatic
        ("KG-93456-TS", "KG93456TS"),  # a fishing vessel's number
    ],
)
def test_plates_of_all_kinds_are_accepted(written: str, normal: str) -> None:
    assert TypeAdapter(Plate).validate_python(written) == written
    assert normal_plate(written) == normal


@given(CIVIL)
def test_every_civil_plate_is_accepted_and_normal_once_normalised(plate: str) -> None:
    TypeAdapter(Plate).validate_python(plate)
    normal = normal_plate(plate)
    assert normal_plate(normal) == normal
    assert normal.isascii()
    assert normal.isalnum()


@given(st.text())
def test_any_text_has_a_normal_form_that_stays(text: str) -> None:
    assert normal_plate(normal_plate(text)) == normal_plate(text)


@pytest.mark.parametrize("plate", ["", "--", "- . -", "6C", "...6C...", "a" * 21, 6812345, None])
def test_what_holds_no_three_letters_or_digits_is_no_plate(plate: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Plate).validate_python(plate)


def test_a_vehicle_nobody_registered_is_keyed_by_its_plate() -> None:
    seen = CheckpointArrived(checkpoint_id="cp-1", plate="68C-123.45")
    assert seen.truck_id is None
    assert CATALOGUE["checkpoint.clearance.v1"].key_of(seen) == "plate:68C12345"


def test_a_registered_truck_is_keyed_by_its_id_whatever_its_plate() -> None:
    seen = CheckpointArrived(checkpoint_id="cp-1", truck_id="truck-1", plate="68C-123.45")
    assert CATALOGUE["checkpoint.clearance.v1"].key_of(seen) == "truck-1"


def test_a_clearance_of_no_vehicle_is_refused() -> None:
    with pytest.raises(ValidationError, match="names a truck_id or at least a plate"):
        CheckpointArrived(checkpoint_id="cp-1")


def test_a_checkpoint_starts_with_nobody_there() -> None:
    state = CheckpointState.model_validate(
        {
            "place_id": "cp-1",
            "version": 1,
            "updated_at": "2021-08-24T05:00:00+07:00",
            "name": "Chốt Tắc Cậu",
            "lat": 9.889,
            "lon": 105.135,
        }
    )
    assert (state.present, state.totals, state.status) == ([], {}, "active")
