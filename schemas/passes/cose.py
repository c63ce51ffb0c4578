"""Sign bytes as COSE_Sign1 (RFC 9052) and verify them, in the one form that is accepted."""

from __future__ import annotations

from dataclasses import dataclass

from cwt import COSE
from cwt.exceptions import VerifyError

from schemas.passes import cbor
from schemas.passes.errors import Unreadable, Untrusted
from schemas.passes.keys import ALGORITHMS, KID_BYTES, PublicKey, SigningKey, Trust

_ALG, _KID = 1, 4  # labels in a header (RFC 9052, section 3.1)
_SIGNATURE_BYTES = 64
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points P-256 has (FIPS 186): with s, its difference to this would sign as well."""
_COSE = COSE.new()


@dataclass(frozen=True, slots=True)
class Signed:
    """The parts of a signed thing, before anybody has looked whether the signature fits.

    Attributes
    ----------
    data
        All of it, as it is signed and verified.
    protected, payload, signature
        The byte strings in it.
    alg
        The number of the algorithm that it claims.
    kid
        The key that it claims.
    """

    data: bytes
    protected: bytes
    payload: bytes
    signature: bytes
    alg: int
    kid: bytes


def sign(payload: bytes, key: SigningKey) -> bytes:
    """Sign bytes.

    Parameters
    ----------
    payload
        What is signed.
    key
        Whose `alg` and `kid` stand in the protected header.

    Returns
    -------
    bytes
        COSE_Sign1 with its tag, deterministic, with an empty unprotected header; of the two
        signatures that ES256 has for everything, the one with the smaller `s`.
    """
    header = {_ALG: ALGORITHMS[key.public.alg], _KID: key.public.kid}
    data = _COSE.encode_and_sign(payload, key.cose_key(), header, {})
    assert isinstance(data, bytes)
    if key.public.alg != "ES256":
        return data
    s = int.from_bytes(data[-32:], "big")
    return data[:-32] + min(s, _ORDER - s).to_bytes(32, "big")


def split(data: bytes) -> Signed:
    """Take a signed thing apart.

    Raises
    ------
    Unreadable
        It is not COSE_Sign1 in the form that `sign` writes.
    """
    parts = cbor.loads(data, tag=cbor.SIGN1)
    if type(parts) is not list or [type(part) for part in parts] != [bytes, dict, bytes, bytes]:
        raise Unreadable("cose", "expected four parts: bytes, map, bytes, bytes")
    protected, unprotected, payload, signature = parts
    if unprotected:
        raise Unreadable("cose", "the unprotected header must be empty")
    if len(signature) != _SIGNATURE_BYTES:
        raise Unreadable("cose", f"expected {_SIGNATURE_BYTES} bytes of signature")
    header = cbor.loads(protected)
    if type(header) is not dict or set(header) != {_ALG, _KID}:
        raise Unreadable("cose", "expected exactly alg and kid in the protected header")
    alg, kid = header[_ALG], header[_KID]
    if type(alg) is not int or type(kid) is not bytes or len(kid) != KID_BYTES:
        raise Unreadable("cose", f"expected alg to be a number and kid {KID_BYTES} bytes")
    return Signed(data, protected, payload, signature, alg, kid)


def check(signed: Signed, trust: Trust) -> PublicKey:
    """Verify a signature.

    Parameters
    ----------
    signed
        From `split`.
    trust
        The keys that are believed.

    Returns
    -------
    PublicKey
        The key that signed it; whether it may have signed just this is the caller's to judge.

    Raises
    ------
    Untrusted
        `unknown_algorithm`, `unknown_key`, `key_withdrawn` or `bad_signature`.
    """
    if signed.alg not in ALGORITHMS.values():
        raise Untrusted("unknown_algorithm", f"algorithm {signed.alg} is not accepted")
    key = trust.keys.get(signed.kid)
    if key is None:
        raise Untrusted("unknown_key", f"no key {signed.kid.hex()} is known")
    if ALGORITHMS[key.alg] != signed.alg:
        raise Untrusted("unknown_algorithm", f"key {signed.kid.hex()} is one for {key.alg}")
    if key.withdrawn:
        raise Untrusted("key_withdrawn", f"key {signed.kid.hex()} was withdrawn")
    if key.alg == "ES256" and int.from_bytes(signed.signature[32:], "big") > _ORDER // 2:
        raise Untrusted(
            "bad_signature", "of the two signatures only that with the smaller s counts"
        )
    try:
        _COSE.decode(signed.data, key.cose_key())
    except (VerifyError, ValueError):
        raise Untrusted("bad_signature", "the signature does not fit") from None
    return key
