"""Take assignments through their life in a small world: who may do what, and what gives way."""

from datetime import timedelta

import pytest

from schemas.envelope import decode
from schemas.model import format_time, parse_time
from streams.booking import ACCEPT_WITHIN
from tests.streams.town import NOON, Town


@pytest.fixture
def town() -> Town:
    """Return a world with three trucks, two lots, one port."""
    town = Town()
    town.furnish()
    town.run()
    return town


def _only(town: Town, lot_id: str = "L0") -> str:
    """Name the one active assignment of a lot."""
    active = [
        assignment_id
        for assignment_id, state in town.states("assignment").items()
        if state["lot_id"] == lot_id and state["status"] in {"proposed", "accepted", "loaded"}
    ]
    assert len(active) == 1
    return active[0]


def _command(town: Town, command_id: str) -> tuple[str, str | None]:
    state = town.states("command")[command_id]
    return state["status"], state["reason"]


def test_open_lots_are_proposed_with_a_place_in_a_slot(town: Town) -> None:
    states = town.states("assignment").values()
    assert {state["lot_id"] for state in states} == {"L0", "L1"}
    for state in states:
        slot = town.states("slot")[state["slot_id"]]
        assert state["assignment_id"] in {place["assignment_id"] for place in slot["reserved"]}
        assert parse_time(state["accept_by"]) == NOON + ACCEPT_WITHIN
        assert state["known_quantity_kg"] == 5000
    assert town.states("lot")["L0"]["booked_kg"] == 5000


def test_accept_load_deliver(town: Town) -> None:
    assignment_id = _only(town)
    for what in ("accept", "report_loaded", "report_delivered"):
        assert_done(town, town.command(what, assignment_id))
    state = town.states("assignment")[assignment_id]
    assert state["status"] == "delivered"
    assert town.states("lot")["L0"]["delivered_kg"] == 5000
    town.add_lot("L9")
    town.run()
    assert _only(town, "L9")


def assert_done(town: Town, command_id: str) -> None:
    """Check that a command is carried out."""
    town.run()
    assert _command(town, command_id) == ("done", None)


def test_a_declined_lot_is_never_offered_to_that_truck_again(town: Town) -> None:
    for _ in range(3):
        town.command("decline", _only(town), reason="no driver")
        town.run()
        if not any(
            s["lot_id"] == "L0" and s["status"] == "proposed"
            for s in town.states("assignment").values()
        ):
            break
    trucks = [s["truck_id"] for s in town.states("assignment").values() if s["lot_id"] == "L0"]
    assert len(trucks) == len(set(trucks))


def test_an_offer_that_nobody_answers_expires_and_the_lot_goes_on(town: Town) -> None:
    first = _only(town)
    town.run(minutes=35)
    assert town.states("assignment")[first]["status"] == "expired"
    assert town.states("assignment")[first]["reason"] == "no_answer"


@pytest.mark.parametrize("what", ["accept", "cancel", "pin", "override"])
def test_a_command_that_is_meant_for_another_version_changes_nothing(town: Town, what: str) -> None:
    """Two people decide at once: whoever comes second is told so, and may look again."""
    assignment_id = _only(town)
    before = town.states("assignment")[assignment_id]
    assert_done(town, town.command("pin", assignment_id, expected_version=before["version"]))
    after = town.states("assignment")[assignment_id]
    fields = {"truck_id": "T2"} if what == "override" else {}
    late = town.command(what, assignment_id, expected_version=before["version"], **fields)
    town.run()
    assert _command(town, late) == ("refused", "changed_meanwhile")
    assert town.states("assignment")[assignment_id] == after


def test_an_answer_after_the_offer_ended_is_refused(town: Town) -> None:
    first = _only(town)
    town.run(minutes=35)
    command = town.command("accept", first)
    town.run()
    assert _command(town, command) == ("refused", "already_expired")
    refused = [d for t, d in town.events("dispatch.assignment.v1") if t.endswith("command_refused")]
    assert [data["command_id"] for data in refused] == [command]


@pytest.mark.parametrize("what", ["report_loaded", "report_delivered"])
def test_reports_out_of_order_are_refused(town: Town, what: str) -> None:
    command = town.command(what, _only(town))
    town.run()
    assert _command(town, command)[0] == "refused"
    assert town.states("assignment")[_only(town)]["status"] == "proposed"


