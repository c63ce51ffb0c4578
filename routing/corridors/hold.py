"""Let a condition count once it has held for a while, and no longer once it has not."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Hold:
    """Since when a condition holds, or does not.

    Attributes
    ----------
    on
        Whether it counts.
    since_s
        Since when what is seen now was seen, or None if it agrees with `on`.
    began_s, began_m
        When the condition that counts, or is about to, began, and how far along that was.
    """

    on: bool = False
    since_s: float | None = None
    began_s: float = 0.0
    began_m: float = 0.0


def held(
    hold: Hold, at_s: float, along_m: float, *, true: bool, least: tuple[float, float]
) -> Hold:
    """Go on by one look at the condition.

    Parameters
    ----------
    hold
        What was known.
    at_s, along_m
        When, and how far along the corridor.
    true
        Whether the condition holds.
    least
        How long it has to hold, or not to hold, seconds; and how far the truck has to come
        meanwhile for it to begin, metres.
    """
    if true == hold.on:
        return replace(hold, since_s=None) if hold.since_s is not None else hold
    if hold.since_s is None:
        begun = replace(hold, since_s=at_s)
        return begun if hold.on else replace(begun, began_s=at_s, began_m=along_m)
    far = hold.on or abs(along_m - hold.began_m) >= least[1]
    if at_s - hold.since_s >= least[0] and far:
        return replace(hold, on=true, since_s=None)
    return hold
