"""Seal claims into signed text, and open signed text only for whom its key may speak."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from schemas.passes import cose
from schemas.passes.errors import Untrusted
from schemas.passes.keys import PublicKey, SigningKey, Trust
from schemas.passes.text import Envelope, unwrap, wrap


class Issued(Protocol):
    """What somebody issued at some time."""

    @property
    def issuer(self) -> str:
        """Who."""

    @property
    def issued_at(self) -> datetime:
        """When."""


Claims = TypeVar("Claims", bound=Issued)


def seal(
    payload: bytes, issuer: str, issued_at: datetime, key: SigningKey, envelope: Envelope
) -> str:
    """Sign claims and write them as text.

    Parameters
    ----------
    payload, issuer, issued_at
        The claims as bytes, and who issues them when.
    key
        Signs.
    envelope
        How their kind is written.

    Raises
    ------
    Untrusted
        The key is not the issuer's, or not in force: nobody would believe what it signs.
    """
    _check_right(key.public, issuer, issued_at)
    return wrap(cose.sign(payload, key), envelope)


def open_signed(
    written: str, trust: Trust, envelope: Envelope, read: Callable[[bytes], Claims]
) -> tuple[Claims, PublicKey]:
    """Read signed text; nothing in the payload is looked at before the signature holds.

    Parameters
    ----------
    written
        The text.
    trust
        The keys that are believed.
    envelope
        How its kind is written.
    read
        Reads the claims of that kind.

    Raises
    ------
    Unreadable, Untrusted
        It is not of that kind, or must not be believed.
    """
    signed = cose.split(unwrap(written, envelope))
    key = cose.check(signed, trust)
    claims = read(signed.payload)
    _check_right(key, claims.issuer, claims.issued_at)
    return claims, key


def _check_right(key: PublicKey, issuer: str, issued_at: datetime) -> None:
    if issuer != key.issuer:
        raise Untrusted("wrong_issuer", f"key {key.kid.hex()} is {key.issuer}'s, not {issuer}'s")
    until = key.valid_until
    if issued_at < key.valid_from or (until is not None and issued_at > until):
        raise Untrusted("key_not_in_force", f"key {key.kid.hex()} could not sign at that time")
