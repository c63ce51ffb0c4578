"""Say what each role sees of what is known: its own, and no more of people than it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.passing import passes
from api.tokens import Actor
from api.trips import Trips
from api.views import RedisViews

Doc = dict[str, Any]

WIDE = frozenset({"dispatcher", "administrator"})
"""Roles that see and do everything in this stack, or in their regions."""

_WHOLE_TRUCK = WIDE | {"haulier", "driver"}
_LOCATION = ("position", "home")
_SEES_LOCATION = _WHOLE_TRUCK | {"observer"}
_PRICES = WIDE | {"observer", "lot_declarer"}
_OFFICER = "checkpoint_officer"
_BY_TRIPS = frozenset({_OFFICER, "lot_declarer", "port_operator"})

_DECIDED_BY: dict[str, tuple[str, ...]] = {
    "haulier": ("truck", "assignment"),
    "driver": ("truck", "assignment"),
    "lot_declarer": ("lot", "assignment"),
    "port_operator": ("assignment",),
    _OFFICER: ("corridor", "checkpoint", "assignment"),
}
"""The kinds of documents that say what is a role's own, in the order to read them."""


@dataclass(slots=True)
class Own:
    """What is somebody's own, as learnt from the documents that went by.

    Attributes
    ----------
    trucks
        A haulier's or driver's trucks; those that are expected or present at an officer's post.
    lots
        A declarer's lots.
    assignments
        Trips with these trucks or lots, to a port operator's facility, or past an officer's post.
    trips
        Which trucks and lots these trips name: others' are seen by that alone.
    """

    trucks: set[str] = field(default_factory=set)
    lots: set[str] = field(default_factory=set)
    assignments: set[str] = field(default_factory=set)
    trips: Trips = field(default_factory=Trips)


@dataclass(slots=True)
class _Post:
    """An officer's checkpoint: where it is, who is at it."""

    lonlat: tuple[float, float] | None = None
    present: set[str] = field(default_factory=set)
    widths_m: dict[str, float] = field(default_factory=dict)


