"""Hold the check of exactness to its own promise: it finds what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from infra.bench.roads import rival_networkx, rival_scipy
from infra.bench.roads.draws import Draws
from infra.bench.roads.exact import Verdict, check, compare
from infra.bench.roads.generate import generate
from infra.bench.roads.graph import RoadGraph
from infra.bench.roads.ours import Ours
from infra.bench.roads.rival_routingkit import RoutingKit


@pytest.fixture(scope="module")
def roads() -> RoadGraph:
    """Draw roads that every rival answers at once."""
    return generate(nodes=400, seed=4)


@pytest.fixture(scope="module")
def draws(roads: RoadGraph) -> Draws:
    """Draw few questions."""
    return Draws.of(roads, seed=4, pairs=60, places=40, closures=120)


def test_the_same_seed_asks_the_same(roads: RoadGraph, draws: Draws) -> None:
    """Rivals of two runs get the same questions, each arc being closed once."""
    again = Draws.of(roads, seed=4, pairs=60, places=40, closures=120)
    for name in ("pairs", "sources", "targets", "closures"):
        np.testing.assert_array_equal(getattr(draws, name), getattr(again, name))
    assert len(set(draws.closures.tolist())) == 120


def test_ours_is_exact_before_and_after_closures(roads: RoadGraph, draws: Draws) -> None:
    """Every pair and every way agrees with scipy."""
    ours = Ours.of(roads)
    before = check(roads, ours.metric, draws)
    after = check(roads, ours.closed(draws.closures), draws, closed=draws.closures)
    assert before.mismatches == after.mismatches == 0
    assert before.checked > 480


def test_wrong_answers_are_counted(roads: RoadGraph, draws: Draws) -> None:
    """An engine that does not know of the closures is found out."""
    ours = Ours.of(roads)
    assert check(roads, ours.metric, draws, closed=draws.closures).mismatches > 0
    _, times_ms = rival_networkx.measure(roads, draws, queries=20)
    assert compare(ours.metric, times_ms) == Verdict(len(times_ms), 0)
    wrong = dict(times_ms)
    wrong[next(iter(wrong))] += 1
    assert compare(ours.metric, wrong).mismatches == 1


def test_rivals_agree_with_each_other(roads: RoadGraph, draws: Draws) -> None:
    """All are asked the same on the same roads: closed, opened again, on one thread or two."""
    kit = RoutingKit(roads)
    expected = rival_scipy.table_ms(roads, draws.sources, draws.targets)
    for threads in (1, 2):
        assert kit.table(draws.sources, draws.targets, threads=threads) == expected.tolist()
    assert kit.table_backwards(draws.sources, draws.targets) == expected.T.tolist()
    arcs = draws.closures.tolist()
    kit.close(arcs)
    shut = rival_scipy.table_ms(roads, draws.sources, draws.targets, closed=draws.closures)
    found = kit.table(draws.sources, draws.targets)
    shown = [[rival_scipy.NO_WAY if ms is None else ms for ms in row] for row in found]
    assert shown == shut.tolist()
    assert (shut != expected).any()
    kit.reopen(arcs)
    assert kit.table(draws.sources, draws.targets) == expected.tolist()


def test_of_parallel_arcs_the_fastest_counts(roads: RoadGraph) -> None:
    """Scipy's matrix would add them up if one let it."""
    twice = replace(
        roads,
        **{
            name: np.concatenate([getattr(roads, name)] * 2)
            for name in ("tail", "head", "road_class", "limit_kph")
        },
        length_m=np.concatenate([roads.length_m, 3 * roads.length_m]),
    )
    assert (rival_scipy.matrix(twice) != rival_scipy.matrix(roads)).nnz == 0
    made = rival_networkx.build(twice)
    assert all(
        made[tail][head]["ms"] == ms
        for tail, head, ms in zip(
            roads.tail.tolist(), roads.head.tolist(), roads.times_ms.tolist(), strict=True
        )
    )
