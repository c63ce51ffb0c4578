"""Judge a pass as whoever stands at the road has to: by what is at hand, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.model import format_time
from schemas.passes import text as texts
from schemas.passes.claims import Pass
from schemas.passes.errors import Unreadable, Untrusted
from schemas.passes.keys import SigningKey, Trust
from schemas.passes.lists import Bulletin, Revocations, Rule
from schemas.passes.trusted import open_signed, seal
from schemas.passes.words import Reason, tell
from schemas.truck import normal_plate

CODES = (
    "valid",
    "malformed",
    "unknown_algorithm",
    "unknown_key",
    "key_withdrawn",
    "bad_signature",
    "wrong_issuer",
    "key_not_in_force",
    "revoked",
    "suspended",
    "not_yet_valid",
    "expired",
    "permit_missing",
    "wrong_vehicle",
    "wrong_corridor",
)
"""Every code of a verdict; where several fit, the first of them is the verdict's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How exact clocks are, and how old lists may be before somebody is warned.

    Attributes
    ----------
    leeway_s
        A clock may be wrong by so much: a pass holds so much earlier and later.
    revocations_s, bulletin_s
        From which age a list is told to be old.
    """

    leeway_s: int = 120
    revocations_s: int = 24 * 3600
    bulletin_s: int = 7 * 24 * 3600

    def __post_init__(self) -> None:
        if not 0 <= self.leeway_s <= 3600:
            raise ValueError("Expected leeway_s in [0, 3600].")


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be thought of a pass.

    Attributes
    ----------
    code
        One of `CODES`.
    reasons
        Why, the code's own reason first; all that stands against it where it is not valid.
    notices
        What else the reader has to know: extensions, old lists, what was not compared.
    claims
        What it says; None unless the signature holds, for nothing else is worth showing.
    kid
        The key that signed it, under the same condition.
    valid_until
        With extensions.
    revocations_age_s, bulletin_age_s
        How old the lists are that were used; None where there is none of this issuer.
    """

    code: str
    reasons: tuple[Reason, ...]
    notices: tuple[Reason, ...] = ()
    claims: Pass | None = None
    kid: str | None = None
    valid_until: datetime | None = None
    revocations_age_s: int | None = None
    bulletin_age_s: int | None = None

    @property
    def valid(self) -> bool:
        """Whether the vehicle may go on."""
        return self.code == "valid"

    def to_doc(self) -> dict[str, Any]:
        """Give the verdict as JSON holds it."""
        until = self.valid_until
        return {
            "code": self.code,
            "valid": self.valid,
            "reasons": [{"code": r.code, "vi": r.vi, "en": r.en} for r in self.reasons],
            "notices": [{"code": r.code, "vi": r.vi, "en": r.en} for r in self.notices],
            "pass": None if self.claims is None else self.claims.to_doc(),
            "kid": self.kid,
            "valid_until": None if until is None else format_time(until),
            "revocations_age_s": self.revocations_age_s,
            "bulletin_age_s": self.bulletin_age_s,
        }


def issue(what: Pass, key: SigningKey) -> str:
    """Sign a pass and write it as the text of its QR code.

    Parameters
    ----------
    what
        The pass.
    key
        A key of its issuer.

    Raises
    ------
    Untrusted
        The key may not sign it.
    """
    return seal(what.to_payload(), what.issuer, what.issued_at, key, texts.PASS)