class Sight:
    """Look at documents with one actor's eyes.

    Parameters
    ----------
    actor
        Who looks.
    own
        What is the actor's own, where it is known already.
    """

    def __init__(self, actor: Actor, own: Own | None = None) -> None:
        self.actor = actor
        self.own = own or Own()
        self._post = _Post()
        self._is_wide = actor.role in WIDE
        self.is_whole = self._is_wide and actor.regions is None
        """Whether everything is seen as it is."""
        self._is_bound = not self._is_wide and actor.role != "observer"
        self.is_by_trips = actor.assignment_id is not None or actor.role in _BY_TRIPS
        """Whether trips decide which trucks are seen."""

    @property
    def decided_by(self) -> tuple[str, ...]:
        """The kinds of documents that say what is the actor's own, in the order to read them."""
        if self.is_whole or (self.actor.role == "observer" and self.actor.regions is None):
            return ()
        return _DECIDED_BY.get(self.actor.role, ("assignment",))

    def needs(self, kind: str) -> bool:
        """Tell whether `load` must come first before documents of a kind are looked at.

        Parameters
        ----------
        kind
            A kind of view, such as `truck`.
        """
        if kind in {"assignment", "alert", "command"}:
            return True
        if kind == "truck":
            return self.is_by_trips
        return self._is_bound and kind in {"lot", "slot", "corridor", "checkpoint"}

    async def load(self, views: RedisViews) -> None:
        """Learn from all views what is the actor's own.

        Parameters
        ----------
        views
            Where to read.
        """
        if self.actor.assignment_id is not None:
            await self._learn(views, "assignment", self.actor.assignment_id)
            return
        for kind in self.decided_by:
            if kind == "checkpoint":
                await self._learn(views, kind, self.actor.subject)
                continue
            for entity_id, entry in (await views.entries(kind)).items():
                self.show(kind, entity_id, entry.doc)

    async def _learn(self, views: RedisViews, kind: str, entity_id: str | None) -> None:
        entry = (await views.mirror.fresh()).shelf(kind).get(entity_id or "")
        if entry is not None and entity_id is not None:
            self.show(kind, entity_id, entry.doc)

    def show(self, kind: str, entity_id: str, doc: Doc) -> Doc | None:
        """Return what the actor may see of one document; None where it may see nothing.

        Parameters
        ----------
        kind
            A kind of view, such as `truck`.
        entity_id
            The entity's id.
        doc
            The entity's state.
        """
        if self.is_whole:
            return doc
        if not is_inside(self.actor, doc):
            self._forget(kind, entity_id)
            return None
        look = (_WIDE_LOOKS if self._is_wide else _LOOKS).get(kind)
        return doc if look is None else look(self, entity_id, doc)

    def _forget(self, kind: str, entity_id: str) -> None:
        own = {"truck": self.own.trucks, "lot": self.own.lots, "assignment": self.own.assignments}
        own.get(kind, set()).discard(entity_id)
        if kind == "assignment":
            self.own.trips.drop(entity_id)

    def _truck(self, entity_id: str, doc: Doc) -> Doc | None:
        role, subject = self.actor.role, self.actor.subject
        if self.actor.assignment_id is not None:
            return doc if self._knows_truck(entity_id) else None
        owner = {"haulier": "haulier_id", "driver": "driver_id"}.get(role)
        if owner is not None:
            is_own = subject is not None and doc.get(owner) == subject
            _keep(self.own.trucks, entity_id, is_own=is_own)
            return doc if is_own else None
        if self._is_bound and not self._knows_truck(entity_id) and not self._was_here(doc):
            return None
        hidden = () if role in _SEES_LOCATION else _LOCATION
        return _without(doc, "driver_id", *hidden)

    def _knows_truck(self, truck_id: str | None) -> bool:
        own = self.own
        return (
            truck_id in own.trucks
            or truck_id in self._post.present
            or own.trips.name_truck(truck_id)
        )

    def _was_here(self, doc: Doc) -> bool:
        last = doc.get("last_checkpoint") or {}
        here = self.actor.subject if self.actor.role == _OFFICER else None
        return here is not None and last.get("checkpoint_id") == here

    def _lot(self, entity_id: str, doc: Doc) -> Doc | None:
        if self.actor.role == "lot_declarer":
            is_own = doc.get("declarer_id") == self.actor.subject
            _keep(self.own.lots, entity_id, is_own=is_own)
            return doc if is_own else None
        if self._is_bound and not self.own.trips.name_lot(entity_id):
            return None
        hidden = () if self.actor.role in _PRICES else ("price_vnd_per_kg",)
        return _without(doc, *hidden)

    def _assignment(self, entity_id: str, doc: Doc) -> Doc | None:
        role, subject = self.actor.role, self.actor.subject
        if self.actor.assignment_id is not None:
            mine = entity_id == self.actor.assignment_id
        elif role == _OFFICER:
            mine = self._passes_post(entity_id, doc)
        else:
            mine = {
                "haulier": doc.get("haulier_id") == subject,
                "driver": doc.get("truck_id") in self.own.trucks,
                "lot_declarer": doc.get("lot_id") in self.own.lots,
                "port_operator": doc.get("facility_id") == subject,
            }.get(role, True)
        _keep(self.own.assignments, entity_id, is_own=mine)
        if mine:
            self.own.trips.put(entity_id, doc)
        else:
            self.own.trips.drop(entity_id)
        return _without(doc, "actor") if mine else None

    def _passes_post(self, entity_id: str, doc: Doc) -> bool:
        post = self._post
        width_m = post.widths_m.get(doc.get("corridor_id") or "", 0.0)
        return post.lonlat is not None and passes(entity_id, doc, post.lonlat, width_m)

    def _checkpoint(self, entity_id: str, doc: Doc) -> Doc | None:
        vehicles = doc.get("present") or ()
        if entity_id == self.actor.subject and self.actor.role == _OFFICER:
            self._post.lonlat = (doc["lon"], doc["lat"]) if "lon" in doc else None
            self._post.present = {one["truck_id"] for one in vehicles if one.get("truck_id")}
            return doc
        return self._with_known(doc, "present") if self._is_bound else doc

    def _corridor(self, entity_id: str, doc: Doc) -> Doc | None:
        if self.actor.role == _OFFICER:
            self._post.widths_m[entity_id] = doc.get("width_m") or 0.0
            return doc
        if not self._is_bound:
            return doc
        roster = [name for name in doc.get("roster") or () if self._knows_truck(name)]
        return {**self._with_known(doc, "findings"), "roster": roster}

    def _slot(self, _entity_id: str, doc: Doc) -> Doc | None:
        is_own = self.actor.role == "port_operator" and doc.get("facility_id") == self.actor.subject
        return self._with_known(doc, "reserved") if self._is_bound and not is_own else doc

    def _with_known(self, doc: Doc, name: str) -> Doc:
        """Leave, of a list about trucks, what is about trucks that the actor may see."""
        return {**doc, name: [one for one in doc.get(name) or () if self._knows(one)]}

    def _knows(self, about: Doc) -> bool:
        return self._knows_truck(about.get("truck_id"))

    def _alert(self, _entity_id: str, doc: Doc) -> Doc | None:
        role, subject = self.actor.role, doc.get("subject")
        if role == "observer":
            return doc
        if role == _OFFICER:
            params = doc.get("params") or {}
            here = self.actor.subject
            return doc if here and here in (subject, params.get("checkpoint_id")) else None
        own = {self.actor.subject} | self.own.trucks | self.own.lots | self.own.assignments
        is_of_trip = self.actor.assignment_id is not None and (
            self.own.trips.name_truck(subject) or self.own.trips.name_lot(subject or "")
        )
        return doc if subject is not None and (subject in own or is_of_trip) else None

    def _command(self, _entity_id: str, doc: Doc) -> Doc | None:
        if self.actor.role == "observer" and self.actor.regions is None:
            return doc
        return doc if doc.get("assignment_id") in self.own.assignments else None

    def _wide_assignment(self, entity_id: str, doc: Doc) -> Doc | None:
        self.own.assignments.add(entity_id)
        return doc


