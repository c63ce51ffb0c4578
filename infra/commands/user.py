"""Offer `user add`, `user list`, `user disable`, `user enable` and `user reset`."""

import json
from typing import Annotated, Any

import typer

GROUP = ("user", "Keep the people who log in by name and password.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The name to log in by.")]


def add(
    login: Login,
    role: Annotated[str, typer.Option(help="Such as dispatcher, haulier, checkpoint_officer.")],
    subject: Annotated[
        str | None,
        typer.Option(help="The haulier, driver, checkpoint, declarer or facility it is for."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="A region that the user is kept to; may come several times."),
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Add a user, and print the link that lets them set a password: once, within a day."""
    with _people() as people:
        _invite(people.add(login, role, subject, region or None), as_json=as_json)


def list_(as_json: AsJson = False) -> None:  # noqa: FBT002
    """List the users: log-in name, role, subject, regions, and whether they may come in."""
    with _people() as people:
        users = people.every()
    if as_json:
        typer.echo(json.dumps({"count": len(users), "users": users}, ensure_ascii=False))
        return
    for user in users:
        whose = user["role"] + (f":{user['subject']}" if user["subject"] else "")
        where = "everywhere" if user["regions"] is None else ",".join(user["regions"]) or "nowhere"
        status = "no password yet" if user["must_change_password"] else user["status"]
        if user["status"] == "disabled":
            status = "disabled"
        typer.echo(f"{user['login']:<24} {whose:<40} {where:<24} {status}")
    if not users:
        typer.echo("no users; `harvestlane user add` adds one")


def disable(login: Login, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let a user in no more; whatever they have open ends at once."""
    _set(login, "disabled", as_json=as_json)


def enable(login: Login, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let a user in again, with the password that they had."""
    _set(login, "active", as_json=as_json)


def reset(login: Login, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take a user's password away, and print a link to set another one: once, within a day."""
    with _people() as people:
        _invite(people.reset(login), as_json=as_json)


def _people() -> Any:
    from infra.people import People  # noqa: PLC0415 - heavy
    from infra.stack.record import load_running_settings  # noqa: PLC0415

    return People(load_running_settings())


def _set(login: str, status: str, *, as_json: bool) -> None:
    with _people() as people:
        user = people.set_status(login, status)
    typer.echo(json.dumps(user, ensure_ascii=False) if as_json else f"{login} is {status}")


def _invite(invited: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(invited, ensure_ascii=False) if as_json else invited["link"])


COMMANDS = {"add": add, "list": list_, "disable": disable, "enable": enable, "reset": reset}
