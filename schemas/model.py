"""Give every fact of the catalogue one frozen base and the field types they share."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""The time that people read and mean; it has had no other offset since 1975."""
FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Times outside are refused, so that adding hours to a time can never leave the calendar."""


@lru_cache(maxsize=1 << 13)
def parse_time(text: str) -> datetime:
    """Read one RFC 3339 time with an offset and return it in UTC.

    Parameters
    ----------
    text
        Such as ``2021-08-24T05:00:00+07:00``.

    Returns
    -------
    datetime
        Timezone-aware, in UTC.

    Raises
    ------
    ValueError
        The text is no RFC 3339 time, carries no offset, or names a year nobody plans in.
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"expected an RFC 3339 time with an offset, got {text[:40]!r}")
    moment = datetime.fromisoformat(text)
    if not _is_planned_in(moment):
        raise ValueError(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}, got {text[:40]!r}")
    if moment.tzinfo is UTC:
        return moment
    # in UTC, too: what is read here is written in UTC, and has to be read again
    in_utc = moment.astimezone(UTC)
    if not _is_planned_in(in_utc):
        raise ValueError(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}, got {text[:40]!r}")
    return in_utc


def _is_planned_in(moment: datetime) -> bool:
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def format_time(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, to the millisecond where it has any."""
    spec = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec=spec)[:-6] + "Z"


def _to_utc(value: Any) -> Any:
    if isinstance(value, str):
        return parse_time(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value
    raise ValueError("expected an RFC 3339 time with an offset, as text")


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_to_utc, json_schema_input_type=str),
    PlainSerializer(format_time, return_type=str, when_used="json"),
    Field(
        examples=["2021-08-24T05:00:00+07:00"],
        json_schema_extra={"format": "date-time"},
    ),
]
"""A moment: RFC 3339 with an offset outside, UTC inside."""

Identifier = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@|#/+-]*$")
]
"""An id that is safe in keys, paths and logs."""

Region = Annotated[
    str, Field(max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", examples=["kien-giang"])
]
"""A dispatch region: the slug of the unit's name at the time."""

DerivedName = Annotated[
    str, Field(min_length=1, max_length=320, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@|#/+-]*$")
]
"""A name made of identifiers (a slot's, an alert's): long enough for two of the longest."""


def _no_guess(value: Any) -> Any:
    if isinstance(value, bool | str | bytes):
        raise ValueError("expected a number, not text or a truth value")  # noqa: TRY004 - pydantic
    return value


Numeric = BeforeValidator(_no_guess)
"""Refuses what pydantic would turn into a whole number: ``"500"``, ``true``. ``500.0`` is one, but
not to pydantic's own strictness; where fractions are allowed, ``strict=True`` says it all."""


def _written(value: Any) -> Any:
    if isinstance(value, int | float):
        raise ValueError("expected a date, as text")  # noqa: TRY004 - pydantic
    return value


Day = Annotated[
    date,
    BeforeValidator(_written, json_schema_input_type=str),
    Field(json_schema_extra={"format": "date"}),
]
"""A day of the calendar, `2021-08-24`: pydantic would take a number for seconds since 1970."""

Flag = Annotated[bool, Field(strict=True)]
Latitude = Annotated[float, Field(ge=-90, le=90, strict=True)]
Longitude = Annotated[float, Field(ge=-180, le=180, strict=True)]
Kilograms = Annotated[int, Field(gt=0, le=1_000_000), Numeric]
ShortText = Annotated[str, Field(max_length=500)]


class Fact(BaseModel):
    """A frozen value whose rules are checked where it is made; unknown fields are ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,  # an error may end in a log, and what was said may name people
    )


class EventRef(Fact):
    """Another event, named by its source and id."""

    source: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^\S+$")]
    id: Annotated[str, Field(min_length=1, max_length=512)]

    @property
    def identity(self) -> str:
        """What the event is known by, as in `schemas.envelope.Event.identity`."""
        return f"{self.source} {self.id}"


class Place(Fact):
    """A point on the earth (WGS 84 degrees) that may have a name."""

    lat: Latitude
    lon: Longitude
    name: ShortText | None = None


class Geometry(Fact):
    """A GeoJSON geometry (RFC 7946) in longitude, latitude order."""

    type: Annotated[
        str,
        Field(pattern="^(Point|MultiPoint|LineString|MultiLineString|Polygon|MultiPolygon)$"),
    ]
    coordinates: Annotated[list[Any], Field(min_length=1)]

    def model_post_init(self, _context: Any, /) -> None:
        """Refuse coordinates that are no numbers, out of range or of the wrong depth.

        Raises
        ------
        ValueError
            Names the first bad coordinate.
        """
        depth = {
            "Point": 0,
            "MultiPoint": 1,
            "LineString": 1,
            "MultiLineString": 2,
            "Polygon": 2,
            "MultiPolygon": 3,
        }[self.type]
        _check_coordinates(self.coordinates, depth, self.type)


_LEAST_POSITIONS = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}
_FLAT_DEG2 = 1e-12
"""Rings thinner than this have no inside (about a hundredth of a square metre)."""


def _check_coordinates(node: Any, depth: int, kind: str) -> int:
    """Refuse what is no shape; return how many numbers its positions have."""
    if not isinstance(node, list | tuple) or not node:
        raise ValueError(f"{kind} coordinates are nested wrongly")
    if depth == 0:
        _check_position(node, kind)
        return len(node)
    if depth == 1 and len(node) < _LEAST_POSITIONS.get(kind, 1):
        raise ValueError(f"a {kind} needs at least {_LEAST_POSITIONS[kind]} positions a part")
    lengths = {_check_coordinates(part, depth - 1, kind) for part in node}
    if len(lengths) > 1:
        raise ValueError(f"either all positions of a {kind} have a height or none has")
    if depth == 1 and kind.endswith("Polygon"):
        _check_ring(node)
    return lengths.pop()


def _check_position(node: Any, kind: str) -> None:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in node)
    if len(node) not in (2, 3) or not numbers:
        raise ValueError(f"a {kind} position must be [longitude, latitude], in numbers")
    if not (-180 <= node[0] <= 180 and -90 <= node[1] <= 90 and _are_heights(node[2:])):
        raise ValueError(
            f"position {str(node[:3])[:60]} is outside the world: order is longitude, latitude"
        )


def _are_heights(numbers: Any) -> bool:
    return all(-100_000 <= metres <= 100_000 for metres in numbers)


def _check_ring(ring: Any) -> None:
    if list(ring[0]) != list(ring[-1]):
        raise ValueError("a polygon ring must end where it starts")
    sides = [(node[0] - ring[0][0], node[1] - ring[0][1]) for node in ring]
    far_x, far_y = max(sides, key=lambda side: side[0] ** 2 + side[1] ** 2)
    if max(abs(x * far_y - y * far_x) for x, y in sides) < _FLAT_DEG2:
        raise ValueError("a polygon ring must enclose an area: its positions lie on one line")
