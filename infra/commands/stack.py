"""Offer `up`, `down`, `restart` and `status`: the local stack."""

import json
from typing import Annotated, Any

import typer

Workers = Annotated[int | None, typer.Option(min=0, max=64, help="Number of stream workers.")]
Brokers = Annotated[int | None, typer.Option(help="Number of Kafka brokers: 1 or 3.")]
Detach = Annotated[bool, typer.Option("--detach", help="Return once ready; `down` stops it.")]
Scenario = Annotated[str | None, typer.Option(help="Play this scenario (a name or a file).")]
Speed = Annotated[
    float | None, typer.Option(min=0.01, help="The scenario's seconds in one second; 60 if unset.")
]
BrokerOnly = Annotated[bool, typer.Option("--broker-only", help="Run Kafka and Redis alone.")]
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...",
        help="Whom to restart instead, such as worker-1 or redis.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def up(
    workers: Workers = None,
    brokers: Brokers = None,
    detach: Detach = False,  # noqa: FBT002 - how typer takes an option
    scenario: Scenario = None,
    speed: Speed = None,
    broker_only: BrokerOnly = False,  # noqa: FBT002
) -> None:
    """Start the stack, keep it running until Ctrl-C (or `down`), and print the links to open."""
    from infra.settings import Settings, load_settings  # noqa: PLC0415 - heavy
    from infra.stack import Wanted, run, start_detached  # noqa: PLC0415

    asked = {"workers": workers, "brokers": brokers}
    settings = load_settings(**{name: many for name, many in asked.items() if many is not None})
    wanted = Wanted(scenario, speed, broker_only)

    def on_ready(running: Settings) -> None:
        for line in _welcome(running, wanted):
            typer.echo(line)

    if detach:
        on_ready(start_detached(settings, wanted))
    else:
        run(settings, wanted, on_ready)


def down() -> None:
    """Stop the stack of this folder; nothing that it knows is lost."""
    from infra.settings import load_settings  # noqa: PLC0415 - heavy
    from infra.stack import stop  # noqa: PLC0415

    settings = load_settings()
    ran = stop(settings)
    typer.echo("the stack has stopped" if ran else f"no stack runs from {settings.home}")


def restart(names: Names = None) -> None:
    """Restart the workers, the projector and the API of the running stack, one after another."""
    from infra.settings import load_settings  # noqa: PLC0415 - heavy
    from infra.stack import restart as restart_each  # noqa: PLC0415

    for name, took_s in restart_each(load_settings(), names or ()):
        typer.echo(f"{name:<12} is ready again after {took_s:.1f} s")


def status(as_json: AsJson = False) -> None:  # noqa: FBT002 - how typer takes an option
    """Show the processes, the broker, Redis and the lag; exit 1 where no stack runs."""
    from infra.settings import load_settings  # noqa: PLC0415 - heavy
    from infra.stack.status import describe  # noqa: PLC0415

    found = describe(load_settings())
    if as_json:
        typer.echo(json.dumps(found))
        return
    for line in _table(found):
        typer.echo(line)


def _welcome(settings: Any, wanted: Any) -> list[str]:
    if wanted.broker_only:
        return [f"Kafka is at {settings.bootstrap_servers}, Redis at {settings.redis_url}"]
    from infra.stack.links import links  # noqa: PLC0415 - heavy

    lines = ["harvestlane is running. Each link logs in once, within an hour:"]
    for link in links(settings, wanted.scenario):
        lines += [f"  {link.who}", f"    {link.url}"]
    return [*lines, f"Logs are in {settings.log_dir}"]


def _table(found: dict[str, Any]) -> list[str]:
    lines = [
        f"{process['name']:<12} {process['pid'] or '-':>8}  {process['state']:<9}"
        f" {'ready' if process['ready'] else 'not ready'}"
        for process in found["processes"]
    ]
    kafka, lag = found["kafka"], found["lag"]
    version = kafka["version"] or "not ours"
    lines.append(f"Kafka        {kafka['bootstrap']} ({version}, {_brokers(kafka['brokers'])})")
    answers = "answers" if found["redis"]["ready"] else "does not answer"
    lines.append(f"Redis        {found['redis']['url']} ({answers})")
    lines.append(f"Lag          {'unknown' if lag is None else lag['total']}")
    lines.append(f"Pages        {found['url']}")
    return lines


def _brokers(count: int) -> str:
    return f"{count} broker" if count == 1 else f"{count} brokers"


COMMANDS = {"up": up, "down": down, "restart": restart, "status": status}
