"""Offer `roads build`, `roads export` and `roads info`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from infra.commands.route import VehicleClass, check_class, moment

GROUP = ("roads", "Build the road network that trucks are routed on, and say what it is.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Bundled = Annotated[
    bool, typer.Option("--bundled", help="Cut the delta out of the data that came with set-up.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder to write; the stack's own network if not given."),
]
Network = Annotated[
    Path | None,
    typer.Option("--network", help="Folder of a built network; the stack's own if not given."),
]
File = Annotated[
    Path, typer.Argument(metavar="FILE.graphml", help="File to write.", show_default=False)
]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="Time with offset; without it, rules bound to hours are off."
    ),
]
Place = Annotated[str | None, typer.Option("--place", help="Not offered yet.")]
Pbf = Annotated[Path | None, typer.Option("--pbf", help="Not offered yet.")]


def build(
    bundled: Bundled = False,  # noqa: FBT002 - how typer takes an option
    out: Out = None,
    place: Place = None,
    pbf: Pbf = None,
) -> None:
    """Build a road network into a folder, replacing the network there once it is whole."""
    if place is not None or pbf is not None:
        raise typer.BadParameter(
            "roads by place name or from an extract come in a later version; use --bundled"
        )
    if not bundled:
        raise typer.BadParameter("say what to build from: --bundled")
    from infra.settings import load_settings  # noqa: PLC0415
    from routing.roads.bundled import build_bundled  # noqa: PLC0415 - heavy

    folder = (out or load_settings().network).absolute()
    info = build_bundled(folder)
    typer.echo(f"{info.nodes} junctions and {info.edges} edges in {folder}")
    typer.echo(info.attribution)


def export(
    file: File,
    vehicle_class: VehicleClass = "rigid_2_axle",
    at: At = None,
    network: Network = None,
) -> None:
    """Write what one class of vehicle may drive as GraphML, for osmnx and networkx."""
    when = moment(at) if at is not None else None
    check_class(vehicle_class)
    from infra.settings import load_settings  # noqa: PLC0415
    from routing.roads.graphml import export as export_graphml  # noqa: PLC0415 - heavy
    from routing.roads.network import load_network  # noqa: PLC0415

    roads = load_network((network or load_settings().network).absolute())
    export_graphml(roads, file, vehicle_class=vehicle_class, at=when)
    typer.echo(f"roads for {vehicle_class} in {file.absolute()}")
    typer.echo(roads.info.attribution)


def info(as_json: AsJson = False, network: Network = None) -> None:  # noqa: FBT002
    """Say where the network comes from and how large it is."""
    from infra.settings import load_settings  # noqa: PLC0415
    from routing.roads.network import load_network  # noqa: PLC0415 - heavy

    told = load_network((network or load_settings().network).absolute()).info
    if as_json:
        typer.echo(json.dumps(told.as_dict(), ensure_ascii=False))
        return
    for name, value in told.as_dict().items():
        typer.echo(f"{name.replace('_', ' '):18}{value}")


COMMANDS = {"build": build, "export": export, "info": info}
