"""Compile hot loops with numba, and say how a cost is written in one whole number.

A cost is a time in milliseconds and a length in decimetres, packed into 64 bits with the time in
front: adding costs adds both, and the lesser cost is the faster way, of equally fast ones the
shorter. So times and lengths of an answer always belong to one and the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LENGTH_BITS = 32

INF_MS = 1_000_000_000
"""Milliseconds that are no way any more (11.6 days): the sum of two still fits 31 bits."""

NO_WAY = INF_MS << LENGTH_BITS
"""The cost of no way; the sum of two still fits 63 bits."""


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of arrays and numbers; it lets other threads run, and is kept on disk."""
    made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    return made


def pack(
    times_ms: NDArray[np.integer[Any]], lengths_dm: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.int64]:
    """Return costs of times and lengths.

    Parameters
    ----------
    times_ms
        Whole milliseconds; `INF_MS` and more forbids.
    lengths_dm
        Whole decimetres, below 2³² along any way; none is 0.

    Raises
    ------
    ValueError
        If a time is below one millisecond or a length below zero.
    """
    times = np.asarray(times_ms, dtype=np.int64)
    lengths = np.zeros_like(times) if lengths_dm is None else np.asarray(lengths_dm, np.int64)
    if times.size and (times.min() < 1 or lengths.min() < 0):
        raise ValueError("Expected times of at least 1 ms and lengths of at least 0 dm.")
    packed = (np.minimum(times, INF_MS) << LENGTH_BITS) + lengths
    return np.where(times >= INF_MS, NO_WAY, packed)


def times_ms(costs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the milliseconds of costs, `INF_MS` where there is no way."""
    return costs >> LENGTH_BITS


def lengths_dm(costs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the decimetres of costs; those of no way mean nothing."""
    return costs & ((1 << LENGTH_BITS) - 1)
