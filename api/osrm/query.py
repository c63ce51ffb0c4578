"""Read the options of an OSRM query, and refuse those that are not served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError

from api.osrm.coordinates import Coordinate, read_coordinates, read_profile
from api.osrm.refusal import Refused

Options = TypeVar("Options", bound="General")

_RANGE_ERRORS = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})
_FLAGS = {"true": True, "false": False}
_EVERY_ANNOTATION = frozenset({"duration", "distance", "nodes", "speed", "weight", "datasources"})


class Bearing(NamedTuple):
    """A direction in degrees clockwise from north, and how far from it a road may lie."""

    degrees: Annotated[int, Field(ge=0, le=360)]
    tolerance: Annotated[int, Field(ge=0, le=180)]


def _flag(text: object) -> object:
    return _FLAGS.get(str(text), text)


def _parts(text: str) -> list[str | None]:
    return [part or None for part in text.split(";")]


def _bearings(text: str) -> list[list[str] | None]:
    return [part.split(",") if part else None for part in text.split(";")]


def _radii(text: str) -> list[str | None]:
    return [None if part == "unlimited" else part for part in _parts(text)]


def _indices(text: str) -> list[str]:
    return [] if text == "all" else text.split(";")


def _alternatives(text: str) -> object:
    return int(_FLAGS[text]) if text in _FLAGS else text


def _annotations(text: str) -> frozenset[str]:
    if text in _FLAGS:
        return _EVERY_ANNOTATION if _FLAGS[text] else frozenset()
    return frozenset(text.split(","))


Flag = Annotated[bool, Strict(), BeforeValidator(_flag)]
Index = Annotated[int, Field(ge=0)]
Indices = Annotated[tuple[Index, ...], BeforeValidator(_indices)]
Hint = Annotated[str, Field(pattern=r"^[A-Za-z0-9_=+/-]*$", max_length=400)]
Radius = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Approach = Literal["unrestricted", "curb", "opposite"]
Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]
RouteNote = Literal["duration", "distance", "nodes", "speed", "weight", "datasources"]


class General(BaseModel):
    """Options that every service takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bearings: Annotated[tuple[Bearing | None, ...], BeforeValidator(_bearings)] = Field(
        (), description="`degrees,tolerance;…`: take only roads that lead in such a direction."
    )
    radiuses: Annotated[tuple[Radius | None, ...], BeforeValidator(_radii)] = Field(
        (), description="`metres;…`: take only roads as near as this."
    )
    hints: Annotated[tuple[Hint | None, ...], BeforeValidator(_parts)] = Field(
        (), description="`hint;…`: take the roads of an earlier answer."
    )
    approaches: Annotated[tuple[Approach | None, ...], BeforeValidator(_parts)] = Field(
        (), description="`unrestricted;…`; nothing else is served."
    )
    generate_hints: Flag = Field(default=True, description="Whether waypoints have a hint.")
    skip_waypoints: Flag = Field(default=False, description="Leave the waypoints out.")
    exclude: str = Field("", description="Must be empty: no class of road can be left out.")
    snapping: Literal["default", "any"] = Field("default", description="Only `default` is served.")

    def check(self, coordinates: int) -> None:
        """Refuse what does not fit the coordinates or is not served.

        Parameters
        ----------
        coordinates
            How many there are.

        Raises
        ------
        Refused
            `InvalidOptions`, `InvalidValue` or `NotImplemented`.
        """
        for name in ("hints", "bearings", "radiuses", "approaches"):
            count = len(getattr(self, name))
            if count not in {0, coordinates}:
                raise Refused(
                    "InvalidOptions",
                    f"Number of elements in {name} size {count} does not match "
                    f"coordinate size {coordinates}",
                )
        if self.exclude:
            raise Refused("InvalidValue", "Exclude flag combination is not supported.")
        if set(self.approaches) & {"curb", "opposite"}:
            raise Refused("NotImplemented", "Of approaches only unrestricted is served.")
        if self.snapping != "default":
            raise Refused("NotImplemented", "Of snapping only default is served.")


