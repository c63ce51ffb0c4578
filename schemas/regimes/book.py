"""Combine the regimes that are in force at once.

This is the one place that says how:

1. **Burdens add up.** Whatever any regime in force asks, forbids or limits counts, whoever asked
   it and whatever the others say. So the strictest wins, and the order of regimes means nothing.
2. **Only an exemption lifts a burden**, and only the effects that it names, in one of three cases:
   it stands in the same regime; its authority is higher and the matter the same; or it names the
   regime in `of` and its authority is not lower. Nobody exempts from what a higher authority asks,
   and an epidemic's exemption opens no road that a storm closes.
3. **What is not known counts against the trip.** A burden applies unless it is known not to be
   meant; an exemption applies only if it is known to be meant. The exception is a zone: where
   neither position nor zones are given, its rules are told as a notice and do not bind.
4. **A ban on local procedures lifts nothing.** A barrier is where it is: what a lower authority
   asks all the same binds the truck, is told to be contested, and belongs into the register.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.model import BURDENS, Period, Regime, Rule
from schemas.regimes.scope import both, covers, inside, meant, on_time


@dataclass(frozen=True, slots=True)
class Applied:
    """One rule of one regime in force, at hand for one question.

    Attributes
    ----------
    regime, rule
        Which.
    certain
        Whether all that it hangs on is known.
    fits
        Whether it is known to be meant for the trip, whatever is known of the place.
    """

    regime: Regime
    rule: Rule
    certain: bool = True
    fits: bool = True

    @property
    def order(self) -> tuple[int, str, str]:
        """Sort key: the highest authority first, then by name."""
        return -self.regime.rank, self.regime.id, self.rule.id


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left of one question's burdens.

    Attributes
    ----------
    standing
        Burdens that nothing lifts, in order.
    lifted
        Burdens with an exemption that lifts each, in order.
    """

    standing: tuple[Applied, ...]
    lifted: tuple[tuple[Applied, Applied], ...]


@dataclass(frozen=True, slots=True)
class Book:
    """Regimes that are asked together; their order means nothing.

    Raises
    ------
    ValueError
        Two of them have one id.
    """

    regimes: tuple[Regime, ...]

    def __init__(self, regimes: Iterable[Regime]) -> None:
        held = tuple(sorted(regimes, key=lambda regime: regime.id))
        ids = [regime.id for regime in held]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"Expected each regime once; {', '.join(twice)} is there twice.")
        object.__setattr__(self, "regimes", held)

    def suppose(self, regime_id: str, since: datetime, until: datetime | None = None) -> Book:
        """Return the book as if a regime were declared, in place of its own periods.

        Raises
        ------
        KeyError
            There is no such regime.
        """
        if regime_id not in {regime.id for regime in self.regimes}:
            raise KeyError(regime_id)
        period = Period(valid_from=since, valid_until=until, assumed="supposed, to see")
        return Book(
            regime.model_copy(update={"periods": (period,)}) if regime.id == regime_id else regime
            for regime in self.regimes
        )

    def in_force(self, at: datetime, place: Whereabouts) -> tuple[Regime, ...]:
        """List the regimes in force at a moment and, as far as is known, at a place."""
        return tuple(
            regime
            for regime in self.regimes
            if regime.period(at) is not None and covers(regime, place, at) is not False
        )

    def balance(
        self, effects: Iterable[str], trip: Trip, at: datetime, place: Whereabouts
    ) -> Balance:
        """Weigh the burdens of some effects against the exemptions.

        Parameters
        ----------
        effects
            Of `BURDENS`.
        trip, at, place
            Of whom, when and where.
        """
        wanted = set(effects)
        assert wanted <= set(BURDENS)
        reliefs = [one for one in self.rules(("exempt",), trip, at, place) if one.fits]
        standing, lifted = [], []
        for burden in self.rules(wanted, trip, at, place):
            by = next((relief for relief in reliefs if lifts(relief, burden)), None)
            if by is None:
                standing.append(burden)
            else:
                lifted.append((burden, by))
        return Balance(tuple(standing), tuple(lifted))

    def rules(
        self, effects: Iterable[str], trip: Trip, at: datetime, place: Whereabouts
    ) -> list[Applied]:
        """List the rules of some effects that are, or may be, meant; in order."""
        wanted = set(effects)
        found = []
        for regime in self.in_force(at, place):
            here = covers(regime, place, at)
            for rule in regime.rules:
                if rule.effect not in wanted or not on_time(rule, at):
                    continue
                if inside(regime, rule, place) is not True:
                    continue
                whom = meant(rule, trip)
                answer = both(here, whom)
                if answer is not False:
                    found.append(Applied(regime, rule, answer is True, whom is True))
        return sorted(found, key=lambda one: one.order)

    def unasked(
        self, effects: Iterable[str], trip: Trip, at: datetime, place: Whereabouts
    ) -> Iterator[Applied]:
        """Yield rules of zones of which nobody knows whether the place lies in them."""
        wanted = set(effects)
        for regime in self.in_force(at, place):
            for rule in regime.rules:
                if rule.effect not in wanted or not on_time(rule, at):
                    continue
                if inside(regime, rule, place) is None and meant(rule, trip) is not False:
                    yield Applied(regime, rule, certain=False, fits=False)


def lifts(relief: Applied, burden: Applied) -> bool:
    """Tell whether an exemption lifts a burden, both being meant."""
    if burden.rule.effect not in relief.rule.effects:
        return False
    ours, theirs = relief.regime, burden.regime
    if ours.id == theirs.id:  # wherever the one is in force, so is the other
        return True
    if not relief.certain:
        return False
    higher = ours.rank > theirs.rank and ours.matter == theirs.matter
    return higher or (theirs.id in relief.rule.of and ours.rank >= theirs.rank)


def contests(ban: Applied, burden: Applied) -> bool:
    """Tell whether a ban on local procedures speaks against a burden, both being meant."""
    ours, theirs = ban.regime, burden.regime
    named = not ban.rule.asked or burden.rule.word in ban.rule.asked
    return named and ours.matter == theirs.matter and ours.rank > theirs.rank
