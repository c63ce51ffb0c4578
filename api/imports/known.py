"""Hold what the stack knows that files name by words: trucks, lots, slots, places, owners."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from api.desk import Deed
from api.imports.findings import Unread
from api.imports.words import WORDS, fold, holds_word
from schemas.model import LOCAL
from schemas.truck import normal_plate

Doc = dict[str, Any]

_PREFIXES = tuple(sorted((fold(each) for each in WORDS["place_prefixes"]), key=len, reverse=True))
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Shared:
    """What all rows of a file have in common, where no column says it.

    Attributes
    ----------
    region
        The dispatch region.
    place
        Name or id of the place where trucks stand or lots are loaded.
    owner
        The haulier of trucks, or the declarer of lots.
    facility
        Id or name of the facility whose slots they are.
    """

    region: str | None = None
    place: str | None = None
    owner: str | None = None
    facility: str | None = None


@dataclass(slots=True)
class Known:
    """What is known at one moment.

    Attributes
    ----------
    deed
        Who imports.
    now
        What the stack's clock shows.
    shared
        What rows have in common.
    trucks, lots, slots, facilities
        States by id.
    places
        Points by the folded name of the place.
    truck_of_plate
        Ids of trucks by their normal plates.
    hauliers, declarers
        Ids that are known, by their small letters.
    """

    deed: Deed
    now: datetime
    shared: Shared
    trucks: dict[str, Doc]
    lots: dict[str, Doc]
    slots: dict[str, Doc]
    facilities: dict[str, Doc]
    places: dict[str, Doc] = field(default_factory=dict)
    truck_of_plate: dict[str, str] = field(default_factory=dict)
    hauliers: dict[str, str] = field(default_factory=dict)
    declarers: dict[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day of the stack's clock, in Vietnam."""
        return self.now.astimezone(LOCAL).date()

    def place(self, text: str) -> Doc:
        """Find a point by the name or id of a place.

        Raises
        ------
        Unread
            `place_unknown`, with the nearest names.
        """
        found = self.places.get(fold(text)) or self.places.get(_bare(text))
        if found is None:
            raise Unread("place_unknown", near=_near(text, [p["name"] for p in _each(self.places)]))
        return found

    def facility(self, text: str) -> Doc:
        """Find a facility by its id or name.

        Raises
        ------
        Unread
            `word_unknown`, with the nearest names.
        """
        if text in self.facilities:
            return self.facilities[text]
        wanted = {fold(text), _bare(text)}
        for doc in self.facilities.values():
            if wanted & {fold(doc["place_id"]), fold(doc["name"]), _bare(doc["name"])}:
                return doc
        raise Unread("word_unknown", near=_near(text, [d["name"] for d in _each(self.facilities)]))

    def owner(self, text: str, known: dict[str, str]) -> str:
        """Name an owner by an id: a known one, an organisation's name, else a pseudonym.

        What names no organisation may name a person, and a person's name is not for the event log.

        Parameters
        ----------
        text
            As written.
        known
            `hauliers` or `declarers`.

        Raises
        ------
        Unread
            `invalid`: it holds no letter or digit.
        """
        slug = fold(text).replace(" ", "-")[:100].strip("-")
        if found := known.get(text.lower()) or known.get(slug):
            return found
        is_id = text.isascii() and " " not in text and any(map(str.isdigit, text))
        if slug and (is_id or holds_word(text, WORDS["organisations"])):
            return slug
        if not slug:
            raise Unread("invalid", why="no name")
        return f"chu-{pseudonym(self.deed.desk.config.secret, slug)}"


def pseudonym(secret: bytes, text: str) -> str:
    """Return a short name for a text that only who has the stack's secret can find again."""
    return hashlib.blake2b(text.encode(), key=secret[:64], digest_size=6).hexdigest()


async def gather(deed: Deed, shared: Shared) -> Known:
    """Read from the views what files name.

    Parameters
    ----------
    deed
        Who imports.
    shared
        What rows have in common.

    Raises
    ------
    Unavailable
        The views do not answer: what a file would change is then not known.
    Problem
        `clock_unknown`.
    """
    views = deed.desk.views
    states = {
        kind: {name: entry.doc for name, entry in (await views.entries(kind)).items()}
        for kind in ("truck", "lot", "slot", "facility", "checkpoint")
    }
    known = Known(
        deed=deed,
        now=await deed.desk.clock.now(),
        shared=shared,
        trucks={name: doc for name, doc in states["truck"].items() if doc.get("registered", True)},
        lots=states["lot"],
        slots=states["slot"],
        facilities={k: d for k, d in states["facility"].items() if d.get("status") != "retired"},
    )
    known.truck_of_plate = {
        normal_plate(doc["plate"]): name for name, doc in known.trucks.items() if doc.get("plate")
    }
    known.hauliers = _owners(known.trucks, "haulier_id")
    known.declarers = _owners(known.lots, "declarer_id")
    homes = [doc.get("home") for doc in known.trucks.values()]
    pickups = [doc.get("pickup") for doc in known.lots.values() if _is_own_lot(deed, doc)]
    for doc in (*states["facility"].values(), *states["checkpoint"].values(), *pickups, *homes):
        if doc and doc.get("name") and doc.get("lat") is not None:
            _add(known.places, doc)
    return known


def _owners(docs: dict[str, Doc], name: str) -> dict[str, str]:
    return {str(doc[name]).lower(): str(doc[name]) for doc in docs.values() if doc.get(name)}


def _is_own_lot(deed: Deed, doc: Doc) -> bool:
    return deed.is_wide or doc.get("declarer_id") == deed.actor.subject


def _add(places: dict[str, Doc], doc: Doc) -> None:
    point = {"lat": doc["lat"], "lon": doc["lon"], "name": doc["name"]}
    for name in (doc["name"], doc.get("place_id") or doc["name"]):
        for key in (fold(name), _bare(name)):
            if key:
                places.setdefault(key, point)


def _bare(name: str) -> str:
    """Take what kind of place it is from a name: `Cảng cá Tắc Cậu` is `tac cau`."""
    folded = fold(name)
    for prefix in _PREFIXES:
        if folded.startswith(prefix + " "):
            return folded[len(prefix) + 1 :]
    return folded


def _each(docs: dict[str, Doc]) -> list[Doc]:
    return [doc for doc in docs.values() if doc.get("name")]


def _near(text: str, names: list[str]) -> str:
    folded = {fold(name): name for name in names}
    near = difflib.get_close_matches(fold(text), list(folded), _NEAR, cutoff=0.5)
    return ", ".join(folded[each] for each in near) or ", ".join(sorted(folded.values())[:_NEAR])
