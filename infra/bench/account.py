"""Judge a stack at the end of a benchmark: its invariants, and every acknowledged record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from infra.bench.ledger import Account, Ledger, settle
from infra.bench.measure import Measure
from infra.settings import Settings
from infra.verify.judge import Verdict, judge
from infra.verify.reader import read


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found.

    Attributes
    ----------
    verdict
        Of the six invariants.
    account
        Of what was acknowledged.
    lag
        How many records nobody had dealt with in time.
    """

    verdict: Verdict
    account: Account
    lag: int

    @property
    def broken(self) -> int:
        """How many invariants do not hold."""
        return sum(not finding.ok for finding in self.verdict.findings.values())

    def measures(self) -> Iterator[Measure]:
        """Yield the figures that must be nothing."""
        found = {
            "invariants_broken": (self.broken, ""),
            "lost": (self.account.lost, "events"),
            "doubled": (self.account.applied_twice, "events"),
            "lag_at_the_end": (self.lag, "records"),
        }
        for name, (value, unit) in found.items():
            yield Measure(name=name, value=value, unit=unit, goal=0, better="lower")

    def facts(self) -> dict[str, Any]:
        """Return what else is known of them."""
        account = self.account
        return {
            "applied": account.applied,
            "duplicates": account.duplicates,
            "refused": account.refused,
            "dead": account.dead,
            "invariants": {
                name: {"checked": finding.checked, "broken": finding.broken}
                for name, finding in self.verdict.findings.items()
            },
        }

    def notes(self) -> Iterator[str]:
        """Yield some of what is wrong, in words."""
        yield from self.account.examples[:5]
        yield from self.verdict.told(3)


def judge_all(
    settings: Settings, sent: Ledger, *, wait_s: float = 120.0, tell: Callable[[str], None]
) -> Judged:
    """Wait until nothing lags, read everything, and judge it.

    Parameters
    ----------
    settings
        Name broker and Redis.
    sent
        What was acknowledged; nothing is under way any more.
    wait_s
        How long to wait at most.
    tell
        Is told what happens.
    """
    log, lag = read(settings, wait_s=wait_s, progress=tell)
    return Judged(judge(log, progress=tell), settle(sent.places, log), lag)
