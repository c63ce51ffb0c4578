"""Warn of held and refused trucks, and no longer than that is so."""

from datetime import timedelta

import pytest

from tests.streams.town import NOON, Town


def _raised(town: Town) -> set[str]:
    raised: set[str] = set()
    for event_type, data in town.events("alert.v1"):
        if event_type == "alert.raised":
            raised.add(data["alert_id"])
        else:
            raised.discard(data["alert_id"])
    return raised


def _see(town: Town, decision: str, minute: int) -> None:
    data = {"checkpoint_id": "CP", "truck_id": "T0", "plate": "68C-111.11"}
    town.say(f"checkpoint.{decision}", data, when=NOON + timedelta(minutes=minute))
    town.run(plan=False)


@pytest.mark.parametrize(
    ("decisions", "raised"),
    [
        (["held"], {"truck_held/T0"}),
        (["held", "cleared"], set()),
        (["held", "arrived"], {"truck_held/T0"}),
        (["held", "refused"], {"truck_refused/T0"}),
        (["refused"], {"truck_refused/T0"}),
        (["refused", "arrived"], set()),
        (["refused", "cleared"], set()),
        (["refused", "held", "cleared"], set()),
        (["held", "cleared", "held"], {"truck_held/T0"}),
    ],
)
def test_a_warning_lasts_as_long_as_its_cause(decisions: list[str], raised: set[str]) -> None:
    town = Town()
    town.furnish(lots=0)
    town.now += timedelta(hours=1)
    for minute, decision in enumerate(decisions):
        _see(town, decision, minute)
    assert {one for one in _raised(town) if one.startswith("truck_")} == raised


def test_what_comes_late_warns_of_nothing_that_is_over() -> None:
    town = Town()
    town.furnish(lots=0)
    town.now += timedelta(hours=1)
    _see(town, "cleared", 10)
    _see(town, "held", 5)
    assert _raised(town) == set()
    assert town.states("truck")["T0"]["last_checkpoint"]["decision"] == "cleared"
