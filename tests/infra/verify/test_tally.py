"""Count what a small log came to."""

from dataclasses import replace

from infra.verify import tally
from tests.infra.verify.world import LOT, World, at, good_world, offer


def test_lots_are_counted_by_what_became_of_them() -> None:
    """Eighty per cent of a lot is not the lot; a withdrawn one is owed to nobody."""
    world = good_world()
    world.say("harvest.lot.v1", "lot.declared", LOT | {"lot_id": "l2"}, seconds=50)
    world.say("harvest.lot.v1", "lot.withdrawn", {"lot_id": "l2"}, seconds=60)
    assert tally.lots(world.log()) == {
        "lots_declared": 2,
        "lots_withdrawn": 1,
        "lots_delivered": 0,
        "lots_delivered_in_hold": 0,
        "tonnes_delivered": 4.0,
        "goal_met": False,
    }


def test_a_lot_is_delivered_when_all_of_it_has_arrived() -> None:
    """A revision decides how much all is."""
    world = good_world()
    world.say("harvest.lot.v1", "lot.revised", {"lot_id": "l1", "quantity_kg": 4000}, seconds=70)
    found = tally.lots(world.log())
    assert (found["lots_delivered"], found["lots_delivered_in_hold"]) == (1, 1)
    assert found["goal_met"]


def test_a_late_delivery_is_not_within_the_hold_time() -> None:
    """The hold time is the lot's, the delivery's time the stack's."""
    world = good_world()
    less = {"lot_id": "l1", "quantity_kg": 4000, "hold_until": at(20_000)}
    world.say("harvest.lot.v1", "lot.revised", less, seconds=70)
    found = tally.lots(world.log())
    assert (found["lots_delivered"], found["lots_delivered_in_hold"]) == (1, 0)


def test_a_lot_offered_again_after_a_refusal_is_a_reassignment() -> None:
    """The second truck of a large lot is none."""
    world = World()
    second = {"assignment_id": "a2", "trip_id": "t2", "truck_id": "k2"}
    offer(world, 1)
    offer(world, 2, **second, quantity_kg=1000)
    assert tally.assignments(world.log())["reassignments"] == 0
    offer(world, 3, "declined", status="declined")
    offer(world, 4, assignment_id="a3", trip_id="t3", truck_id="k3")
    assert tally.assignments(world.log()) == {
        "assignments": 3,
        "reassignments": 1,
        "declined": 1,
    }


def test_only_the_scenarios_own_events_are_counted() -> None:
    """Others say the same, but these were not sent by the file."""
    world = good_world()
    wanted = {"truck.position.v1", "harvest.lot.v1"}
    own = [entry for entry in world.entries if entry.topic in wanted]
    assert tally.own_events(world.log(), own) == {
        "events_published": 4,
        "dead_letters": 1,
        "duplicates_ignored": 1,
    }
    assert tally.own_events(world.log(), [])["dead_letters"] == 0


def test_latency_is_measured_from_append_to_append() -> None:
    """An offer that answers nothing new has none."""
    world = World()
    first, second = offer(world, 10), offer(world, 11, assignment_id="a2")
    cause = ("ce_causeappended", str(first.appended_ms - 250).encode())
    world.entries[0] = replace(first, headers=(*first.headers, cause))
    found = tally.latencies(world.log())
    assert second.header("ce_causeappended") is None
    assert found["event_to_assignment"] == {"p50": 250.0, "p99": 250.0}
    assert found["event_to_state"] == {"p50": None, "p99": None}
