"""Turn signed bytes into the text of a QR code and back: zlib, Base45, a prefix."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from base45 import b45decode, b45encode

from schemas.passes.errors import Unreadable

_ALPHABET = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a kind of signed thing is written.

    Attributes
    ----------
    prefix
        Stands before the Base45 text; it names the kind and the version of the format.
    longest_text, longest_bytes
        Nothing longer is read, neither as text (characters) nor unpacked (bytes).
    """

    prefix: str
    longest_text: int
    longest_bytes: int


PASS = Envelope("HLP1:", 1_200, 1_000)
REVOCATIONS = Envelope("HLR1:", 3_100_000, 2_000_000)
BULLETIN = Envelope("HLB1:", 200_000, 200_000)


def wrap(data: bytes, envelope: Envelope) -> str:
    """Write signed bytes as text.

    Raises
    ------
    Unreadable
        The bytes are more than a reader takes.
    """
    encoded: bytes = b45encode(zlib.compress(data, 9))
    text = envelope.prefix + encoded.decode("ascii")
    if len(data) > envelope.longest_bytes or len(text) > envelope.longest_text:
        raise Unreadable("length", f"more than {envelope.longest_bytes} bytes")
    return text


def unwrap(text: str, envelope: Envelope) -> bytes:
    """Read the signed bytes of a text.

    Raises
    ------
    Unreadable
        Names the layer that fails. Nothing longer than the envelope allows is ever unpacked.
    """
    if not text.startswith(envelope.prefix):
        raise Unreadable("prefix", f"expected a text that starts with {envelope.prefix}")
    if len(text) > envelope.longest_text:
        raise Unreadable("length", f"more than {envelope.longest_text} characters")
    packed = _from_base45(text[len(envelope.prefix) :])
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, envelope.longest_bytes + 1)
    except zlib.error:
        raise Unreadable("zlib", "not in zlib's format") from None
    if len(data) > envelope.longest_bytes:
        raise Unreadable("length", f"more than {envelope.longest_bytes} bytes unpacked")
    if not unpacker.eof:
        raise Unreadable("zlib", "cut short")
    if unpacker.unused_data or unpacker.unconsumed_tail:
        raise Unreadable("zlib", "followed by something")
    return data


def _from_base45(text: str) -> bytes:
    if not _ALPHABET.issuperset(text):  # the library passes over line ends
        raise Unreadable("base45", "a character outside the alphabet of Base45")
    try:
        packed: bytes = b45decode(text)
    except ValueError:
        raise Unreadable("base45", "not in Base45") from None
    return packed
