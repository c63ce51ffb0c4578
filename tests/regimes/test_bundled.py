"""The regimes that come with the product say where everything is from, in words with names."""

import json
import re
from datetime import datetime
from typing import Any

import pytest

from schemas.passes.words import LOCAL
from schemas.regimes import questions
from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.load import bundled
from schemas.regimes.model import LEVELS, Effect, Regime
from schemas.regimes.words import SENTENCES, WORDS

BOOK = bundled()
BY_ID = {regime.id: regime for regime in BOOK.regimes}
GAP = re.compile(r"\{(\w+)\}")
KIEN_GIANG, CAN_THO = Whereabouts(region="kien-giang"), Whereabouts(region="can-tho")
GOODS = Trip(purpose="goods", stage="en_route")


def _at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2021, month, day, hour, tzinfo=LOCAL)


@pytest.mark.parametrize("regime_id", ["308-KH-TB", "107-KH-UBND"])
@pytest.mark.parametrize("scenario", [1, 2])
def test_both_scenarios_of_both_plans_are_there(regime_id: str, scenario: int) -> None:
    assert BY_ID[f"{regime_id}.{scenario}"].scenario == scenario


def test_a_storm_and_a_livestock_disease_are_prepared() -> None:
    for matter in ("storm", "livestock_disease"):
        found = [regime for regime in BOOK.regimes if regime.matter == matter]
        assert found
        assert all(not regime.periods for regime in found)


@pytest.mark.parametrize("regime", BOOK.regimes, ids=lambda regime: regime.id)
def test_every_rule_and_period_names_its_source_or_what_is_assumed(regime: Regime) -> None:
    for one in (*regime.rules, *regime.periods):
        assert one.source or one.assumed


@pytest.mark.parametrize("name", sorted(WORDS))
def test_every_word_has_a_vietnamese_and_an_english_name(name: str) -> None:
    for names in WORDS[name].values():
        assert set(names) == {"vi", "en"}
        assert names["en"].isascii()
    for language in ("vi", "en"):
        said = [names[language] for names in WORDS[name].values()]
        assert len(said) == len(set(said))


def test_every_effect_and_level_has_a_name() -> None:
    assert set(WORDS["effect"]) == set(Effect.__args__)  # type: ignore[attr-defined]
    assert set(WORDS["level"]) == set(LEVELS)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_has_the_same_gaps_in_both_languages(code: str) -> None:
    vi, en = (sorted(GAP.findall(SENTENCES[code][language])) for language in ("vi", "en"))
    assert vi == en
    assert SENTENCES[code]["en"].isascii()


def test_on_the_day_of_the_demo_the_green_lane_asks_for_a_code_and_the_itinerary() -> None:
    at = _at(8, 24)
    needed = questions.pass_required(BOOK, GOODS, at, KIEN_GIANG)
    assert (needed.yes, needed.code) == (True, "pass_required")
    assert (needed.reasons[0].regime_id, needed.reasons[0].rule_id) == ("7630-BGTVT-VT", "code")
    needs = questions.permits_needed(BOOK, GOODS, at, KIEN_GIANG)
    assert needs.papers == {"declared_itinerary"}


def test_a_test_is_asked_for_on_the_way_until_the_government_lifts_it() -> None:
    before, after = (
        questions.permits_needed(BOOK, GOODS, at, KIEN_GIANG)
        for at in (datetime(2021, 7, 29, 23, 59, tzinfo=LOCAL), _at(7, 30, 0))
    )
    assert before.papers == {"test_72h"}
    assert not after.papers
    assert "5187-VPCP-CN" in {notice.regime_id for notice in after.notices}
    loading = Trip(purpose="goods", stage="loading")
    assert "test_72h" in questions.permits_needed(BOOK, loading, _at(7, 30, 0), KIEN_GIANG).papers


def test_can_tho_s_rule_binds_and_is_contested_once_the_ministry_has_written() -> None:
    before, after = (
        questions.permits_needed(BOOK, GOODS, at, CAN_THO) for at in (_at(8, 24), _at(8, 27))
    )
    assert "driver_swap" in before.duties
    assert "driver_swap" in after.duties
    codes = [[notice.code for notice in needs.notices] for needs in (before, after)]
    assert "contested" not in codes[0]
    assert codes[1].count("contested") == 1


@pytest.mark.parametrize(
    ("vehicle", "hour", "yes"),
    [
        ("semi_trailer", 7, False),
        ("semi_trailer", 8, True),
        ("semi_trailer", 15, True),
        ("semi_trailer", 16, False),
        ("semi_trailer", 0, False),
        ("light_truck", 20, True),
        (None, 20, False),
    ],
)
def test_heavy_trucks_enter_ho_chi_minh_city_from_8_to_16(
    vehicle: str | None, hour: int, *, yes: bool
) -> None:
    trip, place = Trip(vehicle_class=vehicle), Whereabouts(region="ho-chi-minh")
    answer = questions.may_enter(BOOK, trip, _at(8, 24, hour), place)
    assert answer.yes is yes
    if not yes:
        assert answer.code == "closed"
        assert "16:00–08:00" in answer.reasons[0].vi


