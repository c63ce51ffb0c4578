"""Numbers and weights are read by the habits of Vietnam, and never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.findings import Unread
from api.imports.numbers import read_number, read_weight


def _written(number: Decimal, group: str, mark: str) -> str:
    whole, _, fraction = f"{number:,f}".partition(".")
    return whole.replace(",", group) + (mark + fraction if fraction else "")


@given(
    st.decimals(0, 10_000_000, places=2),
    st.sampled_from([(".", ","), (" ", ","), ("\u00a0", ","), ("", ","), (",", ".")]),
)
def test_a_number_reads_back_however_it_is_written(number: Decimal, habit: tuple[str, str]) -> None:
    assert read_number(_written(number, *habit)) == number


@given(st.integers(0, 10_000_000), st.sampled_from([".", " ", ""]))
def test_a_whole_number_reads_back_with_its_thousands_parted(number: int, group: str) -> None:
    assert read_number(_written(Decimal(number), group, ","), is_whole=True) == number


@settings(max_examples=50)
@given(st.floats(allow_nan=True, allow_infinity=True) | st.text() | st.booleans())
def test_anything_is_a_number_or_refused(value: Any) -> None:
    try:
        read_number(value)
        read_weight(value, 1000)
    except Unread:
        pass


@pytest.mark.parametrize(
    ("text", "kilograms"),
    [
        ("3,5 tấn", 3500),
        ("3.5 tan", 3500),
        ("3,5T", 3500),
        ("1T25", 1250),
        ("3 tấn rưỡi", 3500),
        ("2 tấn 5", 2500),
        ("1.250 kg", 1250),
        ("1.250,75 kg", 1251),
        ("50 tạ", 5000),
        ("8.000kg", 8000),
        ("12,345 tấn", 12_345),
    ],
)
def test_a_unit_beside_the_number_goes_before_the_headings(text: str, kilograms: int) -> None:
    for of_heading in (None, 1, 1000):
        assert read_weight(text, of_heading) == kilograms


@pytest.mark.parametrize(
    ("value", "per_unit_kg", "code"),
    [
        ("1,250 kg", None, "number_ambiguous"),
        ("1,250", 1, "number_ambiguous"),
        ("3,5", None, "unit_missing"),
        (3.5, None, "unit_missing"),
        ("5 khối", None, "unit_unknown"),
        ("ba tấn", 1000, "not_a_number"),
        ("1.25.000", 1000, "not_a_number"),
        (True, 1000, "not_a_number"),
        (float("nan"), 1000, "not_a_number"),
    ],
)
def test_a_weight_that_may_be_another_is_refused(
    value: Any, per_unit_kg: int | None, code: str
) -> None:
    with pytest.raises(Unread) as refused:
        read_weight(value, per_unit_kg)
    assert refused.value.code == code
