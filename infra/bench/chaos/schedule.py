"""Draw by a seed which faults come in which order, and whom they hit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

Kind = Literal[
    "kill_worker",
    "stop_worker",
    "kill_broker",
    "partition_worker",
    "kill_redis",
    "flush_redis",
    "kill_solver",
    "restart_all",
]
"""What goes wrong in one round."""

KINDS: tuple[Kind, ...] = get_args(Kind)
WEIGHTS: Mapping[Kind, float] = {
    "kill_worker": 4,
    "stop_worker": 1,
    "kill_broker": 3,
    "partition_worker": 3,
    "kill_redis": 2,
    "flush_redis": 2,
    "kill_solver": 2,
    "restart_all": 1,
}
"""How often each comes beside the others, once every kind has its share."""
AT_LEAST = 2
"""So often does each kind come in a schedule that has room for it."""
STOPPED_S = 60.0
"""How long a stopped worker stands still, if nobody ends it before."""
WORKERS, BROKERS = 3, 3


@dataclass(frozen=True, slots=True)
class Fault:
    """One round's fault.

    Attributes
    ----------
    kind
        What goes wrong.
    target
        Number of the worker or broker that is hit, from 1; 0 where there is no choice.
    calm_s
        How long all is well before it.
    lasts_s
        How long a worker stands still, or is cut off; 0 for what happens at once.
    """

    kind: Kind
    target: int
    calm_s: float
    lasts_s: float

    def __str__(self) -> str:
        whom = f" {self.target}" if self.target else ""
        return f"{self.kind}{whom}" + (f" for {self.lasts_s:g} s" if self.lasts_s else "")


def draw(seed: int, rounds: int) -> list[Fault]:
    """Draw a schedule; the same seed draws the same.

    Parameters
    ----------
    seed
        Where all chance comes from.
    rounds
        How many faults.

    Returns
    -------
    list of Fault
        With room for it, every kind twice, the others by `WEIGHTS`; in any order.
    """
    chance = Random(f"chaos|{seed}")
    kinds: list[Kind] = []
    for _ in range(AT_LEAST):
        if len(kinds) + len(KINDS) <= max(rounds, len(KINDS)):
            kinds += chance.sample(KINDS, len(KINDS))
    kinds = kinds[:rounds]
    kinds += chance.choices(KINDS, [WEIGHTS[kind] for kind in KINDS], k=rounds - len(kinds))
    chance.shuffle(kinds)
    return [_fault(kind, chance) for kind in kinds]


def _fault(kind: Kind, chance: Random) -> Fault:
    targets = {"kill_broker": BROKERS}
    many = WORKERS if kind.endswith("_worker") else targets.get(kind, 0)
    lasts_s = {"stop_worker": STOPPED_S, "partition_worker": round(chance.uniform(15, 20), 1)}
    return Fault(
        kind=kind,
        target=chance.randint(1, many) if many else 0,
        calm_s=round(chance.uniform(2, 6), 1),
        lasts_s=lasts_s.get(kind, 0.0),
    )
