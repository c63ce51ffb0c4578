"""Offer `scenario generate` and `scenario ways`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = ("scenario", "Make scenarios to replay and to play.")

Seed = Annotated[int, typer.Option(help="Decides everything that is random.")]
Out = Annotated[Path, typer.Option(help="The file to write, JSON Lines.")]
Network = Annotated[Path | None, typer.Option(help="A built network; the stack's if unset.")]


def generate(
    name: Annotated[str, typer.Argument(help="The scenario's name.")],
    out: Out,
    seed: Seed = 308,
) -> None:
    """Write a scenario's events; the same seed gives the same bytes."""
    from infra.scenario.generate import generate as write  # noqa: PLC0415 - heavy

    meta = write(name, seed=seed, out=out)
    expected = meta["expected"]
    typer.echo(
        f"wrote {out}: {expected['events']} events, {expected['lots_declared']} lots, "
        f"{expected['duplicates']} duplicates, {expected['dead_letters']} dead letters to expect"
    )


def ways(network: Network = None) -> None:
    """Draw the roads of the scenarios' corridors and drives anew along a built network."""
    from infra.scenario.draw import draw_ways  # noqa: PLC0415 - heavy
    from infra.scenario.facts import DATA  # noqa: PLC0415
    from infra.scenario.generate import SCENARIOS  # noqa: PLC0415
    from infra.settings import load_settings  # noqa: PLC0415

    day = min(setting.start for setting in SCENARIOS.values())
    count = draw_ways(network or load_settings().network, at=day)
    typer.echo(f"drew {count} ways into {DATA / 'ways.geojson'}")


COMMANDS = {"generate": generate, "ways": ways}
