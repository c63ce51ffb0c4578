"""Flip every bit of signed bytes: nothing but the very same bytes is the same pass."""

from random import Random

import pytest

from schemas.passes import text as texts
from schemas.passes.cose import split
from schemas.passes.errors import Unreadable
from schemas.passes.verdict import issue
from tests.passes import forge
from tests.passes.world import KEYS, drawn, judged

FEW, ALL = 8, 200


def _flip_all(count: int) -> None:
    chance = Random(count)
    for number in range(count):
        claims = drawn(chance)
        signer = KEYS["ES256" if number % 4 else "EdDSA"]
        text = issue(claims, signer)
        assert judged(text, plate=claims.plate, corridor_id=claims.corridor_id).valid
        data = texts.unwrap(text, texts.PASS)
        parts = split(data)
        tried = dict.fromkeys(("protected", "payload", "signature"), 0)
        for bit in range(len(data) * 8):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            verdict = judged(texts.wrap(bytes(flipped), texts.PASS))
            assert not verdict.valid, (claims, bit)
            assert verdict.claims is None, (claims, bit)
            for name in tried:
                start = data.index(getattr(parts, name))
                tried[name] += start <= bit // 8 < start + len(getattr(parts, name))
        assert tried == {name: 8 * len(getattr(parts, name)) for name in tried}


def test_no_pass_survives_a_flipped_bit_of_header_payload_or_signature() -> None:
    _flip_all(FEW)


@pytest.mark.slow
def test_no_flipped_bit_of_two_hundred_passes_verifies() -> None:
    _flip_all(ALL)


def test_a_changed_character_gives_the_same_bytes_or_no_pass() -> None:
    chance, same = Random(5), 0
    for number in range(6):
        text = issue(drawn(chance), KEYS["ES256" if number % 2 else "EdDSA"])
        data = texts.unwrap(text, texts.PASS)
        for at in range(len(text)):
            for other in chance.sample(forge.ALPHABET, 3):
                changed = text[:at] + other + text[at + 1 :]
                try:
                    equal = texts.unwrap(changed, texts.PASS) == data
                except Unreadable:
                    equal = False
                assert judged(changed).valid == equal
                same += equal
    assert same


def test_characters_that_are_lost_doubled_or_swapped_give_no_pass() -> None:
    text = issue(drawn(Random(6)), KEYS["ES256"])
    for at in range(len(text)):
        assert not judged(text[:at] + text[at + 1 :]).valid
        assert not judged(text[:at] + text[at] * 2 + text[at + 1 :]).valid
        swapped = text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
        assert swapped == text or not judged(swapped).valid


@pytest.mark.parametrize("level", [0, 1, 5, 9])
def test_the_same_signed_bytes_packed_otherwise_are_the_same_pass(level: int) -> None:
    claims = drawn(Random(7))
    data = texts.unwrap(issue(claims, KEYS["ES256"]), texts.PASS)
    verdict = judged(forge.text(data, level=level))
    assert verdict.valid
    assert verdict.claims == claims


def test_the_other_signature_that_the_curve_allows_is_refused() -> None:
    signer, payload = KEYS["ES256"], drawn(Random(8)).to_payload()
    protected = forge.header(signer)
    for high, code in ((False, "valid"), (True, "bad_signature")):
        signed = forge.signature(protected, payload, signer, high_s=high)
        assert judged(forge.text(forge.join(protected, payload, signed))).code == code


def test_the_parts_of_two_passes_make_no_third() -> None:
    chance = Random(9)
    one, two = (split(texts.unwrap(issue(drawn(chance), KEYS["ES256"]), texts.PASS)) for _ in "ab")
    mixed = forge.join(one.protected, two.payload, one.signature)
    assert judged(forge.text(mixed)).code == "bad_signature"
    other = split(texts.unwrap(issue(drawn(chance), KEYS["EdDSA"]), texts.PASS))
    mixed = forge.join(other.protected, one.payload, one.signature)
    assert judged(forge.text(mixed)).code == "bad_signature"
