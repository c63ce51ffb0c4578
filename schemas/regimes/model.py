"""State what a dated regime is: when and where it is in force, and its rules with sources."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from schemas.model import (
    FIRST_YEAR,
    LAST_YEAR,
    LOCAL,
    Geometry,
    Region,
    format_time,
    parse_time,
)
from schemas.regimes.words import one_of

Effect = Literal[
    "pass",
    "permit",
    "paper",
    "close",
    "duty",
    "limit",
    "mobilise",
    "suspend_passes",
    "exempt",
    "extend_passes",
    "any_corridor",
    "no_local_extras",
]
"""What a rule does."""

BURDENS = ("pass", "permit", "paper", "close", "duty", "limit", "mobilise", "suspend_passes")
"""Effects that ask for something or forbid something: they add up."""
RELIEFS = ("exempt", "extend_passes", "any_corridor")
"""Effects that ask for less; only they can make a trip allowed that was not."""

Burden = Literal["pass", "permit", "paper", "close", "duty", "limit", "mobilise", "suspend_passes"]
Level = Literal["district", "province", "centre"]
LEVELS: dict[Level, int] = {"district": 1, "province": 2, "centre": 3}
"""The authority behind a regime, and its rank."""

_OWN_FIELDS: dict[str, tuple[str, ...]] = {
    "permit": ("permit",),
    "paper": ("paper",),
    "duty": ("duty",),
    "limit": ("limit", "value"),
    "exempt": ("effects",),
    "extend_passes": ("to",),
}
_ALSO: dict[str, tuple[str, ...]] = {
    "close": ("unless_permits",),
    "exempt": ("of",),
    "no_local_extras": ("asked",),
}
_SPECIAL = (
    "permit",
    "paper",
    "duty",
    "limit",
    "value",
    "effects",
    "to",
    "unless_permits",
    "of",
    "asked",
)


def _moment(value: Any) -> Any:
    """Read a day of Vietnam as its first moment, and a time only with an offset."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else parse_time(value)
        except ValueError as error:
            raise ValueError(f"expected a day such as 2021-09-08, or a time: {error}") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs an offset, such as +07:00; a day needs none")
    elif isinstance(value, date):
        value = datetime(value.year, value.month, value.day, tzinfo=LOCAL)
    else:
        raise ValueError("expected a day such as 2021-09-08, or a time with an offset")  # noqa: TRY004
    if not FIRST_YEAR < value.year < LAST_YEAR:
        raise ValueError(f"expected a year between {FIRST_YEAR} and {LAST_YEAR}")
    return value.astimezone(UTC)


Edge = Annotated[
    AwareDatetime,
    BeforeValidator(_moment, json_schema_input_type=str),
    PlainSerializer(format_time, return_type=str, when_used="json"),
]
"""A moment of a regime: a day of Asia/Ho_Chi_Minh or a time with offset outside, UTC inside."""

