"""Let deadlines pass, with the worker killed between: each is kept once, by the stack's clock."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.model import format_time, parse_time
from streams.booking import ACCEPT_WITHIN
from streams.overdue import OVERDUE_AFTER
from streams.standing import SIGNS_WITHIN, STUCK_AFTER
from streams.truck import SILENT_AFTER
from tests.streams.town import NOON, Crash, Town

AWAY = (9.9, 105.15)
"""Between the truck's pickup and its port, 12 km from both."""
ELSEWHERE = (9.95, 105.12)
PORT, PICKUP = (10.01, 105.08), (9.8, 105.2)


class Forgetful(Town):
    """A town whose worker is killed before every tick: it knows only what is in its tables."""

    def tick(self) -> None:
        """Start anew, then let the clock tick."""
        self.start()
        super().tick()


@pytest.fixture(params=[Town, Forgetful], ids=["steady", "killed again and again"])
def town(request: pytest.FixtureRequest) -> Town:
    """Return a world with one truck that has accepted the trip of one lot."""
    return _town(request.param)


def _town(kind: type[Town] = Town) -> Town:
    town = kind()
    town.furnish(trucks=1, lots=1, hours=12)
    town.run()
    town.command("accept", _trip(town)["assignment_id"])
    town.run()
    return town


def _trip(town: Town) -> dict[str, Any]:
    (state,) = town.states("assignment").values()
    return state


def _report(town: Town, place: tuple[float, float], when: datetime | None = None) -> None:
    data = {"truck_id": "T0", "lat": place[0], "lon": place[1]}
    town.say("truck.position_reported", data, when=when)


