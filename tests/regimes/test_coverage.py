"""A local requirement is compared with the regimes of its time, and sent one level up."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from schemas.passes.words import LOCAL
from schemas.regimes.authority import TABLE, route
from schemas.regimes.book import Book
from schemas.regimes.coverage import CODES, judge, judge_entry
from schemas.regimes.load import bundled
from schemas.regimes.model import Regime
from schemas.regimes.register import fold_all
from schemas.regimes.requirement import RequirementReported
from schemas.regimes.words import WORDS
from tests.regimes.world import books, moments, regime, rule

BOOK = bundled()


def _report(at: datetime, event_id: str = "a", **more: Any) -> RequirementReported:
    facts = {
        "region": "kien-giang",
        "district": "kien-giang/rach-gia",
        "kind": "paper",
        "asked": "test_24h",
        "purpose": "goods",
        "haulier_id": "h1",
    }
    return RequirementReported(event_id=event_id, at=at, **facts | more)


def _at(month: int, day: int) -> datetime:
    return datetime(2021, month, day, 9, tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("at", "more", "code"),
    [
        # before the plan nobody forbids localities to add, and nobody asks for this test
        (_at(9, 7), {}, "extra"),
        # from 8 September the plan does
        (_at(9, 8), {}, "extra_forbidden"),
        (_at(9, 8), {"kind": "fee", "asked": "disinfection"}, "extra_forbidden"),
        # the ministry itself asks for it
        (_at(7, 28), {"asked": "test_72h"}, "covered"),
        # of goods vehicles only, and nobody knows what this one carried
        (_at(7, 28), {"asked": "test_72h", "purpose": None}, "covered_for_some"),
        (_at(7, 28), {"asked": "test_72h", "purpose": "workers"}, "extra"),
        # the green lane's code is the regime's; a district's own is not
        (_at(8, 1), {"kind": "pass", "asked": "pass"}, "covered"),
        (_at(8, 1), {"kind": "pass", "asked": "district_pass"}, "extra"),
    ],
)
def test_a_requirement_is_covered_or_extra(at: datetime, more: dict[str, Any], code: str) -> None:
    finding = judge(_report(at, **more), BOOK)
    assert finding.code == code
    assert finding.extra is not code.startswith("covered")
    assert {reason.code for reason in finding.reasons} == {code}


def test_a_provinces_own_regime_covers_it_until_a_higher_one_forbids_it() -> None:
    swap = {"region": "can-tho", "district": None, "kind": "duty", "asked": "driver_swap"}
    assert judge(_report(_at(8, 24), **swap), BOOK).code == "covered_for_some"  # stage unknown
    after = judge(_report(_at(8, 27), **swap), BOOK)
    assert after.code == "extra_forbidden"
    assert [reason.regime_id for reason in after.reasons] == ["8849-BGTVT-VT"]


def test_a_ban_of_a_province_does_not_speak_of_what_the_province_itself_asks() -> None:
    assert judge(_report(_at(9, 8), district=None), BOOK).code == "extra"


def test_what_a_zone_may_ask_is_not_called_extra() -> None:
    at = _at(9, 8)
    declared = BOOK.suppose("livestock-disease", at)
    report = _report(at, kind="paper", asked="disinfection_note")
    assert judge(report, BOOK).extra
    assert judge(report, declared).code == "covered_for_some"


def test_what_a_higher_authority_lifts_for_all_is_told_as_lifted() -> None:
    where = {"regions": ["kien-giang"]}
    asks = regime("r0", rule("paper", paper="test_24h"), level="province", where=where)
    lifts = regime("r1", rule("exempt", effects=["paper"]))
    assert judge(_report(_at(9, 8)), Book([asks])).code == "covered"
    finding = judge(_report(_at(9, 8)), Book([asks, lifts]))
    assert (finding.code, finding.reasons[0].regime_id) == ("exempted_from", "r1")


def test_an_entry_is_as_grave_as_its_gravest_report() -> None:
    register = fold_all([_report(_at(9, 7), "a"), _report(_at(9, 8), "b")])
    (entry,) = register.values()
    finding = judge_entry(entry, BOOK)
    assert finding is not None
    assert finding.code == "extra_forbidden"


@settings(max_examples=60, deadline=None)
@given(books(), moments)
def test_every_report_gets_one_finding_whatever_the_regimes(
    held: list[Regime], at: datetime
) -> None:
    report = _report(at, asked="test_72h")
    one, two = judge(report, Book(held)), judge(report, Book(held[::-1]))
    assert one == two
    assert one.code in CODES
    assert one.reasons


def test_it_goes_to_the_role_one_level_up_in_the_unit_of_that_day() -> None:
    at, later = _at(9, 8), datetime(2026, 1, 5, tzinfo=LOCAL)
    (of_district,) = fold_all([_report(at)]).values()
    told = route(of_district, at)
    assert (told.role, told.level, told.region) == ("health_authority", "province", "kien-giang")
    assert told.copy_to == ("standing_agency",)
    assert route(of_district, later).region == "an-giang"
    (of_province,) = fold_all([_report(at, district=None, kind="duty", asked="tranship")]).values()
    told = route(of_province, at)
    assert (told.role, told.level, told.region) == ("transport_authority", "centre", None)
    assert told.to_doc()["en"] == "transport authority, central government"


def test_every_kind_has_an_authority_and_every_authority_a_name() -> None:
    assert set(TABLE["by_kind"]) == set(WORDS["requirement_kind"])
    assert set(TABLE["by_asked"]) <= set(WORDS["paper"]) | set(WORDS["duty"])
    named = {*TABLE["by_kind"].values(), *TABLE["by_asked"].values(), *TABLE["copy_to"]}
    assert named <= set(WORDS["authority"])
