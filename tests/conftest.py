"""Offer the live fixtures to every test, run quick tests first, keep the user's stack out."""

import os

import pytest
from hypothesis import settings

from tests.live import broker, stack

__all__ = ["broker", "stack"]

_ORDER = ("integration", "browser", "slow")


def pytest_configure() -> None:
    """Forget the settings of the shell that runs the tests, and let no test fail by being slow."""
    settings.register_profile("patient", settings(deadline=None))
    settings.load_profile("patient")
    for name in [name for name in os.environ if name.startswith("HARVESTLANE_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run unit tests first, then those with a real broker, then browsers, then the long ones."""

    def lateness(item: pytest.Item) -> int:
        marks = [mark for mark in _ORDER if item.get_closest_marker(mark)]
        return max((_ORDER.index(mark) + 1 for mark in marks), default=0)

    items.sort(key=lateness)