class RouteOptions(General):
    """Options of the service `route`."""

    alternatives: Annotated[int, Field(ge=0), BeforeValidator(_alternatives)] = Field(
        0, description="`true`, `false`, or how many other routes to look for."
    )
    steps: Flag = Field(default=False, description="Tell each leg turn by turn.")
    annotations: Annotated[frozenset[RouteNote], BeforeValidator(_annotations)] = Field(
        frozenset(), description="`true`, `false`, or some of `duration,distance,nodes,speed,…`."
    )
    geometries: Literal["polyline", "polyline6", "geojson"] = Field(
        "polyline", description="How lines are written."
    )
    overview: Literal["simplified", "full", "false"] = Field(
        "simplified", description="Whether and how the whole line is drawn."
    )
    continue_straight: Literal["default", "true", "false"] = Field(
        "default", description="`true` is not served where there are points on the way."
    )
    waypoints: Indices = Field((), description="`index;…`: the others are points on the way only.")

    def check(self, coordinates: int) -> None:
        """Refuse what does not fit the coordinates or is not served, as `General.check` does."""
        super().check(coordinates)
        _at_least_two(coordinates)
        if self.continue_straight == "true" and coordinates > 2:
            raise Refused("NotImplemented", "continue_straight=true is not served between points.")
        rising = sorted(set(self.waypoints))
        if self.waypoints and (
            rising != list(self.waypoints) or (rising[0], rising[-1]) != (0, coordinates - 1)
        ):
            raise Refused(
                "InvalidOptions",
                "waypoints must rise from 0, the first coordinate, to the last one's index",
            )


class TableOptions(General):
    """Options of the service `table`."""

    sources: Indices = Field((), description="`index;…` or `all`: the rows.")
    destinations: Indices = Field((), description="`index;…` or `all`: the columns.")
    annotations: Annotated[
        frozenset[Literal["duration", "distance"]],
        BeforeValidator(lambda text: frozenset(text.split(","))),
    ] = Field(frozenset({"duration"}), description="`duration`, `distance` or both.")
    fallback_speed: Factor | None = Field(
        None, description="Metres per second as the crow flies where there is no way."
    )
    fallback_coordinate: Literal["input", "snapped"] = Field(
        "input", description="Between which points the crow flies."
    )
    scale_factor: Factor = Field(1.0, description="What durations are multiplied by.")

    def check(self, coordinates: int) -> None:
        """Refuse what does not fit the coordinates or is not served, as `General.check` does."""
        super().check(coordinates)
        _at_least_two(coordinates)
        for name in ("sources", "destinations"):
            if any(index >= coordinates for index in getattr(self, name)):
                raise Refused("InvalidOptions", f"An index of {name} names no coordinate.")


class NearestOptions(General):
    """Options of the service `nearest`."""

    number: int = Field(1, ge=1, description="How many roads to tell.")

    def check(self, coordinates: int) -> None:
        """Refuse what does not fit the coordinates or is not served, as `General.check` does."""
        super().check(coordinates)
        if coordinates != 1:
            raise Refused("InvalidOptions", "Only one input coordinate is supported")


@dataclass(frozen=True, slots=True)
class Asked(Generic[Options]):
    """A question: whose ways, among which points, with which options."""

    vehicle_class: str
    coordinates: tuple[Coordinate, ...]
    options: Options


def read(
    kind: type[Options], profile: str, coordinates: str, given: Sequence[tuple[str, str]]
) -> Asked[Options]:
    """Read a whole question.

    Parameters
    ----------
    kind
        The options of the service that is asked.
    profile, coordinates
        These parts of the address.
    given
        Names and values of the query string, in their order.

    Raises
    ------
    Refused
        Whatever is wrong first.
    """
    points = read_coordinates(coordinates)
    options = _options(kind, given)
    options.check(len(points))
    return Asked(read_profile(profile), points, options)


def _options(kind: type[Options], given: Sequence[tuple[str, str]]) -> Options:
    values = dict(given)
    if len(values) != len(given):
        raise Refused("InvalidQuery", "An option is given twice.")
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> Refused:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    option, *rest = first["loc"]
    where = f"{str(option)[:60]!r}" + "".join(f" {part}" for part in rest)
    if first["type"] == "extra_forbidden":
        return Refused("InvalidQuery", f"Option {where} is not one of this service.")
    code = "InvalidOptions" if first["type"] in _RANGE_ERRORS else "InvalidQuery"
    return Refused(code, f"Option {where}: {first['msg']}.")


def _at_least_two(coordinates: int) -> None:
    if coordinates < 2:
        raise Refused("InvalidOptions", "Number of coordinates needs to be at least two.")
