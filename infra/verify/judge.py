"""Judge a log by all six invariants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.verify import accounted, closures, lots, slots, trips, views
from infra.verify.finding import Finding
from infra.verify.log import Log

INVARIANTS: Mapping[str, Callable[[Log], Finding]] = {
    "accounted": accounted.judge,
    "lots_not_doubled": lots.judge,
    "trips_feasible": trips.judge,
    "slots_within_capacity": slots.judge,
    "views_agree": views.judge,
    "closures_respected": closures.judge,
}
"""Every invariant of the contract, and who judges it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judges found, by invariant."""

    findings: Mapping[str, Finding]
    records: int

    @property
    def ok(self) -> bool:
        """Whether every invariant holds."""
        return all(finding.ok for finding in self.findings.values())

    def to_doc(self) -> dict[str, Any]:
        """Return what ``verify --json`` prints."""
        return {
            "ok": self.ok,
            "records": self.records,
            "invariants": {name: finding.to_doc() for name, finding in self.findings.items()},
        }

    def told(self, most: int) -> Iterator[str]:
        """Yield in words what breaks each invariant.

        Parameters
        ----------
        most
            How many violations of one invariant are told.
        """
        for name, finding in self.findings.items():
            for violation in finding.violations[:most]:
                yield f"{name}: {violation['rule']}: {violation['detail']}"


def judge(log: Log, progress: Callable[[str], None] = lambda _: None) -> Verdict:
    """Judge a log.

    Parameters
    ----------
    log
        What was read.
    progress
        Is told the name of each invariant before it is judged.

    Returns
    -------
    Verdict
        A finding for each of `INVARIANTS`.
    """
    findings: dict[str, Finding] = {}
    for name, judge_one in INVARIANTS.items():
        progress(name)
        findings[name] = judge_one(log)
    return Verdict(findings, log.records)
