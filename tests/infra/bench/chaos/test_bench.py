"""Break a whole stack a few times; the lead's machine breaks it thirty times."""

from pathlib import Path

import pytest

from infra.bench.catalogue import BENCHES
from infra.bench.chaos.bench import run
from infra.bench.chaos.schedule import Fault

FAULTS = [
    Fault("kill_worker", 1, 2.0, 0.0),
    Fault("partition_worker", 2, 2.0, 15.0),
    Fault("restart_all", 0, 2.0, 0.0),
]


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.timeout(900)
def test_a_few_rounds_lose_and_double_nothing(tmp_path: Path) -> None:
    """No time is asserted: a busy machine takes longer, and may lose nothing either."""
    outcome = run(tmp_path, FAULTS, seed=1, tell=lambda _line: None)
    values = {measure.name: measure.value for measure in outcome.measures}
    assert values["rounds"] == len(FAULTS), outcome.notes
    assert (values["acknowledged"] or 0) > 100
    for name in ("lost", "doubled", "overbooked", "views_differ", "invariants_broken"):
        assert values[name] == 0, (name, outcome.notes)
    assert values["recover_s_kill_worker"] is not None
    assert values["recover_s_kill_redis"] is None


def test_the_command_takes_the_number_of_rounds() -> None:
    assert "rounds" in BENCHES["chaos"].options
