"""The what-if benchmark asks different things, and the same ones again for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.bench.corridors import whatif
from infra.bench.corridors.whatif import asked
from routing.roads.bundled import build_bundled
from routing.roads.network import load_network
from routing.travel import RoadTravel
from tests.routing.whatif.world import NOW, Docs, add_trip, bare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def docs(tmp_path: Path) -> Docs:
    """Return a world with four trips."""
    build_bundled(tmp_path / "roads")
    travel, docs = RoadTravel(load_network(tmp_path / "roads")), bare()
    for number in range(4):
        add_trip(docs, travel, number, gate_id=("G1", "G2")[number % 2])
    return docs


def test_measures_differ_and_the_seed_chooses_them(
    docs: Docs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatif, "CHECKPOINTS", 1)
    questions = list(asked(docs, NOW, 1))
    assert {question.measure.kind for question in questions} == {"road", "checkpoint", "gate"}
    assert len({question.measure.model_dump_json() for question in questions}) == len(questions)
    assert questions == list(asked(docs, NOW, 1))
    assert questions != list(asked(docs, NOW, 2))
