"""Keep the stack's roads open, with what is closed on them now."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from api.problems import Problem
from routing.roads.closures import Closure, applying
from routing.roads.errors import RoadError
from routing.roads.network import RoadNetwork, load_network
from routing.roads.ways import Ways
from schemas.road import ClosureState


class OpenRoads:
    """A road network, safe to ask from many threads.

    Parameters
    ----------
    folder
        Where it stands.

    Raises
    ------
    Problem
        `roads_missing`.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._network = load_network(folder)
        except RoadError as error:
            raise Problem("roads_missing", str(error)) from error
        self._lock = threading.Lock()
        self._read: tuple[Mapping[str, bytes], list[Closure]] = {}, []
        self._ways: tuple[object, Ways] | None = None

    @property
    def network(self) -> RoadNetwork:
        """The network itself."""
        return self._network

    def ways(self, closures: Mapping[str, bytes], now: datetime) -> Ways:
        """Return the ways open at a time.

        Parameters
        ----------
        closures
            The states of all closures, as the views hold them.
        now
            The stack's time; rules bound to hours are read to the minute.
        """
        with self._lock:
            if self._read[0] != closures:
                self._read = closures, _closures(closures.values())
            what = applying(self._read[1], now), now.replace(second=0, microsecond=0)
            if self._ways is None or self._ways[0] != what:
                self._ways = what, Ways(self._network, *what)
            return self._ways[1]


def _closures(raw: Iterable[bytes]) -> list[Closure]:
    states = (ClosureState.model_validate_json(each) for each in raw)
    return [
        Closure.from_geojson(
            state.closure_id,
            state.geometry.model_dump(mode="json"),
            valid_from=state.valid_from,
            valid_until=state.valid_until,
            kind=state.kind,
        )
        for state in states
        if state.status == "in_force"
    ]
