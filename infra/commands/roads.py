"""Offer `roads build`, `roads export` and `roads info`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.route import VehicleClass, check_class, moment
from infra.progress import tell

if TYPE_CHECKING:
    from infra.settings import Settings
    from routing.roads.network import NetworkInfo

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
Place = Annotated[
    str | None,
    typer.Option("--place", metavar="NAME", help="Fetch the roads of a place in OpenStreetMap."),
]
Pbf = Annotated[
    Path | None,
    typer.Option("--pbf", metavar="FILE", help="Read an extract of OpenStreetMap, .osm.pbf."),
]
Timezone = Annotated[
    str | None,
    typer.Option(
        "--timezone", metavar="TZ", help="In whose hours signs are written, if no region says it."
    ),
]


def build(
    bundled: Bundled = False,  # noqa: FBT002 - how typer takes an option
    out: Out = None,
    place: Place = None,
    pbf: Pbf = None,
    timezone: Timezone = None,
) -> None:
    """Build a road network into a folder, replacing the network there once it is whole."""
    if bundled + (place is not None) + (pbf is not None) != 1:
        raise typer.BadParameter("say what to build from, once: --place, --pbf or --bundled")
    if bundled and timezone is not None:
        raise typer.BadParameter("the bundled roads have their timezone; leave --timezone out")
    from infra.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    folder = (out or settings.network).absolute()
    try:
        info, left_out = _build(settings, folder, place, pbf, timezone)
    finally:
        tell("")
    typer.echo(
        f"{info.junctions} junctions, {info.edges} edges, {info.rules} rules and "
        f"{info.turn_restrictions} turn restrictions in {folder}"
    )
    for what, count in left_out.items():
        typer.echo(f"{count} {what}")
    typer.echo(info.attribution)


def _build(
    settings: Settings, folder: Path, place: str | None, pbf: Path | None, timezone: str | None
) -> tuple[NetworkInfo, dict[str, int]]:
    """Build from the one source that is given; say what is built and what was left out."""
    if pbf is not None:
        from routing.roads.extract import build_extract  # noqa: PLC0415 - heavy

        built = build_extract(pbf, folder, timezone=timezone, tell=tell)
        return built.info, built.left_out
    if place is not None:
        from routing.roads.place import build_place  # noqa: PLC0415 - heavy

        built = build_place(
            place,
            folder,
            overpass=settings.overpass_url,
            nominatim=settings.nominatim_url,
            timezone=timezone,
            tell=tell,
        )
        return built.info, built.left_out
    from routing.roads.bundled import build_bundled  # noqa: PLC0415 - heavy

    tell("repairing the bundled roads")
    return build_bundled(folder), {}


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
