"""Read the forms that trackers speak: OsmAnd's parameters, and the JSON of Traccar.

What a form says of a fix is turned into the fields of a `Fix`; what it says besides (battery, cell
towers, the driver) is passed over. Units are theirs: OsmAnd and the Traccar server say knots, the
Traccar Client metres a second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from api.problems import Flaw, Problem
from schemas.model import format_time

_KNOT_KPH, _METRE_A_SECOND_KPH = 1.852, 3.6
_MOST_KPH, _MOST_M = 200.0, 100_000.0
_MILLISECONDS_FROM = 2**31
"""A whole number from here on counts milliseconds, below it seconds; so does Traccar's server."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What one request of a tracker says.

    Attributes
    ----------
    device
        What the tracker calls itself; None where it does not say.
    fields
        Those of each `Fix`; None for a request that tells no place.
    """

    device: str | None
    fields: list[Fields | None]


def read_parameters(found: Mapping[str, str]) -> Told:
    """Read OsmAnd's parameters, from a query or a form.

    Parameters
    ----------
    found
        The parameters by name; the last of a name counts.

    Raises
    ------
    Problem
        `invalid`: a number or time is none.
    """
    place = found.get("location", "").split(",")
    lat, lon = (place[0], place[1]) if len(place) > 1 else (found.get("lat"), found.get("lon"))
    device = found.get("id") or found.get("deviceid")
    if not lat or not lon:
        return Told(device, [None])
    fields = _fields(
        lat=_number("lat", lat),
        lon=_number("lon", lon),
        time=_time("timestamp", found.get("timestamp")),
        speed=_number("speed", found.get("speed")),
        in_kph=_KNOT_KPH,
        accuracy=_number("accuracy", found.get("accuracy")),
    )
    fields["valid"] = found.get("valid", "true").lower() in {"true", "1", ""}
    return Told(device, [fields])


def read_client(found: Any) -> Told:
    """Read what Traccar Client sends from version 9 on: `{location, device_id}`.

    Parameters
    ----------
    found
        The body; `location` may also be a list of them.

    Raises
    ------
    Problem
        `invalid`: the body has another shape, or a number or time is none.
    """
    body = _object("", found)
    told = body.get("location")
    places = told if isinstance(told, list) else [told]
    return Told(_name(body.get("device_id")), [_of_client(place) for place in places])


def read_forwarded(found: Any) -> Told:
    """Read what a Traccar server forwards as JSON: `{position, device}`.

    Parameters
    ----------
    found
        The body.

    Raises
    ------
    Problem
        `invalid`: the body has another shape, or a number or time is none.
    """
    body = _object("", found)
    position = _object("position", body.get("position"))
    device = _object("device", body.get("device") or {})
    fields = _fields(
        lat=_number("position/latitude", position.get("latitude")),
        lon=_number("position/longitude", position.get("longitude")),
        time=_time("position/fixTime", position.get("fixTime") or position.get("deviceTime")),
        speed=_number("position/speed", position.get("speed")),
        in_kph=_KNOT_KPH,
        accuracy=_number("position/accuracy", position.get("accuracy")) or None,  # 0: not known
    )
    # an outdated position is the last one over again, with a message that told no place
    fields["valid"] = position.get("valid") is not False and position.get("outdated") is not True
    return Told(_name(device.get("uniqueId")), [fields])


def _of_client(place: Any) -> Fields | None:
    if place is None:
        return None
    location = _object("location", place)
    coords = _object("location/coords", location.get("coords") or {})
    if coords.get("latitude") is None or coords.get("longitude") is None:
        return None
    return _fields(
        lat=_number("location/coords/latitude", coords.get("latitude")),
        lon=_number("location/coords/longitude", coords.get("longitude")),
        time=_time("location/timestamp", location.get("timestamp")),
        speed=_number("location/coords/speed", coords.get("speed")),
        in_kph=_METRE_A_SECOND_KPH,
        accuracy=_number("location/coords/accuracy", coords.get("accuracy")),
    )


def _fields(
    *,
    lat: float | None,
    lon: float | None,
    time: str | None,
    speed: float | None,
    in_kph: float,
    accuracy: float | None,
) -> Fields:
    """Name the fields of a fix; a speed or accuracy that cannot be is not known."""
    kph = round(speed * in_kph, 2) if speed is not None else None
    return {
        "lat": lat,
        "lon": lon,
        "time": time,
        "speed_kph": kph if kph is not None and 0 <= kph <= _MOST_KPH else None,
        "accuracy_m": accuracy if accuracy is not None and 0 <= accuracy <= _MOST_M else None,
    }


def _object(where: str, found: Any) -> Mapping[str, Any]:
    if isinstance(found, dict):
        return found
    raise _bad(where, "must be a JSON object")


def _name(found: Any) -> str | None:
    return str(found) if isinstance(found, str | int) and found != "" else None


def _number(where: str, found: Any) -> float | None:
    if found is None or found == "":
        return None
    if isinstance(found, str | int | float) and not isinstance(found, bool):
        try:
            number = float(found)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise _bad(where, "must be a number")


def _time(where: str, found: Any) -> str | None:
    """Read seconds or milliseconds since 1970, or a date with a time, in UTC without an offset."""
    if found is None or found == "":
        return None
    try:
        return format_time(_moment(found))
    except (ValueError, OverflowError, TypeError):
        raise _bad(where, "must be seconds or milliseconds since 1970, or an ISO time") from None


def _moment(found: Any) -> datetime:
    try:
        number = float(found)
    except ValueError:
        moment = datetime.fromisoformat(found)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    in_s = number if number < _MILLISECONDS_FROM else number / 1000
    return _EPOCH + timedelta(milliseconds=round(in_s * 1000))


def _bad(where: str, message: str) -> Problem:
    flaw = Flaw(pointer=f"#/{where}" if where else "#", message=message, code="invalid")
    return Problem("invalid", f"{where or 'the body'} {message}", errors=[flaw])
