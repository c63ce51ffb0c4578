"""Offer `audit verify` and `audit export`."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

GROUP = ("audit", "Judge and export the log of who did what.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Heads = Annotated[
    list[str] | None,
    typer.Option(
        "--head", metavar="SEQ:HASH", help="A head that was noted elsewhere.", show_default=False
    ),
]
_MOST_SHOWN = 50


def verify(head: Heads = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Recompute the chain; compare it with noted heads and the events; exit 1 if one differs."""
    from api.audit.heads import parse_head  # noqa: PLC0415 - heavy
    from infra.audit.stack import judge_stack  # noqa: PLC0415
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    heads = [parse_head(text) for text in head or ()]
    if None in heads:
        raise typer.BadParameter("a head is SEQ:HASH, as `audit verify` prints it")
    verdict = judge_stack(load_running_settings(), [each for each in heads if each])
    if as_json:
        doc = {
            "ok": verdict.ok,
            "entries": verdict.entries,
            "head": verdict.head,
            "heads": verdict.heads,
            "events": verdict.events,
            "faults": [asdict(fault) for fault in verdict.faults],
        }
        typer.echo(json.dumps(doc, ensure_ascii=False))
    else:
        for fault in verdict.faults[:_MOST_SHOWN]:
            typer.echo(f"{fault.code:<14}{fault.where:<34}{fault.message}")
        if len(verdict.faults) > _MOST_SHOWN:
            typer.echo(f"and {len(verdict.faults) - _MOST_SHOWN} more; `--json` names them all")
        typer.echo(
            f"{verdict.entries} entries, {verdict.heads} heads and {verdict.events} events "
            f"compared; {len(verdict.faults)} faults"
        )
        typer.echo(f"head {verdict.head or '-'}")
    if not verdict.ok:
        raise typer.Exit(1)


def export() -> None:
    """Print every entry as it stands, one JSON object a line; addresses stay sealed."""
    from infra.audit.stack import lines  # noqa: PLC0415 - heavy
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    for line in lines(load_running_settings()):
        sys.stdout.write(line.decode("utf-8", "replace") + "\n")


COMMANDS = {"verify": verify, "export": export}
