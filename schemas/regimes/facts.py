"""State what is known of a trip and of a place when regimes are asked about them."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from schemas.regimes.words import one_of

_DISTRICT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A vehicle and what it does; None: not known, which counts against it.

    Attributes
    ----------
    vehicle_class, haulier_kind
        What vehicle it is, and whose.
    purpose, product
        What it is for, and what it carries.
    stage
        Where in the trip it is asked: on the way, loading, unloading.
    transit
        Whether it passes without loading or unloading there.
    corridor_id
        The corridor that it uses; an empty text: none.
    has_pass, permits, papers
        What it can show: a pass that holds, its permit classes, and codes of papers. No content
        of a paper stands here, and no health data.
    people
        How many are aboard.
    """

    vehicle_class: str | None = None
    haulier_kind: str | None = None
    purpose: str | None = None
    product: str | None = None
    stage: str | None = None
    transit: bool | None = None
    corridor_id: str | None = None
    has_pass: bool = False
    permits: frozenset[str] = frozenset()
    papers: frozenset[str] = frozenset()
    people: int | None = None

    def __post_init__(self) -> None:
        for name in ("vehicle_class", "haulier_kind", "purpose", "product", "stage"):
            if (word := getattr(self, name)) is not None:
                _check(name, word)
        for paper in self.papers:
            _check("paper", paper)
        if self.permits and not self.has_pass:
            raise ValueError("Expected has_pass with permits: permit classes stand in a pass.")
        if self.people is not None and self.people < 0:
            raise ValueError("Expected people to be at least 0.")

    def to_doc(self) -> dict[str, Any]:
        """Give the facts as JSON holds them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where one asks; None: not known.

    Attributes
    ----------
    region, district
        The units as they were called then: ``kien-giang``, ``kien-giang/rach-gia``.
    point
        Latitude and longitude in degrees: says which zones with a geometry it lies in.
    zones
        Ids of zones that it is known to lie in.
    """

    region: str | None = None
    district: str | None = None
    point: tuple[float, float] | None = None
    zones: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.district is not None:
            if not _DISTRICT.fullmatch(self.district):
                raise ValueError(f"Expected region/district, got {self.district[:60]!r}.")
            home = self.district.partition("/")[0]
            if self.region not in (None, home):
                raise ValueError(f"Expected a district of {self.region}, got {self.district}.")
            object.__setattr__(self, "region", home)
        if self.region is not None:
            _check("region", self.region)
        if self.point is not None:
            lat, lon = self.point
            if not (-90 <= lat <= 90 and -180 <= lon <= 180):
                raise ValueError("Expected point as latitude, longitude in degrees.")


def _check(name: str, word: str) -> None:
    try:
        one_of(name, word)
    except ValueError as error:
        raise ValueError(f"{name}: {error}.") from None
