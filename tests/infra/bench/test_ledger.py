"""Account for what was acknowledged, in small logs written by hand."""

from infra.bench.ledger import Account, Ledger, settle
from tests.infra.verify.world import World, good_world


def acknowledged(world: World) -> dict[tuple[str, int], list[int]]:
    """Say that everything from outside was acknowledged."""
    ledger = Ledger()
    for entry in world.entries:
        if entry.topic in {"truck.position.v1", "harvest.lot.v1", "truck.registry.v1"}:
            ledger.note("plain", entry.topic, entry.partition, entry.offset)
    return ledger.places


def account(world: World) -> Account:
    """Settle a world's own acknowledgements."""
    return settle(acknowledged(world), world.log())


def test_a_sound_log_accounts_for_everything() -> None:
    """Two positions are one event, sent twice; one lot is garbage and has its dead letter."""
    found = account(good_world())
    assert (found.acknowledged, found.applied, found.duplicates, found.dead) == (5, 3, 1, 1)
    assert (found.not_in_log, found.not_counted, found.applied_twice) == (0, 0, 0)
    assert found.examples == []


def test_a_record_that_the_brokers_no_longer_have_is_missed() -> None:
    world = good_world()
    places = acknowledged(world)
    places["truck.position.v1", 0].append(77)
    assert settle(places, world.log()).not_in_log == 1


def test_an_offset_acknowledged_twice_is_a_record_that_was_replaced() -> None:
    world = good_world()
    places = acknowledged(world)
    places["truck.position.v1", 0].append(0)
    assert settle(places, world.log()).not_in_log == 1


def test_a_record_that_no_table_counts_is_missed() -> None:
    world = good_world()
    world.table("truck", "k1")["counts"]["truck.position.v1"]["duplicate"] = 0
    found = account(world)
    assert found.not_counted == 1
    assert "k1 has 2 records of 1 events in truck.position.v1" in found.examples[0]


def test_garbage_without_a_dead_letter_is_missed() -> None:
    world = good_world()
    world.put("harvest.lot.v1", b"l7", b"more noise")
    assert account(world).not_counted == 1


def test_an_event_that_was_applied_twice_is_doubled() -> None:
    world = good_world()
    world.table("truck", "k1")["counts"]["truck.position.v1"] = {"applied": 2}
    assert account(world).applied_twice == 1


def test_a_redelivery_that_a_forgetful_table_refuses_is_not_doubled() -> None:
    world = good_world()
    world.table("truck", "k1")["counts"]["truck.position.v1"]["refused"] = 3
    assert account(world).applied_twice == 0


def test_a_record_counted_twice_is_doubled_also_as_a_duplicate() -> None:
    world = good_world()
    world.table("lot", "l1")["counts"]["harvest.lot.v1"]["duplicate"] = 1
    assert account(world).applied_twice == 1
