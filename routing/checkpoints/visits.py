"""Make passages of a checkpoint's visits: who came, who was dealt with, who went on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Decision = Literal["arrived", "cleared", "held", "refused"]
_RANK = {"arrived": 0, "held": 1, "refused": 2, "cleared": 3}


@dataclass(frozen=True, slots=True)
class Visit:
    """One scan at a checkpoint.

    Parameters
    ----------
    at_s
        Event time, seconds since 1970.
    vehicle
        The truck's id, or ``plate:…``.
    decision
        What the officer said.
    reason_code
        Why, where it was said.
    name
        What tells the event from all others; two visits of one name are one.
    """

    at_s: float
    vehicle: str
    decision: Decision
    reason_code: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.at_s):
            raise ValueError(f"Expected a finite time, got {self.at_s}.")

    @property
    def order(self) -> tuple[str, float, int, str, str]:
        """By which visits follow one another: vehicle, time, then what can only come later."""
        return self.vehicle, self.at_s, _RANK[self.decision], self.name, self.reason_code or ""


@dataclass(frozen=True, slots=True)
class Passage:
    """One stay of one vehicle at a checkpoint.

    Parameters
    ----------
    vehicle
        Who.
    arrived_s
        When it joined the queue; None where only a decision was scanned.
    dealt_s
        When a bay was done with it: its first hold, clearance or refusal; None while it waits.
    left_s
        When it was cleared or refused; None while it is there.
    end
        How it left.
    reason_codes
        Of holds and refusals, in order of time.
    """

    vehicle: str
    arrived_s: float | None
    dealt_s: float | None = None
    left_s: float | None = None
    end: Decision | None = None
    reason_codes: tuple[str, ...] = ()

    @property
    def began_s(self) -> float:
        """Return the first sign of it."""
        signs = (self.arrived_s, self.dealt_s, self.left_s)
        return min(one for one in signs if one is not None)


def passages(
    visits: Iterable[Visit],
    *,
    until_s: float = math.inf,
    again_s: float = 900.0,
    longest_s: float = 6 * 3600.0,
) -> list[Passage]:
    """Return the stays that a set of visits tells of, whatever order the visits come in.

    Parameters
    ----------
    visits
        Of one checkpoint, those that stand (none that was retracted); repeated ones are one.
    until_s
        Visits after this moment are left out.
    again_s
        A clearance that follows one this soon is the same one, scanned twice.
    longest_s
        A vehicle that was silent for longer has gone unseen: its next scan begins a new stay.

    Returns
    -------
    list of Passage
        By vehicle and time.
    """
    named: dict[tuple[str, str], Visit] = {}
    plain = set()
    for visit in sorted(set(visits), key=lambda one: one.order):
        if visit.at_s > until_s:
            continue
        if visit.name:
            named.setdefault((visit.vehicle, visit.name), visit)
        else:
            plain.add(visit)
    told = sorted({*named.values(), *plain}, key=lambda one: one.order)
    found: list[Passage] = []
    for _, own in groupby(told, key=lambda one: one.vehicle):
        found.extend(_stays(list(own), again_s, longest_s))
    return found


def _stays(visits: list[Visit], again_s: float, longest_s: float) -> Iterator[Passage]:
    """Yield the stays of one vehicle, of visits in order of time."""
    group: list[Visit] = []
    left_s = -math.inf
    for visit in visits:
        if group and visit.at_s - group[-1].at_s > longest_s:
            yield _passage(group)
            group = []
        if not group and visit.decision != "arrived" and visit.at_s - left_s <= again_s:
            continue
        group.append(visit)
        if visit.decision in {"cleared", "refused"}:
            yield _passage(group)
            group, left_s = [], visit.at_s
    if group:
        yield _passage(group)


def _passage(group: list[Visit]) -> Passage:
    arrived = next((one.at_s for one in group if one.decision == "arrived"), None)
    decided = [one for one in group if one.decision != "arrived"]
    last = group[-1]
    left = last.decision in {"cleared", "refused"}
    if arrived is not None and decided and arrived > decided[0].at_s:
        arrived = None
    codes = tuple(one.reason_code for one in decided if one.reason_code)
    return Passage(
        vehicle=last.vehicle,
        arrived_s=arrived,
        dealt_s=decided[0].at_s if decided else None,
        left_s=last.at_s if left else None,
        end=last.decision if left else None,
        reason_codes=codes,
    )
