"""Say what each role sees of what is known: its own, and no more of people than it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.tokens import Actor
from api.views import RedisViews

Doc = dict[str, Any]

WIDE = frozenset({"dispatcher", "administrator"})
"""Roles that see and do everything in this stack."""

_WHOLE_TRUCK = WIDE | {"haulier", "driver"}
_LOCATION = ("position", "home")
_SEES_LOCATION = _WHOLE_TRUCK | {"observer"}
_PRICES = WIDE | {"observer", "lot_declarer"}


@dataclass(slots=True)
class Own:
    """What is somebody's own, as learnt from the documents that went by.

    Attributes
    ----------
    trucks
        A haulier's or driver's trucks.
    lots
        A declarer's lots.
    assignments
        Trips with these trucks or lots, or to a port operator's facility.
    """

    trucks: set[str] = field(default_factory=set)
    lots: set[str] = field(default_factory=set)
    assignments: set[str] = field(default_factory=set)


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

    @property
    def is_whole(self) -> bool:
        """Whether everything is seen as it is."""
        return self.actor.role in WIDE

    async def load(self, views: RedisViews) -> None:
        """Learn from all views what is the actor's own.

        Parameters
        ----------
        views
            Where to read.
        """
        needed = {
            "haulier": ("truck", "assignment"),
            "driver": ("truck", "assignment"),
            "lot_declarer": ("lot", "assignment"),
            "port_operator": ("assignment",),
        }
        for kind in needed.get(self.actor.role, ()):
            for entity_id, raw in (await views.every(kind)).items():
                self.show(kind, entity_id, orjson.loads(raw))

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
        look = _LOOKS.get(kind)
        return doc if self.is_whole or look is None else look(self, entity_id, doc)

    def _truck(self, entity_id: str, doc: Doc) -> Doc | None:
        role, subject = self.actor.role, self.actor.subject
        owner = {"haulier": "haulier_id", "driver": "driver_id"}.get(role)
        if owner is not None:
            is_own = subject is not None and doc.get(owner) == subject
            _keep(self.own.trucks, entity_id, is_own=is_own)
            return doc if is_own else None
        hidden = () if role in _SEES_LOCATION else _LOCATION
        return _without(doc, "driver_id", *hidden)

    def _lot(self, entity_id: str, doc: Doc) -> Doc | None:
        if self.actor.role == "lot_declarer":
            is_own = doc.get("declarer_id") == self.actor.subject
            _keep(self.own.lots, entity_id, is_own=is_own)
            return doc if is_own else None
        hidden = () if self.actor.role in _PRICES else ("price_vnd_per_kg",)
        return _without(doc, *hidden)

    def _assignment(self, entity_id: str, doc: Doc) -> Doc | None:
        role, subject = self.actor.role, self.actor.subject
        mine = {
            "haulier": doc.get("haulier_id") == subject,
            "driver": doc.get("truck_id") in self.own.trucks,
            "lot_declarer": doc.get("lot_id") in self.own.lots,
            "port_operator": doc.get("facility_id") == subject,
        }.get(role, True)
        _keep(self.own.assignments, entity_id, is_own=mine)
        return _without(doc, "actor") if mine else None

    def _alert(self, _entity_id: str, doc: Doc) -> Doc | None:
        role, subject = self.actor.role, doc.get("subject")
        if role == "observer":
            return doc
        if role == "checkpoint_officer":
            params = doc.get("params") or {}
            here = self.actor.subject
            return doc if here and here in (subject, params.get("checkpoint_id")) else None
        own = {self.actor.subject} | self.own.trucks | self.own.lots | self.own.assignments
        return doc if subject is not None and subject in own else None

    def _command(self, _entity_id: str, doc: Doc) -> Doc | None:
        if self.actor.role == "observer":
            return doc
        return doc if doc.get("assignment_id") in self.own.assignments else None


_LOOKS: dict[str, Callable[[Sight, str, Doc], Doc | None]] = {
    "truck": Sight._truck,  # noqa: SLF001 - its own
    "lot": Sight._lot,  # noqa: SLF001
    "assignment": Sight._assignment,  # noqa: SLF001
    "alert": Sight._alert,  # noqa: SLF001
    "command": Sight._command,  # noqa: SLF001
}


def _keep(ids: set[str], entity_id: str, *, is_own: bool) -> None:
    (ids.add if is_own else ids.discard)(entity_id)


def _without(doc: Doc, *names: str) -> Doc:
    return {name: value for name, value in doc.items() if name not in names}
