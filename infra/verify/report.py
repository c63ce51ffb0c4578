"""Judge a stack and write down what was found, for programs and for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from infra.settings import Settings
from infra.stack.record import running_settings
from infra.verify.judge import judge
from infra.verify.reader import read

_SHOWN = 5


def judge_stack(
    settings: Settings, *, wait_s: float = 60.0, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Read and judge the stack that runs from a folder, or the broker and Redis that are named.

    Parameters
    ----------
    settings
        Name the stack.
    wait_s
        How long to wait until nothing lags.
    progress
        Is told what happens.

    Returns
    -------
    dict
        What `verify --json` prints: `ok`, `invariants`, `lag`, `records`, `took_s`.

    Raises
    ------
    Unavailable
        The broker or Redis does not answer.
    """
    started = time.monotonic()
    log, lag = read(running_settings(settings), wait_s=wait_s, progress=progress)
    verdict = judge(log, progress=lambda name: progress(f"judging {name}"))
    doc = verdict.to_doc() | {"lag": lag, "took_s": round(time.monotonic() - started, 2)}
    doc["ok"] = verdict.ok and lag == 0
    return doc


def table(doc: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that tell a person what was found."""
    for name, finding in doc["invariants"].items():
        state = "holds" if finding["ok"] else f"BROKEN {finding['broken']} times"
        yield f"{name:<24}{state:<20} {finding['checked']:>8} checked"
        for violation in finding["violations"][:_SHOWN]:
            yield f"    {violation['rule']}: {violation['detail']}"
    if doc["lag"]:
        yield f"{doc['lag']} records were not dealt with in time; see `harvestlane status`"
    yield f"{doc['records']} records read and judged in {doc['took_s']} s"