def verify(  # noqa: PLR0913 - what is held, and what is seen
    text: str,
    *,
    trust: Trust,
    revocations: Revocations | None,
    bulletin: Bulletin | None,
    now: datetime,
    plate: str | None = None,
    corridor_id: str | None = None,
    place: str | None = None,
    limits: Limits = LIMITS,
) -> Verdict:
    """Judge a pass.

    Parameters
    ----------
    text
        What the QR code holds.
    trust
        The keys that are believed.
    revocations, bulletin
        The newest lists at hand, read and verified; another issuer's count for nothing.
    now
        The time of whoever asks.
    plate, corridor_id
        Of the vehicle and of the corridor it is on; what is not given is not compared.
    place
        Where one asks: a checkpoint's id or a region's; rules for named places count only there.
    limits
        How exact clocks are, and how old lists may be.
    """
    try:
        claims, key = open_signed(text, trust, texts.PASS, Pass.from_payload)
    except Unreadable as error:
        return _refused("malformed", layer=error.layer)
    except Untrusted as error:
        return _refused(error.code)
    gone = revocations if revocations is not None and revocations.issuer == claims.issuer else None
    told = bulletin if bulletin is not None and bulletin.issuer == claims.issuer else None
    case = _Case(claims, gone, told, now, plate, corridor_id, place, limits)
    reasons = tuple(reason for rule in RULES if (reason := rule(case)) is not None)
    until = case.valid_until()[0]
    return Verdict(
        code=reasons[0].code if reasons else "valid",
        reasons=reasons or (tell("valid", valid_until=until),),
        notices=tuple(_notices(case)),
        claims=claims,
        kid=key.kid.hex(),
        valid_until=until,
        revocations_age_s=None if gone is None else _age_s(gone, now),
        bulletin_age_s=None if told is None else _age_s(told, now),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What a rule judges by."""

    claims: Pass
    revocations: Revocations | None
    bulletin: Bulletin | None
    now: datetime
    plate: str | None
    corridor_id: str | None
    place: str | None
    limits: Limits

    @property
    def leeway(self) -> timedelta:
        return timedelta(seconds=self.limits.leeway_s)

    def rules(self, kind: str) -> Iterator[Rule]:
        """Yield the rules of a kind that are in force for this pass, here and now."""
        for rule in self.bulletin.rules if self.bulletin else ():
            over = rule.valid_until is not None and self.now >= rule.valid_until
            here = not rule.places or self.place in rule.places
            named = not rule.corridors or self.claims.corridor_id in rule.corridors
            classed = not rule.permits or not set(rule.permits).isdisjoint(self.claims.permits)
            begun = rule.valid_from <= self.now
            if rule.kind == kind and begun and not over and here and named and classed:
                yield rule

    def valid_until(self) -> tuple[datetime, Rule | None]:
        """Give the end with extensions, and the rule that extends it most, if any does."""
        until, by = self.claims.valid_until, None
        for rule in self.rules("extend"):
            was_valid = self.claims.valid_from <= rule.valid_from < self.claims.valid_until
            if was_valid and rule.to is not None and rule.to > until:
                until, by = rule.to, rule
        return until, by


def _revoked(case: _Case) -> Reason | None:
    gone, pass_id = case.revocations, case.claims.pass_id
    if gone is None or pass_id not in gone.pass_ids:
        return None
    return tell("revoked", pass_id=pass_id, number=gone.number)


def _suspended(case: _Case) -> Reason | None:
    rule = next(case.rules("suspend"), None)
    return None if rule is None else tell("suspended", regime=rule.regime)


def _not_yet_valid(case: _Case) -> Reason | None:
    start = max(case.claims.valid_from, case.claims.issued_at)
    return tell("not_yet_valid", valid_from=start) if case.now + case.leeway < start else None


def _expired(case: _Case) -> Reason | None:
    until = case.valid_until()[0]
    return tell("expired", valid_until=until) if case.now - case.leeway >= until else None


def _permit_missing(case: _Case) -> Reason | None:
    for rule in case.rules("require_permit"):
        if rule.permit not in case.claims.permits:
            return tell("permit_missing", regime=rule.regime, permit=rule.permit)
    return None


def _wrong_vehicle(case: _Case) -> Reason | None:
    mine, seen = case.claims.plate, case.plate
    if seen is None or normal_plate(seen) == normal_plate(mine):
        return None
    return tell("wrong_vehicle", plate=mine, seen=seen)


def _wrong_corridor(case: _Case) -> Reason | None:
    mine, seen = case.claims.corridor_id, case.corridor_id
    if seen in (None, mine) or next(case.rules("any_corridor"), None):
        return None
    return tell("wrong_corridor", corridor_id=mine, seen=seen)


RULES: tuple[Callable[[_Case], Reason | None], ...] = (
    _revoked,
    _suspended,
    _not_yet_valid,
    _expired,
    _permit_missing,
    _wrong_vehicle,
    _wrong_corridor,
)
"""What can stand against a pass whose signature holds, in the order of `CODES`."""


def _notices(case: _Case) -> Iterator[Reason]:
    claims = case.claims
    until, by = case.valid_until()
    if by is not None:
        printed = claims.valid_until
        yield tell("extended", printed=printed, valid_until=until, regime=by.regime)
    free = next(case.rules("any_corridor"), None)
    if free is not None:
        yield tell("any_corridor", regime=free.regime)
    elif case.corridor_id is None:
        yield tell("corridor_not_compared", corridor_id=claims.corridor_id)
    if case.plate is None:
        yield tell("vehicle_not_compared", plate=claims.plate)
    yield from _age_of(case, "revocations", case.revocations, case.limits.revocations_s)
    yield from _age_of(case, "bulletin", case.bulletin, case.limits.bulletin_s)
    lists = [held for held in (case.revocations, case.bulletin) if held is not None]
    if any(held.issued_at > case.now + case.leeway for held in lists):
        yield tell("clock_behind")


def _age_of(
    case: _Case, name: str, held: Revocations | Bulletin | None, limit_s: int
) -> Iterator[Reason]:
    if held is None:
        yield tell(f"no_{name}", issuer=case.claims.issuer)
    elif (age_s := _age_s(held, case.now)) > limit_s:
        yield tell(f"old_{name}", number=held.number, hours=age_s // 3600)


def _age_s(held: Revocations | Bulletin, now: datetime) -> int:
    return max(0, int((now - held.issued_at).total_seconds()))


def _refused(code: str, **values: Any) -> Verdict:
    return Verdict(code=code, reasons=(tell(code, **values),))
