"""Offer `replay` and `play`."""

import asyncio
import sys
from typing import Annotated

import typer

from infra.progress import tell

Name = Annotated[str, typer.Argument(help="A scenario's name, or a file.")]
Speed = Annotated[float | None, typer.Option(min=0.01, help="Scenario seconds in one second.")]
AsRecorded = Annotated[
    bool, typer.Option("--as-recorded", help="Keep the ids: what was sent before is a duplicate.")
]


def replay(name: Name, speed: Speed = None, as_recorded: AsRecorded = False) -> None:  # noqa: FBT002
    """Publish a scenario's events; without --speed as fast as the broker takes them."""
    from infra.scenario import publish  # noqa: PLC0415 - heavy
    from infra.scenario.run import find_script  # noqa: PLC0415
    from infra.scenario.script import read_script  # noqa: PLC0415
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    settings = load_running_settings()
    script = read_script(find_script(settings, name))

    def progress(sent: int, lines: int) -> None:
        tell(f"{sent:,} of {lines:,} events")

    run_id = asyncio.run(
        publish.replay(settings, script, speed=speed, as_recorded=as_recorded, progress=progress)
    )
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    mark = "as recorded" if run_id is None else f"run {run_id}"
    typer.echo(f"published {len(script.lines)} events of {name} ({mark})")


def play(name: Name, speed: Speed = None) -> None:
    """Play a scenario: run the stack's clock, send its events in time, drive its trucks."""
    from infra.scenario.player import Player, Standing  # noqa: PLC0415 - heavy
    from infra.scenario.run import find_script  # noqa: PLC0415
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    settings = load_running_settings()

    def watch(standing: Standing) -> None:
        held = f" · held, the stack lags {standing.lag_s:.0f} s" if standing.held else ""
        tell(
            f"{standing.now:%d %b %H:%M} UTC · {standing.position:,} of "
            f"{standing.lines:,} events · {standing.active} assignments under way{held}"
        )

    player = Player(
        settings, find_script(settings, name), speed=speed or settings.clock_speed, watch=watch
    )
    over = asyncio.run(player.play())
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    typer.echo(f"{name} is over" if over else f"{name} stands; `play` goes on from here")


COMMANDS = {"replay": replay, "play": play}
