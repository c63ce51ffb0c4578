"""Offer `bench`: measure, print the figures, fail where a goal is missed."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from infra.bench.catalogue import BENCHES, Bench, all_met, run, table
from infra.progress import tell

Name = Annotated[
    str | None, typer.Argument(metavar="NAME", help="Which benchmark.", show_default=False)
]
Listing = Annotated[bool, typer.Option("--list", help="Name the benchmarks and end.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Where chance comes from.")]
Minutes = Annotated[
    float | None, typer.Option("--minutes", metavar="N", min=1, help="How long a soak lasts.")
]
Rounds = Annotated[
    int | None, typer.Option("--rounds", metavar="N", min=1, help="How many faults chaos draws.")
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="REV", help="The revision that an upgrade begins with."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def bench(
    name: Name = None,
    listing: Listing = False,  # noqa: FBT002 - how typer takes an option
    seed: Seed = 1,
    minutes: Minutes = None,
    rounds: Rounds = None,
    from_: From = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Measure something and hold it against its goals; exit 1 if one is missed."""
    if listing:
        for known, entry in BENCHES.items():
            typer.echo(f"{known:<16}{entry.says}")
        return
    options = {"minutes": minutes, "rounds": rounds, "from_": from_}
    given = {option: value for option, value in options.items() if value is not None}
    measure(name, BENCHES, seed=seed, as_json=as_json, **given)


def measure(
    name: str | None, benches: Mapping[str, Bench], *, seed: int, as_json: bool, **options: Any
) -> None:
    """Run one of the benchmarks, with the options that were given, and print what it found.

    Raises
    ------
    typer.BadParameter
        If there is none of that name, or it does not take one of the options.
    typer.Exit
        With status 1 if a goal was missed.
    """
    if name is None or name not in benches:
        known = ", ".join(benches)
        raise typer.BadParameter(
            f"name a benchmark: {known}" if name is None else f"{name!r} is none of {known}"
        )
    for option in options.keys() - set(benches[name].options):
        raise typer.BadParameter(f"{name} takes no --{option.rstrip('_')}")
    doc = run(name, benches[name], seed=seed, tell=tell, **options)
    tell("")
    if as_json:
        typer.echo(json.dumps(doc, ensure_ascii=False))
    else:
        for line in table(doc):
            typer.echo(line)
    if not all_met(doc):
        raise typer.Exit(1)


COMMANDS = {"bench": bench}
