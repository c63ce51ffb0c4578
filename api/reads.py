"""Answer collections and single entities from the views, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import GenericAlias
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import Response

from api.desk import Asking, Route
from api.problems import Problem
from api.sight import Sight
from api.views import KIND_OF, RedisViews
from schemas.alert import AlertState
from schemas.model import Fact
from schemas.topics import CATALOGUE
from schemas.truck import normal_plate

Doc = dict[str, Any]
Text = Annotated[str, Field(max_length=200)]

router = APIRouter(prefix="/v1", tags=["reads"], route_class=Route)


class Wanted(BaseModel):
    """Choose documents by their fields; one that lacks a named field is not chosen."""

    model_config = ConfigDict(frozen=True)

    status: Text | None = Field(None, description="One status, or several with commas.")
    plate: Text | None = Field(None, description="Part of a plate, however it is written.")
    region: Text | None = None
    haulier_id: Text | None = None
    truck_id: Text | None = None
    lot_id: Text | None = None
    facility_id: Text | None = None
    subject: Text | None = None
    product: Text | None = None
    kind: Text | None = None
    limit: int | None = Field(None, ge=1, le=100_000, description="At most so many items.")

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return all(value is None for name, value in self if name != "limit")

    def takes(self, doc: Doc) -> bool:
        """Tell whether a document is wanted.

        Parameters
        ----------
        doc
            The entity's state, as the reader sees it.
        """
        exact = self.model_dump(exclude_none=True, exclude={"status", "plate", "limit"})
        if self.status is not None and doc.get("status") not in self.status.split(","):
            return False
        if self.plate is not None:
            part, plate = normal_plate(self.plate), normal_plate(doc.get("plate") or "")
            if not part or part not in plate:
                return False
        return all(doc.get(name) == text for name, text in exact.items())


def _collection(kind: str) -> Callable[..., Awaitable[Response]]:
    async def collection(asking: Asking, wanted: Annotated[Wanted, Query()]) -> Response:
        """Answer `{count, items}`: how many match, and the first `limit` of them by id."""
        items = await shown(asking.desk.views, asking.sight, kind, wanted)
        head = b'{"count":%d,"items":[' % len(items)
        return json_answer(head + b",".join(items[: wanted.limit]) + b"]}")

    return collection


def _item(kind: str) -> Callable[..., Awaitable[Response]]:
    async def item(asking: Asking, entity_id: str) -> Response:
        """Answer the latest state, with its `id`."""
        views = asking.desk.views
        raw = await views.get(kind, entity_id)
        seen = await look_at(views, asking.sight, kind, entity_id, raw) if raw else None
        if seen is not None:
            return json_answer(seen)
        raise Problem("not_found", f"no {kind} {entity_id[:140]!r} is known to you")

    return item


def _offer(plural: str, kind: str) -> None:
    topic = CATALOGUE.get(f"{kind}.state.v1")
    state: type[Fact] = next(iter(topic.types.values())) if topic else AlertState
    states: Any = GenericAlias(list, (state,))
    many = create_model(f"{kind.title()}Collection", count=(int, ...), items=(states, ...))
    router.add_api_route(
        f"/{plural}",
        _collection(kind),
        summary=f"All {plural} that you may see",
        operation_id=f"list_{plural}",
        responses={200: {"model": many}},
        response_model=None,
    )
    router.add_api_route(
        f"/{plural}/{{entity_id:path}}",
        _item(kind),
        summary=f"One {kind}",
        operation_id=f"get_{kind}",
        responses={200: {"model": state}},
        response_model=None,
    )


async def shown(views: RedisViews, sight: Sight, kind: str, wanted: Wanted) -> list[bytes]:
    """Return the wanted documents of one kind as JSON, each with its `id`.

    Parameters
    ----------
    views
        Where to read.
    sight
        Whose eyes look.
    kind
        A kind of view.
    wanted
        Which documents.
    """
    if sight.needs(kind):
        await sight.load(views)  # what else is the reader's own decides it
    found = await views.every(kind)
    if sight.is_whole and wanted.is_all:
        return [with_id(entity_id, raw) for entity_id, raw in found.items()]
    seen = []
    for entity_id, raw in found.items():
        doc = sight.show(kind, entity_id, orjson.loads(raw))
        if doc is not None and wanted.takes(doc):
            seen.append(orjson.dumps({"id": entity_id, **doc}))
    return seen


async def look_at(
    views: RedisViews, sight: Sight, kind: str, entity_id: str, raw: bytes
) -> bytes | None:
    """Return what the reader sees of one document, having looked up what decides it.

    Parameters
    ----------
    views
        Where to read.
    sight, kind, entity_id, raw
        As for `visible`.
    """
    if not sight.is_whole:
        doc = orjson.loads(raw)
        if kind == "alert" or (sight.is_by_trips and sight.needs(kind)):
            await sight.load(views)
        elif kind == "assignment":
            await _meet(views, sight, "truck", doc.get("truck_id"))
            await _meet(views, sight, "lot", doc.get("lot_id"))
        elif kind == "command":
            await _meet(views, sight, "assignment", doc.get("assignment_id"))
    return visible(sight, kind, entity_id, raw)


async def _meet(views: RedisViews, sight: Sight, kind: str, entity_id: str | None) -> None:
    raw = await views.get(kind, entity_id) if entity_id else None
    if raw is not None and entity_id is not None:
        await look_at(views, sight, kind, entity_id, raw)


def visible(sight: Sight, kind: str, entity_id: str, raw: bytes) -> bytes | None:
    """Return what the reader sees of one document as JSON with its `id`; None for nothing.

    Parameters
    ----------
    sight
        Whose eyes look.
    kind
        A kind of view.
    entity_id
        The entity's id.
    raw
        The entity's state as JSON.
    """
    if sight.is_whole:
        return with_id(entity_id, raw)
    doc = sight.show(kind, entity_id, orjson.loads(raw))
    return None if doc is None else orjson.dumps({"id": entity_id, **doc})


def with_id(entity_id: str, raw: bytes) -> bytes:
    """Put the id first into a JSON object, without reading it."""
    rest = raw.lstrip()[1:].lstrip()
    comma = b"" if rest.startswith(b"}") else b","
    return b'{"id":' + orjson.dumps(entity_id) + comma + rest


def json_answer(body: bytes, status: int = 200) -> Response:
    """Answer JSON that is written already."""
    return Response(body, status, media_type="application/json")


for _plural, _kind in KIND_OF.items():
    _offer(_plural, _kind)
