"""Say what one fix is, whatever form it came in, and which ones are none."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ValidationError

from api.problems import Flaw, Problem, flaws_of, pointer_to
from schemas.device import DeviceId
from schemas.model import Fact, Flag, Identifier, Latitude, Longitude, Moment

_ISLAND_DEG = 0.01
_LAT, _LON = (8.0, 24.0), (102.0, 118.0)
"""Viet Nam with its sea, from south to north and from west to east."""


class Fix(Fact):
    """Where a truck was, as a gateway or tracker says it."""

    truck_id: Identifier | None = None
    device_id: DeviceId | None = None
    """Instead of `truck_id`: a tracker that is registered at `/v1/trackers`."""
    lat: Latitude
    lon: Longitude
    time: Moment | None = None
    """By the tracker's clock; left out, now."""
    speed_kph: Annotated[float, Field(ge=0, le=200, strict=True)] | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, strict=True)] | None = None
    valid: Flag = True
    """False where the tracker itself does not trust the fix."""

    @property
    def nonsense(self) -> str | None:
        """Say why the fix is none, in a word; None for a real one."""
        if not self.valid:
            return "not_valid"
        is_island = abs(self.lat) < _ISLAND_DEG and abs(self.lon) < _ISLAND_DEG
        return "null_island" if is_island else None


def read_fix(found: Any, *base: str | int) -> Fix:
    """Check one fix.

    Parameters
    ----------
    found
        What should be an object with the fields of a `Fix`.
    *base
        Where it stands in the body.

    Raises
    ------
    Problem
        `invalid` with every flaw by its pointer, or `swapped`.
    """
    if not isinstance(found, dict):
        flaw = Flaw(pointer=pointer_to(*base), message="not an object", code="object_type")
        raise Problem("invalid", "a position must be a JSON object", errors=[flaw])
    _refuse_swapped(found.get("lat"), found.get("lon"), base)
    try:
        return Fix.model_validate(found)
    except ValidationError as error:
        flaws = flaws_of(error, *base)
        detail = f"{flaws[0].pointer}: {flaws[0].message}"
        raise Problem("invalid", detail, errors=flaws) from None


def _refuse_swapped(lat: Any, lon: Any, base: tuple[str | int, ...]) -> None:
    if not (isinstance(lat, int | float) and isinstance(lon, int | float)):
        return
    if _LON[0] <= lat <= _LON[1] and _LAT[0] <= lon <= _LAT[1]:
        message = "lat and lon have changed places: in Viet Nam lat is 8 to 24, lon 102 to 118"
        flaw = Flaw(pointer=pointer_to(*base, "lat"), message=message, code="swapped")
        raise Problem("swapped", message, errors=[flaw])
