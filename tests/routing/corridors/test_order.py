"""Test which checkpoints a truck passed and which clearances it lacks."""

from __future__ import annotations

from routing.corridors import Raised, Scan
from tests.routing.corridors.scene import T0, cleared, corridor, drive, fix, watch


def test_a_skipped_checkpoint_is_raised_with_the_passage() -> None:
    """Passed without a clearance, ten minutes later it is said, with where it was passed."""
    _, said = watch(corridor(), [*drive(), cleared(1_200, "C2")], end_s=3_000)
    (raised,) = said
    assert isinstance(raised, Raised)
    assert (raised.kind, raised.about) == ("checkpoint_skipped", "C1")
    before, behind = raised.evidence["positions"]
    assert before["at_s"] < T0 + 600 < behind["at_s"]
    assert raised.at_s == behind["at_s"] + 600


def test_a_way_round_the_checkpoint_is_a_passage() -> None:
    """Off the corridor before it, back behind it."""
    _, said = watch(corridor(), [*drive([(480, 1_500), (840, 0)]), cleared(1_200, "C2")])
    assert {("deviation", ""), ("checkpoint_skipped", "C1")} == {
        (one.kind, one.about) for one in said if isinstance(one, Raised)
    }


def test_a_passage_may_be_unheard() -> None:
    """A signal lost before the checkpoint and found behind it."""
    heard = [one for one in drive() if not T0 + 300 < one.at_s < T0 + 900]
    _, said = watch(corridor(), [*heard, cleared(1_200, "C2")])
    assert [one.about for one in said if isinstance(one, Raised)] == ["C1"]


def test_a_truck_that_arrived_and_was_not_cleared_has_skipped() -> None:
    """What the officers did instead is part of the evidence."""
    held = Scan(T0 + 590, "C1", "held")
    _, said = watch(corridor(), [*drive(), held, cleared(1_200, "C2")])
    (raised,) = said
    assert isinstance(raised, Raised)
    assert raised.evidence["scans"] == [{"at_s": T0 + 590, "decision": "held"}]


def test_a_clearance_that_comes_hours_late_mends() -> None:
    """An officer without a network sends in the evening what happened in the morning."""
    items = [*drive(), cleared(1_200, "C2"), cleared(600, "C1")]
    _, said = watch(corridor(), items, end_s=3_000)
    assert said == []
    late = [*drive(until_s=2_300), cleared(1_200, "C2"), cleared(600, "C1")]
    _, said = watch(corridor(), late, end_s=3_000, as_given=True)
    assert [type(one).__name__ for one in said] == 2 * ["Raised"] + 2 * ["Mended"]


def test_one_reflection_is_no_passage() -> None:
    """A single position on the far side of a checkpoint passes nothing."""
    items = [*drive(until_s=500), fix(510, 9_000), fix(540, 5_300), fix(570, 5_400)]
    assert watch(corridor(), items, end_s=4_000)[1] == []


def test_the_way_back_needs_clearances_too() -> None:
    """Each passage has its own, and the same one is not reported for both."""
    back = [fix(2_000 + 30 * n, 20_000 - 300 * n) for n in range(60)]
    items = [*drive(until_s=2_000), cleared(600, "C1"), cleared(1_200, "C2"), *back]
    _, said = watch(corridor(), [*items, cleared(2_800, "C2")], end_s=9_000)
    (raised,) = said
    assert isinstance(raised, Raised)
    assert raised.about == "C1"
    assert raised.evidence["direction"] == -1


def test_clearances_against_the_way_are_out_of_order() -> None:
    """C2 before C1, on the way from C1 to C2."""
    items = [*drive(), cleared(1_190, "C2"), cleared(1_195, "C1")]
    _, said = watch(corridor(), items, end_s=2_000)
    assert ("checkpoint_out_of_order", "C1") in [(one.kind, one.about) for one in said]


def test_clearances_on_the_way_back_are_in_order() -> None:
    """A truck that turned round meets the checkpoints the other way."""
    back = [fix(2_000 + 30 * n, 20_000 - 300 * n) for n in range(60)]
    scans = [cleared(at, c) for at, c in ((600, "C1"), (1_200, "C2"), (2_800, "C2"), (3_400, "C1"))]
    assert watch(corridor(), [*drive(until_s=2_000), *back, *scans], end_s=9_000)[1] == []
