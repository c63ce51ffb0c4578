"""Draw one corridor and trucks on it, for tests."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from routing.corridors import (
    CorridorPlace,
    CorridorRules,
    Course,
    Fix,
    OnCorridor,
    Said,
    Scan,
    Seen,
    begun,
    passed,
    see,
    took,
)
from routing.roads.sphere import METRES_PER_DEGREE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LAT, LON = 10.0, 105.0
EAST = METRES_PER_DEGREE * math.cos(math.radians(LAT))
T0 = 1_629_770_400.0
"""2021-08-24 09:00 in Vietnam."""
PLACES = (
    CorridorPlace("F1", "facility", LAT, LON),
    CorridorPlace("C1", "checkpoint", LAT, LON + 6_000 / EAST),
    CorridorPlace("C2", "checkpoint", LAT, LON + 12_000 / EAST),
    CorridorPlace("S1", "allowed_stop", LAT, LON + 16_000 / EAST),
    CorridorPlace("F2", "facility", LAT, LON + 24_000 / EAST),
)


def corridor(**fields: Any) -> CorridorRules:
    """Return a corridor of 24 km to the east, 200 m wide, with two checkpoints and a stop."""
    line = [[LON, LAT], [LON + 24_000 / EAST, LAT]]
    course = Course({"type": "LineString", "coordinates": line}, 200.0, PLACES)
    return CorridorRules("K", course, **fields)


def fix(at_s: float, along_m: float, aside_m: float = 0.0) -> Fix:
    """Return a position by metres along the corridor and aside of it."""
    return Fix(T0 + at_s, LAT + aside_m / METRES_PER_DEGREE, LON + along_m / EAST)


def drive(
    aside: Sequence[tuple[float, float]] = (),
    *,
    until_s: float = 2_000,
    speed_mps: float = 10.0,
    halt: tuple[float, float] = (0, 0),
    noise: random.Random | None = None,
) -> list[Fix]:
    """Return a truck's positions every 30 s: metres aside from each of some times on; one halt."""
    found = []
    for at_s in range(0, int(until_s), 30):
        stood_s = min(max(0.0, at_s - halt[0]), halt[1])
        off_m = next((m for since_s, m in reversed(aside) if at_s >= since_s), 0.0)
        along_m = speed_mps * (at_s - stood_s)
        if noise is not None:
            off_m, along_m = noise.gauss(off_m, 25), noise.gauss(along_m, 25)
        found.append(fix(at_s, along_m, off_m))
    return found


def cleared(at_s: float, checkpoint_id: str) -> Scan:
    """Return a clearance."""
    return Scan(T0 + at_s, checkpoint_id, "cleared")


def watch(
    rules: CorridorRules,
    items: Iterable[Fix | Scan],
    *,
    truck_id: str = "T",
    joined: bool = True,
    end_s: float = 20_000,
    as_given: bool = False,
) -> tuple[OnCorridor, list[Said]]:
    """Watch a truck by what comes, in the order of time or as given, then let time go by."""
    items = items if as_given else sorted(items, key=lambda item: item.at_s)
    state = begun(joined=joined)
    said: list[Said] = []
    for item in items:
        known: Seen | Scan = item if isinstance(item, Scan) else next(see(rules.course, [item]))
        state, more = took(rules, truck_id, state, known)
        said += more
    state, more = passed(rules, truck_id, state, T0 + end_s)
    return state, [*said, *more]
