"""Load a stack, stop it, back it up, restore it into an empty folder, and see that it knows all."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.backup import backup, restore
from infra.bench.account import Judged, judge_all
from infra.bench.drill import RATE_PER_S, drill_load
from infra.bench.ledger import Ledger
from infra.bench.load import Load, pump
from infra.bench.measure import Measure, Outcome, Tell
from infra.settings import Settings
from infra.stack import running_stack

LOAD_S = 60.0


def take(seed: int, tell: Tell, *, load_s: float = LOAD_S) -> Outcome:
    """Drill a restore.

    Parameters
    ----------
    seed
        Where the load's chance comes from.
    tell
        Is told what happens.
    load_s
        How long the stack is loaded before it is stopped.

    Returns
    -------
    Outcome
        `invariants_broken_at_once` of the restored stack, and `invariants_broken`, `lost` and
        `doubled` after it took further events; `forgotten`, what the old stack's tables counted and
        the restored one's do not: all to be nothing. And how long it all took.
    """
    sent, load = Ledger(), drill_load(seed)
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="harvestlane-restore-") as name:
        folder = Path(name)
        old = Settings.throwaway(folder / "old")
        with running_stack(old) as stack:
            servers = stack.settings.bootstrap_servers
            pump(servers, load.furniture(), rate_per_s=math.inf, sent=sent)
            tell("loading the stack")
            _load(servers, load, load_s, sent)
            before = judge_all(stack.settings, sent, tell=tell)
        tell("backing up")
        with _timed(took, "backup_s"):
            kept = backup(old, folder / "kept", tell=tell)
        new = Settings.throwaway(folder / "new")
        tell("restoring")
        with _timed(took, "restore_s"):
            restore(new, folder / "kept", tell=tell)
        start = time.monotonic()
        with running_stack(new) as stack:
            took["ready_s"] = time.monotonic() - start
            restored = judge_all(stack.settings, sent, tell=tell)
            took["caught_up_and_judged_s"] = time.monotonic() - start
            _load(stack.settings.bootstrap_servers, load, load_s / 6, sent)
            after = judge_all(stack.settings, sent, tell=tell)
    outcome = Outcome(facts={"rate_per_s": RATE_PER_S, "load_s": load_s, **after.facts()})
    outcome.measures += [
        Measure(
            name="invariants_broken_at_once",
            value=restored.broken,
            unit="",
            goal=0,
            better="lower",
        ),
        *after.measures(),
    ]
    outcome.measures.append(
        Measure(
            name="forgotten",
            value=_forgotten(before, restored),
            unit="events",
            goal=0,
            better="lower",
        )
    )
    outcome.measures += [Measure(name=name, value=s, unit="s") for name, s in took.items()]
    outcome.measures.append(Measure(name="backup_mb", value=kept.size / 1e6, unit="MB"))
    outcome.measures.append(Measure(name="acknowledged", value=sent.acknowledged, unit="events"))
    outcome.notes += [*before.notes(), *restored.notes(), *after.notes()]
    return outcome


def _forgotten(before: Judged, restored: Judged) -> int:
    """Return by how much the restored stack differs from what the old one had counted."""
    pairs = (
        (before.account.applied, restored.account.applied),
        (before.account.duplicates, restored.account.duplicates),
        (before.account.refused, restored.account.refused),
        (before.account.dead, restored.account.dead),
    )
    return sum(abs(old - new) for old, new in pairs)


def _load(servers: str, load: Load, seconds: float, sent: Ledger) -> None:
    end = time.monotonic() + seconds
    pump(
        servers,
        load.records(),
        rate_per_s=RATE_PER_S,
        until=lambda: time.monotonic() >= end,
        sent=sent,
    )


@contextmanager
def _timed(took: dict[str, float], name: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    took[name] = time.monotonic() - start
