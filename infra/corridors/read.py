"""Read flows, places and restricted zones from files; a wrong row is named with its number."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from infra.scenario.facts import Facts, parts
from routing.corridors.flows import CorridorStop, Flow, Gate
from routing.roads.closures import Closure
from routing.roads.errors import RoadError
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS
from schemas.corridor import CorridorKind
from schemas.model import parse_time

VEHICLES_PER_BAY_H = 20.0
"""Two to three minutes a vehicle with papers in order (`domain.md`)."""
FLOW_COLUMNS = ("flow_id", "source", "destinations")
PLACE_COLUMNS = ("place_id", "kind", "lat", "lon")
CHECKPOINT = "checkpoint"
"""The kind of a place that is no facility but a checkpoint."""

_KINDS: dict[str, CorridorKind | None] = {"": None, "shuttle": "shuttle", "fork": "fork"}
_Made = TypeVar("_Made")
_Row = dict[str, str]


class Places(NamedTuple):
    """The facilities that flows may name, and the checkpoints on the road."""

    facilities: tuple[CorridorStop, ...]
    checkpoints: tuple[Gate, ...]


def read_flows(path: Path) -> tuple[Flow, ...]:
    """Read flows from a table.

    Parameters
    ----------
    path
        CSV with the columns ``flow_id``, ``source``, ``destinations`` (one or two, split by
        ``;``), ``trucks_per_day`` or ``tonnes_per_day``, and, if wanted, ``vehicle_class`` and
        ``kind`` (``shuttle``, ``fork`` or empty: either).

    Raises
    ------
    ValueError
        It is no such table; the message names file and row, the header being row 1.
    """
    flows = _read(path, FLOW_COLUMNS, _flow)
    _differ(path, "flow_id", [flow.flow_id for flow in flows])
    if not flows:
        raise ValueError(f"{path} holds no flows")
    return flows


def read_places(path: Path) -> Places:
    """Read facilities and checkpoints from a table.

    Parameters
    ----------
    path
        CSV with the columns ``place_id``, ``kind``, ``lat``, ``lon`` and, for rows of the kind
        ``checkpoint``, ``bays``.

    Raises
    ------
    ValueError
        It is no such table; the message names file and row.
    """
    found = _read(path, PLACE_COLUMNS, _place)
    _differ(path, "place_id", [place.place_id for place in found])
    return Places(
        tuple(place for place in found if isinstance(place, CorridorStop)),
        tuple(place for place in found if isinstance(place, Gate)),
    )


def demo_places() -> Places:
    """Return the facilities and checkpoints of the demo."""
    facts = Facts()
    checkpoints = [{**row, "kind": CHECKPOINT} for row in facts.checkpoints]
    found = [_place(row) for row in (*facts.facilities, *checkpoints)]
    return Places(
        tuple(place for place in found if isinstance(place, CorridorStop)),
        tuple(place for place in found if isinstance(place, Gate)),
    )


def read_zones(path: Path) -> tuple[Closure, ...]:
    """Read restricted zones from GeoJSON.

    Parameters
    ----------
    path
        A ``FeatureCollection``; a feature's ``closure_id`` (or ``id``), ``valid_from`` and
        ``valid_until`` among its properties are used where they are given.

    Raises
    ------
    ValueError
        It is none; the message names the file and the feature, counted from 1.
    """
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        numbered = list(enumerate(features, 1))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is no GeoJSON FeatureCollection ({error})") from None
    zones = []
    for number, feature in numbered:
        with _told(f"{path} feature {number}"):
            zones.append(_zone(feature, number))
    _differ(path, "closure_id", [zone.closure_id for zone in zones])
    return tuple(zones)


def _flow(row: _Row) -> Flow:
    kind = row.get("kind", "")
    if kind not in _KINDS:
        raise ValueError(f"kind: expected shuttle, fork or nothing, got {kind!r}")
    return Flow(
        flow_id=_filled(row, "flow_id"),
        source=_filled(row, "source"),
        destinations=tuple(part.strip() for part in parts(row["destinations"])),
        trucks_per_day=_number(row, "trucks_per_day"),
        tonnes_per_day=_number(row, "tonnes_per_day"),
        vehicle_class=row.get("vehicle_class") or DEFAULT_VEHICLE_CLASS,
        kind=_KINDS[kind],
    )


def _place(row: _Row) -> CorridorStop | Gate:
    place_id = _filled(row, "place_id")
    lat, lon = _degrees(row, "lat", 90), _degrees(row, "lon", 180)
    if row["kind"] != CHECKPOINT:
        return CorridorStop(place_id=place_id, lat=lat, lon=lon)
    bays = _number(row, "bays")
    per_h = VEHICLES_PER_BAY_H * (1.0 if bays is None else bays)
    return Gate(place_id=place_id, lat=lat, lon=lon, vehicles_per_h=per_h)


def _zone(feature: Any, number: int) -> Closure:
    known = feature.get("properties") or {}
    begins, ends = known.get("valid_from"), known.get("valid_until")
    return Closure.from_geojson(
        str(known.get("closure_id") or known.get("id") or f"zone-{number}"),
        feature["geometry"],
        kind="zone",
        valid_from=None if begins is None else parse_time(begins),
        valid_until=None if ends is None else parse_time(ends),
    )


def _read(path: Path, columns: tuple[str, ...], made: Callable[[_Row], _Made]) -> tuple[_Made, ...]:
    found = []
    for number, row in _rows(path, columns):
        with _told(f"{path} row {number}"):
            found.append(made(row))
    return tuple(found)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, _Row]]:
    """Yield a table's rows with their lines, cells without spaces around them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restval="")
            header = [name.strip() for name in reader.fieldnames or ()]
            if missing := [name for name in columns if name not in header]:
                raise ValueError(f"{path}: the first row names no column {', '.join(missing)}")
            reader.fieldnames = header
            for row in reader:
                if None in row:
                    raise ValueError(f"{path} row {reader.line_num}: more cells than columns")
                yield reader.line_num, {name: cell.strip() for name, cell in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is no CSV file in UTF-8 ({error})") from None


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Say where a value stands that is wrong."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{where}: {type(error).__name__} {error}") from None
    except (ValueError, RoadError) as error:
        raise ValueError(f"{where}: {error}") from None


def _filled(row: _Row, name: str) -> str:
    if not row[name]:
        raise ValueError(f"{name} is empty")
    return row[name]


def _number(row: _Row, name: str) -> float | None:
    text = row.get(name, "")
    try:
        return float(text) if text else None
    except ValueError:
        raise ValueError(f"{name} {text!r} is no number") from None


def _degrees(row: _Row, name: str, most: float) -> float:
    value = _number(row, name)
    if value is None or not -most <= value <= most:
        raise ValueError(f"{name} {row[name]!r} is no number of degrees from {-most:g} to {most:g}")
    return value


def _differ(path: Path, name: str, ids: list[str]) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"{path}: {name} {twice[0]!r} stands twice")
