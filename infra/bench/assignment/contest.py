"""Set the rivals on an instance: equal time, equal threads, judged by the one checker."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from infra.bench.assignment.checker import judge
from infra.bench.assignment.rivals import Found, Settings, lead, settings_for

if TYPE_CHECKING:
    from infra.bench.assignment.checker import Routes, Verdict
    from infra.bench.assignment.instances import Instance
    from infra.bench.measure import Tell

RIVALS = ("vroom", "ortools", "pyvrp")


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody made of an instance.

    Attributes
    ----------
    verdict
        The checker's.
    took_s
        How long it took.
    turns, rejected
        How often slots were fixed, None where they are not; and how many solutions were not kept,
        since they broke a rule.
    """

    verdict: Verdict
    took_s: float
    turns: int | None = None
    rejected: int = 0

    @classmethod
    def of(cls, instance: Instance, routes: Routes, took_s: float) -> Self:
        """Judge routes."""
        return cls(judge(instance, routes), took_s)

    @classmethod
    def found(cls, instance: Instance, found: Found) -> Self:
        """Judge what a rival found."""
        verdict = judge(instance, found.routes)
        return cls(verdict, found.took_s, found.turns, found.rejected)

    @property
    def violations(self) -> int:
        """Count the rules that are broken, and the solutions that were not kept for that."""
        return len(self.verdict.violations) + self.rejected

    def facts(self) -> dict[str, Any]:
        """Give what belongs to the figures."""
        verdict = self.verdict
        told = {
            "cost_h": round(verdict.cost / 3600, 2),
            "served": verdict.served,
            "trucks_used": verdict.used,
            "drive_h": round(verdict.drive_s / 3600, 1),
            "wait_h": round(verdict.wait_s / 3600, 1),
            "violations": self.violations,
            "took_s": round(self.took_s, 2),
        }
        return told | ({} if self.turns is None else {"turns": self.turns})


def contest(instance: Instance, *, limit_s: float, seed: int, tell: Tell) -> dict[str, Entry]:
    """Let each rival solve an instance, one after the other.

    A rival has two threads: two processes with a setting and a seed each, of which the better
    one counts.

    Parameters
    ----------
    instance
        The problem.
    limit_s
        Each one's time.
    seed
        Where chance comes from.
    tell
        Is told what happens.
    """
    entries = {}
    for rival in RIVALS:
        tell(f"{instance.name}: {rival}")
        module = import_module(f"infra.bench.assignment.rival_{rival}")
        settings = settings_for(instance.lots, module.SETTINGS)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(len(settings), mp_context=context) as pool:
            doing = [
                pool.submit(enter, rival, instance, each, limit_s, seed + 1000 * number)
                for number, each in enumerate(settings)
            ]
            found = [each.result() for each in doing]
        entries[rival] = min(
            (Entry.found(instance, one) for one in found),
            key=lambda entry: entry.verdict.cost,
        )
    return entries


def enter(rival: str, instance: Instance, settings: Settings, limit_s: float, seed: int) -> Found:
    """Let a rival solve an instance in this process.

    Parameters
    ----------
    rival
        Its name.
    instance
        The problem.
    settings
        How it is led.
    limit_s
        Its time.
    seed
        Where chance comes from.
    """
    solve = import_module(f"infra.bench.assignment.rival_{rival}").solve
    return lead(instance, solve, settings, limit_s=limit_s, seed=seed)
