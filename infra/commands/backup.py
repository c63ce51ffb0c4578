"""Offer `backup` and `restore`: everything that must last."""

import json
from pathlib import Path
from typing import Annotated

import typer

from infra.progress import tell

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The backup's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def backup(folder: Folder, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Copy what must last out of the stopped stack into a new folder."""
    from infra import backup as keeping  # noqa: PLC0415 - heavy
    from infra.settings import load_settings  # noqa: PLC0415

    made = keeping.backup(load_settings(), folder.expanduser().absolute(), tell=tell)
    tell("")
    if as_json:
        doc = {"folder": str(folder), "made": made.made, "files": made.files, "bytes": made.size}
        typer.echo(json.dumps(doc))
    else:
        typer.echo(f"{folder} holds {made.files} files, {made.size >> 20} MB, of {made.made}")


def restore(folder: Folder, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Put a backup into an empty folder, start the stack for a moment and verify it."""
    from infra import backup as keeping  # noqa: PLC0415 - heavy
    from infra.settings import load_settings  # noqa: PLC0415
    from infra.stack import running_stack  # noqa: PLC0415
    from infra.verify.report import judge_stack, table  # noqa: PLC0415

    settings = load_settings()
    keeping.restore(settings, folder.expanduser().absolute(), tell=tell)
    tell("starting the stack to verify it")
    with running_stack(settings) as stack:
        doc = judge_stack(stack.settings, progress=tell)
    tell("")
    if as_json:
        typer.echo(json.dumps(doc, ensure_ascii=False))
    else:
        for line in table(doc):
            typer.echo(line)
        typer.echo(f"restored into {settings.home}; `harvestlane up` starts it")
    if not doc["ok"]:
        raise typer.Exit(1)


COMMANDS = {"backup": backup, "restore": restore}
