"""Let stock clients of OSRM work against a served API: routingpy, and VROOM's own back end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import routingpy
import vroom
from vroom import _vroom

from infra.settings import Settings
from routing.roads.network import load_network
from routing.roads.snap import snap
from routing.roads.ways import Ways
from tests.routing.roads.places import PLACES

pytestmark = pytest.mark.integration

STOPS = [
    (PLACES[name][1], PLACES[name][0]) for name in ("Rạch Giá", "Gò Quao", "Cần Thơ", "Cà Mau")
]


@pytest.fixture(scope="module")
def settings(
    redis_url: str, network_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Describe a stack of which only the API and a Redis run."""
    made = Settings.throwaway(tmp_path_factory.mktemp("stack"))
    return made.model_copy(update={"redis": redis_url, "network": network_dir})


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[str]:
    """Run `harvestlane api` in a process of its own: VROOM keeps this one busy while it asks."""
    command = [sys.executable, "-m", "infra.cli", "api"]
    process = subprocess.Popen(command, env=settings.environment())
    try:
        for _ in range(300):
            assert process.poll() is None
            try:
                httpx.get(f"{settings.base_url}/healthz")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                break
        yield f"{settings.base_url}/osrm"
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="module")
def durations_s(network_dir: Path) -> list[list[float]]:
    """Return what the library says among the stops."""
    network = load_network(network_dir)
    places = [snap(network, lat, lon) for lon, lat in STOPS]
    times_ms, _ = Ways(network).table("rigid_2_axle", places, places)
    return (times_ms / 1000).tolist()  # type: ignore[no-any-return]


def test_routingpy_gets_the_librarys_matrix(server: str, durations_s: list[list[float]]) -> None:
    """Durations and distances, without a token."""
    client = routingpy.OSRM(base_url=server, timeout=60)
    found = client.matrix(locations=[list(stop) for stop in STOPS])
    assert found.durations == durations_s
    assert found.distances[0][1] > 10_000


def test_routingpy_gets_directions(server: str, durations_s: list[list[float]]) -> None:
    """A line from the first stop to the last, with alternatives, steps and annotations."""
    client = routingpy.OSRM(base_url=server, timeout=60)
    ends = [list(STOPS[0]), list(STOPS[2])]
    found = client.directions(
        locations=ends,
        profile="truck",
        radiuses=[5000, 5000],
        alternatives=True,
        steps=True,
        annotations=True,
        geometries="geojson",
        overview="full",
    )
    assert found[0].duration == int(durations_s[0][2])
    assert found[0].geometry[0] == pytest.approx(STOPS[0], abs=0.05)
    plain = client.directions(locations=ends, continue_straight=False)
    assert plain.geometry[-1] == pytest.approx(STOPS[2], abs=0.05)


def test_routingpy_tells_what_is_wrong(server: str) -> None:
    """OSRM's code and message reach the client's error."""
    client = routingpy.OSRM(base_url=server, timeout=60)
    with pytest.raises(routingpy.exceptions.RouterApiError, match="NoSegment"):
        client.directions(locations=[[105.85, 21.03], list(STOPS[0])])


def _problem(settings: Settings) -> vroom.Input:
    """Return a truck at the first stop that visits the others, to be solved on our roads."""
    server = f"127.0.0.1:{settings.port}:osrm/"
    problem = vroom.Input(servers={"car": server}, router=_vroom.ROUTER.OSRM, geometry=True)
    problem.add_vehicle(vroom.Vehicle(1, start=STOPS[0], end=STOPS[0], profile="car"))
    problem.add_job([vroom.Job(at, location=stop) for at, stop in enumerate(STOPS[1:], 1)])
    return problem


def test_vroom_solves_a_problem_on_our_roads(
    server: str, settings: Settings, durations_s: list[list[float]]
) -> None:
    """Its cost is that of the library's times, whole seconds each, and it draws the way."""
    assert server
    solution = _problem(settings).solve(exploration_level=1, nb_threads=1)
    steps = solution.routes.to_dict("records")
    visited = [0, *(int(step["id"]) for step in steps if step["type"] == "job"), 0]
    legs = pairwise(visited)
    assert sorted(visited) == [0, 0, 1, 2, 3]
    assert solution.summary.cost == sum(round(durations_s[one][two]) for one, two in legs)
    assert solution.summary.distance > 100_000


def test_vroom_tells_which_place_is_no_road(server: str, settings: Settings) -> None:
    """It reads the coordinate's number out of our message."""
    assert server
    problem = _problem(settings)
    problem.add_job(vroom.Job(9, location=(105.85, 21.03)))
    with pytest.raises(_vroom.VroomRoutingException, match=r"near location \[105.85"):
        problem.solve(exploration_level=1, nb_threads=1)
