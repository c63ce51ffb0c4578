"""What the planner can say and be told stands in its page of documentation."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from routing.dispatch import Params
from routing.dispatch.corridors import STAGES
from routing.dispatch.words import SENTENCES

PAGE = (Path(__file__).parents[3] / "docs" / "dispatch.md").read_text(encoding="utf-8")
SAID = {key.split(".")[-1] for key in SENTENCES} - {
    "trip",
    "trip_to_drop",
    "no_slot_at_all",
    "slot_missed",
    "destination_not_named",
    "destination_other_product",
}


@pytest.mark.parametrize("name", sorted(field.name for field in fields(Params)))
def test_every_parameter_is_documented(name: str) -> None:
    """Each field of `Params` stands in the table of weights and numbers."""
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("code", sorted(SAID | {"no_corridor", "too_far", *STAGES}))
def test_every_code_is_documented(code: str) -> None:
    """Reasons, refusals, corridor reasons and words of alternatives are all on the page."""
    assert code in PAGE.replace("`", " ").replace(",", " ").replace(".", " ").split()
