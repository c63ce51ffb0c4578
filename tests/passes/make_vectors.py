"""Write `vectors.json`, from which every verifier is tested: `python -m tests.passes.make_vectors`.

Its keys are known to everybody. The same code always writes the same file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.model import format_time
from schemas.passes.keys import SigningKey, Trust
from schemas.passes.lists import Bulletin, Revocations, Rule
from tests.passes import bad, forge
from tests.passes.world import EMPTY, ISSUER, KEYS, NO_RULES, NOW, START, a_pass, key

FILE = Path(__file__).with_name("vectors.json")
_DAY = timedelta(days=1)
_RETIRED = key("ES256", 8, valid_until=START + timedelta(hours=1))
_STOLEN = key("ES256", 9)
_NEIGHBOUR = key("ES256", 10, issuer="so-gtvt-ca-mau")
_TRUSTED = (*KEYS.values(), _RETIRED, _STOLEN, _NEIGHBOUR)


def vectors() -> dict[str, Any]:
    """Give the whole document."""
    trust = Trust.of(one.public for one in _TRUSTED).to_doc()
    for doc in trust["keys"]:
        doc["withdrawn"] = doc["kid"] == _STOLEN.public.kid.hex()
    return {
        "about": "docs/passes.md; made by tests/passes/make_vectors.py; keys for tests only",
        "trust": trust,
        "limits": {"leeway_s": 120, "revocations_s": 86_400, "bulletin_s": 604_800},
        "revocations": {name: _signed(said, "HLR1:") for name, said in _revocations().items()},
        "bulletins": {name: _signed(said, "HLB1:") for name, said in _bulletins().items()},
        "passes": [*_good(), *_judged(), *_bad()],
        "lists": list(_lists()),
    }


def _revocations() -> dict[str, Revocations]:
    gone = frozenset([a_pass().pass_id, "AAAAAAAAAAAAAAAA"])
    return {
        "none": EMPTY,
        "this": replace(EMPTY, number=2, pass_ids=gone),
        "others": replace(EMPTY, number=2, pass_ids=gone - {a_pass().pass_id}),
        "old": replace(EMPTY, issued_at=START - 3 * _DAY),
    }


def _bulletins() -> dict[str, Bulletin]:
    def one(kind: Any, **said: Any) -> Bulletin:
        told = {"kind": kind, "regime": "1570/QD-BGTVT", "valid_from": START} | said
        return replace(NO_RULES, number=2, rules=(Rule(**told),))

    return {
        "none": NO_RULES,
        "extend": one("extend", to=a_pass().valid_until + 30 * _DAY),
        "extend_another_corridor": one("extend", to=START + 60 * _DAY, corridors=("k9",)),
        "suspend_here": one("suspend", places=("CK-1",)),
        "suspend_tomorrow": one("suspend", valid_from=NOW + _DAY),
        "suspend_until_now": one("suspend", valid_until=NOW),
        "any_corridor": one("any_corridor"),
        "require_seafood": one("require_permit", permit="seafood"),
        "require_test": one("require_permit", permit="test-72h"),
    }


def _good() -> Iterator[dict[str, Any]]:
    for alg, signer in KEYS.items():
        yield _vector(f"good_{alg}", _text(a_pass(), signer))
    bare = a_pass(truck_id=None, permits=())
    yield _vector("good_without_truck_and_permits", _text(bare, KEYS["ES256"]))
    yield _vector("good_plate_of_army_letters", _text(a_pass(plate="68MĐ-123.45"), KEYS["ES256"]))
    yield _vector("good_of_a_retired_key", _text(a_pass(), _RETIRED))
    stored = forge.text(forge.sign(a_pass().to_payload(), KEYS["ES256"]), level=0)
    yield _vector("good_packed_otherwise", stored)


def _judged() -> Iterator[dict[str, Any]]:
    text, end = _text(a_pass(), KEYS["ES256"]), a_pass().valid_until
    second = timedelta(seconds=1)
    late = a_pass(issued_at=START + timedelta(hours=2))

    def one(name: str, code: str, **asked: Any) -> dict[str, Any]:
        return _vector(name, text, code, **asked)

    yield one("plate_as_scanned", "valid", plate="68c 12345")
    yield one("wrong_vehicle", "wrong_vehicle", plate="68C-123.46")
    yield one("right_corridor", "valid", corridor_id="tac-cau--cai-cui")
    yield one("wrong_corridor", "wrong_corridor", corridor_id="tac-cau--cai-cui-2")
    yield one("corridor_in_capitals", "wrong_corridor", corridor_id="TAC-CAU--CAI-CUI")
    yield one("last_second_of_the_leeway", "valid", now=end + 120 * second - second)
    yield one("expired", "expired", now=end + 120 * second)
    yield one("first_second_of_the_leeway", "valid", now=START - 120 * second)
    yield one("not_yet_valid", "not_yet_valid", now=START - 121 * second)
    yield one("revoked", "revoked", revocations="this")
    yield one("others_revoked", "valid", revocations="others")
    yield one("old_list", "valid", revocations="old")
    yield one("no_lists", "valid", revocations=None, bulletin=None)
    yield one("extended", "valid", bulletin="extend", now=end + 20 * _DAY)
    yield one("extension_over", "expired", bulletin="extend", now=end + 31 * _DAY)
    other = {"bulletin": "extend_another_corridor", "now": end + _DAY}
    yield one("another_corridor_extended", "expired", **other)
    yield one("suspended_here", "suspended", bulletin="suspend_here", place="CK-1")
    yield one("suspended_elsewhere", "valid", bulletin="suspend_here", place="CK-2")
    yield one("suspended_somewhere", "valid", bulletin="suspend_here")
    yield one("suspended_tomorrow", "valid", bulletin="suspend_tomorrow")
    yield one("suspended_until_now", "valid", bulletin="suspend_until_now")
    yield one("any_corridor", "valid", bulletin="any_corridor", corridor_id="k9")
    yield one("permit_there", "valid", bulletin="require_seafood")
    yield one("permit_missing", "permit_missing", bulletin="require_test")
    yield _vector("withdrawn_key", _text(a_pass(), _STOLEN), "key_withdrawn")
    yield _vector("issued_after_retirement", _text(late, _RETIRED), "key_not_in_force")
    yield _vector("neighbours_key", _text(a_pass(), _NEIGHBOUR), "wrong_issuer")
    high = forge.header(KEYS["ES256"])
    payload = a_pass().to_payload()
    twin = forge.signature(high, payload, KEYS["ES256"], high_s=True)
    yield _vector("other_signature", forge.text(forge.join(high, payload, twin)), "bad_signature")


def _bad() -> Iterator[dict[str, Any]]:
    for name, payload in bad.payloads():
        text = forge.text(forge.sign(payload, KEYS["ES256"]))
        yield _vector(f"claims_{name}", text, "malformed")
    for name, data, code in bad.headers():
        yield _vector(f"frame_{name}", forge.text(data), code)
    for name, text in bad.texts():
        if len(text) < 5_000 and "\ud800" not in text:  # JSON in UTF-8 holds no half characters
            yield _vector(f"text_{name}", text, "malformed")


def _lists() -> Iterator[dict[str, Any]]:
    revocations, bulletin = _signed(EMPTY, "HLR1:"), _signed(NO_RULES, "HLB1:")
    yield {"name": "revocations", "kind": "revocations", "text": revocations, "code": "valid"}
    yield {"name": "bulletin", "kind": "bulletin", "text": bulletin, "code": "valid"}
    for kind, text in (("revocations", bulletin), ("bulletin", revocations)):
        prefix = "HLR1:" if kind == "revocations" else "HLB1:"
        wrong = {"name": f"other_kind_as_{kind}", "kind": kind, "text": prefix + text[5:]}
        yield wrong | {"code": "malformed"}
    data = forge.sign(EMPTY.to_payload(), key("ES256", 666))
    forged = {"name": "forged", "kind": "revocations", "text": forge.text(data, prefix="HLR1:")}
    yield forged | {"code": "unknown_key"}


def _vector(name: str, text: str, code: str = "valid", **asked: Any) -> dict[str, Any]:
    """Give one pass, what is known and seen, and the verdict's code."""
    known: dict[str, Any] = {"revocations": "none", "bulletin": "none", "now": NOW} | asked
    return {
        "name": name,
        "text": text,
        "now": format_time(known["now"]),
        "plate": known.get("plate"),
        "corridor_id": known.get("corridor_id"),
        "place": known.get("place"),
        "revocations": known["revocations"],
        "bulletin": known["bulletin"],
        "code": code,
    }


def _text(claims: Any, signer: SigningKey) -> str:
    return forge.text(forge.sign(claims.to_payload(), signer))


def _signed(said: Any, prefix: str) -> str:
    assert said.issuer == ISSUER
    return forge.text(forge.sign(said.to_payload(), KEYS["ES256"]), prefix=prefix)


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
