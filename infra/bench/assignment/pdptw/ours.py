"""Solve a problem file as `harvestlane assign` does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from routing.problems.assign import assign
from routing.problems.read import read_problem
from routing.solver.solve import SearchParams
from routing.solver.stop import Deadline, Rounds

if TYPE_CHECKING:
    from infra.bench.assignment.pdptw.checker import Document


_ROUNDS = 200


def warm(problem: Document, *, threads: int) -> None:
    """Have everything compiled that solving takes, which is done once after an installation."""
    assign(read_problem(problem), stop=Rounds(_ROUNDS), params=SearchParams(threads=threads))


def solve(problem: Document, *, limit_s: float, threads: int, seed: int = 0) -> Document:
    """Answer with what our engine finds in a time, reading and writing included.

    Parameters
    ----------
    problem
        As VROOM's API has it.
    limit_s
        How long the search may take, from the reading of the problem on.
    threads
        How many it may use.
    seed
        Of the search.

    Returns
    -------
    dict
        The answer, as VROOM's API has it.
    """
    began = time.perf_counter()
    stop = Deadline(lambda: time.perf_counter() - began, limit_s)
    params = SearchParams(threads=threads)
    return assign(read_problem(problem), stop=stop, seed=seed, params=params)
