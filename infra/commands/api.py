"""Offer `api` and `token`."""

from typing import Annotated

import typer


def api() -> None:
    """Serve the API and the pages of this stack until stopped (`up` starts it by itself)."""
    from api.server import serve  # noqa: PLC0415 - heavy
    from infra.logins import api_config  # noqa: PLC0415
    from infra.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    config = api_config(settings)
    serve(config, host=settings.host, port=settings.port, log_level=settings.log_level)


def token(
    role: Annotated[str, typer.Option(help="Such as dispatcher, haulier, checkpoint_officer.")],
    subject: Annotated[
        str | None,
        typer.Option(help="The haulier, driver, checkpoint, declarer or facility it is for."),
    ] = None,
    ttl: Annotated[
        int, typer.Option(min=1, max=86_400, help="How long it holds, in seconds.")
    ] = 3_600,
) -> None:
    """Print a short-lived token for scripts: send it as `Authorization: Bearer TOKEN`."""
    from infra.logins import script_token  # noqa: PLC0415 - heavy
    from infra.settings import load_settings  # noqa: PLC0415
    from schemas.errors import SettingsError  # noqa: PLC0415

    settings = load_settings()
    try:
        typer.echo(script_token(settings, role, subject, ttl_s=ttl))
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error


COMMANDS = {"api": api, "token": token}
