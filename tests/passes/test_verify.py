"""A good pass always holds; one that is over, revoked or another's never does."""

from base64 import b32encode
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.passes.claims import Pass
from schemas.passes.keys import SigningKey, Trust
from schemas.passes.lists import Revocations
from schemas.passes.verdict import CODES, LIMITS, Limits, issue
from schemas.passes.words import SENTENCES
from schemas.truck import normal_plate
from tests.passes.world import (
    EMPTY,
    ISSUER,
    KEYS,
    NO_RULES,
    NOW,
    START,
    TRUST,
    a_pass,
    judged,
    key,
    passes,
)

LEEWAY = timedelta(seconds=LIMITS.leeway_s)
ALGORITHMS = pytest.mark.parametrize("signer", KEYS.values(), ids=KEYS)
OFTEN = settings(max_examples=150, deadline=None)


@ALGORITHMS
@OFTEN
@given(claims=passes(), part=st.floats(0, 1))
def test_a_good_pass_holds_at_any_time_of_its_validity(
    signer: SigningKey, claims: Pass, part: float
) -> None:
    begins = max(claims.valid_from, claims.issued_at)
    if begins >= claims.valid_until:
        return
    now = begins + (claims.valid_until - begins) * part
    verdict = judged(
        issue(claims, signer),
        now=now,
        plate=claims.plate.lower().replace("-", " "),
        corridor_id=claims.corridor_id,
    )
    assert verdict.code == "valid"
    assert verdict.claims == claims
    assert verdict.valid_until == claims.valid_until


@OFTEN
@given(claims=passes(), late_s=st.integers(0, 10**9))
def test_a_pass_that_is_over_never_holds(claims: Pass, late_s: int) -> None:
    now = claims.valid_until + LEEWAY + timedelta(seconds=late_s)
    verdict = judged(issue(claims, KEYS["ES256"]), now=now, plate=claims.plate)
    assert verdict.code in {"expired", "not_yet_valid"}  # issued after its end: both are true
    assert "expired" in {reason.code for reason in verdict.reasons}


@OFTEN
@given(claims=passes(), early_s=st.integers(1, 10**8))
def test_a_pass_never_holds_before_its_time(claims: Pass, early_s: int) -> None:
    begins = max(claims.valid_from, claims.issued_at)
    verdict = judged(issue(claims, KEYS["ES256"]), now=begins - LEEWAY - timedelta(seconds=early_s))
    assert verdict.code == "not_yet_valid"


@OFTEN
@given(claims=passes(), others=st.sets(st.binary(min_size=10, max_size=10), max_size=5))
def test_a_revoked_pass_never_holds_and_others_are_untouched(
    claims: Pass, others: set[bytes]
) -> None:
    more = {b32encode(one).decode() for one in others} - {claims.pass_id}
    text, now = issue(claims, KEYS["ES256"]), max(claims.valid_from, claims.issued_at)
    listed = Revocations(
        number=2, issuer=ISSUER, issued_at=START, pass_ids=frozenset(more | {claims.pass_id})
    )
    assert judged(text, now=now, revocations=listed).code == "revoked"
    apart = Revocations(number=2, issuer=ISSUER, issued_at=START, pass_ids=frozenset(more))
    assert judged(text, now=now, revocations=apart).code != "revoked"


@OFTEN
@given(claims=passes(), other=passes())
def test_another_vehicle_or_corridor_never_passes(claims: Pass, other: Pass) -> None:
    text, now = issue(claims, KEYS["ES256"]), max(claims.valid_from, claims.issued_at)
    if normal_plate(other.plate) != normal_plate(claims.plate):
        codes = {reason.code for reason in judged(text, now=now, plate=other.plate).reasons}
        assert "wrong_vehicle" in codes
    if other.corridor_id != claims.corridor_id:
        found = judged(text, now=now, corridor_id=other.corridor_id)
        assert "wrong_corridor" in {reason.code for reason in found.reasons}
        assert not found.valid


def test_the_leeway_is_a_parameter_and_ends_where_it_says() -> None:
    claims = a_pass()
    text, exact = issue(claims, KEYS["ES256"]), Limits(leeway_s=0)
    end, second = claims.valid_until, timedelta(seconds=1)
    assert judged(text, now=end - second, limits=exact).valid
    assert judged(text, now=end, limits=exact).code == "expired"
    assert judged(text, now=end + LEEWAY - second).valid
    assert judged(text, now=end + LEEWAY).code == "expired"
    assert judged(text, now=claims.valid_from - second, limits=exact).code == "not_yet_valid"
    assert judged(text, now=claims.valid_from - LEEWAY).valid


