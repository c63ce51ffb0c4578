"""Judge single figures."""

import pytest

from infra.bench.measure import Measure


@pytest.mark.parametrize(
    ("better", "value", "met"),
    [
        ("lower", 19.9, True),
        ("lower", 20, True),
        ("lower", 20.1, False),
        ("higher", 19.9, False),
        ("higher", 20, True),
        ("higher", 20.1, True),
    ],
)
def test_a_goal_reached_exactly_is_met(better: str, value: float, met: bool) -> None:  # noqa: FBT001
    """Both ways of being better include the goal itself."""
    figure = Measure(name="x_ms", value=value, unit="ms", goal=20, better=better)  # type: ignore[arg-type]
    assert figure.met is met


def test_a_figure_without_a_goal_is_not_judged() -> None:
    """It is only told."""
    assert Measure(name="x", value=3, unit="").met is None


def test_a_figure_that_is_missing_misses_its_goal_unless_it_is_excused() -> None:
    """A rival that cannot be had is no fault of ours; all else is."""
    assert Measure(name="x", value=None, unit="", goal=0, better="lower").met is False
    excused = Measure(name="x", value=None, unit="", goal=0, better="lower", absent="no OSRM")
    assert excused.met is None
    assert excused.to_doc()["absent"] == "no OSRM"


def test_a_goal_needs_a_direction() -> None:
    """Nothing guesses whether more is better."""
    with pytest.raises(ValueError, match="x_ms to say which way is better"):
        Measure(name="x_ms", value=1, unit="ms", goal=2)


def test_zero_mismatches_is_the_only_number_that_meets_zero() -> None:
    """One wrong answer in thousands is a miss."""
    for value, met in ((0, True), (1, False)):
        figure = Measure(name="n", value=value, unit="pairs", goal=0, better="lower")
        assert figure.met is met
