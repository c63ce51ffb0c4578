"""Combine what tags forbid, always or on conditions, into bans of which each alone forbids.

A vehicle is forbidden when any ban binds it. What bans cannot say exactly they say on the safe
side: they forbid more and never less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routing.roads.errors import RoadError
from routing.roads.hours import check_hours

if TYPE_CHECKING:
    from routing.roads.conditional import Clause, Size

SIZED = frozenset({"weight_kg", "height_mm", "axle_kg", "length_mm", "width_mm"})
"""Kinds that forbid vehicles above their value."""


class Ban(NamedTuple):
    """Something forbidden to some vehicles at some times.

    Parameters
    ----------
    kind
        One of `routing.roads.network.RULE_KINDS`, or a word for what concerns every truck.
    value
        The limit of a kind that has one, else 0.
    when
        Empty is always; ``+HOURS`` during hours, ``-HOURS`` but for them.
    """

    kind: str
    value: int = 0
    when: str = ""


def imposed(kind: str, clause: Clause) -> tuple[Ban, bool]:
    """Return the ban that a forbidding clause sets, and whether it says just that.

    Parameters
    ----------
    kind
        What is forbidden to those whom the clause is about.
    clause
        Value and condition.
    """
    when = f"+{clause.hours}" if clause.hours else ""
    if clause.size is None:
        return Ban(kind, when=when), clause.read
    if not clause.size.above:
        return Ban(kind, when=when), False
    return Ban(clause.size.kind, clause.size.value, when), True


def lifted(bans: list[Ban], clause: Clause) -> tuple[list[Ban], bool]:
    """Return what remains of bans where a clause allows, and whether that is just what it says.

    Parameters
    ----------
    bans
        The bans so far.
    clause
        Value and condition.
    """
    if not clause.read or (clause.size is not None and clause.size.above):
        return bans, False
    remaining: list[Ban] = []
    exact = True
    for ban in bans:
        kept = _outside(ban, clause)
        exact &= kept is not None
        remaining.extend([ban] if kept is None else kept)
    return list(dict.fromkeys(remaining)), exact


def _outside(ban: Ban, clause: Clause) -> list[Ban] | None:
    """Return a ban where a clause does not hold: outside its hours, or above its size."""
    kept: list[Ban] = []
    if clause.hours:
        at_others = _but_for(ban.when, clause.hours)
        if at_others is None:
            return None
        if at_others:
            kept.append(ban._replace(when=at_others))
    if clause.size is not None:
        of_larger = _above(ban, clause.size)
        if of_larger is None:
            return None
        kept.append(of_larger)
    return kept


def _above(ban: Ban, size: Size) -> Ban | None:
    """Return a ban for vehicles above a size only."""
    if ban.kind not in SIZED:
        return Ban(size.kind, size.value, ban.when)
    if ban.kind != size.kind:
        return None
    return ban._replace(value=max(ban.value, size.value))


def _but_for(when: str, hours: str) -> str | None:
    """Return when something holds that held ``when`` and no longer does within hours."""
    if not when:
        return f"-{hours}"
    if any(mark in hours for mark in (";", "||", "off", "closed")):
        return None
    if when[0] == "+":
        combined = "" if when[1:] == hours else f"{when}; {hours} off"
    elif ";" in when:
        return None
    else:
        combined = f"{when}, {hours}"
    try:
        check_hours(combined[1:] or hours, "UTC")
    except RoadError:
        return None
    return combined
