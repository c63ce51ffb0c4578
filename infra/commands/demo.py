"""Offer `demo`: the main job without a screen, in a throw-away stack of its own."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from infra.progress import tell

Speed = Annotated[
    float, typer.Option(min=0.01, max=10_000, help="The scenario's seconds in one second.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Seed = Annotated[int | None, typer.Option(help="Generate the scenario from this seed.")]
Scenario = Annotated[str, typer.Option(help="A scenario's name, or a file.")]
Keep = Annotated[
    Path | None, typer.Option("--keep", help="Run in this new folder, and leave it there.")
]

_ROWS = (
    ("events_published", "events published"),
    ("duplicates_ignored", "  of them duplicates, ignored"),
    ("dead_letters", "  of them dead letters"),
    ("simulated_events", "events of simulated trucks"),
    ("events_applied", "events applied"),
    ("redelivered", "read again after a crash"),
    ("lots_declared", "lots declared"),
    ("lots_withdrawn", "lots withdrawn"),
    ("lots_delivered", "lots delivered"),
    ("lots_delivered_in_hold", "  within their hold time"),
    ("tonnes_delivered", "tonnes delivered"),
    ("assignments", "assignments offered"),
    ("declined", "  declined"),
    ("reassignments", "  offered again"),
    ("wall_s", "seconds it took"),
)


def demo(
    speed: Speed = 600.0,
    as_json: AsJson = False,  # noqa: FBT002 - how typer takes an option
    seed: Seed = None,
    scenario: Scenario = "kien-giang-2021-08",
    keep: Keep = None,
) -> None:
    """Replay one day at speed, wait until all is settled, verify it; exit 1 if anything breaks."""
    from infra.demo import Demo, run_demo  # noqa: PLC0415 - heavy

    signal.signal(signal.SIGTERM, _leave)
    wanted = Demo(scenario=scenario, speed=speed, seed=seed, folder=keep)
    summary = run_demo(wanted, progress=tell)
    tell("")
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        for line in _table(summary):
            typer.echo(line)
    if summary["lag"] or not all(summary["invariants"].values()):
        raise typer.Exit(1)


def _leave(_signal: int, _frame: FrameType | None) -> Any:
    """Stop the stack and remove its folder before leaving."""
    sys.exit(1)


def _table(summary: dict[str, Any]) -> Iterator[str]:
    made, roads = summary["broker"], summary["roads"]
    yield f"{summary['scenario']} at {summary['speed']:g}-fold speed on {made['name']} "
    yield f"{made['version']}; {roads['nodes']} junctions, {roads['edges']} edges"
    yield ""
    for name, words in _ROWS:
        yield f"{words:<34}{summary[name]:>10}"
    for name, found in summary["latency_ms"].items():
        words = name.replace("_", " ")
        yield f"{words:<34}{_ms(found['p50'])} p50, {_ms(found['p99'])} p99"
    yield ""
    for name, holds in summary["invariants"].items():
        yield f"{name:<34}{'holds' if holds else 'BROKEN':>10}"
        for violation in summary["violations"].get(name, ())[:5]:
            yield f"    {violation['rule']}: {violation['detail']}"
    yield ""
    yield from _scenes(summary)
    if summary["lag"]:
        yield f"{summary['lag']} records were not dealt with in time"
    if not summary["goal_met"]:
        yield "Fewer than four fifths of the lots arrived within their hold time."


def _scenes(summary: dict[str, Any]) -> Iterator[str]:
    from infra.scenes.deviations import deviations_lines  # noqa: PLC0415 - heavy
    from infra.scenes.metering import metering_lines  # noqa: PLC0415
    from infra.scenes.passes import passes_lines  # noqa: PLC0415

    yield from passes_lines(summary["passes"])
    yield from deviations_lines(summary["deviations"], summary["strays"])
    yield from metering_lines(summary["metering"])


def _ms(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f} ms"


COMMANDS = {"demo": demo}
