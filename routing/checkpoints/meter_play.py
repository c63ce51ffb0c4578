"""Play departures through places without chance, to see who is in time."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from routing.checkpoints.metering import MeterPlace, MeterTrip

_NEAR_S = 1e-6


def leaves_in_time(
    trips: Sequence[MeterTrip],
    departures: Mapping[str, float],
    places: Iterable[MeterPlace],
    now_s: float,
) -> frozenset[str]:
    """Return the trips that are through their last place by when they are due.

    Each place deals with trucks in the order in which they come, each in its time of service; who
    waits at one place comes later to the next.

    Parameters
    ----------
    trips
        With what is expected of them.
    departures
        When each leaves.
    places
        Who stands there is dealt with first.
    now_s
        The moment.
    """
    bays: dict[str, list[float]] = {}
    service_s = {}
    events: list[tuple[float, int, str, str, int, float]] = []
    for place in places:
        bays[place.place_id] = [now_s] * place.bays
        service_s[place.place_id] = place.service_s
        come = [*[now_s] * place.standing, *place.others_s]
        events += [(max(at_s, now_s), 0, "", place.place_id, -1, 0.0) for at_s in come]
    by_id = {one.trip_id: one for one in trips}
    fine = set()
    for trip in trips:
        if trip.passes:
            place_id, after_s = trip.passes[0]
            at_s = departures[trip.trip_id] + after_s
            events.append((at_s, 1, trip.trip_id, place_id, 0, 0.0))
        elif departures[trip.trip_id] <= trip.due_s:
            fine.add(trip.trip_id)
    heapq.heapify(events)
    while events:
        at_s, _, trip_id, place_id, index, waited_s = heapq.heappop(events)
        free_s = heapq.heappop(bays[place_id])
        begin_s = max(at_s, free_s)
        heapq.heappush(bays[place_id], begin_s + service_s[place_id])
        if index < 0:
            continue
        trip = by_id[trip_id]
        waited_s += begin_s - at_s
        if index + 1 < len(trip.passes):
            next_id, after_s = trip.passes[index + 1]
            then_s = departures[trip_id] + after_s + waited_s
            heapq.heappush(events, (then_s, 1, trip_id, next_id, index + 1, waited_s))
        elif begin_s + service_s[place_id] <= trip.due_s + _NEAR_S:
            fine.add(trip_id)
    return frozenset(fine)