_Look = Callable[[Sight, str, Doc], Doc | None]
_LOOKS: dict[str, _Look] = {
    "truck": Sight._truck,  # noqa: SLF001 - its own
    "lot": Sight._lot,  # noqa: SLF001
    "assignment": Sight._assignment,  # noqa: SLF001
    "alert": Sight._alert,  # noqa: SLF001
    "command": Sight._command,  # noqa: SLF001
    "checkpoint": Sight._checkpoint,  # noqa: SLF001
    "corridor": Sight._corridor,  # noqa: SLF001
    "slot": Sight._slot,  # noqa: SLF001
}
_WIDE_LOOKS: dict[str, _Look] = {
    "assignment": Sight._wide_assignment,  # noqa: SLF001
    "command": Sight._command,  # noqa: SLF001
}
"""Of those who see everything in their regions."""


def is_inside(actor: Actor, doc: Doc) -> bool:
    """Tell whether a document is in the actor's regions; one that names no region is everywhere.

    Parameters
    ----------
    actor
        Who looks or acts.
    doc
        An entity's state, or what an event says.
    """
    if actor.regions is None:
        return True
    region = doc.get("region")
    return region is None or region in actor.regions


def those_inside(actor: Actor, raws: dict[str, bytes]) -> dict[str, bytes]:
    """Return the documents that are in the actor's regions.

    Parameters
    ----------
    actor
        Who looks or acts.
    raws
        States as JSON, by id.
    """
    if actor.regions is None:
        return raws
    return {name: raw for name, raw in raws.items() if is_inside(actor, orjson.loads(raw))}


def _keep(ids: set[str], entity_id: str, *, is_own: bool) -> None:
    (ids.add if is_own else ids.discard)(entity_id)


def _without(doc: Doc, *names: str) -> Doc:
    return {name: value for name, value in doc.items() if name not in names}
