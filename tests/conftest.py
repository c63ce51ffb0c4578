"""Offer the live fixtures to every test, and run quick tests before slow ones."""

import pytest

from tests.live import broker, stack

__all__ = ["broker", "stack"]

_ORDER = ("integration", "browser", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run unit tests first, then those with a real broker, then browsers, then the long ones."""

    def late(item: pytest.Item) -> int:
        return max(
            (_ORDER.index(name) + 1 for name in _ORDER if item.get_closest_marker(name)), default=0
        )

    items.sort(key=late)
