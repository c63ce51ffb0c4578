"""Name a slot that a dispatcher's override cannot have: it is refused, and nothing else happens."""

from datetime import timedelta

import pytest

from schemas.slot import slot_key
from tests.streams.town import NOON, Town


@pytest.mark.parametrize(
    "slot_id", ["NOWHERE|G1|20210825T0600Z", slot_key("PORT", "G1", NOON + timedelta(hours=1))]
)
def test_an_override_to_a_slot_that_cannot_be_had_is_refused(slot_id: str) -> None:
    """The planner's free choice for the lot is not what the dispatcher asked for."""
    town = Town()
    town.furnish()
    town.run()
    before = town.states("assignment")
    assignment_id = next(iter(before))
    command = town.command("override", assignment_id, slot_id=slot_id)
    town.run()
    state = town.states("command")[command]
    assert state["status"] == "refused"
    assert state["reason"] in {"unknown_slot", "no_slot", "slot_full", "too_late"}
    assert town.states("assignment") == before


def test_another_override_after_a_refused_one_is_judged_at_once() -> None:
    """The planner sees that it is another, though an override waits as before."""
    town = Town()
    town.furnish(lots=1)
    town.run()
    assignment_id, state = next(iter(town.states("assignment").items()))
    free = min({"T0", "T1", "T2"} - {state["truck_id"]})
    first = town.command("override", assignment_id, slot_id="NOWHERE|G1|20210825T0600Z")
    town.round_of("dispatch")
    town.plan_once()
    town.round_of("dispatch")
    second = town.command("override", assignment_id, truck_id=free)
    town.run()
    commands = town.states("command")
    assert [commands[each]["status"] for each in (first, second)] == ["refused", "done"]
