"""Say what a benchmark's end was judged to be."""

from __future__ import annotations

from infra.bench.account import Judged
from infra.verify.finding import SHOWN, Finding
from infra.verify.judge import Verdict
from tests.infra.bench.test_ledger import account
from tests.infra.verify.world import good_world


def test_every_violation_is_counted_and_some_are_told() -> None:
    """A finding keeps only so many of them in full."""
    finding = Finding(checked=99)
    for number in range(SHOWN + 5):
        finding.violate("late", f"truck {number} is late")
    judged = Judged(Verdict({"in_time": finding}, records=1), account(good_world()), lag=0)
    assert judged.facts()["invariants"] == {"in_time": {"checked": 99, "broken": SHOWN + 5}}
    assert len(list(judged.notes())) == 3
    assert judged.broken == 1