Code = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9]+(?:[_-][a-z0-9]+)*$")]
"""A word that programs compare, such as a permit class."""
RegimeId = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
District = Annotated[
    str,
    Field(max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$"),
]
"""A district as it was called at the time: ``region/district``."""
Sentence = Annotated[str, Field(min_length=1, max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Names(_Part):
    """A name in both languages."""

    vi: Sentence
    en: Sentence


class Hours(_Part):
    """Hours of each day in Asia/Ho_Chi_Minh, from `start` until just before `end`.

    They pass midnight where `end` is the earlier.
    """

    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.start == self.end:
            raise ValueError("start and end are the same; leave hours out for the whole day")
        return self

    def hold(self, at: datetime) -> bool:
        """Tell whether a moment lies in them."""
        clock = f"{at.astimezone(LOCAL):%H:%M}"
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


class Source(_Part):
    """Where a rule or a date is written."""

    document: Sentence
    section: Sentence


class _Sourced(_Part):
    source: Source | None = None
    assumed: Sentence | None = None
    """What of it is assumed and not written, and why."""

    @model_validator(mode="after")
    def _says_where_it_is_from(self) -> Self:
        if self.source is None and self.assumed is None:
            raise ValueError("name its source (document, section), or say what is assumed")
        return self


class Period(_Sourced):
    """A time in which a regime is in force: from `valid_from` until just before `valid_until`."""

    valid_from: Edge
    valid_until: Edge | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be later than valid_from")
        return self

    def holds(self, at: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


class Territory(_Part):
    """Where a regime is in force: in any of these regions or districts; none named: everywhere."""

    regions: tuple[Region, ...] = ()
    districts: tuple[District, ...] = ()

    @field_validator("regions")
    @classmethod
    def _are_known(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        for region in regions:
            one_of("region", region)
        return regions


class Zone(_Part):
    """An area that rules may name; without a geometry it is known by its name alone."""

    id: RegimeId
    name: Names
    geometry: Geometry | None = None

    @model_validator(mode="after")
    def _is_an_area(self) -> Self:
        if self.geometry is not None and not self.geometry.type.endswith("Polygon"):
            raise ValueError("the geometry of a zone is a Polygon or a MultiPolygon")
        return self


class Whom(_Part):
    """For whom a rule is: each list that names anything has to hold; none: for all."""

    vehicle_classes: tuple[str, ...] = ()
    haulier_kinds: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    corridors: tuple[RegimeId, ...] = ()
    permits: tuple[Code, ...] = ()
    """Vehicles whose pass has one of these permit classes."""
    transit: bool | None = None
    on_corridor: bool | None = None

    @model_validator(mode="after")
    def _are_words_of_ours(self) -> Self:
        for name in ("vehicle_class", "haulier_kind", "purpose", "product", "stage"):
            field = name + ("es" if name.endswith("s") else "s")
            for word in getattr(self, field):
                one_of(name, word)
        return self


class Rule(_Sourced):
    """One thing that a regime asks, forbids, lifts or changes.

    Which fields belong to it hangs on `effect`: `permit`, `paper`, `duty` need the word of that
    name; `limit` a name and a `value`; `exempt` the `effects` it lifts, and may name regimes in
    `of`; `extend_passes` needs `to`; `close` may let vehicles in with one of `unless_permits`;
    `no_local_extras` may name what must not be `asked`, else it means whatever is.
    """

    id: Code
    effect: Effect
    whom: Whom = Whom()
    zones: tuple[RegimeId, ...] = ()
    """Only in these zones of the regime; none: wherever the regime is in force."""
    hours: tuple[Hours, ...] = ()
    permit: Code | None = None
    paper: Code | None = None
    duty: Code | None = None
    limit: Code | None = None
    value: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = None
    unless_permits: tuple[Code, ...] = ()
    effects: tuple[Burden, ...] = ()
    of: tuple[RegimeId, ...] = ()
    asked: tuple[Code, ...] = ()
    to: Edge | None = None

    @model_validator(mode="after")
    def _has_the_fields_of_its_effect(self) -> Self:
        needs, may = _OWN_FIELDS.get(self.effect, ()), _ALSO.get(self.effect, ())
        for name in _SPECIAL:
            said = getattr(self, name) not in (None, ())
            if said and name not in (*needs, *may):
                raise ValueError(f"`{name}` does not belong to the effect {self.effect}")
            if not said and name in needs:
                raise ValueError(f"the effect {self.effect} needs `{name}`")
        for name in ("paper", "duty", "limit"):
            if (word := getattr(self, name)) is not None:
                one_of(name, word)
        return self

    @property
    def word(self) -> str | None:
        """The permit, paper or duty that it asks for."""
        return self.permit or self.paper or self.duty


class Regime(_Part):
    """One dated rule set of one authority.

    Attributes
    ----------
    id
        Such as ``308-KH-TB.1``; bulletins and reasons name it.
    matter
        What it is about: exemptions reach no other matter unless they name the regime.
    level, issuer
        The rank of the authority behind it, and who that is.
    scenario
        Which scenario of its plan it is, if any.
    where, zones
        Where it is in force, and the areas that its rules name.
    periods
        When it is in force; none: prepared, and in force only once somebody declares it.
    rules
        What it says.
    note
        What else a reader has to know.
    """

    id: RegimeId
    name: Names
    matter: str
    level: Level
    issuer: Sentence
    scenario: Annotated[int, Field(ge=1, le=9, strict=True)] | None = None
    where: Territory = Territory()
    zones: tuple[Zone, ...] = ()
    periods: tuple[Period, ...] = ()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    note: str | None = None

    @field_validator("matter")
    @classmethod
    def _is_a_matter(cls, matter: str) -> str:
        return one_of("matter", matter)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _each_once("rules", [rule.id for rule in self.rules])
        _each_once("zones", [zone.id for zone in self.zones])
        known = {zone.id for zone in self.zones}
        for rule in self.rules:
            for zone_id in rule.zones:
                if zone_id not in known:
                    raise ValueError(f"rule {rule.id} names the zone {zone_id}, which is not here")
        if self.level != "centre" and not (self.where.regions or self.where.districts):
            raise ValueError(f"a regime of a {self.level} names its regions or districts")
        for one, two in pairwise(sorted(self.periods, key=lambda period: period.valid_from)):
            if one.valid_until is None or one.valid_until > two.valid_from:
                raise ValueError("two periods overlap")
        return self

    @property
    def rank(self) -> int:
        """The rank of its authority: the higher, the greater."""
        return LEVELS[self.level]

    def period(self, at: datetime) -> Period | None:
        """Return the period in which a moment lies, if the regime is in force then."""
        return next((period for period in self.periods if period.holds(at)), None)


def _each_once(what: str, ids: list[str]) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"{what}: {', '.join(twice)} stands there twice")
