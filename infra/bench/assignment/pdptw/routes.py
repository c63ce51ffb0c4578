"""Route customers from one depot within their windows, so that one way to serve them is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infra.bench.assignment.pdptw.draw import Customers, Ints

_DETOUR, _DELAY = 1.0, 0.5
"""What a second of detour weighs where a customer is put in, and a second of delay after it."""
_REMOTE = 2.0
"""What a second from the depot weighs for a customer to be the next one put in."""


def tour(members: list[int], travel_s: Ints) -> list[int]:
    """Order the members of a cluster: the nearest next, then parts turned where that is shorter."""
    left, order = set(members), [0]
    while left:
        order.append(min(left, key=lambda other: (travel_s[order[-1], other], other)))
        left.remove(order[-1])
    best, better = order[1:], True
    while better:
        turned = min(_turned(best), key=lambda way: length_s(way, travel_s), default=best)
        better = length_s(turned, travel_s) < length_s(best, travel_s)
        best = turned if better else best
    return best


def _turned(order: list[int]) -> list[list[int]]:
    ends = range(len(order) + 1)
    return [
        order[:first] + order[first:last][::-1] + order[last:]
        for first in ends
        for last in ends[first + 2 :]
    ]


def length_s(order: list[int], travel_s: Ints) -> int:
    """Say how long a tour from the depot and back takes on the road."""
    return sum(int(travel_s[way]) for way in zip([0, *order], [*order, 0], strict=True))


def begins_s(order: list[int], customers: Customers) -> list[int] | None:
    """Say when service begins at each stop of a tour; None where a window is missed.

    Parameters
    ----------
    order
        Customers as they are served, without the depot.
    customers
        All of them.
    """
    begins, now, here = [], 0, 0
    for stop in order:
        arrival = now + int(customers.travel_s[here, stop])
        begins.append(max(arrival, int(customers.earliest_s[stop])))
        if begins[-1] > customers.latest_s[stop]:
            return None
        now, here = begins[-1] + customers.service_s, stop
    home = now + int(customers.travel_s[here, 0])
    return begins if home <= customers.horizon_s else None


def inserted(customers: Customers) -> list[list[int]]:
    """Route all customers by Solomon's insertion (I1), one vehicle after the other.

    Parameters
    ----------
    customers
        Each can be served alone.

    Returns
    -------
    list
        The customers of each route, in their order.
    """
    left = set(range(1, len(customers.demand)))
    routes = []
    while left:
        seed = max(left, key=lambda one: (customers.travel_s[0, one], one))
        route = [seed]
        left.remove(seed)
        while found := _best(route, left, customers):
            one, at = found
            route.insert(at, one)
            left.remove(one)
        routes.append(route)
    return routes


def _best(route: list[int], left: set[int], customers: Customers) -> tuple[int, int] | None:
    """Find the customer to put into a route next, and where; None if none fits."""
    room = customers.capacity - int(customers.demand[route].sum())
    fit = [one for one in sorted(left) if customers.demand[one] <= room]
    if not fit:
        return None
    prices = _prices(np.array(fit), route, customers)
    worth = _REMOTE * customers.travel_s[0, fit] - prices.min(axis=1)
    chosen = int(worth.argmax())
    return (fit[chosen], int(prices[chosen].argmin())) if worth[chosen] > -np.inf else None


def _prices(fit: Ints, route: list[int], customers: Customers) -> NDArray[np.float64]:
    """Price each customer at each place of a route: infinite where a window is missed."""
    travel_s, service_s = customers.travel_s, customers.service_s
    before, after = [0, *route], [*route, 0]
    leaves_s, reached_s, latest_s = _slack(route, customers)
    way_s, on_s = travel_s[before][:, fit].T, travel_s[fit][:, after]
    begin_s = np.maximum(leaves_s + way_s, customers.earliest_s[fit, None])
    next_s = begin_s + service_s + on_s
    detour_s = way_s + on_s - travel_s[before, after]
    prices = _DETOUR * detour_s + _DELAY * np.maximum(0, next_s - reached_s)
    missed = (begin_s > customers.latest_s[fit, None]) | (next_s > latest_s)
    return np.where(missed, np.inf, prices)


def _slack(route: list[int], customers: Customers) -> tuple[Ints, Ints, Ints]:
    """Say when a route leaves each stop, when the one after begins, and by when it must.

    The depot stands first among those that are left, and last among those that come after.
    """
    begins = np.array(begins_s(route, customers))
    leaves = np.concatenate([[0], begins + customers.service_s])
    home = leaves[-1] + customers.travel_s[route[-1], 0]
    latest = [customers.horizon_s]
    for stop, after in zip(reversed(route), reversed([*route[1:], 0]), strict=True):
        must = latest[0] - customers.travel[stop][after] - customers.service_s
        latest.insert(0, min(must, int(customers.latest_s[stop])))
    return leaves, np.append(begins, home), np.array(latest)
