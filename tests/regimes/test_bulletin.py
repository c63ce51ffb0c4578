"""A bulletin made from regimes never asks for more than they do, and tells what it leaves out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.passes.lists import Bulletin, Rule
from schemas.regimes import questions
from schemas.regimes.book import Book
from schemas.regimes.bulletin import draft
from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.load import bundled
from schemas.regimes.model import Regime
from tests.regimes.world import DISTRICTS, REGIONS, START, moments, regime, regimes, rule, trips

MONTH = timedelta(days=30)
WHERE = {"regions": ["kien-giang"]}


def test_each_effect_on_passes_becomes_a_rule_with_the_regime_s_dates_and_places() -> None:
    made = regime(
        "r1",
        rule("permit", permit="seafood"),
        rule("suspend_passes", whom={"permits": ["relief"], "corridors": ["k1"]}),
        rule("any_corridor"),
        rule("extend_passes", to="2021-10-01"),
        rule("duty", duty="escort"),
        where=WHERE,
    )
    told = draft(Book([made]), START)
    common = {"regime": "r1", "valid_from": START, "places": ("kien-giang",)}
    assert told.rules == (
        Rule(kind="require_permit", permit="seafood", **common),
        Rule(kind="suspend", permits=("relief",), corridors=("k1",), **common),
        Rule(kind="any_corridor", **common),
        Rule(kind="extend", to=datetime(2021, 9, 30, 17, tzinfo=UTC), **common),
    )
    assert told.left_out == ()


def test_what_a_bulletin_cannot_say_is_left_out_and_told() -> None:
    made = regime(
        "r1",
        rule("permit", permit="seafood", whom={"products": ["crab"]}),
        rule("permit", permit="relief", hours=[{"start": "22:00", "end": "05:00"}]),
    )
    told = draft(Book([made]), START)
    assert told.rules == ()
    assert [(reason.code, reason.rule_id) for reason in told.left_out] == [
        ("left_out_selector", "permit-0"),
        ("left_out_selector", "permit-1"),
    ]
    assert "products" in told.left_out[0].en
    assert "hours" in told.left_out[1].en


def test_a_rule_that_is_lifted_for_some_is_left_out() -> None:
    asks = regime("r1", rule("permit", permit="seafood"), level="province", where=WHERE)
    lifts = regime("r2", rule("exempt", effects=["permit"], whom={"purposes": ["army"]}))
    told = draft(Book([asks, lifts]), START)
    assert told.rules == ()
    assert [reason.code for reason in told.left_out] == ["left_out_exempt"]
    assert told.left_out[0].en.startswith("r2 ")
    later = [{"valid_from": "2022-01-01", "assumed": "for a test"}]
    ends = [{"valid_from": "2021-08-01", "valid_until": "2021-09-01", "assumed": "for a test"}]
    apart = [asks.model_dump(mode="json") | {"periods": ends}]
    apart.append(lifts.model_dump(mode="json") | {"periods": later})
    assert len(draft(Book(Regime.model_validate(doc) for doc in apart), START).rules) == 1


def test_what_is_over_is_not_told_and_what_is_to_come_is() -> None:
    asks = regime(
        "r1",
        rule("permit", permit="seafood"),
        periods=[
            {"valid_from": START, "valid_until": START + MONTH, "assumed": "x"},
            {"valid_from": START + 2 * MONTH, "assumed": "x"},
        ],
    )
    for at, count in ((START - MONTH, 2), (START, 2), (START + MONTH, 1), (START + 3 * MONTH, 1)):
        assert len(draft(Book([asks]), at).rules) == count


@st.composite
def _asking(draw: st.DrawFn, regime_id: str) -> Regime:
    """Draw a regime that asks something of passes, now and then of some only."""
    drawn = draw(regimes(regime_id)).model_dump(mode="json")
    effect: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"effect": "permit", "permit": "seafood"},
                {"effect": "permit", "permit": "relief", "whom": {"products": ["crab"]}},
                {"effect": "suspend_passes"},
                {"effect": "suspend_passes", "zones": ["z"]},
            ]
        )
    )
    return Regime.model_validate(
        drawn | {"rules": [*drawn["rules"], {"id": "more", "assumed": "x", **effect}]}
    )


@settings(max_examples=100, deadline=None)
@given(
    _asking("r0"),
    _asking("r1"),
    trips(),
    moments,
    st.sampled_from([*REGIONS, *DISTRICTS, "can-tho", "z"]),
)
def test_a_bulletin_never_asks_for_more_than_the_regimes_do(
    one: Regime, two: Regime, trip: Trip, at: datetime, where: str
) -> None:
    book = Book([one, two])
    said = draft(book, at)
    Bulletin(number=1, issuer="test", issued_at=START, rules=said.rules).to_payload()
    for told in said.rules:
        over = told.valid_until is not None and at >= told.valid_until
        named = not told.permits or not trip.permits.isdisjoint(told.permits)
        here = not told.places or where in told.places
        if at < told.valid_from or over or not named or not here:
            continue
        place = _place(where)
        if told.kind == "require_permit":
            assert told.permit in questions.permits_needed(book, trip, at, place).permits
        elif told.kind == "suspend":
            standing = book.balance(("suspend_passes",), trip, at, place).standing
            assert told.regime in {burden.regime.id for burden in standing}


def _place(where: str) -> Whereabouts:
    if where == "z":
        return Whereabouts(zones=frozenset({"z"}))
    return Whereabouts(district=where) if "/" in where else Whereabouts(region=where)


def test_the_product_s_regimes_make_a_bulletin_that_can_be_signed() -> None:
    told = draft(bundled(), datetime(2021, 8, 26, tzinfo=UTC))
    Bulletin(number=1, issuer="test", issued_at=START, rules=told.rules).to_payload()
    assert [(one.kind, one.regime) for one in told.rules] == [("extend", "gia-han-2021-08")]
