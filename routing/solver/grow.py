"""Add places and requests to a model that is in use, and to the solution that stands in it.

Stops keep their numbers, the beginnings and ends of routes move up behind the new ones. Matrices
have room to spare, so that a place is mostly one row and one column that are written.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from routing.solver.arrays import (
    N_HOURS,
    N_HOURS_END,
    N_OPTION,
    N_PLACE,
    N_REQUEST,
    N_SLOT,
    N_VIA,
    N_WINDOWS,
    N_WINDOWS_END,
    O_FIRST,
    O_MASK,
    O_SECOND,
    R_LOT,
    R_OPTIONS,
    R_OPTIONS_END,
)
from routing.solver.draft import Draft, Model
from routing.solver.errors import InvalidModel
from routing.solver.kernels.state import BOOKS, NEXT, NODE_COLUMNS, PREVIOUS
from routing.solver.model import NO_WAY, Vehicle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from routing.solver.arrays import Arrays
    from routing.solver.kernels.state import State
    from routing.solver.model import Lot, Request, Stop

    Ints = NDArray[np.int64]
    Near = NDArray[np.int32]

_T = TypeVar("_T", bound=np.generic)
_SPARE = 64
"""So many places a matrix has room for at least, beyond those in use."""


def with_room(model: Model, places: int) -> Model:
    """Return a model whose matrices have room for more places than are in use.

    Parameters
    ----------
    model
        The problem.
    places
        How many are in use.

    Raises
    ------
    InvalidModel
        The model has a second matrix.
    """
    m = model.arrays
    if m.second.size:
        raise InvalidModel("Expected a model without a second matrix to add places to.")
    size = places + max(_SPARE, places // 16)
    time = np.full((len(m.time), size, size), NO_WAY, np.int32)
    time_to = time.copy()
    time[:, :places, :places] = m.time[:, :places, :places]
    time_to[:, :places, :places] = m.time_to[:, :places, :places]
    where = None
    if model.where is not None:
        where = np.zeros((size, 2))
        where[:places] = model.where[:places]
    return replace(model.changed(time=time, time_to=time_to), where=where)


def add_place(
    model: Model,
    places: int,
    out: Ints,
    back: Ints,
    where: tuple[float, float] | None = None,
) -> Model:
    """Return a model with one more place, of which the number is `places`.

    Parameters
    ----------
    model
        The problem; its matrices are written where they have room.
    places
        How many are in use.
    out, back
        Seconds of driving from the new place to all others and back, profiles × places.
    where
        Its metres on the plane, in a model that knows those of the others.
    """
    if places >= model.arrays.time.shape[1]:
        model = with_room(model, places)
    m = model.arrays
    out, back = np.minimum(out, NO_WAY), np.minimum(back, NO_WAY)
    m.time[:, places, :places] = m.time_to[:, :places, places] = out
    m.time[:, :places, places] = m.time_to[:, places, :places] = back
    m.time[:, places, places] = m.time_to[:, places, places] = 0
    if model.where is not None:
        if where is None:
            raise InvalidModel("Expected the position of a place where all others have one.")
        model.where[places] = where
    return model


def write_times(model: Model, rows: Ints, columns: Ints, times: NDArray[np.int32]) -> None:
    """Write a block of the matrices: from some places to others, profiles × rows × columns."""
    m, times = model.arrays, np.minimum(times, NO_WAY)
    for there in _runs(rows):
        for here in _runs(columns):
            block = times[:, there][:, :, here]
            one = slice(rows[there][0], rows[there][-1] + 1)
            two = slice(columns[here][0], columns[here][-1] + 1)
            m.time[:, one, two] = block
            m.time_to[:, two, one] = block.transpose(0, 2, 1)


def _runs(numbers: Ints) -> list[slice]:
    """Return the stretches of some numbers that follow one another without a gap."""
    if not len(numbers):
        return []
    edges = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
    return [slice(one, two) for one, two in pairwise(edges)]


def add_requests(model: Model, requests: Sequence[Request], lots: Sequence[Lot]) -> Model:
    """Return a model with more requests, the last ones, of which lots are numbered among `lots`.

    Raises
    ------
    InvalidModel
        A request refers to what is not there, or has an amount that cannot be.
    """
    m = model.arrays
    new, places = _laid_out(model, requests, lots)
    request, option, stop = new.request.copy(), new.option.copy(), new.stop.copy()
    request[:, [R_OPTIONS, R_OPTIONS_END]] += len(m.option)
    request[:, R_LOT] += np.where(request[:, R_LOT] >= 0, len(m.lot), 0)
    option[:, O_FIRST] += len(m.stop)
    for column, more in ((O_SECOND, len(m.stop)), (O_MASK, len(m.mask))):
        option[:, column] += np.where(option[:, column] >= 0, more, 0)
    stop[:, N_REQUEST] += len(m.request)
    stop[:, N_OPTION] += len(m.option)
    stop[:, [N_WINDOWS, N_WINDOWS_END]] += len(m.window)
    stop[:, [N_HOURS, N_HOURS_END]] += len(m.hours)
    stop[:, N_PLACE] = places[stop[:, N_PLACE]]
    stop[:, N_VIA] = np.where(stop[:, N_VIA] >= 0, places[stop[:, N_VIA]], -1)
    stop[:, N_SLOT] = _slots(model, requests)
    flags = np.array(
        [min(m.flags[0], new.flags[0]), *np.maximum(m.flags[1:], new.flags[1:])], np.int64
    )
    return model.changed(
        request=_joined(m.request, request),
        request_price=_joined(m.request_price, new.request_price),
        amount=_joined(m.amount, new.amount),
        picked=_joined(m.picked, new.picked),
        allowed=_joined(m.allowed, new.allowed),
        reach=np.concatenate([m.reach, new.reach], axis=1),
        option=_joined(m.option, option),
        mask=_joined(m.mask, new.mask),
        stop=_joined(m.stop, stop),
        stop_price=_joined(m.stop_price, new.stop_price),
        window=_joined(m.window, new.window),
        hours=_joined(m.hours, new.hours),
        lot=_joined(m.lot, new.lot),
        lot_least=_joined(m.lot_least, new.lot_least),
        lot_price=_joined(m.lot_price, new.lot_price),
        flags=flags,
    )


def _laid_out(
    model: Model, requests: Sequence[Request], lots: Sequence[Lot]
) -> tuple[Arrays, Ints]:
    """Lay requests out as a model of their own; return it with the numbers of its places."""
    m = model.arrays
    stops = [stop for request in requests for option in request.options for stop in option]
    used = dict.fromkeys(stop.place for stop in stops)
    used |= dict.fromkeys(stop.via for stop in stops if stop.via is not None)
    at = {place: number for number, place in enumerate(used)}
    places = np.array(list(used), np.int64)
    if len(places) and not (places.min() >= 0 and places.max() < m.time.shape[1]):
        raise InvalidModel(f"Expected places in [0, {m.time.shape[1]}) for new requests.")
    draft = Draft(m.capacity.shape[1])
    draft.matrix([time[np.ix_(places, places)] for time in m.time])
    anyone = Vehicle(start=None)
    for _ in range(len(m.vehicle)):
        draft.vehicle(anyone)
    for _ in range(len(m.facility)):
        draft.facility()
    for lot in lots:
        draft.lot(lot)

    def here(stop: Stop) -> Stop:
        via = None if stop.via is None else at[stop.via]
        return replace(stop, place=at[stop.place], via=via, slot=None)

    for request in requests:
        options = tuple(tuple(here(stop) for stop in option) for option in request.options)
        draft.request(replace(request, options=options))
    return draft.model().arrays, places


def _slots(model: Model, requests: Sequence[Request]) -> list[int]:
    return [
        -1 if stop.slot is None else model.slot_at[stop.slot]
        for request in requests
        for option in request.options
        for stop in option
    ]


def _joined(old: NDArray[_T], new: NDArray[_T]) -> NDArray[_T]:
    return np.concatenate([old, new])


def grown(model: Model, state: State) -> State:
    """Return a solution with room for the requests that a model has more, all unserved.

    Parameters
    ----------
    model
        The problem with its new requests.
    state
        The solution before they came.
    """
    m = model.arrays
    before = len(state.node) - 2 * len(m.vehicle)
    more, requests = len(m.stop) - before, len(state.served)
    rows = np.full((more, NODE_COLUMNS), -1, np.int64)
    rows[:, BOOKS] = 0
    node = np.concatenate([state.node[:before], rows, state.node[before:]])
    for column in (NEXT, PREVIOUS):
        node[:, column] += np.where(node[:, column] >= before, more, 0)
    bay = state.bay
    if bay.shape[1]:
        bay = np.concatenate([bay, np.zeros((len(bay), more, 3), np.int64)], axis=1)
    fresh = len(m.request) - requests
    return state._replace(
        node=node,
        price=_spread(state.price, before, more),
        load=_spread(state.load, before, more),
        served=_joined(state.served, np.full(fresh, -1, np.int64)),
        aboard=_joined(state.aboard, m.amount[requests:]),
        left=_joined(state.left, m.lot[len(state.left) :, 0]),
        locked=_joined(state.locked, np.zeros(fresh, np.int64)),
        bay=bay,
    )


def _spread(rows: NDArray[_T], before: int, more: int) -> NDArray[_T]:
    empty = np.zeros((more, rows.shape[1]), rows.dtype)
    return np.concatenate([rows[:before], empty, rows[before:]])