def test_all_that_stands_against_a_pass_is_told_the_weightiest_first() -> None:
    claims = a_pass()
    gone = Revocations(
        number=3, issuer=ISSUER, issued_at=START, pass_ids=frozenset([claims.pass_id])
    )
    verdict = judged(
        issue(claims, KEYS["ES256"]),
        revocations=gone,
        now=claims.valid_until + timedelta(days=1),
        plate="69C-999.99",
        corridor_id="another",
    )
    codes = [reason.code for reason in verdict.reasons]
    assert codes == ["revoked", "expired", "wrong_vehicle", "wrong_corridor"]
    assert codes == sorted(codes, key=CODES.index)
    assert verdict.code == "revoked"


def test_every_code_is_told_in_both_languages() -> None:
    assert set(CODES) <= set(SENTENCES)
    assert all(set(said) == {"vi", "en"} and all(said.values()) for said in SENTENCES.values())


def test_times_are_told_as_clocks_in_vietnam_show_them() -> None:
    reason = judged(issue(a_pass(), KEYS["ES256"])).reasons[0]
    assert reason.vi == "Giấy đi đường có hiệu lực đến 07:00 ngày 27/8/2021."
    assert reason.en == "The pass holds until 07:00 on 27 Aug 2021."


def test_a_forged_pass_is_not_even_shown() -> None:
    forger = key("ES256", 666)
    verdict = judged(issue(a_pass(), forger))
    assert verdict.code == "unknown_key"
    assert verdict.claims is None
    assert verdict.kid is None
    assert "68C" not in str(verdict.to_doc())


def test_a_pass_of_an_old_key_holds_until_its_end_but_the_key_issues_none_after_it() -> None:
    until = START + timedelta(hours=1)
    old = key("ES256", 8, valid_until=until)
    trust = Trust.of([*TRUST.keys.values(), old.public])
    assert judged(issue(a_pass(), old), trust=trust).valid
    young = key("ES256", 8)  # the same key, as if it had never been retired
    late = issue(a_pass(issued_at=until + timedelta(seconds=1)), young)
    assert judged(late, trust=trust).code == "key_not_in_force"


def test_nothing_is_believed_under_a_withdrawn_key() -> None:
    public = KEYS["ES256"].public
    stolen = Trust.from_doc({"keys": [public.to_doc() | {"withdrawn": True}]})
    assert judged(issue(a_pass(), KEYS["ES256"]), trust=stolen).code == "key_withdrawn"


def test_a_key_speaks_for_its_own_issuer_only() -> None:
    neighbour = key("ES256", 9, issuer="so-gtvt-ca-mau")
    trust = Trust.of([neighbour.public])
    alike = key("ES256", 9)  # says that it is ours
    assert judged(issue(a_pass(), alike), trust=trust).code == "wrong_issuer"


def test_lists_of_another_issuer_count_for_nothing_and_that_is_told() -> None:
    claims = a_pass()
    foreign = Revocations(
        number=9, issuer="so-gtvt-ca-mau", issued_at=START, pass_ids=frozenset([claims.pass_id])
    )
    verdict = judged(issue(claims, KEYS["ES256"]), revocations=foreign, bulletin=None)
    assert verdict.valid
    codes = {notice.code for notice in verdict.notices}
    assert {"no_revocations", "no_bulletin"} <= codes
    assert verdict.revocations_age_s is None


def test_the_age_of_lists_is_shown_and_old_ones_warned_of() -> None:
    text = issue(a_pass(), KEYS["ES256"])
    young = judged(text, now=START + timedelta(hours=5), plate="68C12345")
    assert young.revocations_age_s == young.bulletin_age_s == 5 * 3600
    assert not {"old_revocations", "old_bulletin"} & {n.code for n in young.notices}
    old = judged(text, now=START + timedelta(hours=25))
    assert "old_revocations" in {n.code for n in old.notices}
    assert "old_bulletin" not in {n.code for n in old.notices}
    assert "25" in next(n.vi for n in old.notices if n.code == "old_revocations")


def test_a_clock_that_is_behind_the_lists_is_told() -> None:
    early = judged(issue(a_pass(), KEYS["ES256"]), now=START - timedelta(minutes=10))
    assert "clock_behind" in {notice.code for notice in early.notices}
    assert early.revocations_age_s == 0


def test_what_was_not_compared_is_told() -> None:
    text = issue(a_pass(), KEYS["ES256"])
    codes = {notice.code for notice in judged(text).notices}
    assert codes == {"vehicle_not_compared", "corridor_not_compared"}
    whole = judged(text, plate="68c 12345", corridor_id="tac-cau--cai-cui")
    assert whole.notices == ()
    assert EMPTY.pass_ids == frozenset()
    assert NO_RULES.rules == ()
    assert NOW > START
