"""Answer what people ask of the regimes: each answer names the regime and the rule that decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.regimes.book import Applied, Book, contests
from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.model import Rule
from schemas.regimes.words import Reason, Word, sentences

ANYBODY = Trip()
"""A trip of which nothing is known: whatever is asked of anybody is asked of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or no, and why.

    Attributes
    ----------
    yes
        The answer.
    code
        The first reason's code.
    reasons
        Why, what the highest authority says first.
    notices
        What else one has to know; it does not change the answer.
    """

    yes: bool
    code: str
    reasons: tuple[Reason, ...]
    notices: tuple[Reason, ...] = ()

    def to_doc(self) -> dict[str, Any]:
        """Give the answer as JSON holds it."""
        return {
            "yes": self.yes,
            "code": self.code,
            "reasons": [reason.to_doc() for reason in self.reasons],
            "notices": [notice.to_doc() for notice in self.notices],
        }


@dataclass(frozen=True, slots=True)
class Needs:
    """What a trip has to have, to do and to keep.

    Attributes
    ----------
    permits, papers, duties
        Permit classes of its pass, codes of papers, codes of what is to be done.
    limits
        The lowest value that any rule allows of each.
    reasons
        One for each rule that asks.
    notices
        Exemptions, contested rules, zones to be asked about.
    """

    permits: frozenset[str]
    papers: frozenset[str]
    duties: frozenset[str]
    limits: dict[str, int] = field(hash=False)
    reasons: tuple[Reason, ...] = ()
    notices: tuple[Reason, ...] = ()

    @property
    def code(self) -> str:
        """The first reason's code."""
        return self.reasons[0].code

    def to_doc(self) -> dict[str, Any]:
        """Give the needs as JSON holds them."""
        return {
            "permits": sorted(self.permits),
            "papers": sorted(self.papers),
            "duties": sorted(self.duties),
            "limits": dict(sorted(self.limits.items())),
            "reasons": [reason.to_doc() for reason in self.reasons],
            "notices": [notice.to_doc() for notice in self.notices],
        }


def pass_required(book: Book, trip: Trip, at: datetime, place: Whereabouts) -> Answer:
    """Tell whether a trip needs a pass: where one is asked for, or a permit that stands in one."""
    effects = ("pass", "permit")
    asked = book.balance(effects, trip, at, place).standing
    reasons = tuple(tell("pass_required", one) for one in asked)
    return _answer(bool(asked), reasons, "pass_not_required", book, effects, trip, at, place)


def permits_needed(book: Book, trip: Trip, at: datetime, place: Whereabouts) -> Needs:
    """Tell which permit classes, papers, duties and limits bind a trip."""
    effects = ("permit", "paper", "duty", "limit")
    asked = book.balance(effects, trip, at, place).standing
    limits: dict[str, int] = {}
    for rule in (one.rule for one in asked):
        if rule.limit is not None and rule.value is not None:
            limits[rule.limit] = min(rule.value, limits.get(rule.limit, rule.value))
    return Needs(
        permits=frozenset(one.rule.permit for one in asked if one.rule.permit),
        papers=frozenset(one.rule.paper for one in asked if one.rule.paper),
        duties=frozenset(one.rule.duty for one in asked if one.rule.duty),
        limits=limits,
        reasons=tuple(_need(one) for one in asked) or (_plain("nothing_needed"),),
        notices=_notices(book, effects, trip, at, place),
    )


def may_enter(book: Book, trip: Trip, at: datetime, place: Whereabouts) -> Answer:
    """Tell whether a vehicle may enter a zone, a point, or a unit at large."""
    asked = book.balance(("close",), trip, at, place).standing
    reasons = tuple(
        _closed(one, place) for one in asked if trip.permits.isdisjoint(one.rule.unless_permits)
    )
    return _answer(not reasons, reasons, "may_enter", book, ("close",), trip, at, place)


def mobilised(book: Book, vehicle: Trip, at: datetime, place: Whereabouts) -> Answer:
    """Tell whether a vehicle is mobilised: to be called on where the plan needs it."""
    asked = book.balance(("mobilise",), vehicle, at, place).standing
    reasons = tuple(tell("mobilised", one) for one in asked)
    return _answer(bool(asked), reasons, "not_mobilised", book, ("mobilise",), vehicle, at, place)


def exempt(book: Book, effect: str, trip: Trip, at: datetime, place: Whereabouts) -> Answer:
    """Tell whether everything of one effect that is asked of a trip is lifted for it."""
    balance = book.balance((effect,), trip, at, place)
    by = sorted({relief.order: relief for _, relief in balance.lifted}.items())
    reasons = tuple(_exempted(relief) for _, relief in by)
    if not balance.standing and not balance.lifted:
        return Answer(False, "nothing_asked", (_plain("nothing_asked"),))
    if balance.standing or not reasons:
        left = tuple(_need(one) for one in balance.standing)
        return Answer(False, "not_exempt", (_plain("not_exempt"), *left), reasons)
    return Answer(True, "exempted", reasons)


def allowed(book: Book, trip: Trip, at: datetime, place: Whereabouts) -> Answer:
    """Tell whether a trip may be at a place then, with what it has.

    Duties are told, not judged: nobody knows beforehand whether they will be done. A number of
    people that is not known is not judged either.
    """
    effects = ("pass", "permit", "paper", "close", "limit", "suspend_passes")
    standing = book.balance(effects, trip, at, place).standing
    needs_pass = any(one.rule.effect in ("pass", "permit") for one in standing)
    reasons = tuple(
        reason
        for one in standing
        if (reason := _against(one, trip, place, needs_pass=needs_pass)) is not None
    )
    everything = (*effects, "duty")
    return _answer(not reasons, reasons, "allowed", book, everything, trip, at, place)


