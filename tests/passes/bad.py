"""Make passes that are wrong in one way each, signed by a key that is trusted where that helps."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import cbor2

from schemas.passes.claims import BULLETIN, EXPIRES, ID, ISSUED, ISSUER, NOT_BEFORE, PASS
from tests.passes import forge
from tests.passes.world import EMPTY, KEYS, NO_RULES, a_pass, key

SIGNER = KEYS["ES256"]
GOOD = a_pass().to_payload()


def payloads() -> Iterator[tuple[str, bytes]]:
    """Yield claims that no pass has, by name."""
    plain = cbor2.loads(GOOD)
    said = plain[PASS]

    def other(**changed: Any) -> bytes:
        return cbor2.dumps(plain | {int(k[1:]): v for k, v in changed.items()}, canonical=True)

    def inner(changed: dict[int, Any]) -> bytes:
        return cbor2.dumps(plain | {PASS: said | changed}, canonical=True)

    def without(label: int) -> bytes:
        return cbor2.dumps({k: v for k, v in plain.items() if k != label}, canonical=True)

    for name, label in (
        ("issuer", ISSUER),
        ("expires", EXPIRES),
        ("not_before", NOT_BEFORE),
        ("issued", ISSUED),
        ("id", ID),
        ("pass", PASS),
    ):
        yield f"no_{name}", without(label)
    yield "unknown_claim", other(_8=1)
    yield "expires_as_text", other(_4="1630000000")
    yield "expires_as_bytes", other(_4=b"\x61")
    yield "expires_true", other(_4=True)
    yield "expires_null", other(_4=None)
    yield "expires_float", other(_4=1630000000.0)
    yield "expires_huge", other(_4=2**70)
    yield "expires_beyond_the_calendar", other(_4=2**50)
    yield "expires_negative", other(_4=-1)
    yield "expires_tagged_time", other(_4=cbor2.CBORTag(1, 1630000000))
    yield "ends_before_it_starts", other(_4=plain[NOT_BEFORE])
    yield "id_short", other(_7=b"123456789")
    yield "id_as_text", other(_7="MFRGGZDFMZTWQ2LK")
    yield "issuer_as_bytes", other(_1=b"so-gtvt-kien-giang")
    yield "issuer_with_a_space", other(_1="so gtvt")
    yield "plate_in_small_letters", inner({1: "68c-123.45"})
    yield "plate_too_long", inner({1: "6" * 30})
    yield "plate_as_list", inner({1: ["68C-123.45", "69C-123.45"]})
    yield "corridor_empty", inner({3: ""})
    yield "corridor_with_a_line_end", inner({3: "a\nb"})
    yield "corridor_with_a_line_end_last", inner({3: "tac-cau\n"})
    yield "permits_empty", inner({4: []})
    yield "permits_unsorted", inner({4: ["b", "a"]})
    yield "permits_twice", inner({4: ["a", "a"]})
    yield "permits_of_numbers", inner({4: [1]})
    yield "permits_too_many", inner({4: [f"p{n:02}" for n in range(17)]})
    yield "unknown_field", inner({9: "x"})
    yield "not_a_map", cbor2.dumps([1, 2])
    yield "empty", b""
    yield "trailing_byte", GOOD + b"\x00"
    yield "key_twice", b"\xa7" + cbor2.dumps(ISSUER) + cbor2.dumps(plain[ISSUER]) + GOOD[1:]
    yield "indefinite_map", b"\xbf" + GOOD[1:] + b"\xff"
    yield "number_longer_than_needed", b"\xa6\x18\x01" + GOOD[2:]
    yield "keys_out_of_order", cbor2.dumps(dict(reversed(list(plain.items()))))
    yield "array_of_endless_length", b"\x9b" + b"\xff" * 8
    yield "text_of_endless_length", b"\x7b" + b"\x7f" * 8
    yield "nested_without_end", b"\x81" * 300
    yield "text_that_is_no_utf8", GOOD.replace(b"68C", b"\xff\xfeC")
    yield "shared_reference", b"\xd8\x1c" + GOOD
    yield "self_containing", b"\xd8\x1c\x81\xd8\x1d\x00"
    yield "a_revocation_list", EMPTY.to_payload()
    yield "a_bulletin", NO_RULES.to_payload()
    yield "a_bulletin_beside_a_pass", cbor2.dumps(plain | {BULLETIN: {1: 1, 2: []}}, canonical=True)


def headers() -> Iterator[tuple[str, bytes, str]]:
    """Yield signed bytes whose header or frame is wrong, by name, with the code expected."""
    kid, protected = SIGNER.public.kid, forge.header(SIGNER)
    signed = forge.signature(protected, GOOD, SIGNER)
    whole = forge.join(protected, GOOD, signed)

    def made(name: str, code: str, **changed: Any) -> tuple[str, bytes, str]:
        return name, forge.sign(GOOD, SIGNER, **changed), code

    yield made("no_algorithm", "malformed", alg=None)
    yield made("no_kid", "malformed", kid=None)
    yield made("algorithm_as_text", "malformed", alg="ES256")
    yield made("algorithm_none", "unknown_algorithm", alg=0)
    yield made("algorithm_hmac", "unknown_algorithm", alg=5)
    yield made("algorithm_es384", "unknown_algorithm", alg=-35)
    yield made("algorithm_of_another_key", "unknown_algorithm", alg=-8)
    yield made("kid_short", "malformed", kid=kid[:4])
    yield made("kid_long", "malformed", kid=kid + b"\x00")
    yield made("kid_as_text", "malformed", kid=kid.hex()[:8])
    yield made("kid_of_nobody", "unknown_key", kid=bytes(8))
    yield made("kid_of_another_key", "unknown_algorithm", kid=KEYS["EdDSA"].public.kid)
    yield made("further_label", "malformed", more={16: "x"})
    yield made("critical_label", "malformed", more={2: [99]})
    forger = key("ES256", 666)
    yield "signed_by_a_forger", forge.sign(GOOD, forger), "unknown_key"
    yield "signed_by_a_forger_as_us", forge.sign(GOOD, forger, kid=kid), "bad_signature"
    bare = forge.header(SIGNER, kid=None)
    beside = forge.join(bare, GOOD, signed, unprotected=b"\xa1\x04" + cbor2.dumps(kid))
    yield "kid_beside_the_header", beside, "malformed"
    extra = forge.join(protected, GOOD, signed, unprotected=b"\xa1\x04" + cbor2.dumps(kid))
    yield "something_unprotected", extra, "malformed"
    yield "header_empty", forge.join(b"", GOOD, signed), "malformed"
    yield "signature_empty", forge.join(protected, GOOD, b""), "malformed"
    yield "signature_of_zeros", forge.join(protected, GOOD, bytes(64)), "bad_signature"
    yield "signature_short", forge.join(protected, GOOD, signed[:-1]), "malformed"
    yield "signature_long", forge.join(protected, GOOD, signed + b"\x00"), "malformed"
    yield "payload_detached", whole.replace(cbor2.dumps(GOOD), b"\xf6"), "malformed"
    yield "no_tag", whole[1:], "malformed"
    yield "tag_of_mac0", b"\xd1" + whole[1:], "malformed"
    yield "tag_of_cwt_around_it", b"\xd8\x3d" + whole, "malformed"
    yield "followed_by_a_byte", whole + b"\x00", "malformed"
    yield "followed_by_itself", whole * 2, "malformed"
    yield "cut_short", whole[:-1], "malformed"
    yield "nothing", b"", "malformed"
    yield "indefinite_array", whole[:1] + b"\x9f" + whole[2:] + b"\xff", "malformed"
    yield "length_longer_than_needed", whole.replace(b"\x58\x40", b"\x59\x00\x40"), "malformed"


def texts() -> Iterator[tuple[str, str]]:
    """Yield texts that hold no pass at all, by name; each is malformed."""
    data = forge.sign(GOOD, SIGNER)
    good = forge.text(data)
    packed = zlib.compress(data)
    yield "empty", ""
    yield "prefix_only", "HLP1:"
    yield "no_prefix", good[5:]
    yield "prefix_in_small_letters", "hlp1:" + good[5:]
    yield "prefix_of_hcert", "HC1:" + good[5:]
    yield "prefix_of_the_next_version", "HLP2:" + good[5:]
    yield "prefix_of_revocations", "HLR1:" + good[5:]
    yield "space_before", " " + good
    yield "line_end_behind", good + "\n"
    yield "line_end_inside", good[:50] + "\n" + good[50:]
    yield "nul_behind", good + "\x00"
    yield "small_letters", good[:5] + good[5:].lower()
    yield "full_width_letters", good[:5] + good[5:].replace("A", "Ａ")
    yield "arabic_digits", good[:5] + good[5:].replace("0", "٠")
    yield "half_a_surrogate", good + "\ud800"
    yield "base45_above_16_bits", good + ":::"
    yield "base45_of_one_character", good[: 5 + (len(good) - 5) // 3 * 3] + "0"
    yield "base64", "HLP1:" + "QUJD" * 40
    yield "not_packed", "HLP1:" + forge.base45(data)
    yield "raw_deflate", "HLP1:" + forge.base45(packed[2:-4])
    yield "checksum_wrong", "HLP1:" + forge.base45(packed[:-1] + bytes([packed[-1] ^ 1]))
    yield "packed_cut_short", "HLP1:" + forge.base45(packed[:-4])
    yield "packed_followed_by_a_byte", "HLP1:" + forge.base45(packed + b"\x00")
    yield "packed_twice", "HLP1:" + forge.base45(zlib.compress(packed))
    yield "packed_followed_by_another", "HLP1:" + forge.base45(packed * 2)
    yield "bomb", "HLP1:" + forge.base45(zlib.compress(bytes(600_000)))
    yield "bomb_behind_a_pass", forge.text(data + bytes(600_000))
    yield "very_long", "HLP1:" + "0" * 2_000_000
    yield "a_web_address", "https://luongxanh.example/68C12345"
