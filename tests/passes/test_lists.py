"""Signed lists change what passes mean, by their dates, and an older one replaces nothing."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.passes import cbor
from schemas.passes import text as texts
from schemas.passes.errors import OlderList, Unreadable, Untrusted
from schemas.passes.lists import (
    Bulletin,
    Revocations,
    Rule,
    newer,
    publish,
    read_bulletin,
    read_revocations,
)
from schemas.passes.verdict import Verdict, issue
from tests.passes import forge
from tests.passes.world import EMPTY, ISSUER, KEYS, NO_RULES, NOW, START, TRUST, a_pass, judged, key

TEXT = issue(a_pass(), KEYS["ES256"])
END = a_pass().valid_until
DAY = timedelta(days=1)


def _under(*rules: Rule, **asked: Any) -> Verdict:
    said = Bulletin(number=2, issuer=ISSUER, issued_at=START, rules=rules)
    read = read_bulletin(publish(said, KEYS["EdDSA"]), TRUST)
    assert read == said
    return judged(TEXT, bulletin=read, **asked)


def _rule(kind: Any, **said: Any) -> Rule:
    return Rule(**({"kind": kind, "regime": "1570/QD-BGTVT", "valid_from": START} | said))


def test_validity_is_extended_in_bulk() -> None:
    rule = _rule("extend", to=END + 30 * DAY)
    late = END + 10 * DAY
    assert judged(TEXT, now=late).code == "expired"
    verdict = _under(rule, now=late)
    assert verdict.valid
    assert verdict.valid_until == END + 30 * DAY
    assert "extended" in {notice.code for notice in verdict.notices}
    assert _under(rule, now=END + 31 * DAY).code == "expired"


def test_what_was_over_before_an_extension_stays_over() -> None:
    rule = _rule("extend", valid_from=END, to=END + 30 * DAY)
    assert _under(rule, now=END + DAY).code == "expired"


def test_an_extension_never_shortens() -> None:
    assert _under(_rule("extend", to=START + DAY), now=END - DAY).valid_until == END


def test_a_suspension_counts_between_its_dates_only() -> None:
    rule = _rule("suspend", valid_from=NOW, valid_until=NOW + DAY)
    assert _under(rule, now=NOW - timedelta(seconds=1)).valid
    assert _under(rule, now=NOW).code == "suspended"
    assert _under(rule, now=NOW + DAY - timedelta(seconds=1)).code == "suspended"
    assert _under(rule, now=NOW + DAY).valid


def test_a_rule_is_for_the_corridors_permits_and_places_that_it_names() -> None:
    assert _under(_rule("suspend", corridors=("another",))).valid
    assert not _under(_rule("suspend", corridors=("another", "tac-cau--cai-cui"))).valid
    assert _under(_rule("suspend", permits=("relief",))).valid
    assert not _under(_rule("suspend", permits=("relief", "seafood"))).valid
    named = _rule("suspend", places=("CK-1",))
    assert _under(named).valid
    assert _under(named, place="CK-2").valid
    assert _under(named, place="CK-1").code == "suspended"


def test_a_regime_may_let_vehicles_leave_their_corridor() -> None:
    assert _under(corridor_id="another").code == "wrong_corridor"
    verdict = _under(_rule("any_corridor"), corridor_id="another")
    assert verdict.valid
    assert "any_corridor" in {notice.code for notice in verdict.notices}
    assert _under(_rule("any_corridor"), plate="69C-000.01").code == "wrong_vehicle"


def test_a_regime_may_ask_for_a_permit_class() -> None:
    assert _under(_rule("require_permit", permit="seafood")).valid
    verdict = _under(_rule("require_permit", permit="test-72h"))
    assert verdict.code == "permit_missing"
    assert "1570/QD-BGTVT" in verdict.reasons[0].vi


def test_a_rule_that_says_half_is_none() -> None:
    for kind, said in (
        ("extend", {}),
        ("suspend", {"to": END}),
        ("require_permit", {}),
        ("any_corridor", {"permit": "x"}),
        ("abolish", {}),
        ("suspend", {"valid_until": START}),
    ):
        with pytest.raises(ValueError, match="Expected"):
            _rule(kind, **said)


def test_a_bulletin_with_a_rule_of_tomorrow_is_not_believed_by_halves() -> None:
    claims = cbor.loads(NO_RULES.to_payload())
    claims[-65539][2] = [{1: 99, 2: "r", 3: 1_700_000_000}]
    text = forge.text(forge.sign(cbor.dumps(claims), KEYS["ES256"]), prefix="HLB1:")
    with pytest.raises(Unreadable, match="99"):
        read_bulletin(text, TRUST)


def test_lists_are_read_as_what_they_are_and_nothing_else() -> None:
    gone = publish(EMPTY, KEYS["ES256"])
    told = publish(NO_RULES, KEYS["ES256"])
    assert read_revocations(gone, TRUST) == EMPTY
    with pytest.raises(Unreadable):
        read_bulletin(gone, TRUST)
    with pytest.raises(Unreadable):
        read_bulletin(told.replace("HLB1", "HLR1"), TRUST)
    with pytest.raises(Unreadable):
        read_revocations(told.replace("HLB1", "HLR1"), TRUST)
    assert judged(told.replace("HLB1", "HLP1")).code == "malformed"
    with pytest.raises(Unreadable):
        read_revocations(TEXT.replace("HLP1", "HLR1"), TRUST)


def test_lists_of_a_forger_or_changed_ones_are_refused() -> None:
    with pytest.raises(Untrusted, match="unknown_key"):
        read_revocations(publish(EMPTY, key("ES256", 666)), TRUST)
    data = bytearray(texts.unwrap(publish(EMPTY, KEYS["ES256"]), texts.REVOCATIONS))
    for bit in range(len(data) * 8):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises((Unreadable, Untrusted)):
            read_revocations(forge.text(bytes(data), prefix="HLR1:"), TRUST)
        data[bit // 8] ^= 1 << bit % 8


@settings(max_examples=50, deadline=None)
@given(ids=st.sets(st.from_regex(r"\A[A-Z2-7]{16}\Z"), max_size=50))
def test_a_revocation_list_says_what_was_put_in(ids: set[str]) -> None:
    said = Revocations(number=5, issuer=ISSUER, issued_at=START, pass_ids=frozenset(ids))
    assert read_revocations(publish(said, KEYS["EdDSA"]), TRUST) == said


def test_a_bomb_of_a_list_is_refused() -> None:
    bomb = forge.text(bytes(2_100_000), prefix="HLR1:")
    with pytest.raises(Unreadable, match="length"):
        read_revocations(bomb, TRUST)


def test_an_older_list_never_replaces_a_newer_one() -> None:
    def at(number: int, day: int = 0, issuer: str = ISSUER) -> Revocations:
        return Revocations(number=number, issuer=issuer, issued_at=START + day * DAY)

    assert newer(None, at(3)) == at(3)
    assert newer(at(3), at(4)) == at(4)
    assert newer(at(3), at(7, 1)) == at(7, 1)
    assert newer(at(3), at(3)) == at(3)
    for offered in (at(2), at(2, 1), at(3, 1), at(4, -1), at(4, issuer="so-gtvt-ca-mau")):
        with pytest.raises(OlderList):
            newer(at(3), offered)
    with pytest.raises(OlderList):  # the same number, and something else in it
        newer(
            NO_RULES, Bulletin(number=1, issuer=ISSUER, issued_at=START, rules=(_rule("suspend"),))
        )
