"""Do without OSRM where it cannot be had, and never build it twice."""

from pathlib import Path

import pytest

from infra.bench.roads.graph import SPEEDS_KPH
from infra.bench.roads.osrm_home import ALGORITHMS, OsrmMissing, data, environment
from infra.bench.roads.osrm_profile import profile

_TOOL = """#!/bin/sh
# python -m osrm STEP … FILE: note the step beside the file
echo "$3" >> "${0%/*}/steps"
[ -e "${0%/*}/broken" ] && { echo "no memory left" >&2; exit 1; }
exit 0
"""


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """Stand in for the environment's Python."""
    path = tmp_path / "bin" / "python"
    path.parent.mkdir()
    path.write_text(_TOOL)
    path.chmod(0o755)
    return path


def test_without_a_python_of_its_own_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The benchmark goes on and its document holds this sentence."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OsrmMissing, match=r"needs Python 3\.12; install one or set PYTHON312"):
        environment(tmp_path / "cache")


def test_the_python_that_is_set_must_be_new_enough(
    tmp_path: Path, tool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot even start is passed by."""
    (tool.parent / "broken").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYTHON312", str(tool))
    with pytest.raises(OsrmMissing, match=r"needs Python 3\.12"):
        environment(tmp_path / "cache")


def test_data_is_built_once_for_the_same_roads(tmp_path: Path, tool: Path) -> None:
    """Contracting takes minutes; other roads are built anew."""
    pbf, cache = tmp_path / "roads.osm.pbf", tmp_path / "cache"
    pbf.write_bytes(b"some roads")
    first = data(pbf, tool, tell=lambda _: None, cache=cache)
    steps = (tool.parent / "steps").read_text().split()
    assert steps == ["extract", "contract", "extract", "partition", "customize"]
    assert data(pbf, tool, tell=lambda _: None, cache=cache) == first
    assert (tool.parent / "steps").read_text().split() == steps
    assert list(first) == list(ALGORITHMS)
    pbf.write_bytes(b"other roads")
    assert data(pbf, tool, tell=lambda _: None, cache=cache) != first


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path, tool: Path) -> None:
    """Half-built data never passes for whole."""
    pbf, cache = tmp_path / "roads.osm.pbf", tmp_path / "cache"
    pbf.write_bytes(b"some roads")
    (tool.parent / "broken").touch()
    with pytest.raises(OsrmMissing, match="no memory left"):
        data(pbf, tool, tell=lambda _: None, cache=cache)
    assert list(cache.iterdir()) == []


def test_the_profile_knows_every_class() -> None:
    """OSRM drives as fast as our graph says."""
    text = profile()
    assert all(f"{name} = {speed:g}" in text for name, speed in SPEEDS_KPH.items())
