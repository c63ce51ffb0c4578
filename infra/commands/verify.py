"""Offer `verify`: judge the running stack by the six invariants."""

import json
from typing import Annotated

import typer

from infra.progress import tell

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def verify(as_json: AsJson = False) -> None:  # noqa: FBT002 - how typer takes an option
    """Recompute state from the log, compare it, check the invariants; exit 1 if one breaks."""
    from infra.settings import load_settings  # noqa: PLC0415 - heavy
    from infra.verify.report import judge_stack, table  # noqa: PLC0415

    doc = judge_stack(load_settings(), progress=tell)
    tell("")
    if as_json:
        typer.echo(json.dumps(doc, ensure_ascii=False))
    else:
        for line in table(doc):
            typer.echo(line)
    if not doc["ok"]:
        raise typer.Exit(1)


COMMANDS = {"verify": verify}
