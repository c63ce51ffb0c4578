"""Keep what is closed on the roads now: closures applied and lifted, and asked about beforehand."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from routing.roads.closures import applying
from routing.roads.errors import RoadError
from routing.roads.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from routing.roads.closures import Closure
    from routing.roads.network import RoadNetwork


class LiveRoads:
    """A network and the closures known of it.

    Whoever asked for `ways` keeps them as they were; a closure shows in those asked for after
    it. So an answer never mixes the roads of before and after. It may be used from many threads.

    Parameters
    ----------
    network
        The roads.
    closures
        What is known at first.
    """

    def __init__(self, network: RoadNetwork, closures: Iterable[Closure] = ()) -> None:
        self.network = network
        self._known: Mapping[str, Closure] = {each.closure_id: each for each in closures}
        self._version = 0
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """Goes up with each change."""
        return self._version

    @property
    def closures(self) -> tuple[Closure, ...]:
        """Everything known, in force or not, by id."""
        known = self._known
        return tuple(known[closure_id] for closure_id in sorted(known))

    def apply(self, closure: Closure) -> int:
        """Close what a closure closes, in place of an earlier one of its id; return the version."""
        with self._lock:
            self._known = {**self._known, closure.closure_id: closure}
            self._version += 1
            return self._version

    def lift(self, closure_id: str) -> int:
        """Open what a closure closed; return the version.

        Raises
        ------
        RoadError
            If there is no such closure.
        """
        with self._lock:
            if closure_id not in self._known:
                known = ", ".join(sorted(self._known)) or "none"
                raise RoadError(f"there is no closure {closure_id}; known: {known}")
            self._known = {key: each for key, each in self._known.items() if key != closure_id}
            self._version += 1
            return self._version

    def ways(self, at: datetime | None = None, permits: frozenset[str] = frozenset()) -> Ways:
        """Return the ways that are open at a time.

        Parameters
        ----------
        at
            The time; without it, closures and rules bound to a time are off.
        permits
            Permits that the trucks hold.
        """
        return Ways(self.network, applying(self.closures, at), at, permits)

    def what_if(
        self,
        at: datetime | None = None,
        *,
        close: Iterable[Closure] = (),
        lift: Iterable[str] = (),
    ) -> Ways:
        """Return the ways that would be open at a time if more were closed, or less.

        Nothing is applied or lifted: who asks for `ways` meanwhile gets those of now.

        Parameters
        ----------
        at
            The time.
        close
            Closures to suppose.
        lift
            Ids of closures to suppose away.

        Raises
        ------
        RoadError
            If there is no closure of an id to lift.
        """
        supposed = LiveRoads(self.network, self.closures)
        for closure_id in lift:
            supposed.lift(closure_id)
        for closure in close:
            supposed.apply(closure)
        return supposed.ways(at)
