"""Build the bundled road network once for all tests of routing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routing.roads.bundled import build_bundled
from routing.roads.network import RoadNetwork, load_network

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def network_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a freshly built bundled network."""
    folder = tmp_path_factory.mktemp("roads") / "bundled"
    build_bundled(folder)
    return folder


@pytest.fixture(scope="session")
def network(network_dir: Path) -> RoadNetwork:
    """Return the bundled network, opened."""
    return load_network(network_dir)