def test_what_a_truck_leaves_behind_is_open_again(town: Town) -> None:
    assignment_id = _only(town)
    town.command("accept", assignment_id)
    town.command("report_loaded", assignment_id, quantity_kg=3000)
    town.run()
    lot = town.states("lot")["L0"]
    assert (lot["loaded_kg"], lot["booked_kg"]) == (3000, 2000)


def test_more_than_was_booked_cannot_be_loaded(town: Town) -> None:
    assignment_id = _only(town)
    town.command("accept", assignment_id)
    command = town.command("report_loaded", assignment_id, quantity_kg=5001)
    town.run()
    assert _command(town, command) == ("refused", "more_than_booked")


def test_the_same_command_twice_is_one_command(town: Town) -> None:
    assignment_id = _only(town)
    for _ in range(2):
        town.command_again = town.say(  # type: ignore[attr-defined]
            "assignment.accept",
            {"assignment_id": assignment_id, "region": "kien-giang"},
            event_id="once",
        )
        town.run()
    assert town.said("dispatch.assignment.v1").count("assignment.accepted") == 1
    assert town.dead() == []


def test_one_id_with_two_contents_is_a_conflict(town: Town) -> None:
    assignment_id = _only(town)
    data = {"assignment_id": assignment_id, "region": "kien-giang"}
    town.say("assignment.accept", data, event_id="once")
    town.say("assignment.decline", data, event_id="once")
    town.run()
    assert town.states("assignment")[assignment_id]["status"] == "accepted"
    assert [why.split(":")[0] for why in town.dead()] == ["conflict"]


def test_a_withdrawn_lot_calls_its_trip_off(town: Town) -> None:
    assignment_id = _only(town)
    town.say("lot.withdrawn", {"lot_id": "L0"})
    town.run()
    state = town.states("assignment")[assignment_id]
    assert (state["status"], state["reason"]) == ("cancelled", "lot_withdrawn")
    slot = town.states("slot")[state["slot_id"]]
    assert assignment_id not in {place["assignment_id"] for place in slot["reserved"]}


def test_a_lot_that_shrinks_displaces_the_excess(town: Town) -> None:
    assignment_id = _only(town)
    town.say("lot.revised", {"lot_id": "L0", "quantity_kg": 2000})
    town.run()
    state = town.states("assignment")[assignment_id]
    assert (state["status"], state["quantity_kg"]) == ("proposed", 2000)
    assert town.states("lot")["L0"]["booked_kg"] == 2000


def test_a_truck_that_is_no_longer_available_loses_its_trip(town: Town) -> None:
    assignment_id = _only(town)
    truck_id = town.states("assignment")[assignment_id]["truck_id"]
    town.say("truck.status_changed", {"truck_id": truck_id, "status": "unavailable"})
    town.run()
    assert town.states("assignment")[assignment_id]["reason"] == "truck_unavailable"
    assert town.states("assignment")[_only(town)]["truck_id"] != truck_id


def test_a_cut_slot_moves_its_trips_elsewhere(town: Town) -> None:
    held = [s for s in town.states("slot").values() if s["reserved"]]
    for slot in held:
        hour = (parse_time(slot["window_start"]) - NOON) / timedelta(hours=1)
        town.say("slot.capacity_changed", {**town.window(int(hour)), "capacity_trucks": 0})
    town.run()
    cut = {slot["slot_id"] for slot in held}
    for lot_id in ("L0", "L1"):
        assert town.states("assignment")[_only(town, lot_id)]["slot_id"] not in cut


def test_a_loaded_truck_keeps_its_goods_and_gets_another_slot(town: Town) -> None:
    assignment_id = _only(town)
    town.command("accept", assignment_id)
    town.command("report_loaded", assignment_id)
    town.run()
    before = town.states("assignment")[assignment_id]
    hour = (parse_time(before["window_start"]) - NOON) / timedelta(hours=1)
    town.say("slot.closed", town.window(int(hour)))
    town.run()
    after = town.states("assignment")[assignment_id]
    assert after["status"] == "loaded"
    assert after["slot_id"] != before["slot_id"]
    reserved = town.states("slot")[after["slot_id"]]["reserved"]
    assert assignment_id in {place["assignment_id"] for place in reserved}


