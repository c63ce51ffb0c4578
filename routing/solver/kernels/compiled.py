"""Say how this package's loops are compiled: `outer` may be called from Python, the others not.

Wrapping a function for Python takes the compiler longer than the function itself where a model and
a solution are handed over, so `inner` and `inline` have no wrapper; `inline` also leaves no call.
"""

from __future__ import annotations

from functools import partial

from numba import njit

outer = partial(njit, cache=True, nogil=True, _nrt=False)
inner = partial(outer, no_cpython_wrapper=True, no_cfunc_wrapper=True)
inline = partial(inner, forceinline=True)
