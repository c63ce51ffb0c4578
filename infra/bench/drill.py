"""Load a stack as the drills of upgrade and restore do: few trucks, and more lots than usual."""

from __future__ import annotations

from infra.bench.load import Load

RATE_PER_S = 100


def drill_load(seed: int) -> Load:
    """Draw a load whose lots keep the planner at work.

    Parameters
    ----------
    seed
        Where its chance comes from.
    """
    return Load(seed, trucks=60, lots=0.03, open_lots=30)