def _close(town: Town, box: tuple[float, float, float, float], closure_id: str = "C1") -> None:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    town.say(
        "zone.restricted",
        {
            "closure_id": closure_id,
            "region": "kien-giang",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "valid_from": format_time(town.now),
            "reason": "F0",
        },
    )


def test_a_closed_road_calls_off_what_cannot_go_round(town: Town) -> None:
    _close(town, (105.15, 9.7, 105.16, 10.2))
    town.run()
    states = town.states("assignment").values()
    assert {state["status"] for state in states} == {"cancelled"}
    assert {state["reason"] for state in states} == {"no_road"}
    assert {r["code"] for r in town.states("lot")["L0"]["reasons"]} == {"no_route"}


def test_a_reopened_road_is_used_again(town: Town) -> None:
    _close(town, (105.15, 9.7, 105.16, 10.2))
    town.run()
    town.say("zone.lifted", {"closure_id": "C1", "region": "kien-giang"})
    town.run()
    assert _only(town, "L0")
    assert _only(town, "L1")


def test_a_loaded_truck_behind_a_closure_raises_an_alert(town: Town) -> None:
    assignment_id = _only(town)
    town.command("accept", assignment_id)
    town.command("report_loaded", assignment_id)
    truck_id = town.states("assignment")[assignment_id]["truck_id"]
    town.say("truck.position_reported", {"truck_id": truck_id, "lat": 9.8, "lon": 105.2})
    town.run()
    _close(town, (105.15, 9.7, 105.16, 10.2))
    town.run(minutes=10)
    assert town.states("assignment")[assignment_id]["status"] == "loaded"
    raised = [d["code"] for t, d in town.events("alert.v1") if t == "alert.raised"]
    assert raised.count("truck_stranded") == 1


def test_a_pinned_trip_is_left_to_people(town: Town) -> None:
    assignment_id = _only(town)
    town.command("pin", assignment_id)
    town.run()
    _close(town, (105.15, 9.7, 105.16, 10.2))
    town.run()
    assert town.states("assignment")[assignment_id]["status"] == "proposed"
    raised = [d["code"] for t, d in town.events("alert.v1") if t == "alert.raised"]
    assert "pinned_crosses_closure" in raised


def test_an_override_gives_the_goods_to_another_truck(town: Town) -> None:
    assignment_id = _only(town)
    busy = {s["truck_id"] for s in town.states("assignment").values()}
    free = next(iter({"T0", "T1", "T2"} - busy))
    command = town.command("override", assignment_id, truck_id=free)
    town.run()
    assert _command(town, command) == ("done", None)
    old, new = town.states("assignment")[assignment_id], town.states("assignment")[_only(town)]
    assert (old["status"], old["reason"]) == ("cancelled", "override")
    assert new["truck_id"] == free
    assert new["explanation"]["forced"] is True


def test_an_override_that_breaks_a_rule_is_refused_with_the_rule(town: Town) -> None:
    town.add_truck("SMALL", payload_kg=100)
    town.run()
    command = town.command("override", _only(town), truck_id="SMALL")
    town.run()
    status, reason = _command(town, command)
    assert status == "refused"
    assert reason is not None
    assert town.states("assignment")[_only(town)]["truck_id"] != "SMALL"


def test_an_override_to_a_busy_truck_is_refused(town: Town) -> None:
    other = town.states("assignment")[_only(town, "L1")]["truck_id"]
    command = town.command("override", _only(town, "L0"), truck_id=other)
    town.run()
    assert _command(town, command) == ("refused", "truck_busy")


def test_a_command_for_an_unknown_assignment_waits_ten_minutes(town: Town) -> None:
    town.command("accept", "A-none")
    town.run(minutes=9)
    assert town.dead() == []
    town.run(minutes=5)
    assert [why.split(":")[0] for why in town.dead()] == ["unknown"]


def test_the_inbox_is_ours(town: Town) -> None:
    raw = town.log["dispatch.inbox.v1", 0][0][0]
    headers = tuple(
        (name, b"/foreign" if name == "ce_source" else value) for name, value in raw.headers
    )
    town.put(type(raw)(raw.topic, raw.key, raw.value, headers))
    town.run()
    assert [why.split(":")[0] for why in town.dead()] == ["malformed"]


