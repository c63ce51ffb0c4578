"""Hold conditional values to the clauses that OpenStreetMap's Wiki says they are."""

from __future__ import annotations

import pytest

from routing.roads.conditional import Clause, Size, clauses

WEEKDAYS = "Mo-Fr 07:00-19:00"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"no @ ({WEEKDAYS})", [Clause("no", WEEKDAYS)]),
        (f"no @ {WEEKDAYS}", [Clause("no", WEEKDAYS)]),
        (
            "no @ (Mo 06:00-09:00; Tu 06:00-09:00); yes @ (Su)",
            [Clause("no", "Mo 06:00-09:00; Tu 06:00-09:00"), Clause("yes", "Su")],
        ),
        (
            "no @ Mo 06:00-09:00; Tu 06:00-09:00",
            [Clause("no", "Mo 06:00-09:00; Tu 06:00-09:00")],
        ),
        ("no @ (weight>7.5)", [Clause("no", size=Size("weight_kg", 7500, above=True))]),
        ("no @ (weight>=7.5)", [Clause("no", size=Size("weight_kg", 7499, above=True))]),
        ("yes @ (weight<7.5)", [Clause("yes", size=Size("weight_kg", 7499, above=False))]),
        (
            "no @ (weight > 7.5 AND 06:00-22:00)",
            [Clause("no", "06:00-22:00", Size("weight_kg", 7500, above=True))],
        ),
        ("no @ (Mo-Fr AND 07:00-19:00)", [Clause("no", WEEKDAYS)]),
        ("no @ (length>12 m)", [Clause("no", size=Size("length_mm", 12_000, above=True))]),
        ("no @ wet", [Clause("no", read=False)]),
        ("no @ (SH)", [Clause("no", read=False)]),
        ("no", [Clause("no", read=False)]),
        ("no @ (weight>7.5 AND length>12)", [Clause("no", read=False)]),
        ("", []),
    ],
)
def test_conditional_values_are_clauses(text: str, found: list[Clause]) -> None:
    """Semicolons within parentheses belong to the hours; what cannot be read is marked so."""
    assert clauses(text) == found
