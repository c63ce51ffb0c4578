"""Offer `assign`."""

import math
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.route import Network
from infra.progress import tell

if TYPE_CHECKING:
    from routing.problems.problem import Problem
    from routing.problems.roads import Travel
    from routing.solver.stop import StopCriterion

ROUNDS_PER_TASK = 2_000
"""So many rounds for each task are enough: a small problem ends before its time is up."""
LEAST_EXPLAINING_S = 1.0
"""So long, or a quarter of the time limit, is spent on reasons at most."""

ProblemFile = Annotated[
    str,
    typer.Argument(
        metavar="PROBLEM.json",
        help="A problem in the JSON of VROOM's API; - reads it from standard input.",
        show_default=False,
    ),
]
TimeLimit = Annotated[
    float,
    typer.Option("--time-limit", metavar="S", help="Seconds to search; 0: a first plan only."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Where chance comes from.")]
RoundLimit = Annotated[
    int | None,
    typer.Option(
        "--rounds",
        min=0,
        metavar="N",
        help="Search so many rounds instead of a time: equal inputs then give equal answers.",
        show_default=False,
    ),
]


def assign(
    problem: ProblemFile,
    time_limit: TimeLimit = 10.0,
    seed: Seed = 0,
    rounds: RoundLimit = None,
    network: Network = None,
) -> None:
    """Solve a problem file: who serves what, where and when, and why not the rest."""
    began = monotonic()
    if not (math.isfinite(time_limit) and time_limit >= 0):
        raise typer.BadParameter(f"--time-limit must be 0 s or more, and is {time_limit}")
    import orjson  # noqa: PLC0415

    from routing.problems.assign import assign as solve  # noqa: PLC0415 - heavy
    from routing.problems.errors import ProblemError  # noqa: PLC0415
    from routing.problems.read import read_problem  # noqa: PLC0415
    from routing.solver.stop import Deadline  # noqa: PLC0415

    try:
        asked = read_problem(_bytes(problem))
        travel = None if asked.matrices else _roads(network)
        loaded = monotonic()
        spare = None
        if rounds is None:
            late_s = time_limit + max(LEAST_EXPLAINING_S, time_limit / 4)
            spare = Deadline(lambda: monotonic() - loaded, late_s)
        stop = _stop(asked, loaded, time_limit, rounds)
        found = solve(asked, stop=stop, explain_stop=spare, seed=seed, travel=travel)
    except ProblemError as error:
        raise typer.BadParameter(f"{problem}: {error}") from None
    tell("")
    found["summary"]["computing_times"] = {
        "loading": round(1000 * (loaded - began)),
        "solving": round(1000 * (monotonic() - loaded)),
        "routing": 0,
    }
    typer.echo(orjson.dumps(found))


def _bytes(problem: str) -> bytes:
    if problem == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(problem).read_bytes()
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise typer.BadParameter(f"{problem}: {why}; name a file, or - for stdin") from None


def _roads(network: Path | None) -> "Travel":
    """Return what answers for the roads, for a problem without matrices."""
    from infra.settings import load_settings  # noqa: PLC0415
    from routing.roads.network import load_network  # noqa: PLC0415 - heavy
    from routing.travel import RoadTravel  # noqa: PLC0415

    return RoadTravel(load_network((network or load_settings().network).absolute()))


def _stop(asked: "Problem", began: float, time_limit: float, rounds: int | None) -> "StopCriterion":
    """Return when to stop, telling on a terminal how far the search has come."""
    from routing.solver.stop import Deadline, FirstOf, Rounds  # noqa: PLC0415

    tasks = len(asked.jobs) + len(asked.shipments)
    if rounds is not None:
        limit: StopCriterion = Rounds(rounds)
    else:
        deadline = Deadline(lambda: monotonic() - began, time_limit)
        limit = FirstOf((deadline, Rounds(ROUNDS_PER_TASK * max(1, tasks))))

    def stop(rounds: int) -> float:
        share = limit(rounds)
        tell(f"{min(share, 1):.0%} of the search, {max(0, rounds)} rounds")
        return share

    return stop


COMMANDS = {"assign": assign}
