"""Choose documents of a collection by their fields, page by page."""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from functools import cached_property, lru_cache
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from api.problems import Flaw, Problem
from schemas.model import Moment, parse_time
from schemas.truck import normal_plate

Doc = dict[str, Any]
Text = Annotated[str, Field(max_length=200)]

_SEARCHED = ("name", "plate", "haulier_id", "lot_id", "truck_id", "product")
_MOST = 100_000


class Wanted(BaseModel):
    """Choose documents by their fields; one that lacks a named field is not chosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Text | None = Field(None, description="One status, or several with commas.")
    plate: Text | None = Field(None, description="Part of a plate, however it is written.")
    q: Text | None = Field(
        None, description="Part of an id, name or plate; marks over letters do not count."
    )
    updated_since: Moment | None = Field(None, description="Changed at this time or later.")
    region: Text | None = None
    haulier_id: Text | None = None
    truck_id: Text | None = None
    lot_id: Text | None = None
    facility_id: Text | None = None
    subject: Text | None = None
    product: Text | None = None
    kind: Text | None = None
    limit: int | None = Field(None, ge=1, le=_MOST, description="At most so many items.")
    cursor: Annotated[str, Field(max_length=1_000)] | None = Field(
        None, description="`next` of the page before, with the same filters."
    )

    @cached_property
    def _exact(self) -> dict[str, frozenset[str]]:
        names = {"status", "region", "haulier_id", "truck_id", "lot_id", "facility_id"}
        names |= {"subject", "product", "kind"}
        chosen = self.model_dump(include=names, exclude_none=True)
        return {name: frozenset(text.split(",")) for name, text in chosen.items()}

    @cached_property
    def _filters(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True, exclude={"limit", "cursor"})

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self._filters

    def takes(self, entity_id: str, doc: Doc) -> bool:
        """Tell whether a document is wanted.

        Parameters
        ----------
        entity_id
            Its id.
        doc
            The entity's state, as the reader sees it.
        """
        if any(doc.get(name) not in texts for name, texts in self._exact.items()):
            return False
        if self.plate is not None:
            part, plate = normal_plate(self.plate), normal_plate(doc.get("plate") or "")
            if not part or part not in plate:
                return False
        if self.updated_since is not None:
            told = doc.get("updated_at")
            if told is None or parse_time(told) < self.updated_since:
                return False
        return self.q is None or _holds(entity_id, doc, folded(self.q))

    def after(self, kind: str) -> str:
        """Return the id behind which the page begins; empty for the first one.

        Parameters
        ----------
        kind
            The kind of view that is read.

        Raises
        ------
        Problem
            `invalid`: the cursor is none, or of other filters.
        """
        if self.cursor is None:
            return ""
        try:
            last, of = orjson.loads(base64.urlsafe_b64decode(self.cursor + "=="))
        except (ValueError, binascii.Error, TypeError):
            last, of = None, None
        if not isinstance(last, str):
            raise _refused("this is no cursor; send `next` of the page before as it was")
        if of != _digest(kind, self):
            raise _refused("this cursor belongs to other filters; begin without a cursor")
        return last


def cursor_after(kind: str, wanted: Wanted, entity_id: str) -> str:
    """Write the cursor of the page that begins behind an id.

    Parameters
    ----------
    kind
        The kind of view that is read.
    wanted
        What is wanted of it.
    entity_id
        The last id of the page before.
    """
    raw = orjson.dumps([entity_id, _digest(kind, wanted)])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _digest(kind: str, wanted: Wanted) -> str:
    said = orjson.dumps([kind, wanted._filters], option=orjson.OPT_SORT_KEYS)  # noqa: SLF001
    return hashlib.blake2b(said, digest_size=6).hexdigest()


def _refused(message: str) -> Problem:
    flaw = Flaw(pointer="query:cursor", message=message, code="cursor")
    return Problem("invalid", message, errors=[flaw])


def _holds(entity_id: str, doc: Doc, part: str) -> bool:
    texts = [entity_id, *(doc.get(name) for name in _SEARCHED)]
    pickup = doc.get("pickup")
    if isinstance(pickup, dict):
        texts.append(pickup.get("name"))
    if any(isinstance(text, str) and part in folded(text) for text in texts):
        return True
    plain = normal_plate(part)
    return bool(plain) and plain in normal_plate(doc.get("plate") or "")


@lru_cache(maxsize=1 << 15)
def folded(text: str) -> str:
    """Write a text without capitals and without marks over and under its letters.

    Parameters
    ----------
    text
        Such as `Rạch Giá`, which is `rach gia`.
    """
    apart = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
