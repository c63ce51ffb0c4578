"""Run what the documents show of the library."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import infra

if TYPE_CHECKING:
    from routing.roads.network import RoadNetwork

_ENGINE = Path(infra.__file__).parents[1] / "docs" / "engine.md"


def test_the_example_of_the_engine_runs(network: RoadNetwork) -> None:
    """From top to bottom, on the bundled network; what it supposes costs more, and is not done."""
    found = re.search(r"```python\n(.*?)```", _ENGINE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    code = found[1].replace(".cache/roads/bundled", str(network.folder))
    assert str(network.folder) in code
    names: dict[str, Any] = {}
    exec(compile(code, str(_ENGINE), "exec"), names)  # noqa: S102 - our own document
    assert names["leg"].time_ms == names["times_ms"].item()
    assert names["roads"].version == 1
