"""Bound how much one question may ask for."""

from __future__ import annotations

from typing import Any

from api.osrm.query import Asked, NearestOptions, RouteOptions, TableOptions
from api.osrm.refusal import Refused

MOST_ROUTE_COORDINATES = 500
MOST_ALTERNATIVES = 3
MOST_NEAREST = 100


def check_size(asked: Asked[Any], *, table_size: int) -> None:
    """Refuse a question that asks for too much, as `osrm-routed` does.

    Parameters
    ----------
    asked
        The question.
    table_size
        A table holds at most as many entries as this number squared.

    Raises
    ------
    Refused
        `TooBig`.
    """
    count, options = len(asked.coordinates), asked.options
    if isinstance(options, TableOptions):
        entries = (len(options.sources) or count) * (len(options.destinations) or count)
        if entries > table_size**2 or count > table_size**2:
            raise Refused(
                "TooBig", f"Too many table coordinates: at most {table_size} by {table_size}"
            )
    elif isinstance(options, NearestOptions):
        _at_most(MOST_NEAREST, options.number, "results")
    elif isinstance(options, RouteOptions):
        _at_most(MOST_ROUTE_COORDINATES, count, "entries")
        _at_most(MOST_ALTERNATIVES, options.alternatives, "alternatives")


def _at_most(most: int, count: int, what: str) -> None:
    if count > most:
        raise Refused("TooBig", f"Number of {what} {count} is higher than current maximum ({most})")
