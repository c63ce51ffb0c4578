"""Hold the keys that passes are signed and verified with, known by their thumbprints."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cwt import COSEKey
from cwt.cose_key_interface import COSEKeyInterface

from schemas.model import format_time, parse_time
from schemas.passes import cbor
from schemas.passes.errors import Unreadable

Algorithm = Literal["ES256", "EdDSA"]
ALGORITHMS: Mapping[str, int] = {"ES256": -7, "EdDSA": -8}
"""The algorithms that are accepted, with their numbers in COSE (RFC 9053)."""
KID_BYTES = 8
_P256, _ED25519 = 1, 6  # COSE's numbers of the curves
PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """What a verifier has to know of one key.

    Attributes
    ----------
    alg
        The one algorithm that it is used with.
    issuer
        Who signs with it; nobody else's passes are believed under it.
    x, y
        The public point, 32 bytes each; `y` is empty for EdDSA.
    valid_from, valid_until
        When it may have signed: what was issued at another time is not believed.
    withdrawn
        It is in wrong hands: nothing is believed under it, however old.
    """

    alg: Algorithm
    issuer: str
    x: bytes
    y: bytes = b""
    valid_from: datetime
    valid_until: datetime | None = None
    withdrawn: bool = False

    def __post_init__(self) -> None:
        wanted = {"ES256": (32, 32), "EdDSA": (32, 0)}.get(self.alg)
        if wanted is None:
            raise ValueError(f"Expected alg to be one of {', '.join(ALGORITHMS)}.")
        if (len(self.x), len(self.y)) != wanted:
            raise ValueError(f"Expected the 32 bytes of each coordinate of a key for {self.alg}.")
        if not self.issuer:
            raise ValueError("Expected an issuer.")
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("Expected valid_until later than valid_from.")
        try:
            self.cose_key()
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("Expected a point of the curve.") from None

    @property
    def kid(self) -> bytes:
        """The first 8 bytes of the key's thumbprint (RFC 9679, SHA-256)."""
        return _kid(self.alg, self.x, self.y)

    def cose_key(self) -> COSEKeyInterface:
        """Give the key as the COSE library takes it."""
        return _cose_key(self.alg, self.x, self.y, self.kid)

    def to_doc(self) -> dict[str, Any]:
        """Write the key as a JSON Web Key with its dates, which browsers import as it is."""
        named = {"kty": "EC", "crv": "P-256"} if self.y else {"kty": "OKP", "crv": "Ed25519"}
        return {
            "kid": self.kid.hex(),
            "alg": self.alg,
            **named,
            "x": _text64(self.x),
            **({"y": _text64(self.y)} if self.y else {}),
            "issuer": self.issuer,
            "valid_from": format_time(self.valid_from),
            "valid_until": None if self.valid_until is None else format_time(self.valid_until),
            "withdrawn": self.withdrawn,
        }

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> PublicKey:
        """Read what `to_doc` wrote.

        Raises
        ------
        Unreadable
            The document is no public key of ours, or its `kid` is not the key's thumbprint.
        """
        try:
            until = doc.get("valid_until")
            key = cls(
                alg=doc["alg"],
                issuer=doc["issuer"],
                x=_bytes64(doc["x"]),
                y=_bytes64(doc.get("y", "")),
                valid_from=parse_time(doc["valid_from"]),
                valid_until=None if until is None else parse_time(until),
                withdrawn=doc.get("withdrawn", False) is not False,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable("key", f"no public key: {error}") from None
        if doc.get("kid") != key.kid.hex():
            raise Unreadable("key", f"{doc.get('kid')!r} is not this key's thumbprint")
        return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with what others know of it."""

    public: PublicKey
    private: PrivateKey = field(repr=False)

    def cose_key(self) -> COSEKeyInterface:
        """Give the private key as the COSE library takes it."""
        if isinstance(self.private, Ed25519PrivateKey):
            secret = self.private.private_bytes_raw()
        else:
            secret = self.private.private_numbers().private_value.to_bytes(32, "big")
        public = self.public
        return COSEKey.new(_params(public.alg, public.x, public.y, public.kid) | {-4: secret})


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that a verifier believes, by their kid."""

    keys: Mapping[bytes, PublicKey]

    @classmethod
    def of(cls, keys: Iterable[PublicKey]) -> Trust:
        """Gather keys."""
        return cls({key.kid: key for key in keys})

    def to_doc(self) -> dict[str, Any]:
        """Write the list that is handed to verifiers."""
        return {"keys": [key.to_doc() for key in self.keys.values()]}

    @classmethod
    def from_doc(cls, doc: Any) -> Trust:
        """Read what `to_doc` wrote.

        Raises
        ------
        Unreadable
            The document is no list of public keys.
        """
        if not isinstance(doc, dict) or not isinstance(doc.get("keys"), list):
            raise Unreadable("key", 'expected {"keys": […]}')
        if not all(isinstance(key, dict) for key in doc["keys"]):
            raise Unreadable("key", "expected each key to be an object")
        return cls.of(PublicKey.from_doc(key) for key in doc["keys"])


def new_key(
    alg: Algorithm, *, issuer: str, valid_from: datetime, valid_until: datetime | None = None
) -> SigningKey:
    """Draw a key from the system's source of chance.

    Parameters
    ----------
    alg
        What it signs with.
    issuer, valid_from, valid_until
        As in `PublicKey`.
    """
    private: PrivateKey = (
        generate_private_key(SECP256R1()) if alg == "ES256" else Ed25519PrivateKey.generate()
    )
    return signing_key(private, issuer=issuer, valid_from=valid_from, valid_until=valid_until)


def signing_key(
    private: PrivateKey, *, issuer: str, valid_from: datetime, valid_until: datetime | None = None
) -> SigningKey:
    """Give a private key its public half and dates; the parameters are those of `new_key`."""
    public = private.public_key()
    x, y = coordinates(public)
    alg: Algorithm = "ES256" if isinstance(public, EllipticCurvePublicKey) else "EdDSA"
    known = PublicKey(
        alg=alg, issuer=issuer, x=x, y=y, valid_from=valid_from, valid_until=valid_until
    )
    return SigningKey(known, private)


def coordinates(public: EllipticCurvePublicKey | Ed25519PublicKey) -> tuple[bytes, bytes]:
    """Give the public point as two byte strings, the second empty for EdDSA."""
    if isinstance(public, Ed25519PublicKey):
        return public.public_bytes_raw(), b""
    numbers = public.public_numbers()
    return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")


def _point(alg: str, x: bytes, y: bytes) -> dict[int, Any]:
    """Give what RFC 9679 takes the thumbprint of."""
    if alg == "ES256":
        return {1: 2, -1: _P256, -2: x, -3: y}
    return {1: 1, -1: _ED25519, -2: x}


@lru_cache(maxsize=256)
def _kid(alg: str, x: bytes, y: bytes) -> bytes:
    return hashlib.sha256(cbor.dumps(_point(alg, x, y))).digest()[:KID_BYTES]


def _params(alg: str, x: bytes, y: bytes, kid: bytes) -> dict[int, Any]:
    return _point(alg, x, y) | {2: kid, 3: ALGORITHMS[alg]}


@lru_cache(maxsize=256)
def _cose_key(alg: str, x: bytes, y: bytes, kid: bytes) -> COSEKeyInterface:
    return COSEKey.new(_params(alg, x, y, kid))


def _text64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
