"""Tell whether a rule is meant: for this trip, at this place, at this hour, or nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from schemas.model import LOCAL
from schemas.regimes.facts import Trip, Whereabouts
from schemas.regimes.model import Regime, Rule, Zone
from schemas.vocabulary import VOCABULARY

Known = bool | None
"""Yes, no, or not known."""


def meant(rule: Rule, trip: Trip) -> Known:
    """Tell whether a rule is for a trip."""
    whom = rule.whom
    return both(
        _among(trip.vehicle_class, whom.vehicle_classes),
        _among(trip.haulier_kind, whom.haulier_kinds),
        _among(trip.purpose, whom.purposes),
        _among(trip.product, whom.products),
        _among(trip.stage, whom.stages),
        _among(trip.corridor_id, whom.corridors),
        True if not whom.permits else not trip.permits.isdisjoint(whom.permits),
        _same(trip.transit, whom.transit),
        _same(None if trip.corridor_id is None else bool(trip.corridor_id), whom.on_corridor),
    )


def covers(regime: Regime, place: Whereabouts, at: datetime) -> Known:
    """Tell whether a regime is in force at a place, given that it is in force at all.

    A unit that was merged into another lies within its successor from then on: who names the
    successor may be in it, who names the old unit is in the successor.
    """
    where = regime.where
    if not where.regions and not where.districts:
        return True
    found: list[Known] = [_lies_in(place.region, region, at) for region in where.regions]
    for district in where.districts:
        if place.district is not None:
            found.append(place.district == district)
        else:
            near = _lies_in(place.region, district.partition("/")[0], at)
            found.append(False if near is False else None)
    return either(found)


def inside(regime: Regime, rule: Rule, place: Whereabouts) -> Known:
    """Tell whether a place lies in the zones of a rule."""
    if not rule.zones:
        return True
    zones = [zone for zone in regime.zones if zone.id in rule.zones]
    return either(_in_zone(zone, place) for zone in zones)


def on_time(rule: Rule, at: datetime) -> bool:
    """Tell whether a moment lies in a rule's hours."""
    return not rule.hours or any(hours.hold(at) for hours in rule.hours)


def both(*answers: Known) -> Known:
    """Tell whether all hold: one no is a no, else one that nobody knows leaves it open."""
    if False in answers:
        return False
    return None if None in answers else True


def either(answers: Iterable[Known]) -> Known:
    """Tell whether any holds: one yes is a yes, else one that nobody knows leaves it open."""
    found = list(answers)
    if True in found:
        return True
    return None if None in found else False


def _among(word: str | None, named: tuple[str, ...]) -> Known:
    if not named:
        return True
    return None if word is None else word in named


def _same(fact: Known, asked: Known) -> Known:
    if asked is None:
        return True
    return None if fact is None else fact == asked


def _lies_in(asked: str | None, region: str, at: datetime) -> Known:
    if asked is None:
        return None
    if asked == region or _heir(asked, at) == region:
        return True
    return None if _heir(region, at) == asked else False


def _heir(region: str, at: datetime) -> str | None:
    """Return the unit that a region has been merged into by then."""
    unit = VOCABULARY["region"].get(region, {})
    if "successor" not in unit:
        return None
    gone = at.astimezone(LOCAL).date() > date.fromisoformat(unit["valid_until"])
    return unit["successor"] if gone else None


def _in_zone(zone: Zone, place: Whereabouts) -> Known:
    if zone.id in place.zones:
        return True
    if zone.geometry is None or place.point is None:
        return None
    lat, lon = place.point
    return bool(_shape(zone).covers(_point(lon, lat)))


def _point(lon: float, lat: float) -> Any:
    from shapely import Point  # noqa: PLC0415 - heavy

    return Point(lon, lat)


@lru_cache(maxsize=512)
def _shape_of(kind: str, written: str) -> Any:
    import json  # noqa: PLC0415

    from shapely import prepare  # noqa: PLC0415 - heavy
    from shapely.geometry import shape  # noqa: PLC0415

    made = shape({"type": kind, "coordinates": json.loads(written)})
    prepare(made)
    return made


def _shape(zone: Zone) -> Any:
    import json  # noqa: PLC0415

    assert zone.geometry is not None
    return _shape_of(zone.geometry.type, json.dumps(zone.geometry.coordinates))
