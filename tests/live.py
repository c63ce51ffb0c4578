"""Run real parts for tests: a broker with Redis, and a whole stack, each in a folder of its own.

A test asks for the fixture `broker` (Kafka and Redis with all topics, empty at first, shared by the
session) or `stack` (everything but a scenario, shared by a module). Where `make setup` has not run,
they fail with a line that says so. Mark such tests `integration`.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import Settings
from infra.stack import Stack, running_stack


@pytest.fixture(scope="session")
def broker() -> Iterator[Stack]:
    """Run Kafka and Redis, with the topics of the catalogue, for the whole session."""
    with (
        tempfile.TemporaryDirectory(prefix="harvestlane-") as folder,
        running_stack(Settings.throwaway(Path(folder)), broker_only=True) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Run Kafka, Redis, two workers, projector and API for one module."""
    with (
        tempfile.TemporaryDirectory(prefix="harvestlane-") as folder,
        running_stack(Settings.throwaway(Path(folder))) as running,
    ):
        yield running
