"""Read the weights, lengths, speeds, durations and dates that tags of OpenStreetMap hold.

Units and their defaults: the Wiki of OpenStreetMap, "Map features/Units".
"""

from __future__ import annotations

import calendar
import math
import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KG_PER_UNIT = {
    "": 1000.0,
    "t": 1000.0,
    "kg": 1.0,
    "st": 907.18474,
    "lt": 1016.0469088,
    "lb": 0.45359237,
    "lbs": 0.45359237,
    "cwt": 50.80234544,
}
MM_PER_UNIT = {"": 1000.0, "m": 1000.0, "cm": 10.0, "mm": 1.0, "ft": 304.8, "in": 25.4}
KPH_PER_UNIT = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}

NO_LIMIT = frozenset(
    {
        *("none", "no", "default", "below_default", "unsigned", "no_sign", "no_indications"),
        *("unknown", "unlimited", "variable", "signals", "implicit"),
    }
)
"""Words in the place of a number that name none."""

KG_FROM = 1000.0
"""From here on a weight without a unit is taken as kilograms: nobody posts a thousand tonnes."""

FASTEST_KPH = 200.0
"""A posted speed above this is a mistake in typing."""

_NUMBER = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)\s*([a-z/]*)")
_FEET = re.compile(r"""(\d{1,4})\s*(?:'|ft|feet)\s*(?:(\d{1,3}(?:\.\d{1,6})?)\s*(?:"|''|in)?)?""")
_INCHES = re.compile(r"""(\d{1,4}(?:\.\d{1,6})?)\s*(?:"|'')""")
_LONG_UNITS = {"tons": "t", "ton": "t", "tonnes": "t", "metres": "m", "meters": "m", "kn": "knots"}
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\s*(?:lb|kg))")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_PERIOD = re.compile(r"pt(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def weight_kg(text: str) -> int | None:
    """Return a weight in whole kilograms, rounded down, None where the words name no limit.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    return _least(text, _one_weight)


def length_mm(text: str) -> int | None:
    """Return a length in whole millimetres, rounded down, None where the words name no limit.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    return _least(text, _one_length)


def speed_kph(text: str) -> float:
    """Return a posted speed in km/h, 0 where the words or a country's code name none.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    if re.fullmatch(r"[a-z]{2,3}:[a-z0-9_:.-]+", text.strip().lower()):
        return 0.0  # such as vn:rural: the speed of the class is as good
    found = _least(text, _one_speed)
    return 0.0 if found is None else found / 1000


def duration_s(text: str) -> int:
    """Return a duration in seconds: ``hh:mm``, ``hh:mm:ss``, minutes, or as in ISO 8601.

    Raises
    ------
    ValueError
        If it cannot be read or is none.
    """
    text = text.strip().lower()
    if text.isdecimal() and len(text) < 5:
        hours, minutes, seconds = 0, int(text), 0
    elif match := _CLOCK.fullmatch(text) or _PERIOD.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
    else:
        raise ValueError(text)
    total = 3600 * hours + 60 * minutes + seconds
    if total <= 0:
        raise ValueError(text)
    return total


def day_number(text: str, *, last: bool) -> int:
    """Return a date as days since 1970-01-01.

    Parameters
    ----------
    text
        ``yyyy-mm-dd``, ``yyyy-mm`` or ``yyyy``.
    last
        Whether a month or year means its last day, else its first.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    year = int(match[1])
    month = int(match[2] or (12 if last else 1))
    if not (year >= 1 and 1 <= month <= 12):
        raise ValueError(text)
    day = int(match[3] or (calendar.monthrange(year, month)[1] if last else 1))
    return (date(year, month, day) - date(1970, 1, 1)).days


def _least(text: str, read: Callable[[str], float]) -> int | None:
    """Return the least of the numbers that a value lists, a thousandth or unit of it whole."""
    parts = [part.strip().lower() for part in text.split(";")]
    numbers = [read(part) for part in parts if part not in NO_LIMIT]
    if not numbers:
        return None
    least = math.floor(round(min(numbers), 3))
    if least <= 0:
        raise ValueError(text)
    return least


def _number(text: str, per_unit: dict[str, float]) -> tuple[float, str]:
    match = _NUMBER.fullmatch(_THOUSANDS.sub("", text))
    if match is None:
        raise ValueError(text)
    unit = _LONG_UNITS.get(match[2], match[2])
    if unit not in per_unit:
        raise ValueError(text)
    return float(match[1].replace(",", ".")), unit


def _one_weight(text: str) -> float:
    number, unit = _number(text, KG_PER_UNIT)
    if not unit and number >= KG_FROM:
        unit = "kg"
    return number * KG_PER_UNIT[unit]


def _one_length(text: str) -> float:
    if match := _FEET.fullmatch(text):
        return int(match[1]) * MM_PER_UNIT["ft"] + float(match[2] or 0) * MM_PER_UNIT["in"]
    if match := _INCHES.fullmatch(text):
        return float(match[1]) * MM_PER_UNIT["in"]
    number, unit = _number(text, MM_PER_UNIT)
    return number * MM_PER_UNIT[unit]


def _one_speed(text: str) -> float:
    """Return a speed in thousandths of km/h."""
    if text == "walk":
        return 6000.0
    number, unit = _number(text, KPH_PER_UNIT)
    kph = number * KPH_PER_UNIT[unit]
    if kph > FASTEST_KPH:
        raise ValueError(text)
    return 1000 * kph
