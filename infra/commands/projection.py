"""Offer `projection rebuild`: every Redis view, made anew from Kafka."""

import json
import time
from typing import Annotated, Any

import typer

GROUP = ("projection", "Look after the views in Redis, which can always be made anew.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def rebuild(as_json: AsJson = False) -> None:  # noqa: FBT002 - how typer takes an option
    """Throw every view away and project it anew; counters and log-ins stay."""
    from infra.rebuild import rebuild_views  # noqa: PLC0415
    from infra.settings import load_settings  # noqa: PLC0415 - heavy

    started = time.monotonic()
    counts = rebuild_views(load_settings())
    doc: dict[str, Any] = {"ok": True, "views": counts}
    doc["took_s"] = round(time.monotonic() - started, 2)
    if as_json:
        typer.echo(json.dumps(doc))
        return
    for kind, count in counts.items():
        typer.echo(f"{kind:<12}{count:>8}")
    typer.echo(f"rebuilt in {doc['took_s']} s")


COMMANDS = {"rebuild": rebuild}
