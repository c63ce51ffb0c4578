"""Offer `route`."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from routing.route import Route

LatLon = tuple[float, float]


def _point(text: str) -> LatLon:
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no LAT,LON such as 10.012,105.081") from None
    return lat, lon


def moment(text: str) -> datetime:
    """Return the time that ``--at`` names.

    Raises
    ------
    typer.BadParameter
        If it is no time, or has no offset.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time such as 2021-08-20T06:00:00+07:00") from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text} needs an offset, such as {text}+07:00")
    return at


def check_class(vehicle_class: str) -> None:
    """Refuse a word that is no vehicle class.

    Raises
    ------
    typer.BadParameter
        If it is none; the message names those there are.
    """
    from routing.roads.vehicle import VEHICLES  # noqa: PLC0415 - heavy

    if vehicle_class not in VEHICLES:
        raise typer.BadParameter(
            f"{vehicle_class!r} is no vehicle class; choose one of {', '.join(VEHICLES)}"
        )


From = Annotated[
    str,
    typer.Option("--from", metavar="LAT,LON", help="Where the truck stands.", show_default=False),
]
To = Annotated[
    str, typer.Option("--to", metavar="LAT,LON", help="Where it goes.", show_default=False)
]
VehicleClass = Annotated[
    str, typer.Option("--vehicle", metavar="CLASS", help="Whose speeds and limits apply.")
]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="Departure with offset; without it, dated rules are off."
    ),
]
Network = Annotated[
    Path | None,
    typer.Option("--network", help="Folder of a built network; the stack's own if not given."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def route(
    origin: From,
    destination: To,
    vehicle_class: VehicleClass = "rigid_2_axle",
    at: At = None,
    network: Network = None,
    as_json: AsJson = False,  # noqa: FBT002 - how typer takes an option
) -> None:
    """Find one truck's fastest way between two points."""
    ends = _point(origin), _point(destination)
    departure = moment(at) if at is not None else None
    from infra.settings import load_settings  # noqa: PLC0415
    from routing.roads.errors import BadPoint  # noqa: PLC0415
    from routing.roads.network import load_network  # noqa: PLC0415 - heavy
    from routing.route import route as find_route  # noqa: PLC0415

    check_class(vehicle_class)
    roads = load_network((network or load_settings().network).absolute())
    try:
        found = find_route(roads, *ends, vehicle_class=vehicle_class, at=departure)
    except BadPoint as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        _tell(found)


def _tell(found: "Route") -> None:
    minutes = round(found.duration_s / 60)
    typer.echo(f"{found.distance_m / 1000:.1f} km in {minutes // 60} h {minutes % 60:02} min")
    for name, place in (("from", found.origin_snap), ("to", found.destination_snap)):
        typer.echo(f"{name}: {place.snap_m / 1000:.2f} km beside the road")
    for restriction in found.restrictions:
        typer.echo(f"{restriction.kind.replace('_', ' ')}: {restriction.detail}")


COMMANDS = {"route": route}
