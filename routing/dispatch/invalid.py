"""Refuse values that no planner could honour, in one sentence each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from schemas.errors import HarvestlaneError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class InvalidProblem(HarvestlaneError):
    """A problem, or its parameters, that no planner could honour; the message says why."""


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - an assertion that stays
    """Raise unless the condition holds.

    Parameters
    ----------
    condition
        What has to be true.
    message
        What to say if it is not.

    Raises
    ------
    InvalidProblem
        The condition is false.
    """
    if not condition:
        raise InvalidProblem(message)


def named(name: str, value: str) -> None:
    """Require that an id is not empty."""
    require(bool(value), f"Expected a {name}, got an empty one.")


def whole(name: str, value: float, *, most: float = math.inf) -> None:
    """Require a whole number from 0 to `most`."""
    require(
        math.isfinite(value) and 0 <= value <= most and value == int(value),
        f"Expected {name} a whole number in [0, {most}], got {value!r}.",
    )


def amount(name: str, value: float) -> None:
    """Require a finite number of 0 or more."""
    require(math.isfinite(value) and value >= 0, f"Expected {name} finite and >= 0, got {value!r}.")


def aware(name: str, value: datetime | None) -> None:
    """Require a time with an offset, if there is one."""
    require(
        value is None or value.utcoffset() is not None,
        f"Expected {name} with an offset, got {value!r}.",
    )


def unique(name: str, ids: Iterable[str]) -> None:
    """Require that every id stands once."""
    seen: set[str] = set()
    for value in ids:
        require(value not in seen, f"Expected every {name} once, got {value!r} twice.")
        seen.add(value)
