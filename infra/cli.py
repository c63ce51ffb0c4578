"""Answer the command line `harvestlane`: find the commands, run one, turn errors into one line."""

import importlib
import pkgutil
import sys
from typing import Any, NoReturn, cast

import typer

import infra.commands
from schemas.errors import HarvestlaneError

_WrongUse: type[typer.BadParameter] = cast("Any", typer.BadParameter).__bases__[0]
"""Click's error of usage, which typer keeps to itself."""


def build_app() -> typer.Typer:
    """Gather every command of `infra.commands` into one application.

    Returns
    -------
    typer.Typer
        The application; its names come from each module's `COMMANDS` and `GROUP`.
    """
    app = typer.Typer(
        name="harvestlane",
        help="Keep harvests moving when rules, roads and checkpoints change by the hour.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    groups: dict[str, typer.Typer] = {}
    for found in pkgutil.iter_modules(infra.commands.__path__):
        module = importlib.import_module(f"{infra.commands.__name__}.{found.name}")
        target = app
        if group := getattr(module, "GROUP", None):
            name, sentence = group
            if name not in groups:
                groups[name] = typer.Typer(help=sentence, no_args_is_help=True)
                outer, _, last = name.rpartition(" ")  # `pass keys` is a group inside `pass`
                groups.get(outer, app).add_typer(groups[name], name=last)
            target = groups[name]
        for name, function in module.COMMANDS.items():
            target.command(name)(function)
    return app


def main() -> None:
    """Run one command and exit: 0 success, 1 a check failed or an error, 2 wrong use."""
    try:
        status = build_app()(standalone_mode=False)
    except HarvestlaneError as error:
        _leave(str(error), 1)
    except typer.Abort:
        _leave("stopped", 130)
    except _WrongUse as error:
        if error.format_message().startswith("Usage:"):  # no words at all: the help itself
            sys.stderr.write(error.format_message() + "\n")
            raise SystemExit(2) from None
        _leave(f"{error.format_message()} `harvestlane --help` says what there is.", 2)
    raise SystemExit(status if isinstance(status, int) else 0)


def _leave(why: str, status: int) -> NoReturn:
    sys.stderr.write(f"harvestlane: {why}\n")
    raise SystemExit(status)


if __name__ == "__main__":
    main()
