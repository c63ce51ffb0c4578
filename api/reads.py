"""Answer collections and single entities from the views, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from itertools import islice
from types import GenericAlias
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError, create_model
from starlette.responses import Response

from api.changes import Entry
from api.desk import Asking, Route, asking, tag_of
from api.hub import with_id
from api.mirror import KIND_OF, Mirror
from api.problems import Problem
from api.sight import Sight
from api.views import RedisViews
from api.wanted import Wanted, cursor_after
from schemas.alert import AlertState
from schemas.model import Fact
from schemas.topics import CATALOGUE


class _Bare(Route):
    """Call the endpoint with what it asks for, past FastAPI's search for dependencies.

    That search took longer than the reading itself (cProfile: 0.8 of 1.1 ms). The endpoint's
    signature says what there is, and the description is made of it.
    """

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return a handler for one item, or for a collection."""
        endpoint, is_item = self.endpoint, "{entity_id" in self.path

        async def bare(request: Request) -> Response:
            known = request.headers.get("if-none-match")
            if is_item:
                name = request.path_params["entity_id"]
                answer = await endpoint(asking(request), name, known)
            else:
                wanted = _wanted(request.url.query)
                answer = await endpoint(asking(request), wanted, request, known)
            return cast("Response", answer)

        return bare


