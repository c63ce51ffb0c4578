"""Offer `dlq list`, `dlq show` and `dlq retry`."""

import json
from typing import Annotated

import typer

GROUP = ("dlq", "See what was set aside as a dead letter, and send it again.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Topic = Annotated[
    str | None,
    typer.Option("--topic", help="Only what came from this topic.", show_default=False),
]
Last = Annotated[
    int, typer.Option("--last", metavar="N", min=1, help="Only the last N, of those that match.")
]
Offset = Annotated[int, typer.Argument(metavar="OFFSET", min=0, help="From `dlq list`.")]
Offsets = Annotated[
    list[int] | None, typer.Argument(metavar="OFFSET", help="From `dlq list`.", show_default=False)
]
Every = Annotated[bool, typer.Option("--all", help="All that match, not only those named.")]

Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show what it holds of people, too; no log tells it.")
]

_HINTS = {
    "malformed": "the record is no event of the catalogue; it can only be taken after an upgrade",
    "conflict": "the same source and id came with other content; the sender has to correct it",
    "unknown": "register the id that it speaks of, then retry it",
    "time_ahead": "its time was more than 24 h ahead; retry it once that time has come",
    "misplaced": "it stood in another partition than its key's; a retry puts it where it belongs",
}
_WIDEST = 60


def list_(
    topic: Topic = None,
    last: Last = 50,
    as_json: AsJson = False,  # noqa: FBT002
    reveal: Reveal = False,  # noqa: FBT002
) -> None:
    """List dead letters: offset, when, where the record stood, why it is dead."""
    from infra.dead_letters import letters  # noqa: PLC0415 - heavy
    from infra.masking import masked  # noqa: PLC0415
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    found = letters(load_running_settings(), topic=topic)
    shown = found[-last:]
    _tell(reveal)
    docs = [letter.doc() if reveal else masked(letter) for letter in shown]
    if as_json:
        typer.echo(json.dumps({"count": len(found), "letters": docs}, ensure_ascii=False))
        return
    for letter, doc in zip(shown, docs, strict=True):
        when = f"{letter.buried:%Y-%m-%d %H:%M:%S}Z"
        error = doc["error"]
        error = error if len(error) <= _WIDEST else error[: _WIDEST - 1] + "…"
        typer.echo(f"{letter.offset:>8}  {when}  {letter.place:<40} {error}")
    if not found:
        typer.echo("no dead letters")
    elif len(shown) < len(found):
        typer.echo(f"the last {len(shown)} of {len(found)}; `--last {len(found)}` shows all")


def show(offset: Offset, as_json: AsJson = False, reveal: Reveal = False) -> None:  # noqa: FBT002
    """Show one dead letter: headers, value, cause, what can be done; people's data is masked."""
    from infra.dead_letters import letter_at  # noqa: PLC0415 - heavy
    from infra.masking import masked  # noqa: PLC0415
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    letter = letter_at(load_running_settings(), offset)
    hint = _HINTS.get(letter.cause)
    _tell(reveal)
    doc = letter.doc() if reveal else masked(letter)
    if as_json:
        typer.echo(json.dumps(doc | {"hint": hint}, ensure_ascii=False))
        return
    for name in ("offset", "buried", "place", "error", "attempt", "key"):
        typer.echo(f"{name:<10}{doc[name]}")
    for name, value in doc["headers"].items():
        typer.echo(f"  {name}: {value}")
    typer.echo(doc["value"])
    if hint:
        typer.echo(f"\n{hint}")


def retry(
    offsets: Offsets = None,
    topic: Topic = None,
    every: Every = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Send dead letters again as they came; exit 1 where one is dead again."""
    from infra.dead_letters import letter_at, letters, retry  # noqa: PLC0415 - heavy
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    if bool(offsets) == every:
        raise typer.BadParameter("name the offsets of dead letters, or say --all")
    settings = load_running_settings()
    chosen = (
        letters(settings, topic=topic)
        if every
        else [letter_at(settings, offset) for offset in dict.fromkeys(offsets or ())]
    )
    done = retry(settings, chosen)
    if as_json:
        docs = [
            {"offset": one.letter.offset, "place": one.place, "dead_again": one.dead_again}
            for one in done
        ]
        typer.echo(json.dumps({"retried": docs}, ensure_ascii=False))
    for one in () if as_json else done:
        became = f"dead again: {one.dead_again}" if one.dead_again else "sent"
        typer.echo(f"{one.letter.offset:>8}  {one.place:<40} {became}")
    if not done and not as_json:
        typer.echo("no dead letters to send")
    if any(one.dead_again for one in done):
        raise typer.Exit(1)


def _tell(reveal: bool) -> None:  # noqa: FBT001 - how typer gives it
    if reveal:
        typer.echo("personal data is shown in the clear; close it when you are done", err=True)


COMMANDS = {"list": list_, "show": show, "retry": retry}