def _stand(town: Town, place: tuple[float, float], minutes: int) -> None:
    """Report the same place every five minutes."""
    for _ in range(minutes // 5):
        _report(town, place)
        town.run(minutes=5, plan=False)


def _alerts(town: Town, code: str) -> list[str]:
    return [
        kind.removeprefix("alert.")
        for kind, data in town.events("alert.v1")
        if data["alert_id"].startswith(f"{code}/")
    ]


def _pass(town: Town, until: datetime) -> None:
    while town.now < until:
        town.run(minutes=min(30.0, (until - town.now) / timedelta(minutes=1)), plan=False)


def _depart(town: Town) -> None:
    _pass(town, parse_time(_trip(town)["departure"]))


# -- a place in a slot ---------------------------------------------------------------------------


def _places(town: Town) -> set[str]:
    return {
        place["reservation_id"]
        for slot in town.states("slot").values()
        for place in slot["reserved"]
    }


def test_a_trip_that_never_loads_loses_its_place_and_is_called_off(town: Town) -> None:
    end = parse_time(_trip(town)["window_end"]) + OVERDUE_AFTER
    _pass(town, end)
    assert _trip(town)["status"] == "accepted"
    town.run(minutes=10, plan=False)
    assert (_trip(town)["status"], _trip(town)["reason"]) == ("cancelled", "overdue")
    assert town.said("slot.reservation.v1").count("reservation.no_show") == 1
    assert "reservation.released" not in town.said("slot.reservation.v1")
    assert _places(town) == set()
    assert _alerts(town, "no_show") == ["raised"]
    town.run(minutes=60, plan=False)
    assert town.said("slot.reservation.v1").count("reservation.no_show") == 1
    assert town.dead() == []


def test_a_loaded_truck_that_does_not_come_gets_another_slot(town: Town) -> None:
    first = _trip(town)
    town.command("report_loaded", first["assignment_id"])
    _stand(town, PICKUP, 10)
    _pass(town, parse_time(first["window_end"]) + OVERDUE_AFTER)
    assert "reservation.no_show" not in town.said("slot.reservation.v1")
    town.run(minutes=10)
    assert town.said("slot.reservation.v1").count("reservation.no_show") == 1
    now = _trip(town)
    assert now["status"] == "loaded"
    assert now["window_start"] > first["window_end"]
    assert len(_places(town)) == 1
    town.run(minutes=5)
    assert _alerts(town, "no_show") == ["raised", "cleared"]


def test_a_truck_that_waits_at_its_port_has_come(town: Town) -> None:
    trip = _trip(town)
    town.command("report_loaded", trip["assignment_id"])
    _stand(town, PORT, 20)
    _stand(town, ELSEWHERE, 20)
    _pass(town, parse_time(trip["window_end"]) + 2 * OVERDUE_AFTER)
    assert "reservation.no_show" not in town.said("slot.reservation.v1")
    assert len(_places(town)) == 1


def test_an_offer_expires_though_its_worker_was_killed_meanwhile() -> None:
    town = Forgetful()
    town.furnish(trucks=1, lots=1)
    town.run()
    for _ in range(4):
        town.run(minutes=ACCEPT_WITHIN / timedelta(minutes=3), plan=False)
    assert _trip(town)["status"] == "expired"
    assert town.said("dispatch.assignment.v1").count("assignment.expired") == 1


@pytest.mark.parametrize("step", range(1, 14, 2))
def test_a_worker_that_dies_in_the_middle_of_a_no_show_finishes_it(step: int) -> None:
    town = _town()
    _pass(town, parse_time(_trip(town)["window_end"]) + OVERDUE_AFTER)
    fatal = town.steps + step

    def crash(number: int) -> None:
        if number == fatal:
            raise Crash

    town.crash = crash
    town.now += timedelta(minutes=5)
    town.tick()
    try:
        town.run(plan=False)
    except Crash:
        town.start()
    town.run(minutes=10, plan=False)
    assert _trip(town)["reason"] == "overdue"
    assert _places(town) == set()
    assert town.said("slot.reservation.v1").count("reservation.no_show") == 1
    assert _alerts(town, "no_show") == ["raised"]


# -- silent --------------------------------------------------------------------------------------


def test_a_truck_on_a_trip_falls_silent_like_any_other(town: Town) -> None:
    _depart(town)
    _stand(town, AWAY, 10)
    _pass(town, town.now + SILENT_AFTER)
    assert _alerts(town, "silent") == ["raised"]
    assert _alerts(town, "truck_stuck") == []
    _report(town, AWAY)
    town.run(plan=False)
    assert _alerts(town, "silent") == ["raised", "cleared"]


# -- stuck ---------------------------------------------------------------------------------------


def _until_stuck(town: Town) -> None:
    _depart(town)
    _stand(town, AWAY, STUCK_AFTER // timedelta(minutes=1))


def test_a_truck_that_stands_on_its_way_is_stuck_until_it_moves(town: Town) -> None:
    _until_stuck(town)
    assert _alerts(town, "truck_stuck") == []
    _stand(town, AWAY, 60)
    assert _alerts(town, "truck_stuck") == ["raised"]
    _stand(town, (9.92, 105.15), 10)
    assert _alerts(town, "truck_stuck") == ["raised", "cleared"]
    _stand(town, (9.92, 105.15), 70)
    assert _alerts(town, "truck_stuck") == ["raised", "cleared", "raised"]
    town.command("cancel", _trip(town)["assignment_id"])
    town.run(minutes=5, plan=False)
    assert _alerts(town, "truck_stuck") == ["raised", "cleared"] * 2
    assert town.dead() == []


def test_a_stuck_truck_that_falls_silent_has_not_moved(town: Town) -> None:
    _until_stuck(town)
    _stand(town, AWAY, 30)
    _pass(town, town.now + 2 * SIGNS_WITHIN)
    _stand(town, AWAY, 10)
    assert _alerts(town, "truck_stuck") == ["raised"]


@pytest.mark.parametrize("place", [PICKUP, PORT], ids=["pickup", "port"])
def test_a_truck_may_stand_where_it_is_to_load_and_unload(
    town: Town, place: tuple[float, float]
) -> None:
    _depart(town)
    _stand(town, place, 90)
    assert _alerts(town, "truck_stuck") == []


def test_a_truck_without_a_trip_may_stand() -> None:
    town = Town()
    town.furnish(trucks=1, lots=0)
    _stand(town, AWAY, 90)
    assert _alerts(town, "truck_stuck") == []


def test_a_truck_that_need_not_leave_yet_may_stand() -> None:
    town = Town()
    town.furnish(trucks=1, lots=0)
    town.add_lot("L0", ready_from=format_time(NOON + timedelta(hours=3)))
    town.run()
    town.command("accept", _trip(town)["assignment_id"])
    town.run()
    waits = parse_time(_trip(town)["departure"]) - town.now
    assert waits > 1.5 * STUCK_AFTER
    _stand(town, AWAY, waits // timedelta(minutes=1))
    assert _alerts(town, "truck_stuck") == []


def test_time_at_a_checkpoint_does_not_count(town: Town) -> None:
    _depart(town)
    seen = {"checkpoint_id": "CP", "truck_id": "T0"}
    town.say("checkpoint.held", seen)
    _stand(town, AWAY, 60)
    town.say("checkpoint.cleared", seen)
    _stand(town, AWAY, 40)
    assert _alerts(town, "truck_stuck") == []
    _stand(town, AWAY, 30)
    assert _alerts(town, "truck_stuck") == ["raised"]


def test_signs_that_come_late_and_together_raise_nothing(town: Town) -> None:
    """The truck stood for an hour, drove on, and is heard of only then, in order or not."""
    _depart(town)
    start = town.now
    _pass(town, start + timedelta(minutes=90))
    for minute in range(0, 65, 5):
        _report(town, AWAY, start + timedelta(minutes=minute))
        town.run(plan=False)
        town.tick()
        town.run(plan=False)
    _report(town, ELSEWHERE, start + timedelta(minutes=88))
    _stand(town, ELSEWHERE, 10)
    for minute in (70, 75, 80):
        _report(town, AWAY, start + timedelta(minutes=minute))
    town.run(minutes=10, plan=False)
    assert _alerts(town, "truck_stuck") == []


@settings(max_examples=40, deadline=None)
@given(
    delays=st.lists(st.integers(0, 90), min_size=24, max_size=24),
    places=st.lists(st.sampled_from([AWAY, ELSEWHERE, (9.85, 105.18)]), min_size=6, max_size=6),
)
def test_a_truck_that_moves_is_never_stuck_however_late_its_signs_are(
    delays: list[int], places: list[tuple[float, float]]
) -> None:
    """Every 20 minutes it is elsewhere."""
    town = _town()
    _depart(town)
    start = town.now
    coming: list[tuple[int, int]] = sorted((5 * n + delay, n) for n, delay in enumerate(delays))
    stops = [one for n, one in enumerate(places) if n == 0 or one != places[n - 1]]
    for step in range(0, 240, 10):
        while coming and coming[0][0] <= step:
            _, number = coming.pop(0)
            if number // 4 < len(stops):
                _report(town, stops[number // 4], start + timedelta(minutes=5 * number))
        town.run(minutes=10, plan=False)
    assert Counter(_alerts(town, "truck_stuck")) == Counter()
