"""Read numbers and weights as they are written in Vietnam: `1.250,75`, `3,5 tấn`, `1T25`."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from api.imports.findings import Unread
from api.imports.words import fold, plain

UNITS: dict[str, int] = {
    **dict.fromkeys(("kg", "kgs", "kilogam", "kilogram", "kilo", "ki", "ky", "can"), 1),
    **dict.fromkeys(("yen",), 10),
    **dict.fromkeys(("ta",), 100),
    **dict.fromkeys(("t", "tan", "ton", "tons", "tonne", "tonnes"), 1000),
}
"""Kilograms in each unit of weight, by its folded name."""

_GROUPED = re.compile(r"\d{1,3}(?:([ .,'\u00a0\u202f])\d{3})(?:\1\d{3})*")
_WEIGHT = re.compile(r"([\d.,' ]*\d)\s*([a-z]+)?\.?\s*(ruoi|\d{1,3})?")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2},\d{3}")
_MOST_DIGITS = 18


def read_number(value: Any, *, is_whole: bool = False) -> Decimal:
    """Read a number: a comma is the decimal mark, a point or space parts thousands.

    Where a text follows the English habit beyond doubt (`1,250.75`, `3.5`), it is read so.

    Parameters
    ----------
    value
        A cell's number or text.
    is_whole
        Whether fractions make no sense, so that `1,250` may be meant as 1250: refused, not guessed.

    Raises
    ------
    Unread
        `not_a_number` or `number_ambiguous`.
    """
    if isinstance(value, bool):
        raise Unread("not_a_number")
    if isinstance(value, int | float):
        return Decimal(str(value))
    text = plain(str(value)).lstrip("+")
    sign, text = (-1, text[1:].strip()) if text[:1] in "-−" and text else (1, text)
    if is_whole and _AMBIGUOUS.fullmatch(text):
        raise Unread(
            "number_ambiguous", text=text, small=text.rstrip("0"), great=text.replace(",", "")
        )
    try:
        return sign * Decimal(_pointed(text))
    except InvalidOperation:
        raise Unread("not_a_number") from None


def _pointed(text: str) -> str:
    """Write a number with a point before its fraction and nothing between its thousands."""
    if len(text) > _MOST_DIGITS or not text.isascii() or not text[:1].isdigit():
        raise InvalidOperation
    last = max(text.rfind(","), text.rfind("."))
    head, tail = (text[:last], text[last + 1 :]) if last >= 0 else (text, "")
    is_both = "," in text and "." in text
    if last >= 0 and not is_both:
        mark = text[last]
        is_thousands = head.count(mark) > 0 or (
            mark == "." and len(tail) == 3 and re.fullmatch(r"[1-9]\d{0,2}", head) is not None
        )
        if is_thousands:
            head, tail = text, ""
    if not head.isdigit():
        grouped = _GROUPED.fullmatch(head)
        if grouped is None or (tail and grouped[1] == text[last]):
            raise InvalidOperation
        head = re.sub(r"\D", "", head)
    if tail and not tail.isdigit():
        raise InvalidOperation
    return f"{head}.{tail}" if tail else head


def unit_kg(text: str) -> int | None:
    """Return how many kilograms a unit has; None where it is none of weight."""
    return UNITS.get(fold(text))


def read_weight(value: Any, per_unit_kg: int | None) -> int:
    """Read a weight in whole kilograms.

    Parameters
    ----------
    value
        A cell's number or text; a unit beside the number goes before the heading's.
    per_unit_kg
        What the heading or the column of units says; None where neither does.

    Raises
    ------
    Unread
        What is wrong with it; `unit_missing` where nothing says the unit.
    """
    if isinstance(value, bool):
        raise Unread("not_a_number")
    if isinstance(value, int | float):
        return _kg(Decimal(str(value)), per_unit_kg)
    found = _WEIGHT.fullmatch(plain(str(value)))
    if found is None:
        raise Unread("not_a_number")
    digits, unit, more = found.groups()
    if unit is None and more is None:
        return _kg(read_number(digits, is_whole=per_unit_kg == 1), per_unit_kg)
    own_kg = UNITS.get(unit or "")
    if own_kg is None:
        raise Unread("unit_unknown")
    if more is None:
        return _kg(read_number(digits, is_whole=own_kg == 1), own_kg)
    if not digits.isdigit() or own_kg == 1:
        raise Unread("not_a_number")
    return _kg(Decimal(f"{digits}.{'5' if more == 'ruoi' else more}"), own_kg)


def _kg(number: Decimal, per_unit_kg: int | None) -> int:
    if not number.is_finite():
        raise Unread("not_a_number")
    if per_unit_kg is None:
        raise Unread("unit_missing", heading="Số lượng")
    return round(number * per_unit_kg)
