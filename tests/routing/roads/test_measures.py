"""Hold weights, lengths, speeds, durations and dates to every notation that people type."""

from __future__ import annotations

import re

import pytest

from routing.roads.measures import day_number, duration_s, length_mm, speed_kph, weight_kg


@pytest.mark.parametrize(
    ("text", "kg"),
    [
        ("7.5", 7500),
        ("7,5", 7500),
        ("3.5 t", 3500),
        ("3.5t", 3500),
        ("10 tonnes", 10_000),
        ("3500 kg", 3500),
        ("3500", 3500),
        ("2.1", 2100),
        ("8 st", 7257),
        ("10000 lbs", 4535),
        ("10,000 lbs", 4535),
        ("12;8", 8000),
        ("none", None),
        ("default", None),
    ],
)
def test_weights_are_read_in_every_unit(text: str, kg: int | None) -> None:
    """Tonnes without a unit, rounded down so that no limit grows; of several the least."""
    assert weight_kg(text) == kg


@pytest.mark.parametrize(
    ("text", "mm"),
    [
        ("4.3", 4300),
        ("4,3 m", 4300),
        ("430 cm", 4300),
        ("12'6\"", 3810),
        ("12' 6\"", 3810),
        ("12'", 3657),
        ("12 ft 6 in", 3810),
        ("14 ft", 4267),
        ('150"', 3810),
        ("below_default", None),
    ],
)
def test_lengths_are_read_in_every_unit(text: str, mm: int | None) -> None:
    """Metres without a unit, feet and inches in both notations."""
    assert length_mm(text) == mm


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("50", 50.0),
        ("30 mph", 48.28),
        ("10 knots", 18.52),
        ("80 km/h", 80.0),
        ("90;30;90", 30.0),
        ("none", 0.0),
        ("signals", 0.0),
        ("VN:rural", 0.0),
        ("walk", 6.0),
    ],
)
def test_speeds_are_read_in_every_unit(text: str, kph: float) -> None:
    """Kilometres an hour without a unit; words name no speed."""
    assert speed_kph(text) == pytest.approx(kph, abs=0.01)


@pytest.mark.parametrize("text", ["heavy", "-3", "0", "3.5 stone", "5 t 3", "∞", "1e9"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    """No guess is made."""
    for measure in (weight_kg, length_mm):
        with pytest.raises(ValueError, match=re.escape(text)):
            measure(text)
    with pytest.raises(ValueError, match=re.escape(text)):
        speed_kph(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:25", 1500), ("3:00", 10_800), ("45", 2700), ("PT1H30M", 5400)]
)
def test_durations_are_read_in_every_notation(text: str, seconds: int) -> None:
    """Hours and minutes, minutes alone, or ISO 8601."""
    assert duration_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "last", "day"),
    [
        ("2026-01-19", True, 20_472),
        ("2026-01", True, 20_484),
        ("2026-01", False, 20_454),
        ("2026", False, 20_454),
        ("2026", True, 20_818),
    ],
)
def test_a_month_or_year_is_its_first_or_last_day(text: str, last: bool, day: int) -> None:  # noqa: FBT001 - a table's column
    """A road opens at the latest and closes at the earliest that its date may mean."""
    assert day_number(text, last=last) == day


@pytest.mark.parametrize("text", ["C18", "~1990", "before 2020", "2021-13", "20.1.26"])
def test_other_dates_are_refused(text: str) -> None:
    """Nothing is guessed from them."""
    with pytest.raises(ValueError, match=re.escape(text)):
        day_number(text, last=True)
