"""Read the coordinates and the profile of an OSRM address."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import polyline

from api.osrm.refusal import Refused
from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, VEHICLES

TRUCKS = frozenset({"driving", "car", "truck"})
"""Profiles that stand for the default class of vehicle, as stock clients name them."""

_FORMAT = re.compile(r"(?P<text>.*?)(?:\.(?P<format>json|flatbuffers))?", re.DOTALL)
_ENCODED = re.compile(r"polyline(?P<precision>[56]?)\((?P<text>.*)\)", re.DOTALL)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PAIR = re.compile(rf"({_NUMBER}),({_NUMBER})", re.ASCII)


class Coordinate(NamedTuple):
    """A point as OSRM's clients give it: longitude first, degrees."""

    lon: float
    lat: float


def read_profile(profile: str) -> str:
    """Return the class of vehicle that a profile stands for.

    Raises
    ------
    Refused
        `InvalidValue`: it is none; the message names those there are.
    """
    if profile in TRUCKS:
        return DEFAULT_VEHICLE_CLASS
    if profile in VEHICLES:
        return profile
    known = ", ".join([*sorted(TRUCKS), *VEHICLES])
    raise Refused("InvalidValue", f"Profile {profile[:60]!r} is not served; choose one of {known}.")


def read_coordinates(text: str) -> tuple[Coordinate, ...]:
    """Return the coordinates of an address.

    Parameters
    ----------
    text
        `lon,lat;lon,lat…`, `polyline(…)` or `polyline6(…)`, perhaps with `.json` behind.

    Raises
    ------
    Refused
        `InvalidQuery` for what is malformed, `InvalidValue` for what is no place on earth,
        `NotImplemented` for another format.
    """
    parts = _FORMAT.fullmatch(text)
    assert parts is not None
    if parts["format"] == "flatbuffers":
        raise Refused("NotImplemented", "Only the format json is served.")
    encoded = _ENCODED.fullmatch(parts["text"])
    if encoded:
        found = _decoded(encoded["text"], int(encoded["precision"] or 5))
    else:
        found = tuple(_pair(each, at) for at, each in enumerate(parts["text"].split(";")))
    for at, point in enumerate(found):
        if not (abs(point.lon) <= 180 and abs(point.lat) <= 90):
            raise invalid(point, at)
    return found


def invalid(point: Coordinate, at: int) -> Refused:
    """Say that a coordinate is no place on earth, or not in this network's part of it."""
    return Refused(
        "InvalidValue",
        f"Invalid coordinate value. Coordinate {at} is {point.lon},{point.lat}; "
        "longitude comes first, then latitude, in degrees.",
    )


def _pair(text: str, at: int) -> Coordinate:
    numbers = _PAIR.fullmatch(text)
    if numbers is None:
        raise Refused(
            "InvalidQuery", f"Coordinate {at} is no {{longitude}},{{latitude}}: {text[:60]!r}."
        )
    return Coordinate(*(float(number) for number in numbers.groups()))


def _decoded(text: str, precision: int) -> tuple[Coordinate, ...]:
    try:
        found = polyline.decode(text, precision, geojson=True)
    except (IndexError, ValueError, OverflowError):
        found = []
    if not found or not all(map(math.isfinite, (number for pair in found for number in pair))):
        raise Refused("InvalidQuery", f"The polyline cannot be decoded: {text[:60]!r}.")
    return tuple(Coordinate(lon, lat) for lon, lat in found)
