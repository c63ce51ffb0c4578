"""Offer `topics apply`, `topics check` and `topics docs`."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

GROUP = ("topics", "Create, compare and document the topics of the catalogue.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def apply(as_json: AsJson = False) -> None:  # noqa: FBT002 - how typer takes an option
    """Create the topics that are missing; exit 1 where one that is there differs."""
    from infra import topics  # noqa: PLC0415 - heavy
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    applied = topics.apply(load_running_settings())
    if as_json:
        typer.echo(json.dumps(asdict(applied), ensure_ascii=False))
    else:
        for name in applied.created:
            typer.echo(f"created {name}")
        if not applied.created:
            typer.echo("every topic is there")
        for difference in applied.differences:
            typer.echo(f"{difference}; left as it is", err=True)
    if applied.differences:
        raise typer.Exit(1)


def check(as_json: AsJson = False) -> None:  # noqa: FBT002 - how typer takes an option
    """Compare the broker's topics with the catalogue; exit 1 with a line for each difference."""
    from infra import topics  # noqa: PLC0415 - heavy
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    differences = topics.check(load_running_settings())
    if as_json:
        found = [asdict(difference) for difference in differences]
        typer.echo(json.dumps({"ok": not found, "differences": found}, ensure_ascii=False))
    else:
        for difference in differences:
            typer.echo(str(difference))
        if not differences:
            typer.echo("every topic is as the catalogue says")
    if differences:
        raise typer.Exit(1)


def docs() -> None:
    """Write `docs/asyncapi.yaml` and `docs/schemas` anew from the catalogue."""
    from infra import catalogue  # noqa: PLC0415 - heavy
    from infra.settings import PROJECT  # noqa: PLC0415

    for path in catalogue.write(PROJECT / "docs"):
        typer.echo(f"wrote {path}")


COMMANDS = {"apply": apply, "check": check, "docs": docs}
