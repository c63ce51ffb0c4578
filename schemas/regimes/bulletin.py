"""Turn regimes into the rules of a signed policy bulletin, and tell what it cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.passes.lists import Rule as BulletinRule
from schemas.passes.lists import RuleKind
from schemas.regimes.book import Applied, Book, lifts
from schemas.regimes.model import Period, Regime, Rule
from schemas.regimes.questions import tell
from schemas.regimes.words import Reason

_KINDS: dict[str, RuleKind] = {
    "permit": "require_permit",
    "suspend_passes": "suspend",
    "extend_passes": "extend",
    "any_corridor": "any_corridor",
}
"""What a bulletin can say of a rule's effects."""
_CANNOT_CHOOSE = (
    "vehicle_classes",
    "haulier_kinds",
    "purposes",
    "products",
    "stages",
    "transit",
    "on_corridor",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a bulletin is to say.

    Attributes
    ----------
    rules
        For `schemas.passes.lists.Bulletin`, in order.
    left_out
        Rules about passes that no bulletin can say, with why.
    """

    rules: tuple[BulletinRule, ...]
    left_out: tuple[Reason, ...]

    def to_doc(self) -> dict[str, Any]:
        """Give the draft as the file that `pass bulletin` reads."""
        return {
            "rules": [rule.to_doc() for rule in self.rules],
            "left_out": [reason.to_doc() for reason in self.left_out],
        }


def draft(book: Book, at: datetime) -> Draft:
    """Draft the bulletin of a moment: all that counts then or is announced.

    A rule is left out rather than said too widely: a bulletin that asks for more than the regime
    does would turn back vehicles that may go.

    Parameters
    ----------
    book
        The regimes.
    at
        Periods that are over by then are not told.
    """
    rules: list[BulletinRule] = []
    left_out: list[Reason] = []
    for regime in book.regimes:
        periods = [p for p in regime.periods if p.valid_until is None or p.valid_until > at]
        for rule in regime.rules if periods else ():
            if rule.effect not in _KINDS:
                continue
            why = tuple(_obstacles(book, regime, rule, periods))
            left_out.extend(why)
            if not why:
                rules.extend(_said(regime, rule, period) for period in periods)
    return Draft(tuple(rules), tuple(left_out))


def _said(regime: Regime, rule: Rule, period: Period) -> BulletinRule:
    units = (*regime.where.regions, *regime.where.districts)
    return BulletinRule(
        kind=_KINDS[rule.effect],
        regime=regime.id,
        valid_from=period.valid_from,
        valid_until=period.valid_until,
        corridors=rule.whom.corridors,
        permits=rule.whom.permits,
        places=rule.zones or units,
        to=rule.to,
        permit=rule.permit,
    )


def _obstacles(book: Book, regime: Regime, rule: Rule, periods: list[Period]) -> Iterator[Reason]:
    mine = Applied(regime, rule)
    chosen = [name for name in _CANNOT_CHOOSE if getattr(rule.whom, name) not in ((), None)]
    if rule.hours:
        chosen.append("hours")
    for name in chosen:
        yield tell("left_out_selector", mine, what=name)
    for other in book.regimes:
        if not any(_overlap(one, two) for one in periods for two in other.periods):
            continue
        for relief in other.rules:
            by = Applied(other, relief)
            if relief.effect == "exempt" and lifts(by, mine):
                told = tell("left_out_exempt", mine)
                named = tell("left_out_exempt", by)
                yield Reason(
                    told.code, named.vi, named.en, told.regime_id, told.rule_id, told.assumed
                )


def _overlap(one: Period, two: Period) -> bool:
    first = one.valid_until is None or two.valid_from < one.valid_until
    return first and (two.valid_until is None or one.valid_from < two.valid_until)
