"""Whatever an enemy writes is refused with a clear code, quickly and without an error."""

import tracemalloc
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.passes import cbor
from schemas.passes.errors import Unreadable
from schemas.passes.verdict import CODES
from tests.passes import bad, forge
from tests.passes.world import KEYS, judged


def test_what_the_bad_ones_are_made_from_is_good() -> None:
    for signer in KEYS.values():
        assert judged(forge.text(forge.sign(bad.GOOD, signer))).valid


@pytest.mark.parametrize(("name", "payload"), list(bad.payloads()), ids=lambda one: str(one)[:40])
def test_a_signature_makes_no_pass_of_claims_that_are_none(name: str, payload: bytes) -> None:
    for signer in KEYS.values():
        verdict = judged(forge.text(forge.sign(payload, signer)))
        assert verdict.code == "malformed", name
        assert verdict.claims is None


@pytest.mark.parametrize(
    ("name", "data", "code"), list(bad.headers()), ids=lambda one: str(one)[:40]
)
def test_a_wrong_header_or_frame_is_refused_by_its_code(name: str, data: bytes, code: str) -> None:
    assert judged(forge.text(data)).code == code, name


@pytest.mark.parametrize(("name", "text"), list(bad.texts()), ids=lambda one: ascii(one)[:40])
def test_a_text_that_holds_no_pass_is_malformed(name: str, text: str) -> None:
    assert judged(text).code == "malformed", name


def test_a_bomb_is_never_unpacked() -> None:
    bombs = [text for name, text in bad.texts() if name.startswith("bomb")]
    judged(bombs[0])
    tracemalloc.start()
    for bomb in bombs:
        assert judged(bomb).code == "malformed"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 300_000


@settings(max_examples=300, deadline=None)
@given(text=st.text() | st.text(alphabet=forge.ALPHABET), prefix=st.sampled_from(["", "HLP1:"]))
def test_any_text_is_answered(text: str, prefix: str) -> None:
    assert judged(prefix + text).code == "malformed"


@settings(max_examples=500, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert judged(forge.text(data)).code in CODES[1:]
    assert not judged(forge.text(forge.sign(data, KEYS["EdDSA"]))).valid


def test_what_a_trusted_key_signed_and_a_byte_of_its_claims_changed_is_read_or_refused() -> None:
    chance = Random(4)
    for _ in range(1_500):
        payload = bytearray(bad.GOOD)
        payload[chance.randrange(len(payload))] = chance.randrange(256)
        verdict = judged(forge.text(forge.sign(bytes(payload), KEYS["EdDSA"])))
        if verdict.claims is not None:  # another pass, and nothing else was in its bytes
            assert verdict.claims.to_payload() == bytes(payload)


@settings(max_examples=500, deadline=None)
@given(data=st.binary(max_size=60))
def test_one_value_has_one_form(data: bytes) -> None:
    try:
        value = cbor.loads(data)
    except Unreadable:
        return
    assert cbor.dumps(value) == data
