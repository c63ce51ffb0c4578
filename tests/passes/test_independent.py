"""Others verify our passes: pycose, which knows nothing of ours, and the RFC by hand."""

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pycose.keys import CoseKey
from pycose.messages import Sign1Message

from schemas.passes import text as texts
from schemas.passes.cose import split
from schemas.passes.keys import PublicKey
from schemas.passes.lists import publish
from schemas.passes.verdict import issue
from tests.passes import forge
from tests.passes.world import EMPTY, KEYS, a_pass, judged

BOTH = pytest.mark.parametrize("alg", list(KEYS))


def _as_pycose_has_it(key: PublicKey) -> CoseKey:
    if key.alg == "ES256":
        return CoseKey.from_dict({1: 2, 3: -7, -1: 1, -2: key.x, -3: key.y})
    return CoseKey.from_dict({1: 1, 3: -8, -1: 6, -2: key.x})


def _believed(data: bytes, key: PublicKey) -> Sign1Message:
    message = Sign1Message.decode(data)
    message.key = _as_pycose_has_it(key)
    assert message.verify_signature()
    return message


@BOTH
def test_pycose_verifies_what_we_sign(alg: str) -> None:
    claims = a_pass()
    data = texts.unwrap(issue(claims, KEYS[alg]), texts.PASS)
    message = _believed(data, KEYS[alg].public)
    assert message.payload == claims.to_payload()
    assert message.uhdr == {}
    read = cbor2.loads(message.payload)
    assert read[1] == claims.issuer
    assert read[4] == int(claims.valid_until.timestamp())
    assert read[-65537][1] == claims.plate


@BOTH
def test_pycose_verifies_our_lists(alg: str) -> None:
    data = texts.unwrap(publish(EMPTY, KEYS[alg]), texts.REVOCATIONS)
    assert _believed(data, KEYS[alg].public).payload == EMPTY.to_payload()


@BOTH
def test_pycose_refuses_a_changed_pass_as_we_do(alg: str) -> None:
    data = bytearray(texts.unwrap(issue(a_pass(), KEYS[alg]), texts.PASS))
    at = bytes(data).index(b"68C")
    data[at] ^= 1
    message = Sign1Message.decode(bytes(data))
    message.key = _as_pycose_has_it(KEYS[alg].public)
    assert not message.verify_signature()
    assert judged(forge.text(bytes(data))).code == "bad_signature"


def test_we_verify_what_pycose_signs() -> None:
    signer = KEYS["ES256"]
    secret = signer.private.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]
    public = signer.public
    key = CoseKey.from_dict({1: 2, 3: -7, -1: 1, -2: public.x, -3: public.y, -4: secret})
    while True:  # pycose takes either of the two signatures
        message = Sign1Message({1: -7, 4: public.kid}, {}, a_pass().to_payload())
        message.key = key
        data = message.encode()
        if int.from_bytes(data[-32:], "big") <= forge.ORDER // 2:
            break
    assert judged(forge.text(data)).valid


def test_the_signature_is_that_of_the_rfc() -> None:
    signer = KEYS["ES256"]
    parts = split(texts.unwrap(issue(a_pass(), signer), texts.PASS))
    message = cbor2.dumps(["Signature1", parts.protected, b"", parts.payload])
    r, s = (int.from_bytes(half, "big") for half in (parts.signature[:32], parts.signature[32:]))
    public = signer.private.public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    public.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))


def test_a_thumbprint_is_that_of_the_rfc() -> None:
    # the example of RFC 9679, section 6
    x = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
    y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    doc = KEYS["ES256"].public.to_doc()
    known = PublicKey(
        alg="ES256", issuer="rfc", x=x, y=y, valid_from=KEYS["ES256"].public.valid_from
    )
    assert known.kid.hex() == "496bd8afadf307e5"
    assert doc["kid"] == KEYS["ES256"].public.kid.hex()