def along(book: Book, trip: Trip, way: Iterable[tuple[datetime, Whereabouts]]) -> Answer:
    """Tell whether a trip may be everywhere on its way, each place at its own time.

    Rules change while trucks are on the road: each place is asked by the time of being there.
    """
    answers = [allowed(book, trip, at, place) for at, place in way]
    reasons = tuple(dict.fromkeys(r for one in answers if not one.yes for r in one.reasons))
    notices = tuple(dict.fromkeys(notice for one in answers for notice in one.notices))
    shown = reasons or (_plain("allowed"),)
    return Answer(not reasons, shown[0].code, shown, notices)


def _against(one: Applied, trip: Trip, place: Whereabouts, *, needs_pass: bool) -> Reason | None:
    """Say what of a burden a trip does not meet, if anything."""
    rule = one.rule
    met = {
        "pass": trip.has_pass,
        "suspend_passes": not needs_pass,
        "permit": rule.permit in trip.permits,
        "paper": rule.paper in trip.papers,
        "close": not trip.permits.isdisjoint(rule.unless_permits),
        "limit": rule.limit != "people_max" or (trip.people or 0) <= (rule.value or 0),
    }
    if met[rule.effect]:
        return None
    if rule.effect == "close":
        return _closed(one, place)
    return tell(_MISSING[rule.effect], one, seen=trip.people, **_values(rule))


def _need(one: Applied) -> Reason:
    """Say what a burden asks."""
    if one.rule.effect == "close":
        return _closed(one, None)
    return tell(_ASKED[one.rule.effect], one, **_values(one.rule))


_MISSING = {
    "pass": "pass_missing",
    "suspend_passes": "passes_suspended",
    "permit": "permit_missing",
    "paper": "paper_missing",
    "limit": "limit_exceeded",
}
_ASKED = {
    "pass": "pass_required",
    "suspend_passes": "passes_suspended",
    "permit": "permit_needed",
    "paper": "paper_needed",
    "duty": "duty",
    "limit": "limited",
    "mobilise": "mobilised",
}


def _values(rule: Rule) -> dict[str, Any]:
    words = {name: _word(name, getattr(rule, name)) for name in ("paper", "duty", "limit")}
    return {**words, "permit": rule.permit, "value": rule.value}


def _closed(one: Applied, place: Whereabouts | None) -> Reason:
    rule = one.rule
    values = {"place": _where(one, place), "hours": _hours(rule)}
    if rule.unless_permits:
        return tell("closed_unless", one, permits=rule.unless_permits, **values)
    return tell("closed", one, **values)


def _exempted(one: Applied) -> Reason:
    effects = [_word("effect", effect) for effect in one.rule.effects]
    return tell("exempted", one, effects=effects)


def _lifted(burden: Applied, relief: Applied) -> Reason:
    effect = _word("effect", burden.rule.effect)
    return tell("lifted", relief, other=burden.regime.name.model_dump(), effect=effect)


def _notices(
    book: Book, effects: Iterable[str], trip: Trip, at: datetime, place: Whereabouts
) -> tuple[Reason, ...]:
    balance = book.balance(effects, trip, at, place)
    told = [_lifted(burden, relief) for burden, relief in balance.lifted]
    bans = book.rules(("no_local_extras",), trip, at, place)
    told.extend(
        tell("contested", ban, other=burden.regime.name.model_dump())
        for ban in bans
        for burden in balance.standing
        if contests(ban, burden)
    )
    unasked = book.unasked(effects, trip, at, place)
    told.extend(tell("zone_inside", one, place=_where(one, None)) for one in unasked)
    return tuple(dict.fromkeys(told))


def _answer(
    yes: bool,  # noqa: FBT001
    reasons: tuple[Reason, ...],
    otherwise: str,
    book: Book,
    effects: Iterable[str],
    trip: Trip,
    at: datetime,
    place: Whereabouts,
) -> Answer:
    shown = reasons or (_plain(otherwise),)
    return Answer(yes, shown[0].code, shown, _notices(book, effects, trip, at, place))


def _where(one: Applied, place: Whereabouts | None) -> dict[str, str]:
    """Name the zones of a rule, or the regime's units, as people call them."""
    zones = [zone for zone in one.regime.zones if zone.id in one.rule.zones]
    if zones:
        return {
            "vi": ", ".join(zone.name.vi for zone in zones),
            "en": ", ".join(zone.name.en for zone in zones),
        }
    units = (*one.regime.where.regions, *one.regime.where.districts)
    if place is not None and place.region in units:
        units = (place.region,)
    names = [Word("region", unit) for unit in units]
    if not names:
        return {"vi": "cả nước", "en": "the whole country"}
    return {language: ", ".join(n.name(language) for n in names) for language in ("vi", "en")}


def _hours(rule: Rule) -> dict[str, str]:
    if not rule.hours:
        return {"vi": "", "en": ""}
    spans = [f"{hours.start}–{hours.end}" for hours in rule.hours]
    return {"vi": f" ({', '.join(spans)})", "en": f" ({', '.join(spans)})"}


def _word(vocabulary: str, word: str | None) -> Word:
    return Word(vocabulary, word or "")


def _plain(code: str) -> Reason:
    told = sentences(code)
    return Reason(code, told["vi"], told["en"])


def tell(code: str, one: Applied, **values: Any) -> Reason:
    """Say what a rule of a regime decides.

    Parameters
    ----------
    code
        Which sentence.
    one
        The rule, which stands in the sentence by its regime's name.
    values
        What else stands in it.
    """
    told = sentences(code, regime=one.regime.name.model_dump(), **values)
    assumed = one.rule.assumed is not None
    return Reason(code, told["vi"], told["en"], one.regime.id, one.rule.id, assumed)
