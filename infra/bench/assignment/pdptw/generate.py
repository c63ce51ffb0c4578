"""Make pickup-and-delivery problems as Li & Lim made theirs: by pairing customers on a route.

They took Solomon's customers with windows, routed them, and paired customers of the same route at
random, the earlier one as the pickup; so every problem can be served. Here the customers are drawn
anew after Solomon's recipe, and the routes come from his insertion (where all customers stand in
clusters: from the clusters that their windows were made for). One that is left over on a route is
dropped, or paired with a twin at its place (Li & Lim's way), so that there are 100 tasks exactly.

H. Li, A. Lim, A metaheuristic for the pickup and delivery problem with time windows, 2003.
M. M. Solomon, Algorithms for the vehicle routing and scheduling problems with time window
constraints, Operations Research 35 (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from infra.bench.assignment.pdptw.draw import (
    CUSTOMERS,
    KINDS,
    SCALE,
    Customers,
    Ints,
    Kind,
    demands,
    places,
    reach,
    travel_s,
    windows,
)
from infra.bench.assignment.pdptw.routes import begins_s, inserted, tour

VEHICLES = 25
FIXED_COST = 1_000_000
"""Of each vehicle: more than all driving of any of these problems, so vehicles count first."""
_TRIES = 1000
_Routed = tuple[Customers, list[list[int]]]


@dataclass(frozen=True)
class Instance:
    """One problem.

    Attributes
    ----------
    name
        Its kind and number.
    document
        The problem as VROOM's API has it: times and distances are the same numbers, a vehicle
        costs `FIXED_COST`, and a second of driving 1. Tasks are numbered by their places.
    witness
        Routes that serve it all: the tasks of each vehicle in their order.
    """

    name: str
    document: dict[str, Any]
    witness: list[list[int]]


def instances(seed: int) -> list[Instance]:
    """Make four problems of each of Solomon's classes, 24 in all.

    Parameters
    ----------
    seed
        The same seed makes the same problems.
    """
    return [
        instance(kind, number, seed=seed) for kind in KINDS for number in range(len(kind.windows))
    ]


def instance(kind: Kind, number: int, *, seed: int) -> Instance:
    """Make one problem.

    Parameters
    ----------
    kind
        Its family and horizon.
    number
        Which of the kind's windows it has.
    seed
        The same seed makes the same problem.
    """
    rng = np.random.default_rng([seed, KINDS.index(kind), number])
    for _ in range(_TRIES):
        routed = _routed(kind, number, rng)
        evened = routed and _evened(*routed, rng)
        if evened:
            customers, routes = _renumbered(*evened)
            pairs = [pair for route in routes for pair in _paired(route, rng)]
            return Instance(f"{kind.name}-{number + 1}", _document(customers, pairs), routes)
    raise AssertionError(f"Expected to find customers that vehicles can serve: {kind}.")


def _routed(kind: Kind, number: int, rng: np.random.Generator) -> _Routed | None:
    """Draw customers and routes that serve them; None where clusters do not fit on vehicles."""
    points, clusters = places(kind, rng)
    demand, travel = demands(kind, rng), travel_s(points)
    wide = _customers(kind, travel, demand, reach(kind, travel))
    if kind.clustered < CUSTOMERS:
        centre_s = rng.integers(wide.earliest_s, wide.latest_s + 1)
        customers = _customers(kind, travel, demand, windows(kind, number, centre_s, travel, rng))
        return customers, inserted(customers)
    routes = _cluster_routes(clusters, kind.together, wide)
    if routes is None:
        return None
    centre_s = _served_s(routes, wide)
    return _customers(kind, travel, demand, windows(kind, number, centre_s, travel, rng)), routes


def _customers(kind: Kind, travel: Ints, demand: Ints, window: tuple[Ints, Ints]) -> Customers:
    return Customers(
        travel,
        demand,
        *window,
        service_s=SCALE * kind.service,
        horizon_s=SCALE * kind.horizon,
        capacity=kind.capacity,
    )


def _cluster_routes(
    clusters: list[list[int]], together: int, wide: Customers
) -> list[list[int]] | None:
    """Route so many neighbouring clusters together; None where they do not fit on a vehicle."""
    tours = [tour(members, wide.travel_s) for members in clusters]
    routes = [
        [stop for order in tours[first : first + together] for stop in order]
        for first in range(0, len(tours), together)
    ]
    fits = all(
        begins_s(route, wide) and wide.demand[route].sum() <= wide.capacity for route in routes
    )
    return routes if fits else None


def _served_s(routes: list[list[int]], wide: Customers) -> Ints:
    """Give when each customer is served by these routes where there are no windows."""
    served_s = np.zeros(len(wide.demand), np.int64)
    for route in routes:
        served_s[route] = begins_s(route, wide) or 0
    return served_s


def _evened(
    customers: Customers, routes: list[list[int]], rng: np.random.Generator
) -> _Routed | None:
    """Make routes of odd length even: half of them get a twin, the others lose a customer.

    None if that leaves a route that cannot be driven.
    """
    odd = [route for route in routes if len(route) % 2]
    wanted = len(odd) // 2
    evened = [route for route in routes if not len(route) % 2]
    for route in odd:
        found = _with_twin(customers, route) if wanted else None
        if found:
            customers, longer = found
            evened.append(longer)
            wanted -= 1
        else:
            lost = rng.choice(route)
            evened.append([stop for stop in route if stop != lost])
    drivable = all(begins_s(route, customers) for route in evened if route)
    return (customers, [route for route in evened if route]) if drivable and not wanted else None


def _with_twin(customers: Customers, route: list[int]) -> tuple[Customers, list[int]] | None:
    """Give one of a route a twin, the last that can have one; None if none can."""
    if customers.demand[route].sum() + customers.demand[route].max() > customers.capacity:
        return None
    for at in range(len(route), 0, -1):
        twins = customers.twinned(route[at - 1])
        longer = [*route[:at], len(twins.demand) - 1, *route[at:]]
        if begins_s(longer, twins):
            return twins, longer
    return None


def _renumbered(customers: Customers, routes: list[list[int]]) -> _Routed:
    """Leave out whoever is on no route."""
    kept = [0, *sorted(stop for route in routes for stop in route)]
    number = {old: new for new, old in enumerate(kept)}
    return customers.taken(kept), [[number[stop] for stop in route] for route in routes]


def _paired(route: list[int], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Pair the stops of a route at random, the earlier one first."""
    places = rng.permutation(len(route)).reshape(-1, 2)
    return [(route[min(pair)], route[max(pair)]) for pair in places.tolist()]


def _document(customers: Customers, pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """State a problem as VROOM's API has it."""

    def task(place: int) -> dict[str, Any]:
        return {
            "id": place,
            "location_index": place,
            "service": customers.service_s,
            "time_windows": [list(customers.window(place))],
        }

    vehicle = {
        "start_index": 0,
        "end_index": 0,
        "capacity": [customers.capacity],
        "time_window": [0, customers.horizon_s],
        "costs": {"fixed": FIXED_COST},
    }
    return {
        "vehicles": [{"id": number} | vehicle for number in range(1, VEHICLES + 1)],
        "shipments": [
            {
                "amount": [int(customers.demand[pickup])],
                "pickup": task(pickup),
                "delivery": task(delivery),
            }
            for pickup, delivery in sorted(pairs)
        ],
        "matrices": {"car": {"durations": customers.travel, "distances": customers.travel}},
    }
