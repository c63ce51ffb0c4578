"""Hold what a search found: who serves what, where and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop on a route.

    Attributes
    ----------
    request, option, part
        What is served, by which of its options; part 0 is a job's stop or a pickup, 1 a delivery.
    arrival, start, end
        Seconds: the vehicle comes, begins to work, has done.
    slot
        The number of the slot it begins in, None where there are no slots.
    amount
        What the request carries, in each dimension.
    """

    request: int
    option: int
    part: int
    arrival: int
    start: int
    end: int
    slot: int | None
    amount: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """The routes of all vehicles, and what is on none.

    Attributes
    ----------
    routes
        One for each vehicle.
    unserved
        Requests on no route, except those of lots of which nothing is left.
    left
        Of each lot, how much nobody carries.
    cost, unserved_cost
        Of the routes, and of what is unserved.
    rounds, gains
        Of the search, and how many of them found a new best.
    """

    routes: tuple[tuple[Visit, ...], ...]
    unserved: tuple[int, ...]
    left: tuple[int, ...]
    cost: float
    unserved_cost: float
    rounds: int = 0
    gains: int = 0


@dataclass(frozen=True, slots=True)
class Insertion:
    """A place for a request in a route.

    Attributes
    ----------
    vehicle, option
        Who would serve it, and by which of its options.
    cost
        What the route would cost more.
    first, second
        Where in the route its stops would stand: behind so many of the present ones.
    amount
        What it would carry.
    """

    vehicle: int
    option: int
    cost: float
    first: int
    second: int
    amount: tuple[int, ...]
