"""A file that holds no regime is refused with the file, the field and what is expected."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.errors import InvalidRegime
from schemas.regimes.book import Book
from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.load import parse_regime, read_regime
from tests.regimes.world import ASSUMED, rule

GOOD: dict[str, Any] = {
    "id": "R.1",
    "name": {"vi": "một", "en": "one"},
    "matter": "epidemic",
    "level": "province",
    "issuer": "Kiên Giang",
    "where": {"regions": ["kien-giang"]},
    "periods": [{"valid_from": "2021-09-08", "valid_until": "2021-10-01", **ASSUMED}],
    "rules": [rule("pass")],
}


def _rules(*rules: dict[str, Any]) -> dict[str, Any]:
    return GOOD | {"rules": list(rules)}


def _period(**more: Any) -> dict[str, Any]:
    return GOOD | {"periods": [GOOD["periods"][0] | more]}


BAD = [
    (GOOD | {"level": "town"}, r"x\.toml: level: "),
    (GOOD | {"levle": 1}, r"x\.toml: levle: Extra inputs"),
    (GOOD | {"matter": "war"}, r"x\.toml: matter: expected one of epidemic, .*'war'"),
    (GOOD | {"where": {"regions": ["saigon"]}}, r"x\.toml: where\.regions: expected one of"),
    (GOOD | {"where": {"districts": ["rach-gia"]}}, r"x\.toml: where\.districts\[0\]: "),
    (GOOD | {"where": {}}, r"a regime of a province names its regions"),
    (GOOD | {"rules": []}, r"x\.toml: rules: "),
    (GOOD | {"periods": GOOD["periods"] * 2}, r"two periods overlap"),
    (_period(valid_from="2021-10-01"), r"x\.toml: periods\[0\]: valid_until must be later"),
    (_period(valid_from="2021-09-08T00:00:00"), r"periods\[0\]\.valid_from: .*offset"),
    (_period(valid_from="yesterday"), r"periods\[0\]\.valid_from: expected a day"),
    (_period(assumed=None), r"x\.toml: periods\[0\]: name its source"),
    (_rules(rule("pass", assumed=None)), r"x\.toml: rules\[0 pass\]: name its source"),
    (_rules(rule("permit")), r"rules\[0 permit\]: the effect permit needs `permit`"),
    (_rules(rule("pass", permit="x")), r"`permit` does not belong to the effect pass"),
    (_rules(rule("paper", paper="blood")), r"rules\[0 paper\]: expected one of test_72h"),
    (_rules(rule("limit", limit="people_max")), r"needs `value`"),
    (_rules(rule("limit", limit="people_max", value="2")), r"rules\[0 limit\]\.value: "),
    (_rules(rule("exempt", effects=["exempt"])), r"rules\[0 exempt\]\.effects\[0\]: "),
    (_rules(rule("close", zones=["z"])), r"names the zone z, which is not here"),
    (_rules(rule("pass"), rule("pass")), r"rules: pass stands there twice"),
    (_rules(rule("pass", whom={"purposes": ["fun"]})), r"rules\[0 pass\]\.whom: expected one of"),
    (_rules(rule("pass", whom={"drivers": ["A"]})), r"rules\[0 pass\]\.whom\.drivers: Extra"),
    (
        _rules(rule("close", hours=[{"start": "08:00", "end": "08:00"}])),
        r"rules\[0 close\]\.hours\[0\]: start and end are the same",
    ),
    (_rules(rule("close", hours=[{"start": "8", "end": "24:00"}])), r"hours\[0\]\.start: "),
]


@pytest.mark.parametrize(("doc", "why"), BAD)
def test_what_is_no_regime_is_told_by_file_and_field(doc: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRegime, match=why) as told:
        read_regime(doc, name="x.toml")
    assert "\n" not in str(told.value)


def test_what_is_no_toml_is_told() -> None:
    with pytest.raises(InvalidRegime, match=r"x\.toml: .*line 2"):
        parse_regime('id = "a"\nid = "b"\n', name="x.toml")


def test_a_day_begins_in_vietnam_and_the_end_is_outside() -> None:
    regime = read_regime(GOOD, name="x.toml")
    (period,) = regime.periods
    assert period.valid_from == datetime(2021, 9, 7, 17, tzinfo=UTC)
    assert period.valid_until == datetime(2021, 9, 30, 17, tzinfo=UTC)
    assert regime.period(datetime(2021, 9, 7, 16, 59, 59, tzinfo=UTC)) is None
    assert regime.period(period.valid_from) is period
    assert regime.period(datetime(2021, 9, 30, 16, 59, 59, tzinfo=UTC)) is period
    assert regime.period(period.valid_until) is None


def test_what_was_read_is_read_again_as_it_was() -> None:
    regime = read_regime(GOOD, name="x.toml")
    assert read_regime(regime.model_dump(mode="json"), name="x.toml") == regime


def test_one_id_stands_once_in_a_book() -> None:
    regime = read_regime(GOOD, name="x.toml")
    with pytest.raises(ValueError, match=r"R\.1 is there twice"):
        Book([regime, regime])


@pytest.mark.parametrize(
    "wrong",
    [
        {"vehicle_class": "cart"},
        {"product": "durian"},
        {"papers": frozenset({"blood"})},
        {"permits": frozenset({"seafood"})},
        {"people": -1},
    ],
)
def test_facts_outside_the_words_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".*[Ee]xpected"):
        Trip(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": "saigon"},
        {"district": "rach-gia"},
        {"region": "ca-mau", "district": "kien-giang/rach-gia"},
        {"point": (105.0, 10.0)},
    ],
)
def test_places_outside_the_world_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".*[Ee]xpected"):
        Whereabouts(**wrong)