def test_scenario_2_mobilises_haulers_harvesters_and_the_army_once_it_is_declared() -> None:
    at = _at(9, 10)
    declared = BOOK.suppose("308-KH-TB.2", at)
    for trip in (
        Trip(haulier_kind="cooperative", purpose="goods"),
        Trip(haulier_kind="company", purpose="harvest"),
        Trip(haulier_kind="army", purpose="army"),
    ):
        assert not questions.mobilised(BOOK, trip, at, KIEN_GIANG).yes
        answer = questions.mobilised(declared, trip, at, KIEN_GIANG)
        assert answer.yes
        assert answer.reasons[0].regime_id == "308-KH-TB.2"
    workers = Trip(haulier_kind="company", purpose="workers")
    assert not questions.mobilised(declared, workers, at, KIEN_GIANG).yes


def test_isolated_areas_are_for_the_army_and_for_a_permit_of_their_own() -> None:
    at = _at(9, 10)
    declared = BOOK.suppose("308-KH-TB.2", at)
    zone = Whereabouts(region="kien-giang", zones=frozenset({"isolated-areas"}))
    goods = Trip(haulier_kind="company", purpose="goods")
    assert questions.may_enter(declared, goods, at, zone).code == "closed_unless"
    army = Trip(haulier_kind="army", purpose="relief")
    assert questions.may_enter(declared, army, at, zone).yes
    assert questions.exempt(declared, "close", army, at, zone).yes
    held = Trip(purpose="goods", has_pass=True, permits=frozenset({"isolated_area"}))
    assert questions.may_enter(declared, held, at, zone).yes
    at_large = questions.may_enter(declared, goods, at, KIEN_GIANG)
    assert at_large.yes
    assert [notice.code for notice in at_large.notices] == ["zone_inside"]


def test_a_storm_closes_the_crossing_and_not_the_town() -> None:
    at = _at(10, 10)
    storm = BOOK.suppose("storm", at)
    sea, town = Whereabouts(point=(10.28, 104.3)), Whereabouts(point=(10.012, 105.081))
    assert questions.may_enter(storm, Trip(purpose="goods"), at, sea).code == "closed"
    assert questions.may_enter(storm, Trip(purpose="goods"), at, town).yes
    assert questions.may_enter(storm, Trip(purpose="rescue"), at, sea).yes


def test_an_epidemic_s_exemption_opens_no_road_that_a_storm_closes() -> None:
    at = _at(9, 10)
    storm = BOOK.suppose("storm", at)
    relief = Trip(purpose="relief", stage="en_route")
    sea = Whereabouts(region="ca-mau", point=(10.28, 104.3))
    assert not questions.may_enter(storm, relief, at, sea).yes


def test_workers_go_by_corridor_only() -> None:
    at = _at(9, 10)
    off, on = (Trip(purpose="workers", corridor_id=corridor) for corridor in ("", "k1"))
    assert questions.may_enter(BOOK, off, at, KIEN_GIANG).code == "closed"
    assert questions.may_enter(BOOK, on, at, KIEN_GIANG).yes


def test_a_trip_is_asked_by_the_time_at_which_it_is_at_each_place() -> None:
    trip = Trip(
        purpose="goods",
        stage="en_route",
        vehicle_class="semi_trailer",
        has_pass=True,
        papers=frozenset({"declared_itinerary"}),
    )
    city = Whereabouts(region="ho-chi-minh")
    assert questions.along(BOOK, trip, [(_at(8, 24, 9), KIEN_GIANG), (_at(8, 24, 15), city)]).yes
    late = questions.along(BOOK, trip, [(_at(8, 24, 9), KIEN_GIANG), (_at(8, 24, 16), city)])
    assert (late.yes, late.code) == (False, "closed")


def test_a_province_that_was_merged_lies_in_its_successor_from_that_day_on() -> None:
    before = datetime(2025, 6, 30, 12, tzinfo=LOCAL)
    after = datetime(2025, 7, 1, 12, tzinfo=LOCAL)
    storm, here = BOOK.suppose("storm", _at(1, 1)), Whereabouts(region="an-giang")
    for at, ids in ((before, []), (after, ["storm"])):
        assert [regime.id for regime in storm.in_force(at, here)] == ids


def test_the_answers_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    at = _at(8, 27)
    docs: list[Any] = [
        questions.allowed(BOOK, GOODS, at, CAN_THO).to_doc(),
        questions.permits_needed(BOOK, GOODS, at, CAN_THO).to_doc(),
        GOODS.to_doc(),
    ]
    assert json.loads(json.dumps(docs)) == docs
    assert capsys.readouterr().out == ""
