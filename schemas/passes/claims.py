"""State what a pass says: which vehicle may use which corridor, from when until when."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas.model import FIRST_YEAR, LAST_YEAR, format_time
from schemas.passes import cbor
from schemas.passes.errors import Unreadable
from schemas.truck import normal_plate

ISSUER, EXPIRES, NOT_BEFORE, ISSUED, ID = 1, 4, 5, 6, 7
"""Claims of RFC 8392."""
PASS, REVOCATIONS, BULLETIN = -65537, -65538, -65539
"""Our own claims, in the range that RFC 8392 leaves to everybody: which one stands in a payload
says what the payload is, so that a list can never be taken for a pass."""
PASS_ID_BYTES = 10
PERMITS_AT_MOST = 16
_PLATE, _TRUCK, _CORRIDOR, _PERMITS = 1, 2, 3, 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@|#/+-]{0,63}")
_PLATE_TEXT = re.compile(r"[A-ZĐ0-9][A-ZĐ0-9 .-]{1,18}[A-ZĐ0-9]")
_FIRST_S = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
_LAST_S = int(datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a pass says; all of it is signed.

    Attributes
    ----------
    pass_id
        16 letters and digits (Base32 of 10 random bytes).
    plate
        In capitals as on the vehicle, such as `68C-123.45`; compared without punctuation.
    truck_id
        The vehicle's own id, where it is registered.
    corridor_id
        The one corridor that it may use.
    valid_from, valid_until
        To the second; `valid_until` itself is no longer inside.
    permits
        Permit classes, sorted.
    issuer
        Who issued it.
    issued_at
        When.

    Raises
    ------
    ValueError
        Names the first thing that no pass may say.
    """

    pass_id: str
    plate: str
    truck_id: str | None = None
    corridor_id: str
    valid_from: datetime
    valid_until: datetime
    permits: tuple[str, ...] = ()
    issuer: str
    issued_at: datetime

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z2-7]{16}", self.pass_id):
            raise ValueError("Expected pass_id to be 16 of A-Z and 2-7.")
        if not _PLATE_TEXT.fullmatch(self.plate) or len(normal_plate(self.plate)) < 3:
            raise ValueError("Expected plate in capitals, such as 68C-123.45.")
        for name in ("corridor_id", "issuer"):
            check_name(name, getattr(self, name))
        if self.truck_id is not None:
            check_name("truck_id", self.truck_id)
        if len(self.permits) > PERMITS_AT_MOST or sorted(set(self.permits)) != list(self.permits):
            raise ValueError(f"Expected at most {PERMITS_AT_MOST} permits, sorted, each once.")
        for permit in self.permits:
            check_name("permits", permit)
        for name in ("valid_from", "valid_until", "issued_at"):
            seconds(getattr(self, name))
        if self.valid_until <= self.valid_from:
            raise ValueError("Expected valid_until later than valid_from.")

    def to_payload(self) -> bytes:
        """Write the claims, as they are signed."""
        said: dict[int, Any] = {_PLATE: self.plate, _CORRIDOR: self.corridor_id}
        if self.truck_id is not None:
            said[_TRUCK] = self.truck_id
        if self.permits:
            said[_PERMITS] = list(self.permits)
        return cbor.dumps(
            {
                ISSUER: self.issuer,
                EXPIRES: seconds(self.valid_until),
                NOT_BEFORE: seconds(self.valid_from),
                ISSUED: seconds(self.issued_at),
                ID: b32decode(self.pass_id),
                PASS: said,
            }
        )

    @classmethod
    def from_payload(cls, payload: bytes) -> Pass:
        """Read what `to_payload` wrote.

        Raises
        ------
        Unreadable
            The claims are not exactly those of a pass.
        """
        claims = cbor.loads(payload)
        fields(claims, {ISSUER, EXPIRES, NOT_BEFORE, ISSUED, ID, PASS})
        said = claims[PASS]
        fields(said, {_PLATE, _CORRIDOR}, {_TRUCK, _PERMITS})
        permits = taken(said.get(_PERMITS, []), list)
        if _PERMITS in said and not permits:
            raise Unreadable("claims", "permits stand only where there are any")
        try:
            return cls(
                pass_id=id_text(claims[ID]),
                plate=taken(said[_PLATE], str),
                truck_id=taken(said[_TRUCK], str) if _TRUCK in said else None,
                corridor_id=taken(said[_CORRIDOR], str),
                valid_from=moment(claims[NOT_BEFORE]),
                valid_until=moment(claims[EXPIRES]),
                permits=tuple(taken(permit, str) for permit in permits),
                issuer=taken(claims[ISSUER], str),
                issued_at=moment(claims[ISSUED]),
            )
        except ValueError as error:
            raise Unreadable("claims", str(error)) from None

    def to_doc(self) -> dict[str, Any]:
        """Give the pass as JSON holds it."""
        return {
            "pass_id": self.pass_id,
            "plate": self.plate,
            "truck_id": self.truck_id,
            "corridor_id": self.corridor_id,
            "valid_from": format_time(self.valid_from),
            "valid_until": format_time(self.valid_until),
            "permits": list(self.permits),
            "issuer": self.issuer,
            "issued_at": format_time(self.issued_at),
        }


def id_text(data: Any) -> str:
    """Write the 10 bytes of a pass's id as the 16 characters that people see.

    Raises
    ------
    Unreadable
        These are not 10 bytes.
    """
    if len(taken(data, bytes)) != PASS_ID_BYTES:
        raise Unreadable("claims", f"expected {PASS_ID_BYTES} bytes of pass id")
    return b32encode(data).decode("ascii")


def check_name(field: str, name: str) -> None:
    """Refuse what is no id of at most 64 characters.

    Raises
    ------
    ValueError
        Names the field.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"Expected {field} to be at most 64 of A-Z a-z 0-9 . _ : @ | # / + -")


def seconds(when: datetime) -> int:
    """Give a moment as whole seconds since 1970 (UTC).

    Raises
    ------
    ValueError
        It has no offset, has fractions of a second, or lies in a year nobody plans in.
    """
    if when.tzinfo is None or when.microsecond:
        raise ValueError("Expected times with an offset, to the second.")
    found = int(when.timestamp())
    if not _FIRST_S <= found <= _LAST_S:
        raise ValueError(f"Expected years from {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def moment(value: Any) -> datetime:
    """Read what `seconds` gave.

    Raises
    ------
    Unreadable
        It is no whole number, or lies in a year nobody plans in.
    """
    if not _FIRST_S <= taken(value, int) <= _LAST_S:
        raise Unreadable("claims", "a time lies outside the calendar")
    return datetime.fromtimestamp(value, UTC)


def taken(value: Any, kind: type) -> Any:
    """Return a value if it is exactly of a type.

    Raises
    ------
    Unreadable
        It is not.
    """
    if type(value) is not kind:
        raise Unreadable("claims", f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def fields(value: Any, needed: set[int], also: set[int] | None = None) -> None:
    """Refuse what is no map with exactly these keys, and perhaps some of the others.

    Raises
    ------
    Unreadable
        A key is missing, or one stands there that nobody knows.
    """
    known = needed | (also or set())
    if type(value) is not dict or not needed <= set(value) <= known:
        raise Unreadable("claims", f"expected exactly the fields {sorted(known)}")
