"""State the two signed lists that change what passes mean: revocations and the policy bulletin."""

from __future__ import annotations

from base64 import b32decode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from schemas.model import format_time
from schemas.passes import cbor, text
from schemas.passes.claims import (
    BULLETIN,
    ISSUED,
    ISSUER,
    REVOCATIONS,
    check_name,
    fields,
    id_text,
    moment,
    seconds,
    taken,
)
from schemas.passes.errors import OlderList, Unreadable
from schemas.passes.keys import SigningKey, Trust
from schemas.passes.trusted import open_signed, seal

RuleKind = Literal["extend", "suspend", "any_corridor", "require_permit"]
KINDS: dict[RuleKind, int] = {"extend": 1, "suspend": 2, "any_corridor": 3, "require_permit": 4}
_NUMBER, _CONTENT = 1, 2
_KIND, _REGIME, _FROM, _UNTIL, _CORRIDORS, _PERMITS, _PLACES, _TO, _PERMIT = range(1, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """What every list says of itself.

    Attributes
    ----------
    number
        Grows by at least one with each list.
    issuer, issued_at
        Whose passes it speaks of, and when it was signed.
    """

    number: int
    issuer: str
    issued_at: datetime

    def __post_init__(self) -> None:
        if not 1 <= self.number < 1 << 31:
            raise ValueError("Expected number from 1 on.")
        check_name("issuer", self.issuer)
        seconds(self.issued_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations(Numbered):
    """The passes of one issuer that no longer hold.

    Attributes
    ----------
    pass_ids
        What is revoked.
    """

    pass_ids: frozenset[str] = frozenset()

    def to_payload(self) -> bytes:
        """Write the claims, as they are signed."""
        ids = sorted(b32decode(pass_id) for pass_id in self.pass_ids)
        return _payload(self, REVOCATIONS, ids)

    @classmethod
    def from_payload(cls, payload: bytes) -> Revocations:
        """Read what `to_payload` wrote.

        Raises
        ------
        Unreadable
            The claims are not exactly those of a revocation list.
        """
        head, ids = _head(payload, REVOCATIONS)
        if any(type(one) is not bytes for one in ids) or sorted(set(ids)) != ids:
            raise Unreadable("claims", "expected ids in order, each once")
        return _made(cls, **head, pass_ids=frozenset(id_text(one) for one in ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One dated rule of a bulletin; it counts from `valid_from` until just before `valid_until`.

    Attributes
    ----------
    kind
        `extend`: passes that were valid at `valid_from` count until `to` at least. `suspend`:
        passes do not count. `any_corridor`: the corridor is not compared. `require_permit`: passes
        without the permit class `permit` do not count.
    regime
        Which regime asks for it, such as `1570-QD-BGTVT`.
    corridors, permits, places
        If any are named: only for passes of these corridors; only for passes with one of these
        permit classes; only where one of these places (checkpoints, regions) asks.
    to, permit
        What `extend` and `require_permit` need.
    """

    kind: RuleKind
    regime: str
    valid_from: datetime
    valid_until: datetime | None = None
    corridors: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    to: datetime | None = None
    permit: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Expected kind to be one of {', '.join(KINDS)}.")
        check_name("regime", self.regime)
        for name in ("corridors", "permits", "places"):
            for one in getattr(self, name):
                check_name(name, one)
        if (self.to is None) == (self.kind == "extend"):
            raise ValueError("Expected `to` with extend, and only there.")
        if (self.permit is None) == (self.kind == "require_permit"):
            raise ValueError("Expected `permit` with require_permit, and only there.")
        if self.permit is not None:
            check_name("permit", self.permit)
        for when in (self.valid_from, self.valid_until, self.to):
            if when is not None:
                seconds(when)
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("Expected valid_until later than valid_from.")

    def to_claims(self) -> dict[int, Any]:
        """Give the rule as it stands in the bulletin."""
        until, to = self.valid_until, self.to
        said: dict[int, Any] = {
            _KIND: KINDS[self.kind],
            _REGIME: self.regime,
            _FROM: seconds(self.valid_from),
            _UNTIL: None if until is None else seconds(until),
            _CORRIDORS: list(self.corridors),
            _PERMITS: list(self.permits),
            _PLACES: list(self.places),
            _TO: None if to is None else seconds(to),
            _PERMIT: self.permit,
        }
        return {label: value for label, value in said.items() if value not in (None, [])}

    @classmethod
    def from_claims(cls, said: Any) -> Rule:
        """Read what `to_claims` gave.

        Raises
        ------
        Unreadable
            It is no rule that we know: a bulletin that cannot be understood whole is not believed.
        """
        also = {_UNTIL, _CORRIDORS, _PERMITS, _PLACES, _TO, _PERMIT}
        fields(said, {_KIND, _REGIME, _FROM}, also)
        kinds = {number: kind for kind, number in KINDS.items()}
        if said[_KIND] not in kinds:
            raise Unreadable("claims", f"no kind of rule is numbered {said[_KIND]}")
        return _made(
            cls,
            kind=kinds[said[_KIND]],
            regime=taken(said[_REGIME], str),
            valid_from=moment(said[_FROM]),
            valid_until=moment(said[_UNTIL]) if _UNTIL in said else None,
            corridors=_names(said, _CORRIDORS),
            permits=_names(said, _PERMITS),
            places=_names(said, _PLACES),
            to=moment(said[_TO]) if _TO in said else None,
            permit=taken(said[_PERMIT], str) if _PERMIT in said else None,
        )

    def to_doc(self) -> dict[str, Any]:
        """Give the rule as JSON holds it."""
        return {
            "kind": self.kind,
            "regime": self.regime,
            "valid_from": format_time(self.valid_from),
            "valid_until": None if self.valid_until is None else format_time(self.valid_until),
            "corridors": list(self.corridors),
            "permits": list(self.permits),
            "places": list(self.places),
            "to": None if self.to is None else format_time(self.to),
            "permit": self.permit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin(Numbered):
    """The dated rules that an issuer has in force or announces.

    Attributes
    ----------
    rules
        All that counts; what an earlier bulletin said and this one does not is over.
    """

    rules: tuple[Rule, ...] = ()

    def to_payload(self) -> bytes:
        """Write the claims, as they are signed."""
        return _payload(self, BULLETIN, [rule.to_claims() for rule in self.rules])

    @classmethod
    def from_payload(cls, payload: bytes) -> Bulletin:
        """Read what `to_payload` wrote.

        Raises
        ------
        Unreadable
            The claims are not exactly those of a bulletin.
        """
        head, rules = _head(payload, BULLETIN)
        return _made(cls, **head, rules=tuple(Rule.from_claims(rule) for rule in rules))


Dated = TypeVar("Dated", Revocations, Bulletin)
_Any = TypeVar("_Any")


def publish(what: Revocations | Bulletin, key: SigningKey) -> str:
    """Sign a list and write it as text.

    Parameters
    ----------
    what
        The list.
    key
        A key of its issuer.
    """
    envelope = text.REVOCATIONS if isinstance(what, Revocations) else text.BULLETIN
    return seal(what.to_payload(), what.issuer, what.issued_at, key, envelope)


def read_revocations(written: str, trust: Trust) -> Revocations:
    """Read a revocation list and verify it.

    Raises
    ------
    Unreadable, Untrusted
        It is none, or nobody whom we trust signed it.
    """
    return open_signed(written, trust, text.REVOCATIONS, Revocations.from_payload)[0]


def read_bulletin(written: str, trust: Trust) -> Bulletin:
    """Read a bulletin and verify it.

    Raises
    ------
    Unreadable, Untrusted
        It is none, or nobody whom we trust signed it.
    """
    return open_signed(written, trust, text.BULLETIN, Bulletin.from_payload)[0]


def newer(held: Dated | None, offered: Dated) -> Dated:
    """Return the list to go on with, once another was offered and verified.

    Parameters
    ----------
    held
        What is at hand.
    offered
        What came.

    Raises
    ------
    OlderList
        What came is older, speaks for another issuer, or contradicts what is at hand.
    """
    if held is None or offered == held:
        return offered
    if offered.issuer != held.issuer:
        raise OlderList(f"the list at hand is {held.issuer}'s, the one offered {offered.issuer}'s")
    if offered.number <= held.number or offered.issued_at < held.issued_at:
        raise OlderList(
            f"number {offered.number} of {format_time(offered.issued_at)} does not replace number "
            f"{held.number} of {format_time(held.issued_at)}"
        )
    return offered


def _payload(what: Numbered, kind: int, content: list[Any]) -> bytes:
    head = {ISSUER: what.issuer, ISSUED: seconds(what.issued_at)}
    return cbor.dumps(head | {kind: {_NUMBER: what.number, _CONTENT: content}})


def _head(payload: bytes, kind: int) -> tuple[dict[str, Any], list[Any]]:
    claims = cbor.loads(payload)
    fields(claims, {ISSUER, ISSUED, kind})
    said = claims[kind]
    fields(said, {_NUMBER, _CONTENT})
    head = {
        "number": taken(said[_NUMBER], int),
        "issuer": taken(claims[ISSUER], str),
        "issued_at": moment(claims[ISSUED]),
    }
    return head, taken(said[_CONTENT], list)


def _names(said: dict[int, Any], label: int) -> tuple[str, ...]:
    return tuple(taken(name, str) for name in taken(said.get(label, []), list))


def _made(what: type[_Any], /, **values: Any) -> _Any:
    try:
        return what(**values)
    except ValueError as error:
        raise Unreadable("claims", str(error)) from None
