"""Draw numbers from a generator whose state stands in the solution: equal seeds, equal searches."""

from __future__ import annotations

import numpy as np

from routing.solver.kernels.compiled import inner


@inner()
def draw(chance):
    """Return the next 64 bits (xorshift64*, Vigna 2016, doi:10.1145/2845077)."""
    x = chance[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    chance[0] = x
    return x * np.uint64(2685821657736338717)


@inner()
def fraction(chance):
    """Return a number in [0, 1)."""
    return np.float64(draw(chance) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inner()
def below(chance, bound):
    """Return a whole number in [0, bound)."""
    return np.int64(fraction(chance) * bound)
