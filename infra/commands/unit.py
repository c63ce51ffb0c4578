"""Offer `unit`: start at boot."""

from typing import Annotated

import typer

User = Annotated[
    str | None,
    typer.Option("--user", help="Whose processes they are; yours if unset.", show_default=False),
]


def unit(user: User = None) -> None:
    """Print the systemd service that starts this stack at boot, with the settings as they are."""
    from infra.settings import load_settings  # noqa: PLC0415 - heavy
    from infra.unit import unit as service  # noqa: PLC0415

    typer.echo(service(load_settings(), user=user), nl=False)


COMMANDS = {"unit": unit}
