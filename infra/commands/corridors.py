"""Offer `corridors plan`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.commands.route import AsJson, Network, moment
from schemas.errors import HarvestlaneError

GROUP = ("corridors", "Propose corridors that serve flows of trucks with few kilometres of road.")

Flows = Annotated[
    Path,
    typer.Option(
        "--flows",
        metavar="FILE.csv",
        help="A table: flow_id, source, destinations, trucks_per_day or tonnes_per_day, "
        "and vehicle_class and kind if wanted.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
Places = Annotated[
    Path | None,
    typer.Option(
        "--places",
        metavar="FILE.csv",
        help="A table of facilities and checkpoints: place_id, kind, lat, lon, bays; "
        "those of the demo if not given.",
        exists=True,
        dir_okay=False,
    ),
]
Zones = Annotated[
    Path | None,
    typer.Option(
        "--zones",
        metavar="FILE.geojson",
        help="Restricted zones to keep out of.",
        exists=True,
        dir_okay=False,
    ),
]
From = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="With offset; now if not given.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="With offset; open if not given.")
]
Seed = Annotated[int, typer.Option(min=0, help="Where the search takes its chance from.")]
Rounds = Annotated[int, typer.Option(min=0, help="How long to search.")]
GeoJson = Annotated[
    Path | None, typer.Option("--geojson", metavar="FILE", help="Write the set as GeoJSON.")
]
Events = Annotated[
    Path | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="Write corridor.opened, a CloudEvent a line, ready to be posted or replayed.",
    ),
]


def plan(  # noqa: PLR0913 - what is asked, and where it is written
    *,
    flows: Flows,
    places: Places = None,
    zones: Zones = None,
    begins: From = None,
    ends: Until = None,
    seed: Seed = 1,
    rounds: Rounds = 200,
    network: Network = None,
    geojson: GeoJson = None,
    events: Events = None,
    as_json: AsJson = False,
) -> None:
    """Propose corridors for flows; nothing is opened: people approve."""
    now = datetime.now(UTC).replace(microsecond=0)
    valid_from = now if begins is None else moment(begins)
    valid_until = None if ends is None else moment(ends)
    import orjson  # noqa: PLC0415

    from infra.corridors import read, tell  # noqa: PLC0415 - heavy
    from infra.settings import load_settings  # noqa: PLC0415
    from routing.corridors.flows import CorridorProblem  # noqa: PLC0415
    from routing.corridors.plan import plan_corridors  # noqa: PLC0415
    from routing.roads.network import load_network  # noqa: PLC0415

    with _wrong_use():
        known = read.demo_places() if places is None else read.read_places(places)
        problem = CorridorProblem(
            flows=read.read_flows(flows),
            facilities=known.facilities,
            checkpoints=known.checkpoints,
            closures=() if zones is None else read.read_zones(zones),
            valid_from=valid_from,
            valid_until=valid_until,
        )
    roads = load_network((network or load_settings().network).absolute())
    found = plan_corridors(problem, roads, seed=seed, rounds=rounds)
    if geojson is not None:
        _write(geojson, tell.as_geojson(found, roads))
    if events is not None:
        _write(events, tell.as_events(found, now))
    doc = tell.plan_doc(found, problem, roads)
    if as_json:
        typer.echo(orjson.dumps(doc))
    else:
        for line in tell.as_lines(doc):
            typer.echo(line)


@contextmanager
def _wrong_use() -> Iterator[None]:
    """Tell files and times that no corridors can be planned for as wrong use of the command."""
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise HarvestlaneError(f"{path} cannot be written: {error.strerror}") from None


COMMANDS = {"plan": plan}