@lru_cache(maxsize=1 << 10)
def _wanted(query: str) -> Wanted:
    try:
        return Wanted.model_validate(dict(parse_qsl(query, keep_blank_values=True)))
    except ValidationError as error:
        found = [{**each, "loc": ("query", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(found) from None


router = APIRouter(prefix="/v1", tags=["reads"], route_class=_Bare)

IfNoneMatch = Annotated[str | None, Header(description="Answer 304 where this is what there is.")]


def _collection(kind: str) -> Callable[..., Awaitable[Response]]:
    async def collection(
        asker: Asking,
        wanted: Annotated[Wanted, Query()],
        request: Request,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        """Answer `{count, items, next}`: how many match, and by id those of this page."""
        mirror = await asker.desk.views.mirror.fresh()
        tag = _tag_of(mirror, asker.sight, kind)
        if _is_known(if_none_match, tag):
            return Response(status_code=304, headers={"etag": tag})
        after = wanted.after(kind)
        count, items, last = await page(asker.desk.views, asker.sight, kind, wanted, after)
        following = None if last is None else cursor_after(kind, wanted, last)
        body = b'{"count":%d,"items":[%b],"next":%b}' % (
            count,
            b",".join(items),
            orjson.dumps(following),
        )
        answer = json_answer(body)
        answer.headers["etag"] = tag
        if following is not None:
            query = urlencode({**request.query_params, "cursor": following})
            answer.headers["link"] = f'<{request.url.path}?{query}>; rel="next"'
        return answer

    return collection


def _item(kind: str) -> Callable[..., Awaitable[Response]]:
    async def item(asker: Asking, entity_id: str, if_none_match: IfNoneMatch = None) -> Response:
        """Answer the latest state, with its `id`."""
        mirror = await asker.desk.views.mirror.fresh()
        entry = mirror.shelf(kind).get(entity_id)
        seen = None
        if entry is not None:
            seen = await look_at(asker.desk.views, asker.sight, kind, entity_id, entry)
        if entry is None or seen is None:
            raise Problem("not_found", f"no {kind} {entity_id[:140]!r} is known to you")
        tag = tag_of(entry.doc)
        if _is_known(if_none_match, tag):
            return Response(status_code=304, headers={"etag": tag})
        answer = json_answer(seen)
        answer.headers["etag"] = tag
        return answer

    return item


def _offer(plural: str, kind: str) -> None:
    topic = CATALOGUE.get(f"{kind}.state.v1")
    state: type[Fact] = next(iter(topic.types.values())) if topic else AlertState
    states: Any = GenericAlias(list, (state,))
    many = create_model(
        f"{kind.title()}Collection",
        count=(int, ...),
        items=(states, ...),
        next=(str | None, ...),
    )
    router.add_api_route(
        f"/{plural}",
        _collection(kind),
        summary=f"All {plural} that you may see",
        operation_id=f"list_{plural}",
        responses={200: {"model": many}, 304: {"description": "What you have is what there is."}},
        response_model=None,
    )
    router.add_api_route(
        f"/{plural}/{{entity_id:path}}",
        _item(kind),
        summary=f"One {kind}",
        operation_id=f"get_{kind}",
        responses={200: {"model": state}, 304: {"description": "What you have is what there is."}},
        response_model=None,
    )


async def page(
    views: RedisViews, sight: Sight, kind: str, wanted: Wanted, after: str
) -> tuple[int, list[bytes], str | None]:
    """Return a page of the wanted documents of one kind as JSON, each with its `id`.

    It is as of the mirror's last `fresh`, which is the caller's to ask for.

    Parameters
    ----------
    views
        Where to read.
    sight
        Whose eyes look.
    kind
        A kind of view.
    wanted
        Which documents, and how many of them.
    after
        The id behind which the page begins; empty for the first page.

    Returns
    -------
    tuple of int, list of bytes and str or None
        How many documents are wanted on all pages, those of this one, and the id of its last one
        where more follow.
    """
    if sight.needs(kind) and not sight.is_whole:
        await sight.load(views)  # what else is the reader's own decides it
    shelf = views.mirror.shelf(kind)
    most = wanted.limit if wanted.limit is not None else len(shelf)
    if sight.is_whole and wanted.is_all:
        found = list(islice(shelf.after(after), most + 1))
        items = [with_id(name, entry.raw) for name, entry in found[:most]]
        return len(shelf), items, found[most - 1][0] if len(found) > most else None
    count, names, items, is_more = 0, [], [], False
    for name, entry in shelf.items():
        doc = sight.show(kind, name, entry.doc)
        if doc is None or not wanted.takes(name, doc):
            continue
        count += 1
        if name <= after:
            continue
        if len(items) == most:
            is_more = True
            continue
        names.append(name)
        items.append(orjson.dumps({"id": name, **doc}))
    return count, items, names[-1] if is_more else None


async def look_at(
    views: RedisViews, sight: Sight, kind: str, entity_id: str, entry: Entry
) -> bytes | None:
    """Return what the reader sees of one document as JSON with its `id`; None for nothing.

    Parameters
    ----------
    views
        Where what decides it is looked up.
    sight
        Whose eyes look.
    kind
        A kind of view.
    entity_id
        The entity's id.
    entry
        The entity's state.
    """
    if sight.is_whole:
        return with_id(entity_id, entry.raw)
    doc = entry.doc
    if sight.needs(kind) and (sight.is_by_trips or kind not in {"assignment", "command"}):
        await sight.load(views)
    elif kind == "assignment":
        await _meet(views, sight, "truck", doc.get("truck_id"))
        await _meet(views, sight, "lot", doc.get("lot_id"))
    elif kind == "command":
        await _meet(views, sight, "assignment", doc.get("assignment_id"))
    shown = sight.show(kind, entity_id, doc)
    return None if shown is None else orjson.dumps({"id": entity_id, **shown})


async def _meet(views: RedisViews, sight: Sight, kind: str, entity_id: str | None) -> None:
    entry = views.mirror.shelf(kind).get(entity_id) if entity_id else None
    if entry is None or entity_id is None:
        return
    if kind == "assignment":
        await look_at(views, sight, kind, entity_id, entry)
    else:
        sight.show(kind, entity_id, entry.doc)


def json_answer(body: bytes, status: int = 200) -> Response:
    """Answer JSON that is written already."""
    return Response(body, status, media_type="application/json")


def _tag_of(mirror: Mirror, sight: Sight, kind: str) -> str:
    """Tag a collection by its last change; by the last of any kind where others decide, too."""
    at = mirror.shelf(kind).changed_at if sight.is_whole else mirror.position
    return f'W/"{at}"'


def _is_known(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


for _plural, _kind in KIND_OF.items():
    _offer(_plural, _kind)
