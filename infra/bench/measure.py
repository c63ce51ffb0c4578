"""Say what one figure is, what it was to reach, and whether it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Tell = Callable[[str], None]
"""Is told what happens, for a terminal."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Describe one figure.

    Attributes
    ----------
    name
        As the issue names it.
    value
        The figure; None where it could not be taken.
    unit
        `ms`, `us`, `s`, `times`, `pairs`, `bytes`, …
    goal
        What to reach, itself included; None for a figure that is only told.
    better
        Which way is better; needed for a goal.
    absent
        Why there is no figure though nothing of ours is at fault: the goal is not judged then.

    Raises
    ------
    ValueError
        If there is a goal and nothing says which way is better.
    """

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    better: Literal["lower", "higher"] | None = None
    absent: str = ""

    def __post_init__(self) -> None:
        if self.goal is not None and self.better is None:
            raise ValueError(f"Expected {self.name} to say which way is better.")

    @property
    def met(self) -> bool | None:
        """Judge the figure: None without a goal, or where it is excused for being absent."""
        if self.goal is None or (self.value is None and self.absent):
            return None
        if self.value is None:
            return False
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal

    def to_doc(self) -> dict[str, Any]:
        """Give the figure as the document holds it, four digits long."""
        value = self.value
        if isinstance(value, float):
            value = float(f"{value:.4g}")
        doc = {
            "name": self.name,
            "value": value,
            "unit": self.unit,
            "goal": self.goal,
            "better": self.better,
            "met": self.met,
        }
        return doc | ({"absent": self.absent} if self.absent else {})


@dataclass
class Outcome:
    """Gather what a benchmark found.

    Attributes
    ----------
    measures
        In the order in which they are printed.
    facts
        What else belongs to the figures: sizes, versions, numbers of threads.
    notes
        Sentences for people: what could not be measured, and why.
    """

    measures: list[Measure] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
