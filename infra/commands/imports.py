"""Offer `import`."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

Kind = Annotated[
    Literal["trucks", "permits", "lots", "slots"],
    typer.Argument(metavar="trucks|permits|lots|slots", help="What the file holds."),
]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="XLSX or CSV."),
]
Commit = Annotated[bool, typer.Option("--commit", help="Write what it says; else it is shown.")]
Region = Annotated[str | None, typer.Option(help="Dispatch region, where no column says it.")]
Place = Annotated[str | None, typer.Option(help="Home of all trucks or pickup of all lots.")]
Owner = Annotated[str | None, typer.Option(help="Haulier of all trucks or declarer of all lots.")]
Facility = Annotated[str | None, typer.Option(help="Whose slots they are.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def import_(
    kind: Kind,
    file: File,
    commit: Commit = False,  # noqa: FBT002 - how typer takes an option
    region: Region = None,
    place: Place = None,
    owner: Owner = None,
    facility: Facility = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> int:
    """Show what a file would change, cell by cell what is wrong, and write it with --commit."""
    from infra.importing import send_file  # noqa: PLC0415 - heavy
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    given = {"region": region, "place": place, "owner": owner, "facility": facility}
    shared = {name: value for name, value in given.items() if value is not None}
    settings = load_running_settings()
    told = send_file(settings, kind, file, shared, is_committed=False)
    if commit and not told["error_count"]:
        told = send_file(settings, kind, file, shared, is_committed=True)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _tell(told)
    return 1 if told["error_count"] else 0


def _tell(told: dict[str, Any]) -> None:
    for sheet in told["sheets"]:
        status = {"hidden": "hidden, not read", "no_headings": "no headings, not read"}
        where = f"headings end in row {sheet['header_row']}"
        typer.echo(f"{sheet['name']}: {status.get(sheet['status'], where)}")
    for column in told["columns"]:
        unit = f" ({column['unit']})" if column["unit"] else ""
        meant = f"{column['field']}{unit}" if column["field"] else "not read"
        typer.echo(f"  {column['cell']:<14} {column['heading'][:36]:<36} {meant}")
    changes = told["changes"]
    typer.echo(
        f"{told['rows']} rows: {changes['new']} new, {changes['changed']} changed, "
        f"{changes['unchanged']} unchanged, {told['error_count']} errors"
    )
    if told["passed_over"]:
        typer.echo(f"no entries: {' '.join(told['passed_over'])}")
    if told["assumed"]:
        typer.echo(f"assumed where no cell says it: {', '.join(told['assumed'])}")
    for error in told["errors"]:
        value = f" {error['value']!r}" if error["value"] else ""
        typer.echo(
            f"{error['cell']} {error['field']}{value}: {error['message_vi']} / "
            f"{error['message_en']}"
        )
    if told["error_count"] > len(told["errors"]):
        typer.echo(f"… and {told['error_count'] - len(told['errors'])} more")
    if told["committed"]:
        typer.echo(f"written: {told['event_count']} events, {told['people_count']} people")
    else:
        typer.echo("nothing is written" + ("" if told["error_count"] else "; --commit writes it"))


COMMANDS = {"import": import_}
