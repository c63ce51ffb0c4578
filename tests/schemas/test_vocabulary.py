"""Test the word lists: every word has a Vietnamese and an English name."""

import re
from datetime import date

import pytest
from pydantic import BaseModel, ValidationError

from schemas.vocabulary import VOCABULARY, Product, words

WORDS = [(name, word) for name, entries in VOCABULARY.items() for word in entries]
PROMISED = {
    "region": "kien-giang ca-mau can-tho",
    "product": (
        "white_leg_shrimp tiger_shrimp crab blood_cockle fish pineapple paddy vegetables "
        "farm_inputs relief_goods"
    ),
    "temperature": "ambient chilled frozen",
    "vehicle_class": "light_truck rigid_2_axle rigid_3_axle rigid_4_axle semi_trailer",
    "role": (
        "dispatcher haulier driver checkpoint_officer lot_declarer port_operator observer "
        "administrator"
    ),
    "facility_kind": "port market plant assembly_point store transhipment lodging",
}


@pytest.mark.parametrize(("name", "word"), WORDS)
def test_every_word_has_a_vietnamese_and_an_english_name(name: str, word: str) -> None:
    names = VOCABULARY[name][word]
    assert names["vi"].strip() == names["vi"] != ""
    assert names["en"].strip() == names["en"] != ""
    assert names["en"].isascii(), "the English name is for those who read no Vietnamese letters"


@pytest.mark.parametrize("name", sorted(VOCABULARY))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_two_words_of_a_list_share_a_name(name: str, language: str) -> None:
    names = [entry[language] for entry in VOCABULARY[name].values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_promised_word_is_there(name: str) -> None:
    assert set(PROMISED[name].split()) <= set(words(name))


@pytest.mark.parametrize("region", words("region"))
def test_a_region_is_a_slug_and_names_who_follows_it(region: str) -> None:
    entry = VOCABULARY["region"][region]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", region)
    assert ("valid_until" in entry) == ("successor" in entry)
    if "successor" in entry:
        assert date.fromisoformat(entry["valid_until"]) < date(2025, 7, 1)
        assert "successor" not in VOCABULARY["region"][entry["successor"]]


def test_a_word_outside_its_list_is_refused_with_the_words_it_may_be() -> None:
    class Cargo(BaseModel):
        product: Product

    assert Cargo(product="crab").product == "crab"
    with pytest.raises(ValidationError, match=r"expected one of white_leg.*'durian'"):
        Cargo(product="durian")
