"""Find the stops that are near one another, at first and as requests come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.solver.arrays import N_FACILITY, N_PLACE, O_FIRST, O_SECOND, R_OPTIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.draft import Model

    Ints = NDArray[np.int64]
    Near = NDArray[np.int32]

_NEAR = 100
_BLOCK = 512


def find_near(model: Model) -> Near:
    """Return for each stop the nearest others: those by which a request is known to be near.

    Stops at facilities say little (many requests share them) and are left out where a request has
    another stop; of several options the first one counts.
    """
    m = model.arrays
    known = np.array(sorted(_telling(m, np.arange(len(m.request)))), np.int64)
    near = np.full((len(m.stop), max(1, min(_NEAR, len(known) - 1))), -1, np.int32)
    if len(known) < 2:
        return near
    places = m.stop[known, N_PLACE]
    width = near.shape[1]
    for begin in range(0, len(known), _BLOCK):
        rows = places[begin : begin + _BLOCK]
        away = apart(model, *np.ix_(rows, places))
        away[np.arange(len(rows)), begin + np.arange(len(rows))] = np.iinfo(np.int64).max
        part = np.argpartition(away, width - 1, axis=1)[:, :width]
        order = np.argsort(np.take_along_axis(away, part, 1), axis=1, kind="stable")
        near[known[begin : begin + _BLOCK]] = known[np.take_along_axis(part, order, 1)]
    return near


def _telling(m: Arrays, requests: Ints) -> list[int]:
    """Return the stops by which it is known that requests are near."""
    stops: list[int] = []
    for option in m.request[requests, R_OPTIONS].tolist():
        own = [stop for stop in m.option[option, [O_FIRST, O_SECOND]].tolist() if stop >= 0]
        stops += [stop for stop in own if m.stop[stop, N_FACILITY] < 0] or own[:1]
    return stops


def grown_near(model: Model, near: Near) -> Near:
    """Return the nearest stops of each stop, new ones among them; see `find_near`."""
    m = model.arrays
    old, width = len(near), near.shape[1]
    found = np.concatenate([near, np.full((len(m.stop) - old, width), -1, np.int32)])
    fresh = np.flatnonzero(m.option[m.request[:, R_OPTIONS], O_FIRST] >= old)
    for stop in _telling(m, fresh):
        known = np.flatnonzero(found[:, 0] >= 0)
        if not len(known):
            continue
        place = m.stop[stop, N_PLACE]
        away = apart(model, place, m.stop[known, N_PLACE])
        order = np.argsort(away, kind="stable")[:width]
        nearest = known[order]
        found[stop, : len(nearest)] = nearest
        _enter(model, found, stop, nearest, away[order])
    return found


def _enter(model: Model, near: Near, stop: int, others: Ints, away: Ints) -> None:
    """Enter a stop among the nearest of others."""
    m, rows = model.arrays, near[others]
    keys = apart(model, m.stop[others, N_PLACE][:, None], m.stop[rows, N_PLACE])
    keys = np.where(rows < 0, np.iinfo(np.int64).max, keys)
    at = (keys <= away[:, None]).sum(axis=1)[:, None]
    column = np.arange(near.shape[1])[None, :]
    shifted = np.where(column == at, stop, np.roll(rows, 1, axis=1))
    near[others] = np.where(column < at, rows, shifted)


def apart(model: Model, one: Ints | np.int64, two: Ints) -> Ints:
    """Return how far places are from others: metres, or seconds of driving there and back.

    Parameters
    ----------
    model
        The problem.
    one, two
        Numbers of places, of shapes that go together.
    """
    if model.where is None:
        m = model.arrays
        both: Ints = m.time[0][one, two].astype(np.int64) + m.time_to[0][one, two]
        return both
    gap = model.where[one] - model.where[two]
    return np.hypot(gap[..., 0], gap[..., 1]).astype(np.int64)
