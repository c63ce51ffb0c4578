"""Count the room that places have left, piece of time by piece of time."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from routing.checkpoints.metering import MeterPlace

NEAR_S = 1e-3
"""Moments this close are one: sums of seconds since 1970 are exact to a microsecond only."""


class Room:
    """How many arrivals each piece of time has room for, at each place.

    Capacity that is no whole number is given evenly: pieces of 7 and 8 for 7.5. Where a place deals
    with less than one truck in a piece, its pieces are longer.

    Parameters
    ----------
    places
        Places, with who stands there and who is expected anyhow; these take their room first, and
        what is beyond a piece's capacity takes the next one's. The last `MeterPlace.spare` of them
        take none.
    now_s
        The moment; the first piece begins with it.
    bin_s, use
        Length of a piece, and the share of the rate that is given away.
    """

    def __init__(
        self, places: Iterable[MeterPlace], now_s: float, bin_s: float, use: float
    ) -> None:
        self.now_s = now_s
        # a piece without room for one would be shut: two such places might never be open in turn
        self._bin_s = {
            one.place_id: bin_s * max(1, math.ceil(one.service_s / (use * one.bays * bin_s) - 1e-9))
            for one in places
        }
        self._rate = {
            one.place_id: use * one.bays * self._bin_s[one.place_id] / one.service_s
            for one in places
        }
        self._taken: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._others: dict[str, tuple[int, ...]] = {}
        self._standing = {one.place_id: one.standing for one in places}
        for place in places:
            self._lay(place)

    def _lay(self, place: MeterPlace) -> None:
        come = sorted(self._piece(place.place_id, max(at_s, self.now_s)) for at_s in place.others_s)
        self._others[place.place_id] = tuple(come)
        fixed = [*[0] * place.standing, *come]
        for piece in fixed[: max(0, len(fixed) - place.spare)]:
            at = piece
            while self._left(place.place_id, at) <= 0:
                at += 1
            self._taken[place.place_id, at] += 1

    def _piece(self, place_id: str, at_s: float) -> int:
        return math.floor((at_s - self.now_s + NEAR_S) / self._bin_s[place_id])

    def _start_s(self, place_id: str, piece: int) -> float:
        return self.now_s + piece * self._bin_s[place_id]

    def piece_of(self, place_id: str, at_s: float) -> tuple[float, float]:
        """Return when the piece begins and ends that a moment lies in."""
        piece = self._piece(place_id, at_s)
        return self._start_s(place_id, piece), self._start_s(place_id, piece + 1)

    def full_span(self, place_id: str, from_s: float, until_s: float) -> tuple[float, float]:
        """Return the pieces without room that end where a moment's piece begins.

        Parameters
        ----------
        place_id
            Where.
        from_s
            Pieces before this moment's are left out.
        until_s
            A moment within the piece behind; the one before it counts as full.
        """
        last = self._piece(place_id, until_s)
        first = last - 1
        while first > self._piece(place_id, from_s) and self._left(place_id, first - 1) <= 0:
            first -= 1
        return self._start_s(place_id, first), self._start_s(place_id, last)

    def _capacity(self, place_id: str, piece: int) -> int:
        rate = self._rate[place_id]
        return math.floor((piece + 1) * rate + 1e-9) - math.floor(piece * rate + 1e-9)

    def _left(self, place_id: str, piece: int) -> int:
        return self._capacity(place_id, piece) - self._taken[place_id, piece]

    def clears(self, place_id: str, from_s: float, until_s: float) -> int:
        """Return how many arrivals a time has room for in all."""
        pieces = range(self._piece(place_id, from_s), self._piece(place_id, until_s))
        return sum(self._capacity(place_id, piece) for piece in pieces)

    def others(self, place_id: str, from_s: float, until_s: float) -> int:
        """Count who takes room in a time, or would if there was some, and is not metered."""
        first, last = self._piece(place_id, from_s), self._piece(place_id, until_s)
        load = self._standing[place_id]
        for piece in range(first):
            load += self._others[place_id].count(piece)
            load = max(0, load - self._capacity(place_id, piece))
        return load + sum(first <= piece < last for piece in self._others[place_id])

    def fits(self, depart_s: float, passes: Sequence[tuple[str, float]]) -> bool:
        """Say whether all places have room for who leaves then."""
        return self.full(depart_s, passes) is None

    def full(self, depart_s: float, passes: Sequence[tuple[str, float]]) -> str | None:
        """Return the first place without room for who leaves then."""
        for place_id, after_s in passes:
            if self._left(place_id, self._piece(place_id, depart_s + after_s)) <= 0:
                return place_id
        return None

    def take(self, depart_s: float, passes: Sequence[tuple[str, float]]) -> None:
        """Take the room of one trip, whether there is any or not."""
        for place_id, after_s in passes:
            self._taken[place_id, self._piece(place_id, depart_s + after_s)] += 1

    def earliest(
        self, wanted_s: float, passes: Sequence[tuple[str, float]], latest_s: float
    ) -> tuple[float, str]:
        """Return the earliest departure with room, and the place that was full last before it.

        Where there is no room until `latest_s`, it is the departure until then that goes least
        beyond capacity, the earliest of these; a trip whose latest has passed leaves as wanted.
        """
        depart_s, full = wanted_s, ""
        least, least_s = math.inf, wanted_s
        while True:
            blocked = self.full(depart_s, passes)
            if blocked is None:
                return depart_s, full
            full = blocked
            beyond = sum(
                max(0, 1 - self._left(place_id, self._piece(place_id, depart_s + after_s)))
                for place_id, after_s in passes
            )
            if beyond < least:
                least, least_s = beyond, depart_s
            after_s = dict(passes)[blocked]
            piece = self._piece(blocked, depart_s + after_s) + 1
            depart_s = max(self._start_s(blocked, piece) - after_s, depart_s + NEAR_S)
            if depart_s > latest_s:
                return least_s, full
