"""Know the checkpoints of one plan and all who come there: their delays, and who is to wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

from routing.checkpoints import (
    Approach,
    Eta,
    EtaParams,
    Hold,
    MeterPlace,
    MeterPlan,
    MeterTrip,
    bins,
    delay_profile,
    etas,
    meter,
)
from routing.checkpoints.roadside import Legs
from routing.dispatch import Params
from routing.engine.delay import Profile
from streams.journey import Journey, Timed, Window, timed
from streams.promised import Checkpoint

_STATED = EtaParams(lateness=0.0, leave_s=0.0, leave_share=1.0)
"""Driving as it is stated: what makes everybody late alike makes no queue."""
_BIN_S = 900.0


@dataclass(slots=True)
class Gates:
    """The checkpoints of one plan, and all who come there.

    Attributes
    ----------
    checkpoints
        By id.
    approaches
        Trips that are given out, and those that the plan has settled.
    now_s
        The moment, seconds since 1970.
    """

    checkpoints: Mapping[str, Checkpoint]
    approaches: list[Approach]
    now_s: float
    _profiles: dict[str, Profile] = field(default_factory=dict)

    @classmethod
    def of(
        cls, checkpoints: Iterable[Checkpoint], promised: Iterable[Approach], now: datetime
    ) -> Gates:
        """Return the checkpoints with who is promised to come."""
        return cls({one.place_id: one for one in checkpoints}, list(promised), now.timestamp())

    def meter(
        self,
        journeys: Sequence[Journey],
        params: Params,
        windows: Mapping[str, Window] | None = None,
    ) -> MeterPlan:
        """Return when trips leave so that arrivals stay under capacity; only who passes one.

        Parameters
        ----------
        journeys
            New trips, all that may be held.
        params
            The plan's, for the margin that a held trip keeps.
        windows
            The last window that each may enter, by trip; its own where none is named.
        """
        told, again = [], list(self.approaches)
        for one in journeys:
            if one.passes:
                last = {each.place_id: number for number, each in enumerate(one.passes)}
                window = (windows or {}).get(one.trip_id)
                told.append(self._meter_trip(one, set(last.values()), params.margin_s, window))
                again += _only(one, set(range(len(one.passes))) - set(last.values()))
        passed = {place_id for trip in told for place_id, _ in trip.passes}
        come = self._expected(again)
        places = [
            MeterPlace(
                place_id=name,
                bays=one.bays,
                service_s=one.service_s,
                standing=one.waiting,
                others_s=tuple(each.median_s for each in come[name]),
            )
            for name, one in self.checkpoints.items()
            if name in passed
        ]
        return meter(told, places, self.now_s)

    def _meter_trip(
        self, one: Journey, kept: Collection[int], margin_s: float, window: Window | None
    ) -> MeterTrip:
        """State a trip to the metering; of a checkpoint passed twice, the last time counts."""
        wanted_s = one.trip.departure.timestamp() + one.early_s
        passes, worked_s = [], 0.0
        for number, each in enumerate(one.passes):
            at_s = each.at_s if each.loaded else each.at_s + one.early_s
            if number in kept:
                passes.append((each.place_id, at_s - wanted_s + worked_s))
            worked_s += self.checkpoints[each.place_id].service_s
        rest_s = one.arrival_s - one.passes[-1].at_s
        slack_s = one.latest_s(margin_s, window) - one.arrival_s - worked_s
        return MeterTrip(
            trip_id=one.trip_id,
            wanted_s=wanted_s,
            passes=tuple(passes),
            latest_s=wanted_s + max(0.0, slack_s),
            due_s=one.latest_s(window=window) - rest_s,
        )

    def add(self, *settled: Timed) -> None:
        """Count on trips that are planned by now."""
        for one in settled:
            before_s, ahead = 0.0, []
            for each in one.delays:  # stated driving has no stays in it
                ahead.append((each.place_id, each.at_s - one.departure_s - before_s))
                before_s += each.delay_s
            self.approaches += _approach(one.journey.trip_id, one.departure_s, ahead)
        self._profiles.clear()

    def forget(self, trip_id: str) -> None:
        """Count no longer on a trip as it was given out: it is planned anew."""
        self.approaches = [one for one in self.approaches if one.vehicle != trip_id]
        self._profiles.clear()

    def expect(self, journeys: Sequence[Journey], holds: Mapping[str, Hold]) -> None:
        """Count on new trips as they leave, before it is known what holds them up."""
        free = [timed(one, holds.get(one.trip_id), lambda _place, _at: 0.0) for one in journeys]
        self.add(*free)

    def delay_of(self, place_id: str, at_s: float) -> float:
        """Return how long a truck is held up that comes to a checkpoint at a time, seconds."""
        if place_id not in self._profiles:
            self._draw_profiles()
        moment_ms = round(1_000 * (at_s - self.now_s))
        return self._profiles[place_id].delay_at(moment_ms) / 1_000

    def _draw_profiles(self) -> None:
        come = self._expected(self.approaches)
        for name, one in self.checkpoints.items():
            last_s = max((each.high_s for each in come[name]), default=self.now_s)
            ahead_s = last_s + _BIN_S - self.now_s
            self._profiles[name] = delay_profile(
                one.waiting,
                bins(come[name], self.now_s, bin_s=_BIN_S, ahead_s=ahead_s) if come[name] else (),
                bays=one.bays,
                service_s=one.service_s,
                now_s=self.now_s,
            )

    def _expected(self, approaches: Iterable[Approach]) -> defaultdict[str, list[Eta]]:
        """Return who is expected at each checkpoint."""
        stays = {name: (one.service_s, one.service_s) for name, one in self.checkpoints.items()}
        found: defaultdict[str, list[Eta]] = defaultdict(list)
        for eta in etas(approaches, self.now_s, _STATED, stays=stays):
            found[eta.checkpoint_id].append(eta)
        return found


def _only(one: Journey, numbers: Collection[int]) -> list[Approach]:
    """Return some passes of a journey as an approach of its own."""
    start_s = one.trip.departure.timestamp()
    ahead = [
        (each.place_id, each.at_s - start_s)
        for number, each in enumerate(one.passes)
        if number in numbers
    ]
    return _approach(one.trip_id, start_s, ahead)


def _approach(trip_id: str, from_s: float, ahead: Sequence[tuple[str, float]]) -> list[Approach]:
    """Return an approach; none where nothing is ahead."""
    if not ahead:
        return []
    # a time of driving that falls is one of rounding
    rising = tuple(accumulate(ahead, lambda one, two: (two[0], max(one[1], two[1]))))
    first = (rising[0][0], max(0.0, rising[0][1]))
    return [Approach(vehicle=trip_id, from_s=from_s, ahead=(first, *rising[1:]))]


def warm() -> None:
    """Run what is compiled once, so that the first plan need not wait for it."""
    legs = Legs([[[105.0, 10.0], [105.1, 10.0]]])
    legs.share(10.0, 105.05, 0, 1.0)
    delay_profile(1, (), bays=1, service_s=60.0, now_s=0.0).delay_at(0)
