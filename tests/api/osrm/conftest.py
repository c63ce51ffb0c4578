"""Give the tests of OSRM's API the bundled network, and small ones drawn by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from api.osrm.answers import write_answer
from api.osrm.query import NearestOptions, RouteOptions, TableOptions, read
from routing.roads import bundled, store
from routing.roads.bundled import build_bundled
from routing.roads.draft import Turn
from routing.roads.layout import lay_out
from routing.roads.network import RoadNetwork, load_network
from routing.roads.ways import Ways
from tests.routing.roads.drafts import draft_of

Ask = Callable[..., dict[str, Any]]

SERVICES = {"route": RouteOptions, "table": TableOptions, "nearest": NearestOptions}
NAMES = ("", "Quốc lộ 80", "Quốc lộ 61")


@pytest.fixture(scope="session")
def network_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a freshly built bundled network."""
    folder = tmp_path_factory.mktemp("roads") / "bundled"
    build_bundled(folder)
    return folder


@pytest.fixture(scope="session")
def ways(network_dir: Path) -> Ways:
    """Return the ways of the bundled network."""
    return Ways(load_network(network_dir))


@pytest.fixture(scope="session")
def ask(ways: Ways) -> Ask:
    """Return what asks a service about the bundled network."""
    return asker(ways)


def asker(ways: Ways) -> Ask:
    """Return what asks a service about some roads: `ask("route", "1,2;3,4", steps="true")`."""

    def ask(service: str, coordinates: str, profile: str = "car", **options: str) -> dict[str, Any]:
        asked = read(SERVICES[service], profile, coordinates, list(options.items()))
        answer: dict[str, Any] = orjson.loads(write_answer(ways, asked))
        return answer

    return ask


def drawn(
    places: Sequence[tuple[float, float]],
    roads: Sequence[tuple[int, int, int]],
    *,
    ferries: Sequence[int] = (),
    one_way: Sequence[int] = (),
    turns: tuple[Turn, ...] = (),
) -> RoadNetwork:
    """Return roads among junctions.

    Parameters
    ----------
    places
        Kilometres east and north of 105° E, 10° N.
    roads
        Both ends of each, and an index into `NAMES`.
    ferries, one_way
        Which of them are.
    turns
        What is forbidden.
    """
    east, north = np.array(places, dtype=float).T
    ends = [(one, two) for one, two, _ in roads]
    lengths_m = [
        1000 * float(np.hypot(*np.subtract(places[one], places[two]))) for one, two in ends
    ]
    open_ = ["forwards" if at in one_way else "both" for at in range(len(roads))]
    draft = replace(
        draft_of(len(places), ends, length_m=lengths_m, one_way=open_, turns=turns),
        lat=10 + north / 111.195,
        lon=105 + east / 111.195 / np.cos(np.radians(10)),
        seg_ferry=np.isin(np.arange(len(roads)), ferries),
        seg_name=np.array([name for *_, name in roads], dtype=np.int32),
        name=np.array(NAMES),
    )
    arrays = lay_out(draft)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return RoadNetwork(store.describe(arrays, bundled.ORIGIN, built_at=moment), arrays)


def at(east_km: float, north_km: float) -> str:
    """Return a coordinate by kilometres east and north of 105° E, 10° N."""
    lon = 105 + east_km / 111.195 / float(np.cos(np.radians(10)))
    return f"{lon:.7f},{10 + north_km / 111.195:.7f}"
