"""Regimes combine as `schemas.regimes.book` says, whatever they are."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.regimes import questions
from schemas.regimes.book import Book
from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.model import BURDENS, Regime
from tests.regimes.world import (
    BURDEN_FIELDS,
    START,
    books,
    burdens,
    moments,
    places,
    regime,
    regimes,
    rule,
    trips,
)

ASKED = (
    questions.pass_required,
    questions.permits_needed,
    questions.may_enter,
    questions.mobilised,
    questions.allowed,
)
FEW = settings(max_examples=60, deadline=None)
FACTS = ("vehicle_class", "haulier_kind", "purpose", "product", "stage", "transit", "corridor_id")
VALUES: dict[str, tuple[Any, ...]] = {
    "vehicle_class": ("light_truck", "semi_trailer"),
    "haulier_kind": ("company", "army"),
    "purpose": ("goods", "relief"),
    "product": ("crab", "pigs"),
    "stage": ("en_route", "loading"),
    "transit": (True, False),
    "corridor_id": ("", "k1"),
}


def _weight(book: Book, trip: Trip, at: datetime, place: Whereabouts) -> dict[str, Any]:
    """Give what binds a trip, to be compared: more of it is stricter."""
    needs = questions.permits_needed(book, trip, at, place)
    return {
        "pass": questions.pass_required(book, trip, at, place).yes,
        "permits": needs.permits,
        "papers": needs.papers,
        "duties": needs.duties,
        "out": not questions.may_enter(book, trip, at, place).yes,
        "mobilised": questions.mobilised(book, trip, at, place).yes,
        "refused": not questions.allowed(book, trip, at, place).yes,
    }


def _is_as_strict(stricter: dict[str, Any], laxer: dict[str, Any]) -> bool:
    return all(stricter[name] >= value for name, value in laxer.items())


@FEW
@given(books(), trips(), moments, places, st.randoms(use_true_random=False))
def test_the_order_of_regimes_means_nothing(
    held: list[Regime], trip: Trip, at: datetime, place: Whereabouts, random: Any
) -> None:
    shuffled = list(held)
    random.shuffle(shuffled)
    one, two = Book(held), Book(shuffled)
    for ask in ASKED:
        assert ask(one, trip, at, place).to_doc() == ask(two, trip, at, place).to_doc()
    for effect in BURDENS:
        said = [questions.exempt(book, effect, trip, at, place).to_doc() for book in (one, two)]
        assert said[0] == said[1]


@FEW
@given(books(), regimes("r9", strict=True), trips(), moments, places)
def test_a_regime_that_only_asks_never_makes_a_trip_allowed_that_was_not(
    held: list[Regime], more: Regime, trip: Trip, at: datetime, place: Whereabouts
) -> None:
    before = _weight(Book(held), trip, at, place)
    after = _weight(Book([*held, more]), trip, at, place)
    assert _is_as_strict(after, before)


@FEW
@given(books(), regimes("r9", strict=True), trips(), moments, places)
def test_limits_only_fall_when_a_regime_is_added(
    held: list[Regime], more: Regime, trip: Trip, at: datetime, place: Whereabouts
) -> None:
    before = questions.permits_needed(Book(held), trip, at, place).limits
    after = questions.permits_needed(Book([*held, more]), trip, at, place).limits
    assert all(after[name] <= value for name, value in before.items())


@FEW
@given(books(), st.integers(0, 3), burdens(), trips(), moments, places)
def test_a_rule_that_asks_for_more_in_a_regime_lets_nobody_through(
    held: list[Regime], which: int, more: Any, trip: Trip, at: datetime, place: Whereabouts
) -> None:
    assume(which < len(held))
    old = held[which]
    doc = old.model_dump(mode="json")
    doc["rules"].append({**more, "id": "more"})
    stricter = [*held[:which], Regime.model_validate(doc), *held[which + 1 :]]
    before = _weight(Book(held), trip, at, place)
    assert _is_as_strict(_weight(Book(stricter), trip, at, place), before)


@FEW
@given(books(), trips(), moments, places, st.sampled_from(FACTS), st.integers(0, 1))
def test_learning_a_fact_never_makes_it_stricter(
    held: list[Regime], trip: Trip, at: datetime, place: Whereabouts, fact: str, which: int
) -> None:
    unknown = replace(trip, **{fact: None})
    known = replace(trip, **{fact: VALUES[fact][which]})
    book = Book(held)
    assert _is_as_strict(_weight(book, unknown, at, place), _weight(book, known, at, place))


@FEW
@given(books(), trips(), moments, places)
def test_learning_the_district_never_makes_it_stricter(
    held: list[Regime], trip: Trip, at: datetime, place: Whereabouts
) -> None:
    vague = Whereabouts(region=place.region, point=place.point)
    book = Book(held)
    assert _is_as_strict(_weight(book, trip, at, vague), _weight(book, trip, at, place))
    nowhere = Whereabouts(point=place.point)
    assert _is_as_strict(_weight(book, trip, at, nowhere), _weight(book, trip, at, vague))


@FEW
@given(books(), trips(), moments, places)
def test_every_no_names_a_rule_that_is_in_force_and_every_reason_has_both_languages(
    held: list[Regime], trip: Trip, at: datetime, place: Whereabouts
) -> None:
    book = Book(held)
    here = {one.id: one for one in book.in_force(at, place)}
    answer = questions.allowed(book, trip, at, place)
    assert answer.code == answer.reasons[0].code
    for reason in answer.reasons:
        assert reason.vi
        assert reason.en
        if not answer.yes:
            assert reason.regime_id in here
            assert reason.rule_id in {one.id for one in here[reason.regime_id].rules}


@FEW
@given(st.sampled_from(sorted(BURDEN_FIELDS)), trips(), places)
def test_no_lower_authority_exempts_from_what_a_higher_one_asks(
    effect: str, trip: Trip, place: Whereabouts
) -> None:
    asks = regime("r0", rule(effect, **BURDEN_FIELDS[effect]))
    where = {"regions": ["kien-giang", "ca-mau", "can-tho"]}
    lifts = regime("r1", rule("exempt", effects=[effect], of=["r0"]), level="province", where=where)
    before = _weight(Book([asks]), trip, START, place)
    assert _weight(Book([asks, lifts]), trip, START, place) == before


def test_a_higher_authority_exempts_in_its_matter_and_elsewhere_only_by_name() -> None:
    where = {"regions": ["kien-giang"]}
    closed = regime("r0", rule("close"), level="province", where=where)
    storm = regime("r1", rule("close"), level="province", where=where, matter="storm")
    lifts = rule("exempt", effects=["close"])
    here, trip = Whereabouts(region="kien-giang"), Trip()
    assert questions.may_enter(Book([closed, regime("r2", lifts)]), trip, START, here).yes
    assert not questions.may_enter(Book([storm, regime("r2", lifts)]), trip, START, here).yes
    named = regime("r2", {**lifts, "of": ["r1"]})
    assert questions.may_enter(Book([storm, named]), trip, START, here).yes


def test_an_exemption_of_the_same_rank_counts_only_where_it_names_the_regime() -> None:
    asks = regime("r0", rule("paper", paper="test_72h"))
    lifts = rule("exempt", effects=["paper"])
    ask, place = Trip(), Whereabouts()
    assert questions.permits_needed(Book([asks, regime("r1", lifts)]), ask, START, place).papers
    named = regime("r1", {**lifts, "of": ["r0"]})
    needs = questions.permits_needed(Book([asks, named]), ask, START, place)
    assert not needs.papers
    assert [notice.code for notice in needs.notices] == ["lifted"]


def test_an_exemption_counts_only_where_it_is_known_to_be_in_force() -> None:
    closed = regime("r0", rule("close"), level="district", where={"regions": ["kien-giang"]})
    city = {"districts": ["kien-giang/rach-gia"]}
    lifts = regime("r1", rule("exempt", effects=["close"]), level="province", where=city)
    book = Book([closed, lifts])
    vague, exact = Whereabouts(region="kien-giang"), Whereabouts(district="kien-giang/rach-gia")
    assert not questions.may_enter(book, Trip(), START, vague).yes
    assert questions.may_enter(book, Trip(), START, exact).yes


def test_the_lowest_limit_counts_whoever_sets_it() -> None:
    held = [
        regime(f"r{i}", rule("limit", limit="people_max", value=value))
        for i, value in enumerate((3, 1, 2))
    ]
    needs = questions.permits_needed(Book(held), Trip(), START, Whereabouts())
    assert needs.limits == {"people_max": 1}
    two, one = (questions.allowed(Book(held), Trip(people=n), START, Whereabouts()) for n in (2, 1))
    assert (two.yes, two.code) == (False, "limit_exceeded")
    assert one.yes


def test_what_is_not_known_counts_against_the_trip() -> None:
    asks = regime("r0", rule("close", whom={"purposes": ["goods"]}))
    lifts = rule("exempt", effects=["close"], whom={"stages": ["loading"]})
    place, goods = Whereabouts(), Trip(purpose="goods")
    assert not questions.may_enter(Book([asks]), Trip(), START, place).yes
    assert questions.may_enter(Book([asks]), Trip(purpose="relief"), START, place).yes
    named = regime("r1", {**lifts, "of": ["r0"]})
    assert not questions.may_enter(Book([asks, named]), goods, START, place).yes
    loading = Trip(purpose="goods", stage="loading")
    assert questions.may_enter(Book([asks, named]), loading, START, place).yes


def test_facts_that_the_tests_vary_are_all_that_rules_choose_by() -> None:
    chosen = {field.name for field in fields(Trip)} - {"has_pass", "permits", "papers", "people"}
    assert set(FACTS) == chosen
