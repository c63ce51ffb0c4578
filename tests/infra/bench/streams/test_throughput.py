"""Let contestants fold a small load on a real broker: what they keep is checked, not believed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bench.streams.ours import run_ours
from infra.bench.streams.throughput import BATCHED, QUIX, RUNS, Load, Result, Rival, run_rival
from infra.settings import Settings
from infra.stack import running_stack

LOAD = Load.draw(3, trucks=40, warm=200, positions=600)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Run a broker."""
    with (
        tempfile.TemporaryDirectory(prefix="harvestlane-") as folder,
        running_stack(Settings.throwaway(Path(folder)), broker_only=True) as stack,
    ):
        yield stack.settings


@pytest.mark.integration
@pytest.mark.timeout(180)
def test_our_worker_folds_the_load_and_has_a_figure(settings: Settings) -> None:
    """Its table agrees with the reference, however quick it was."""
    result = run_ours(settings, LOAD, print)
    assert result.wrong == []
    assert len(result.rates) == RUNS


@pytest.mark.integration
@pytest.mark.timeout(180)
@pytest.mark.parametrize("rival", [BATCHED, QUIX], ids=lambda rival: rival.name)
def test_a_rival_folds_the_load_and_has_a_figure(settings: Settings, rival: Rival) -> None:
    """With the same decoding and reducing, its own changelog agrees."""
    result = run_rival(settings, rival, LOAD, print)
    assert result.wrong == []
    assert len(result.rates) == RUNS


def test_a_contestant_whose_state_is_wrong_has_no_figure() -> None:
    """However quick it was; the stages' runs are kept apart."""
    result = Result("somebody", [1.0, 2.0, 4.0, 3.0])
    assert (result.worse(), result.better(), result.worse(1), result.better(1)) == (1, 2, 3, 4)
    result.wrong.append("a truck is elsewhere")
    assert (result.worse(), result.better()) == (None, None)
