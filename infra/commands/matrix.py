"""Offer `matrix`."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.route import AsJson, At, Network, VehicleClass, check_class, moment

if TYPE_CHECKING:
    from routing.matrix import Matrix, NamedPoint

COLUMNS = ("id", "lat", "lon")

_WIDEST_ID = 24

Points = Annotated[
    Path,
    typer.Argument(
        metavar="POINTS.csv",
        help="A table with the columns id, lat, lon; further columns are passed over.",
        exists=True,
        dir_okay=False,
        readable=True,
        show_default=False,
    ),
]


def matrix(
    points: Points,
    vehicle_class: VehicleClass = "rigid_2_axle",
    at: At = None,
    network: Network = None,
    as_json: AsJson = False,  # noqa: FBT002 - how typer takes an option
) -> None:
    """Find the times and lengths of one truck's fastest ways among all points of a file."""
    departure = moment(at) if at is not None else None
    wanted = _read(points)
    import orjson  # noqa: PLC0415

    from infra.settings import load_settings  # noqa: PLC0415
    from routing.matrix import matrix as find_matrix  # noqa: PLC0415 - heavy
    from routing.roads.errors import NoRoute, RoadError, TooFarFromRoad  # noqa: PLC0415
    from routing.roads.network import load_network  # noqa: PLC0415

    check_class(vehicle_class)
    roads = load_network((network or load_settings().network).absolute())
    try:
        found = find_matrix(roads, wanted, vehicle_class=vehicle_class, at=departure)
    except (TooFarFromRoad, NoRoute):
        raise
    except RoadError as error:
        raise typer.BadParameter(f"{points}: {error}") from None
    if as_json:
        typer.echo(orjson.dumps(found.as_dict(), option=orjson.OPT_SERIALIZE_NUMPY))
    else:
        _tell(found)


def _read(path: Path) -> "list[NamedPoint]":
    try:
        return list(_points(path))
    except (UnicodeDecodeError, csv.Error) as error:
        raise typer.BadParameter(f"{path} is no CSV file in UTF-8 ({error})") from None


def _points(path: Path) -> "Iterator[NamedPoint]":
    """Read points in their order; a row's number is its line, the header's being 1."""
    from routing.matrix import NamedPoint  # noqa: PLC0415 - heavy

    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True, strict=True)
        header = [name.strip() for name in reader.fieldnames or ()]
        if missing := [name for name in COLUMNS if name not in header]:
            raise typer.BadParameter(
                f"{path}: the first row names no column {', '.join(missing)}; "
                f"it must be {','.join(COLUMNS)}, and is {','.join(header) or 'empty'!r}"
            )
        reader.fieldnames = header
        for row in reader:
            where = f"{path} row {reader.line_num}"
            point_id = (row["id"] or "").strip()
            if not point_id:
                raise typer.BadParameter(f"{where}: the id is empty")
            told = f"{where}, point {point_id!r}"
            lat, lon = (_number(row[name], f"{told}: {name}") for name in ("lat", "lon"))
            yield NamedPoint(point_id, lat, lon, reader.line_num)


def _number(text: str | None, what: str) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise typer.BadParameter(f"{what} {text or ''!r} is no number") from None


def _tell(found: "Matrix") -> None:
    for title, cells in (
        ("minutes", found.durations_s / 60),
        ("kilometres", found.distances_m / 1000),
    ):
        names = [point.point_id[:_WIDEST_ID] for point in found.points]
        texts = [[f"{cell:.1f}" if cell < float("inf") else "-" for cell in row] for row in cells]
        widths = [max(len(name), *(len(row[at]) for row in texts)) for at, name in enumerate(names)]
        first = max(len(title), *map(len, names))
        for name, row in ((title, names), *zip(names, texts, strict=True)):
            aligned = "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            typer.echo(f"{name.ljust(first)}  {aligned}")
        typer.echo("")
    for point, place in zip(found.points, found.snaps, strict=True):
        typer.echo(f"{point.point_id}: {place.snap_m / 1000:.2f} km beside the road")


COMMANDS = {"matrix": matrix}
