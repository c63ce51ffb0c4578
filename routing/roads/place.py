"""Build a road network of a place by its name.

osmnx finds the place's area. It would also fetch roads, but as JSON of ways alone: its default tags
leave out heights, weights and ``hgv``, and it reads no turn restrictions, which are relations. So
Overpass is asked here for the same roads as an OpenStreetMap file with its relations, which the
reader of extracts then reads: both ways of building agree.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import shapely

from routing.roads.errors import RoadError
from routing.roads.extract import Built, build_from, silent
from routing.roads.osm_file import read_osm
from routing.roads.osmnx_calls import outline, overpass_url
from routing.roads.tags import CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shapely.geometry.base import BaseGeometry

ADVICE = "use --pbf with an OpenStreetMap extract, or --bundled"
USER_AGENT = "harvestlane (roads build --place)"
TIMEOUT_S = 180.0
"""How long Overpass may work on a question; osmnx asks for as much."""

SPARE = 1.2
"""How much longer than that each part of the answer may take to come."""

MARGIN_DEG = 0.002
"""Areas are drawn with fewer corners, and this much larger so that none of them is lost."""

_BUSY = frozenset({429, 503, 504})
_TAIL_BYTES = 4096


def build_place(
    name: str,
    out: Path,
    *,
    overpass: str | None = None,
    nominatim: str | None = None,
    timezone: str | None = None,
    built_at: datetime | None = None,
    timeout_s: float = TIMEOUT_S,
    tell: Callable[[str], None] = silent,
) -> Built:
    """Build the network of a place into a folder, replacing the network there when it is whole.

    Parameters
    ----------
    name
        The place, such as ``Rạch Giá, Vietnam``.
    out
        The folder; it may hold an earlier network, which stays if the build fails.
    overpass, nominatim
        Addresses of the services; osmnx's own by default.
    timezone, built_at, tell
        As for `routing.roads.extract.build_extract`.
    timeout_s
        How long Overpass may work on the question.

    Raises
    ------
    RoadError
        If a service fails or refuses, no area has that name, it holds no roads for trucks, it
        lies in no known region and no timezone is given, or the folder holds something else.
    """
    tell(f"looking for {name}")
    area = outline(name, nominatim_url=nominatim, user_agent=USER_AGENT, advice=ADVICE)
    tell(f"fetching the roads of {name}")
    with tempfile.TemporaryDirectory(prefix="harvestlane-roads-") as folder:
        file = Path(folder) / "place.osm"
        _fetch(overpass or overpass_url(), question(area, timeout_s), file, timeout_s)
        try:
            ways = read_osm(file, tell=tell)
        except RoadError as error:
            raise RoadError(
                f"the map service sent data that cannot be read; try later, or {ADVICE}"
            ) from error
    if not len(ways.way_id):
        raise RoadError(f"there is no road for trucks in {name}; name a larger place, or {ADVICE}")
    source = f"OpenStreetMap, {name}, by Overpass"
    return build_from(ways, out, source=source, timezone=timezone, built_at=built_at, tell=tell)


def question(area: BaseGeometry, timeout_s: float) -> str:
    """Return what to ask Overpass: roads and ferries of an area, their nodes, their restrictions.

    Parameters
    ----------
    area
        Longitude and latitude, degrees.
    timeout_s
        How long it may take.
    """
    rough = shapely.simplify(shapely.buffer(area, MARGIN_DEG), MARGIN_DEG / 2)
    classes = "|".join(sorted(CLASSES))
    wanted = "".join(
        f'way["highway"~"^({classes})$"](poly:"{ring}");way["route"="ferry"](poly:"{ring}");'
        for ring in (_ring(part) for part in shapely.get_parts(rough))
    )
    return (
        f"[out:xml][timeout:{timeout_s:.0f}];({wanted})->.roads;"
        'rel(bw.roads)["type"="restriction"]->.turns;'
        "(.roads;node(w.roads);.turns;);out body;"
    )


def _ring(polygon: BaseGeometry) -> str:
    """Return the corners of a polygon's outer ring, latitude first."""
    corners = shapely.get_coordinates(shapely.get_exterior_ring(polygon)).tolist()
    return " ".join(f"{lat:.6f} {lon:.6f}" for lon, lat in corners)


def _fetch(url: str, asked: str, file: Path, timeout_s: float) -> None:
    """Write Overpass's answer into a file.

    Raises
    ------
    RoadError
        If it refuses, fails or sends something other than map data.
    """
    address = f"{url.rstrip('/')}/interpreter"
    headers = {"User-Agent": USER_AGENT}
    try:
        with httpx.stream(
            "POST", address, data={"data": asked}, timeout=SPARE * timeout_s, headers=headers
        ) as answer:
            _check_status(answer.status_code)
            with file.open("wb") as written:
                for chunk in answer.iter_bytes():
                    written.write(chunk)
    except httpx.TimeoutException as error:
        raise RoadError(
            f"the map service did not answer in time; name a smaller place, or {ADVICE}"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RoadError(
            f"the map service cannot be asked ({type(error).__name__}); {ADVICE}"
        ) from error
    _check_data(file)


def _check_status(status: int) -> None:
    if status in _BUSY:
        raise RoadError(
            f"the map service is busy (HTTP {status}); try again in some minutes, or {ADVICE}"
        )
    if status != httpx.codes.OK:
        raise RoadError(f"the map service refused (HTTP {status}); {ADVICE}")


def _check_data(file: Path) -> None:
    """Refuse an answer that is no map data, or that says at its end why it is not whole."""
    size = file.stat().st_size
    with file.open("rb") as written:
        head = written.read(_TAIL_BYTES)
        written.seek(max(0, size - _TAIL_BYTES))
        tail = written.read().decode("utf-8", "replace")
    if b"<osm" not in head:
        raise RoadError(f"the map service sent a page and no map data; try later, or {ADVICE}")
    remark = re.search(r"<remark>(.*?)</remark>", tail, re.DOTALL)
    if remark:
        why = " ".join(remark[1].split())
        raise RoadError(
            f"the map service could not finish ({why}); name a smaller place, or {ADVICE}"
        )
