"""Say which processes a stack has, in which order, and by which clock."""

from pathlib import Path

import pytest

from infra.settings import Settings
from infra.stack import Wanted
from infra.stack.plan import DEMO_SPEED, stages


def names(settings: Settings, wanted: Wanted) -> list[list[str]]:
    """Return the names of a stack's processes, a list a stage."""
    found = stages(settings, wanted, lambda _line: None)
    return [[child.name for child in stage.children] for stage in found]


def test_stores_come_first_and_the_player_last(tmp_path: Path) -> None:
    """Nothing starts before what it needs."""
    settings = Settings.throwaway(tmp_path, workers=2)
    assert names(settings, Wanted(scenario="a-day")) == [
        ["kafka", "redis"],
        ["worker-1", "worker-2", "projector", "api"],
        ["scenario"],
    ]


def test_broker_alone(tmp_path: Path) -> None:
    """Tests of topics need no workers."""
    assert names(Settings.throwaway(tmp_path), Wanted(broker_only=True)) == [["kafka", "redis"]]


def test_existing_stores_are_not_started(tmp_path: Path) -> None:
    """What the settings name is used as it is."""
    settings = Settings.throwaway(tmp_path, workers=1).model_copy(
        update={"kafka": "elsewhere:9092", "redis": "redis://elsewhere/0"}
    )
    assert names(settings, Wanted()) == [[], ["worker-1", "projector", "api"]]


@pytest.mark.parametrize(
    ("own", "asked", "speed"), [(1.0, None, DEMO_SPEED), (5.0, None, 5.0), (5.0, 9.0, 9.0)]
)
def test_scenario_sets_the_clock(
    tmp_path: Path, own: float, asked: float | None, speed: float
) -> None:
    """The asked speed counts, then the settings', then the demo's."""
    settings = Settings.throwaway(tmp_path, clock_speed=own)
    clocked = Wanted(scenario="a-day", speed=asked).clocked(settings)
    assert (clocked.clock, clocked.clock_speed) == ("scenario", speed)


def test_without_a_scenario_the_settings_clock_stays(tmp_path: Path) -> None:
    """A stack for real work follows the wall."""
    settings = Settings.throwaway(tmp_path)
    assert Wanted().clocked(settings) == settings


def test_children_get_the_stacks_own_settings(tmp_path: Path) -> None:
    """A worker reads the same folder and ports from its environment."""
    settings = Settings.throwaway(tmp_path)
    worker = stages(settings, Wanted(), lambda _line: None)[1].children[0]
    assert worker.environment is not None
    assert worker.environment["HARVESTLANE_HOME"] == str(settings.home)
    assert worker.environment["HARVESTLANE_KAFKA_PORT"] == str(settings.kafka_port)
