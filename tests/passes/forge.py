"""Write signed things by hand, good and bad, without the code that they are to test.

Signatures of ES256 are those of RFC 6979, so that the same thing always gets the same bytes.
"""

from __future__ import annotations

import zlib
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from schemas.passes.keys import PrivateKey, SigningKey

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def private_key(alg: str, number: int) -> PrivateKey:
    """Give a key that everybody knows: for tests only."""
    if alg == "ES256":
        return derive_private_key(number, SECP256R1())
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))


def header(key: SigningKey, **changed: Any) -> bytes:
    """Write the protected header; `alg` and `kid` may be others, `more` adds labels."""
    said = {1: -7 if key.public.alg == "ES256" else -8, 4: key.public.kid}
    said |= changed.get("more", {})
    for label, name in ((1, "alg"), (4, "kid")):
        if name in changed:
            said[label] = changed[name]
            if changed[name] is None:
                del said[label]
    return cbor2.dumps(said, canonical=True)


def signature(protected: bytes, payload: bytes, key: SigningKey, *, high_s: bool = False) -> bytes:
    """Sign as RFC 9052, section 4.4 says."""
    message = cbor2.dumps(["Signature1", protected, b"", payload])
    if not isinstance(key.private, EllipticCurvePrivateKey):
        return key.private.sign(message)
    r, s = decode_dss_signature(
        key.private.sign(message, ECDSA(SHA256(), deterministic_signing=True))
    )
    low = min(s, ORDER - s)
    return r.to_bytes(32, "big") + (ORDER - low if high_s else low).to_bytes(32, "big")


def join(protected: bytes, payload: bytes, signed: bytes, *, unprotected: bytes = b"\xa0") -> bytes:
    """Put the parts of COSE_Sign1 behind its tag."""
    return b"".join((b"\xd2\x84", _bytes(protected), unprotected, _bytes(payload), _bytes(signed)))


def sign(payload: bytes, key: SigningKey, **changed: Any) -> bytes:
    """Sign a payload with a header as in `header`."""
    protected = header(key, **changed)
    return join(protected, payload, signature(protected, payload, key))


def text(data: bytes, *, prefix: str = "HLP1:", level: int = 9) -> str:
    """Pack bytes into the text of a code."""
    return prefix + base45(zlib.compress(data, level))


def base45(data: bytes) -> str:
    """Write bytes as RFC 9285 says."""
    said = ""
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(3 if len(pair) == 2 else 2):
            number, digit = divmod(number, 45)
            said += ALPHABET[digit]
    return said


def _bytes(data: bytes) -> bytes:
    return cbor2.dumps(data)
