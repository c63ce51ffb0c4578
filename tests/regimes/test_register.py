"""The register is the same in whatever order, and however often, its events come."""

import random as randoms
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.regimes.register import fold, fold_all
from schemas.regimes.requirement import (
    RequirementConfirmed,
    RequirementEvent,
    RequirementLifted,
    RequirementReported,
)
from tests.regimes.world import START

CHECKPOINT = {"region": "can-tho", "checkpoint_id": "cp-1", "kind": "duty", "asked": "driver_swap"}
KEY = "checkpoint:cp-1|duty:driver_swap"


def reported(event_id: str, hours: float = 0, **more: Any) -> RequirementReported:
    """Report the demo's requirement."""
    at = START + timedelta(hours=hours)
    facts = {**CHECKPOINT, "event_id": event_id, "at": at, "haulier_id": "h1", **more}
    return RequirementReported(**facts)


def ruled(what: Any, event_id: str, hours: float) -> Any:
    """Rule on the demo's requirement."""
    at = START + timedelta(hours=hours)
    return what(**CHECKPOINT, event_id=event_id, at=at, reference="doc:120")


@st.composite
def events(draw: st.DrawFn) -> RequirementEvent:
    """Draw an event; ids are few, so that some say different things under one id."""
    what = draw(
        st.sampled_from(
            (RequirementReported, RequirementReported, RequirementConfirmed, RequirementLifted)
        )
    )
    facts: dict[str, Any] = {
        "event_id": draw(st.sampled_from("abcdefgh")),
        "at": START + timedelta(hours=draw(st.integers(0, 5))),
        "region": "can-tho",
        "checkpoint_id": draw(st.sampled_from([None, "cp-1"])),
        "district": draw(st.sampled_from([None, "can-tho/o-mon"])),
        "kind": "duty",
        "asked": draw(st.sampled_from(["driver_swap", "tranship"])),
    }
    if what is RequirementReported:
        facts["haulier_id"] = draw(st.sampled_from(["h1", "h2"]))
        facts["truck_id"] = draw(st.sampled_from([None, "t1", "t2"]))
        facts["evidence"] = draw(st.sampled_from([None, "photo:1", "photo:2"]))
    else:
        facts["reference"] = "doc:120"
    made: RequirementEvent = what(**facts)
    return made


def _docs(said: list[RequirementEvent]) -> dict[str, Any]:
    return {key: entry.to_doc() for key, entry in fold_all(said).items()}


@settings(max_examples=150, deadline=None)
@given(st.lists(events(), max_size=12), st.integers(0, 2**32))
def test_order_and_repetition_mean_nothing(said: list[RequirementEvent], seed: int) -> None:
    random = randoms.Random(seed)
    again = said + random.choices(said, k=5) if said else []
    random.shuffle(again)
    assert fold_all(again).keys() == fold_all(said).keys()
    assert _docs(again) == _docs(said)


@settings(max_examples=50, deadline=None)
@given(st.lists(events(), min_size=1, max_size=8))
def test_a_register_is_left_as_it_was(said: list[RequirementEvent]) -> None:
    before = fold_all(said[:-1])
    kept = {key: entry.to_doc() for key, entry in before.items()}
    fold(before, said[-1])
    assert {key: entry.to_doc() for key, entry in before.items()} == kept


def test_many_who_meet_the_same_are_one_entry_with_a_count() -> None:
    register = fold_all(
        [
            reported("a", 1, truck_id="t1", evidence="photo:1"),
            reported("b", 2, truck_id="t1"),
            reported("c", 3, truck_id="t2", haulier_id="h2"),
            reported("c", 3, truck_id="t2", haulier_id="h2"),
            reported("d", 3, asked="tranship"),
        ]
    )
    doc = register[KEY].to_doc()
    assert (doc["reports"], doc["hauliers"], doc["trucks"]) == (3, 2, 2)
    assert doc["evidence"] == ["photo:1"]
    assert doc["status"] == "reported"
    assert len(register) == 2


def test_it_is_confirmed_lifted_and_opened_again_when_it_is_met_later() -> None:
    said: list[Any] = [reported("a", 1)]
    for more, status in (
        (ruled(RequirementConfirmed, "b", 2), "confirmed"),
        (reported("c", 3), "confirmed"),
        (ruled(RequirementLifted, "d", 4), "lifted"),
        (reported("e", 3.5), "lifted"),
        (reported("f", 5), "reported"),
    ):
        said.append(more)
        assert fold_all(said)[KEY].status == status
    assert fold_all(said)[KEY].reopened
    assert not fold_all(said[:-1])[KEY].reopened


def test_two_contents_under_one_id_are_told() -> None:
    one, two = reported("a", 1), reported("a", 2)
    for said in ([one, two], [two, one], [one, two, one]):
        doc = fold_all(said)[KEY].to_doc()
        assert (doc["reports"], doc["conflicts"]) == (1, ["a"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"evidence": "photo:0912345678"},
        {"evidence": "call +84912345678"},
        {"evidence": "id:012345678901"},
        {"kind": "bribe"},
        {"asked": "whatever"},
        {"asked": "Call me", "kind": "fee"},
        {"region": "saigon"},
        {"district": "kien-giang/rach-gia"},
        {"purpose": "fun"},
        {"driver_name": "A"},
        {"note": "the officer said …"},
        {"at": "2021-08-24T05:00:00"},
    ],
)
def test_a_report_holds_codes_and_references_and_nothing_of_persons(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        reported("a", **wrong) if "at" not in wrong else RequirementReported(
            **CHECKPOINT, event_id="a", haulier_id="h1", **wrong
        )


def test_a_digest_is_no_phone_number() -> None:
    assert reported("a", evidence="sha256:9f2c0123456789ab").evidence