def test_overdue_trips_are_called_off(town: Town) -> None:
    assignment_id = _only(town)
    town.command("accept", assignment_id)
    town.run(minutes=60 * 9)
    assert town.states("assignment")[assignment_id]["reason"] == "overdue"


def test_goods_that_spoil_raise_an_alert(town: Town) -> None:
    town.add_lot("FAR", pickup={"lat": 8.0, "lon": 110.0, "name": "Biển"})
    town.run(minutes=60 * 9)
    raised = [d["alert_id"] for t, d in town.events("alert.v1") if t == "alert.raised"]
    assert "lot_lost/FAR" in raised


def _ask_only(town: Town, lot_id: str) -> None:
    """Let dispatch ask a slot for a place, and stop before the slot answers."""
    town.add_lot(lot_id)
    while "reservation.requested" not in [
        event_type
        for event_type, data in town.events("slot.reservation.v1")
        if data["truck_id"] not in {"T0", "T1"}
    ]:
        town.round_of("lot", "dispatch")
        town.plan_once()


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("lot.withdrawn", {"lot_id": "L9"}),
        ("lot.revised", {"lot_id": "L9", "quantity_kg": 100}),
        ("truck.status_changed", {"truck_id": "T2", "status": "unavailable"}),
    ],
)
def test_what_changes_while_a_slot_is_asked_is_not_offered(
    town: Town, event_type: str, data: dict[str, object]
) -> None:
    _ask_only(town, "L9")
    town.say(event_type, data)
    town.round_of("lot", "truck", "dispatch")
    town.run(plan=False)
    assert "L9" not in {s["lot_id"] for s in town.states("assignment").values()}
    held = [p for s in town.states("slot").values() for p in s["reserved"]]
    assert {place["truck_id"] for place in held} == {"T0", "T1"}


def test_a_command_with_the_longest_id_is_answered_by_a_state_that_can_be_read(town: Town) -> None:
    data = {"assignment_id": _only(town), "region": "kien-giang"}
    town.say("assignment.accept", data, event_id="x" * 512)
    town.run()
    record = town.log["command.state.v1", 0][-1][0]
    event = decode(record.topic, record.key, record.value, record.headers)
    assert event.key == "x" * 512


def test_a_truck_that_broke_down_gets_no_trip_for_a_while(town: Town) -> None:
    assignment_id = _only(town)
    truck_id = town.states("assignment")[assignment_id]["truck_id"]
    town.command("report_problem", assignment_id, kind="breakdown")
    town.add_lot("L8", hold_until=format_time(NOON + timedelta(hours=7)))
    town.run(minutes=60)
    offered = [s["truck_id"] for s in town.states("assignment").values()]
    assert offered.count(truck_id) == 1
    assert town.states("assignment")[assignment_id]["reason"] == "breakdown"


def test_a_dispatcher_may_give_a_lot_to_a_truck_that_declined_it(town: Town) -> None:
    declined = town.states("assignment")[_only(town)]["truck_id"]
    town.command("decline", _only(town))
    town.run()
    command = town.command("override", _only(town), truck_id=declined)
    town.run()
    assert _command(town, command) == ("done", None)
    assert town.states("assignment")[_only(town)]["truck_id"] == declined


def test_a_lot_that_is_left_again_says_why_again(town: Town) -> None:
    for _ in range(2):
        _close(town, (105.15, 9.7, 105.16, 10.2))
        town.run()
        assert {r["code"] for r in town.states("lot")["L0"]["reasons"]} == {"no_route"}
        town.say("zone.lifted", {"closure_id": "C1", "region": "kien-giang"})
        town.run()
        assert town.states("lot")["L0"]["reasons"] == []
        town.now += timedelta(minutes=1)


@pytest.mark.parametrize(
    ("before", "meanwhile", "reason"),
    [(None, "decline", "already_declined"), ("accept", "report_loaded", "not_open")],
)
def test_an_override_that_comes_too_late_is_refused(
    town: Town, before: str | None, meanwhile: str, reason: str
) -> None:
    assignment_id = _only(town)
    if before is not None:
        town.command(before, assignment_id)
        town.run()
    free = next(
        iter({"T0", "T1", "T2"} - {s["truck_id"] for s in town.states("assignment").values()})
    )
    command = town.command("override", assignment_id, truck_id=free)
    town.command(meanwhile, assignment_id)
    town.run()
    assert _command(town, command) == ("refused", reason)
