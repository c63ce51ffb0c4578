"""Draw schedules: a seed reproduces its own, and every kind has its share."""

from collections import Counter

import pytest

from infra.bench.chaos.schedule import AT_LEAST, KINDS, draw


def test_a_seed_draws_the_same_again() -> None:
    assert draw(7, 30) == draw(7, 30)
    assert draw(7, 30) != draw(8, 30)


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_comes_at_least_twice_in_thirty_rounds(seed: int) -> None:
    counts = Counter(fault.kind for fault in draw(seed, 30))
    assert counts.total() == 30
    assert all(counts[kind] >= AT_LEAST for kind in KINDS)


def test_a_short_schedule_has_each_kind_as_far_as_it_goes() -> None:
    assert Counter(fault.kind for fault in draw(1, 8)) == dict.fromkeys(KINDS, 1)
    assert len({fault.kind for fault in draw(1, 3)}) == 3


def test_faults_hit_one_of_three_where_there_are_three() -> None:
    for fault in draw(3, 200):
        hits = fault.kind.endswith("_worker") or fault.kind == "kill_broker"
        assert (fault.target in {1, 2, 3}) if hits else fault.target == 0
        assert (fault.lasts_s >= 15) == (fault.kind in {"stop_worker", "partition_worker"})
