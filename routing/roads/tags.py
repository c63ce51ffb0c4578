"""Read from the tags of an OpenStreetMap way what trucks may do on it.

Who is meant goes from the general to the particular, and the particular wins: ``access``,
``vehicle``, ``motor_vehicle``, ``goods``, ``hgv``; a tag of one direction over one of both; a
conditional tag over the plain one of the same name (the Wiki of OpenStreetMap, "Key:access" and
"Conditional restrictions").
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from routing.roads.bans import Ban, imposed, lifted
from routing.roads.conditional import clauses
from routing.roads.measures import day_number, duration_s, length_mm, speed_kph, weight_kg
from routing.roads.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from routing.roads.conditional import Clause

MODES = ("access", "vehicle", "motor_vehicle", "goods", "hgv")
"""Whom an access tag is about, the particular last."""

LIMITS = {
    "maxweight": "weight_kg",
    "maxweightrating": "weight_kg",
    "maxheight": "height_mm",
    "maxheight:physical": "height_mm",
    "maxaxleload": "axle_kg",
    "maxlength": "length_mm",
    "maxwidth": "width_mm",
    "maxwidth:physical": "width_mm",
}
"""Tags with a limit, and the kind of rule that each becomes."""

KEPT = frozenset(
    {
        *("highway", "route", "ferry", "area", "service", "junction", "oneway", "maxspeed"),
        *("surface", "toll", "bridge", "duration", "motorcar"),
        *("opening_date", "start_date", "end_date"),
        *MODES,
        *(tag.partition(":")[0] for tag in LIMITS),
    }
)
"""The keys that are read, each with whatever follows its first colon."""

FERRY = "ferry"
CLASSES = frozenset(row["class"] for row in read_table("speeds")) - {"access", FERRY}
"""Values of ``highway`` that are roads for trucks: those with a speed."""

DATED_FROM = day_number("2015", last=False)
"""Roads that opened before are taken as old: no replay goes back so far."""

_MEANS = {row["value"]: row["means"] for row in read_table("access")}
_SURFACES = frozenset(row["surface"] for row in read_table("surfaces"))
_SAYS_YES = frozenset({"yes", "true", "1"})
_SAYS_NO = frozenset({"no", "false", "0"})
_AGAINST = frozenset({"-1", "reverse"})
_EITHER = frozenset({"reversible", "alternating"})
_ONE_WAY_CLASSES = frozenset({"motorway", "motorway_link"})
_DIRECTIONS = ("forward", "backward")
_FERRY_MODES = ("motorcar", "vehicle", "motor_vehicle", "goods", "hgv")

CONDITION = "conditions that cannot be read or said exactly, taken on the safe side"
VALUE = "values of tags that cannot be read, left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """What trucks may do on a way; pairs are forwards and backwards along its nodes.

    Parameters
    ----------
    highway
        Its class, ``ferry`` over water.
    surface
        A surface of ``routing/data/surfaces.csv``, empty where none is known.
    open
        Whether any truck may ever drive there.
    residents
        Whether only who starts or ends there may.
    ferry, toll, bridge
        Flags.
    cap_kph
        Posted speed for goods vehicles, 0 where none.
    crossing_s
        Time of a ferry's whole crossing, 0 where it is not said.
    opened_day, closed_day
        Days since 1970-01-01 from which and from which no longer it is a road, 0 where not dated.
    bans
        What forbids it to some trucks or at some times.
    unread
        How many `CONDITION` and `VALUE` it has.
    """

    highway: str
    surface: str
    open: tuple[bool, bool]
    residents: bool
    ferry: bool
    toll: bool
    bridge: bool
    cap_kph: tuple[float, float]
    crossing_s: int
    opened_day: int
    closed_day: int
    bans: tuple[tuple[Ban, ...], tuple[Ban, ...]]
    unread: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Tags:
    """The tags of one way, and what in them cannot be read, each once for both directions."""

    tags: Mapping[str, str]
    unread: set[tuple[str, str]] = field(default_factory=set)

    def word(self, key: str) -> str:
        return self.tags.get(key, "").strip().lower()

    def flag(self, key: str) -> bool:
        return self.word(key) not in {"", *_SAYS_NO}

    def clauses(self, key: str) -> list[Clause]:
        text = self.tags.get(f"{key}:conditional")
        return clauses(text) if text else []

    def means(self, word: str) -> str:
        """Return what a value of an access tag means, of several the strictest; empty unknown."""
        found = {_MEANS.get(part.strip(), "") for part in word.split(";")}
        means = next((each for each in ("forbid", "residents", "allow") if each in found), "")
        if word and not means:
            self.unread.add((VALUE, word))
        return means

    def note(self, clause: Clause, *, exact: bool) -> None:
        """Remember a clause that could not be taken just as it says."""
        if not exact:
            self.unread.add((CONDITION, repr(clause)))


def kept(key: str) -> bool:
    """Say whether a tag is one that `read_road` reads."""
    return key.partition(":")[0] in KEPT


def read_road(tags: Mapping[str, str]) -> Road | None:
    """Return what trucks may do on a way, None where it is no road for them.

    Parameters
    ----------
    tags
        All tags of the way, or those that are `kept`.
    """
    way = _Tags(tags)
    highway = _class(way)
    if highway is None:
        return None
    closed_day = _day(way, "end_date", last=False)
    sides = [_side(way, highway, direction) for direction in _DIRECTIONS]
    is_open = tuple(Ban("access") not in bans for bans, _ in sides)
    if not any(is_open) or closed_day < 0:
        return None
    surface = way.word("surface")
    ferry = highway == FERRY
    forwards, backwards = (tuple(bans) for bans, _ in sides)
    return Road(
        highway=highway,
        surface=surface if surface in _SURFACES else "",
        open=(is_open[0], is_open[1]),
        residents=any(only for (_, only), there in zip(sides, is_open, strict=True) if there),
        ferry=ferry,
        toll=way.flag("toll") or way.flag("toll:hgv"),
        bridge=way.flag("bridge"),
        cap_kph=(_cap_kph(way, "forward"), _cap_kph(way, "backward")),
        crossing_s=_crossing_s(way) if ferry else 0,
        opened_day=max(_day(way, key, last=True) for key in ("start_date", "opening_date")),
        closed_day=closed_day,
        bans=(forwards if is_open[0] else (), backwards if is_open[1] else ()),
        unread=tuple(sorted(Counter(kind for kind, _ in way.unread).items())),
    )


def _class(way: _Tags) -> str | None:
    """Return the class of a road for trucks; a ferry is one if it says that it takes vehicles."""
    if way.word("route") == FERRY:
        takes = any(_MEANS.get(way.word(mode)) in {"allow", "residents"} for mode in _FERRY_MODES)
        return FERRY if takes or way.word("ferry") in CLASSES else None
    highway = way.word("highway")
    if highway not in CLASSES or way.flag("area"):
        return None
    return None if way.word("service") == "emergency_access" else highway


def _side(way: _Tags, highway: str, direction: str) -> tuple[list[Ban], bool]:
    """Return the bans of one direction, and whether it is for residents only."""
    bans, residents = _access(way, direction)
    everyone = [*bans, *_oneway(way, highway, direction)]
    return [*everyone, *_limits(way, direction)], residents


def _keys(key: str, direction: str) -> Iterator[str]:
    """Yield the tags that say something of a direction, the particular last."""
    yield key
    yield f"{key}:{direction}"


def _access(way: _Tags, direction: str) -> tuple[list[Ban], bool]:
    """Return whom access tags ban, and whether they let in residents only."""
    bans: list[Ban] = []
    residents = False
    for mode in MODES:
        kind = "hgv" if mode == "hgv" else "access"
        for key in _keys(mode, direction):
            means = way.means(way.word(key))
            if means:
                bans = [Ban(kind)] if means == "forbid" else []
                residents = means == "residents"
            for clause in way.clauses(key):
                bans, residents = _conditionally(way, bans, residents, kind, clause)
    return bans, residents


def _conditionally(
    way: _Tags,
    bans: list[Ban],
    residents: bool,  # noqa: FBT001 - one half of a pair that is handed on
    kind: str,
    clause: Clause,
) -> tuple[list[Ban], bool]:
    """Return bans, and whether residents only, after a clause of an access tag."""
    means = way.means(clause.value)
    exact = True
    if means == "forbid":
        ban, exact = imposed(kind, clause)
        bans = [*bans, ban]
    elif bans and means:
        was = bans
        bans, exact = lifted(bans, clause)
        residents |= means == "residents" and bans != was
    elif means == "residents" and clause.hours:
        ban, _ = imposed(kind, clause)  # who lives there must come at other hours
        bans, exact = [*bans, ban], False
    elif means == "residents":
        residents, exact = True, clause.size is None and clause.read
    way.note(clause, exact=exact)
    return bans, residents


def _oneway(way: _Tags, highway: str, direction: str) -> list[Ban]:
    """Return the bans of a direction that a one-way is against."""
    implied = way.word("junction") in {"roundabout", "circular"} or highway in _ONE_WAY_CLASSES
    bans: list[Ban] = []
    if implied and direction == "backward":
        bans = [Ban("access")]
    for key in ("oneway", "oneway:vehicle", "oneway:motor_vehicle", "oneway:hgv"):
        word = way.word(key)
        if word and _known_oneway(way, word):
            bans = [Ban("access")] if _is_against(word, direction) else []
        for clause in way.clauses(key):
            if not _known_oneway(way, clause.value):
                continue
            if _is_against(clause.value, direction):
                ban, exact = imposed("access", clause)
                bans = [*bans, ban]
            else:
                bans, exact = lifted(bans, clause) if bans else (bans, clause.read)
            way.note(clause, exact=exact)
    return bans


def _known_oneway(way: _Tags, word: str) -> bool:
    known = word in _SAYS_YES | _SAYS_NO | _AGAINST | _EITHER
    if not known:
        way.unread.add((VALUE, word))
    return known


def _is_against(word: str, direction: str) -> bool:
    """Say whether a value of ``oneway`` forbids a direction."""
    return word in _EITHER or word in (_AGAINST if direction == "forward" else _SAYS_YES)


def _limits(way: _Tags, direction: str) -> list[Ban]:
    """Return the bans of vehicles above a limit."""
    bans: list[Ban] = []
    for limit, kind in LIMITS.items():
        of_limit: list[Ban] = []
        for stem in (limit, f"{limit}:hgv"):
            for key in _keys(stem, direction):
                if key in way.tags:
                    value = _measured(way, kind, way.tags[key])
                    of_limit = of_limit if value is None else [Ban(kind, v) for v in value]
                for clause in way.clauses(key):
                    of_limit = _limited(way, of_limit, kind, clause)
        bans.extend(of_limit)
    return bans


def _limited(way: _Tags, bans: list[Ban], kind: str, clause: Clause) -> list[Ban]:
    """Return the bans of a limit after a clause, which may lower, raise or lift it."""
    value = _measured(way, kind, clause.value)
    if value is None or not (value or bans):
        return bans
    exact = clause.read
    raises = bool(bans) and (not value or value[0] > min(ban.value for ban in bans))
    if raises:
        bans, exact = lifted(bans, clause)
    if value and exact | (not raises):
        exact &= clause.size is None
        bans = [*bans, Ban(kind, value[0], f"+{clause.hours}" if clause.hours else "")]
    way.note(clause, exact=exact)
    return bans


def _measured(way: _Tags, kind: str, text: str) -> tuple[int, ...] | None:
    """Return a limit as a tuple of one, an empty one for no limit, None if it cannot be read."""
    try:
        value = weight_kg(text) if kind.endswith("_kg") else length_mm(text)
    except ValueError:
        way.unread.add((VALUE, text))
        return None
    return () if value is None else (value,)


def _cap_kph(way: _Tags, direction: str) -> float:
    """Return the speed posted for goods vehicles in a direction, 0 for none."""
    for key in (f"maxspeed:hgv:{direction}", "maxspeed:hgv", f"maxspeed:{direction}", "maxspeed"):
        if key in way.tags:
            try:
                return speed_kph(way.tags[key])
            except ValueError:
                way.unread.add((VALUE, way.tags[key]))
    return 0.0


def _crossing_s(way: _Tags) -> int:
    if "duration" not in way.tags:
        return 0
    try:
        return duration_s(way.tags["duration"])
    except ValueError:
        way.unread.add((VALUE, way.tags["duration"]))
        return 0


def _day(way: _Tags, key: str, *, last: bool) -> int:
    """Return a date as days since 1970; 0 where there is none that matters."""
    try:
        day = day_number(way.tags[key], last=last) if key in way.tags else 0
    except ValueError:
        way.unread.add((VALUE, way.tags[key]))
        return 0
    return day if key == "end_date" or day >= DATED_FROM else 0
