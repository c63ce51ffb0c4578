"""Read the conditional values of OpenStreetMap: which value holds, and when or for whom.

The notation is that of the Wiki of OpenStreetMap, "Conditional restrictions":
``no @ (Mo-Fr 07:00-19:00); destination @ (weight>7.5)``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from routing.roads.errors import RoadError
from routing.roads.hours import check_hours
from routing.roads.measures import length_mm, weight_kg

LONGEST = 1000
"""A value with more letters than OpenStreetMap lets anyone type (255), with room, is not read."""

_KINDS = {
    "weight": "weight_kg",
    "weightrating": "weight_kg",
    "maxweight": "weight_kg",
    "maxweightrating": "weight_kg",
    "axleload": "axle_kg",
    "maxaxleload": "axle_kg",
    "height": "height_mm",
    "length": "length_mm",
    "width": "width_mm",
}
_SIZE = re.compile(r"([a-z]+)\s*(<=|>=|<|>)\s*(.+)")
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_HOLIDAYS = re.compile(r"\s*(PH|SH)\b")


class Size(NamedTuple):
    """A condition on a vehicle's size.

    Parameters
    ----------
    kind
        One of `routing.roads.network.RULE_KINDS` that has a value.
    value
        The limit in the kind's unit.
    above
        Whether it is about vehicles above the limit, else about those up to it.
    """

    kind: str
    value: int
    above: bool


class Clause(NamedTuple):
    """One value and its condition.

    Parameters
    ----------
    value
        In small letters.
    hours
        In the notation of ``opening_hours``; empty at any time.
    size
        For which vehicles; None for all.
    read
        Whether the condition could be read; if not, ``hours`` and ``size`` say nothing.
    """

    value: str
    hours: str = ""
    size: Size | None = None
    read: bool = True


def clauses(text: str) -> list[Clause]:
    """Return the clauses of a conditional value, in order.

    Parameters
    ----------
    text
        The value of a tag whose key ends in ``:conditional``.
    """
    found: list[tuple[str, str]] = []
    for piece in _pieces(text[:LONGEST]):
        value, at, condition = piece.partition("@")
        if at or not found:
            found.append((value.strip().lower(), condition.strip()))
        else:  # hours with a semicolon that nobody put in parentheses
            found[-1] = (found[-1][0], f"{found[-1][1]}; {piece}")
    return [_clause(value, condition) for value, condition in found if value]


def _pieces(text: str) -> list[str]:
    """Split at semicolons outside parentheses."""
    pieces, depth = [""], 0
    for letter in text:
        depth = max(0, depth + (letter == "(") - (letter == ")"))
        if letter == ";" and not depth:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece.strip() for piece in pieces if piece.strip()]


def _clause(value: str, condition: str) -> Clause:
    if condition.startswith("(") and condition.endswith(")"):
        condition = condition[1:-1]
    parts = [part.strip() for part in _AND.split(condition)]
    try:
        sizes = [_size(part) for part in parts if _SIZE.fullmatch(part.lower())]
        hours = " ".join(part for part in parts if not _SIZE.fullmatch(part.lower()))
        if len(sizes) > 1 or not (sizes or hours):
            return Clause(value, read=False)
        if hours:
            _check(hours)
    except (ValueError, RoadError):
        return Clause(value, read=False)
    return Clause(value, hours, sizes[0] if sizes else None)


def _size(part: str) -> Size:
    match = _SIZE.fullmatch(part.lower())
    assert match is not None
    kind = _KINDS.get(match[1])
    if kind is None:
        raise ValueError(part)
    value = (weight_kg if kind.endswith("_kg") else length_mm)(match[3])
    if value is None:
        raise ValueError(part)
    above = match[2].startswith(">")
    reaches = match[2] in {">", "<="}  # whether the limit itself is not above
    return Size(kind, value if reaches else value - 1, above)


def _check(hours: str) -> None:
    """Refuse hours that cannot be read, or that are holidays alone: nobody knows their days."""
    check_hours(hours, "UTC")
    if _HOLIDAYS.match(hours):
        raise ValueError(hours)
