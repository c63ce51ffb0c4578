"""Read and write the one CBOR form that passes use: deterministic, without tags or floats."""

from __future__ import annotations

from typing import Any

import cbor2

from schemas.passes.errors import Unreadable

_DEEPEST = 8
_LARGEST = 1 << 53  # what every reader, JavaScript too, holds exactly
SIGN1 = 18
"""The tag of COSE_Sign1 (RFC 9052), the only one that is read, and only outermost."""


def dumps(value: Any) -> bytes:
    """Write a value in deterministic CBOR (RFC 8949, section 4.2.1)."""
    return cbor2.dumps(value, canonical=True)


def loads(data: bytes, *, tag: int | None = None) -> Any:
    """Read one value, refusing every other way in which it could have been written.

    Parameters
    ----------
    data
        Exactly one value.
    tag
        The tag that stands around it, if any.

    Raises
    ------
    Unreadable
        There is too little or too much, a key stands twice or out of order, a length is indefinite
        or longer than needed, a number is too large, or a type is not one of integer, byte string,
        text, array and map.
    """
    try:
        value = cbor2.loads(data, max_depth=_DEEPEST)
        again = cbor2.dumps(value, canonical=True)
    except Exception as error:  # noqa: BLE001 - bytes of an enemy; whatever fails, they are no CBOR
        raise Unreadable("cbor", f"no CBOR: {type(error).__name__}") from None
    if again != data:
        raise Unreadable("cbor", "not in the deterministic form, or followed by something")
    if tag is not None:
        if type(value) is not cbor2.CBORTag or value.tag != tag:
            raise Unreadable("cbor", f"expected tag {tag}")
        value = value.value
    _check(value)
    return value


def _check(value: Any) -> None:
    kind = type(value)  # exactly: true and false are integers to isinstance
    if kind is list:
        for part in value:
            _check(part)
    elif kind is dict:
        for key, part in value.items():
            _check(key)
            _check(part)
    elif kind is int:
        if not -_LARGEST < value < _LARGEST:
            raise Unreadable("cbor", "a number is too large")
    elif kind not in (str, bytes):
        raise Unreadable("cbor", f"unexpected type {kind.__name__}")
