"""Compare what is asked on the road with the regimes in force: who finds none is asked extra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.regimes.book import Applied, Book, contests
from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.model import BURDENS, LEVELS
from schemas.regimes.questions import tell
from schemas.regimes.register import Entry
from schemas.regimes.requirement import RequirementReported
from schemas.regimes.words import Reason, sentences

CODES = ("extra_forbidden", "exempted_from", "extra", "covered_for_some", "covered")
"""Every finding, the gravest first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a requirement stands on a regime.

    Attributes
    ----------
    code
        One of `CODES`.
    reasons
        The rules that say so.
    """

    code: str
    reasons: tuple[Reason, ...]

    @property
    def extra(self) -> bool:
        """Whether no regime stands behind it, so that the authority has to look."""
        return self.code in ("extra_forbidden", "exempted_from", "extra")

    def to_doc(self) -> dict[str, Any]:
        """Give the finding as JSON holds it."""
        reasons = [reason.to_doc() for reason in self.reasons]
        return {"code": self.code, "extra": self.extra, "reasons": reasons}


def judge(report: RequirementReported, book: Book) -> Finding:
    """Compare one report with the regimes of its time and place.

    Parameters
    ----------
    report
        What was met.
    book
        The regimes.
    """
    trip = Trip(purpose=report.purpose, product=report.product)
    place = Whereabouts(region=report.region, district=report.district)
    bans = [
        ban
        for ban in book.rules(("no_local_extras",), trip, report.at, place)
        if ban.certain and (not ban.rule.asked or report.asked in ban.rule.asked)
    ]
    standing, lifted = _asking(report, trip, place, book)
    sound = [one for one in standing if not any(contests(ban, one) for ban in bans)]
    certain = [one for one in sound if one.certain]
    if certain:
        return _found("covered", certain)
    if sound:
        return _found("covered_for_some", sound)
    if standing:  # a regime asks for it that a higher one forbids to ask
        return _found(
            "extra_forbidden", [ban for ban in bans if any(contests(ban, s) for s in standing)]
        )
    if lifted:
        return _found("exempted_from", lifted)
    asker = LEVELS["province" if report.is_of_a_region else "district"]
    if binding := [ban for ban in bans if ban.regime.rank > asker]:
        return _found("extra_forbidden", binding)
    told = sentences("extra")
    return Finding("extra", (Reason("extra", told["vi"], told["en"]),))


def judge_entry(entry: Entry, book: Book) -> Finding | None:
    """Compare an entry: the gravest of its reports' findings; None if nobody has met it."""
    findings = [judge(report, book) for report in entry.reports]
    return min(findings, key=lambda one: CODES.index(one.code), default=None)


def _asking(
    report: RequirementReported, trip: Trip, place: Whereabouts, book: Book
) -> tuple[list[Applied], list[Applied]]:
    """Find the rules that ask for the same thing, and the exemptions that lift such rules."""
    if report.kind not in BURDENS:
        return [], []
    balance = book.balance((report.kind,), trip, report.at, place)
    zones = book.unasked((report.kind,), trip, report.at, place)
    standing = [one for one in (*balance.standing, *zones) if _is_same(one, report)]
    return standing, [relief for one, relief in balance.lifted if _is_same(one, report)]


def _is_same(one: Applied, report: RequirementReported) -> bool:
    """Tell whether a rule asks for what was met; any closing is the same as any other."""
    word = {
        "pass": "pass",  # the regime's own; a pass that a locality makes up has another name
        "permit": one.rule.permit,
        "paper": one.rule.paper,
        "duty": one.rule.duty,
    }
    return report.kind not in word or word[report.kind] == report.asked


def _found(code: str, by: list[Applied]) -> Finding:
    return Finding(code, tuple(dict.fromkeys(tell(code, one) for one in by)))
