"""Give the first answer again when a write is repeated under its idempotency key."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.kept import Kept
from api.problems import Problem, answer
from api.tokens import Actor
from schemas.answer import StoredAnswer

_log = logging.getLogger(__name__)

TOPIC = "api.answer.v1"
"""Where answers are kept."""
MOST_HELD_BYTES = 64 << 20
"""So much of the latest answers is held in memory; of older ones the events are still known."""
MOST_BODY_BYTES = 128 << 10
"""A longer answer is not kept, only that there was one."""
KEY = re.compile(r"[\x21-\x7e]{1,200}")
"""What an idempotency key looks like."""

_KEEP = timedelta(hours=24)
_KEPT = frozenset({201, 202, 204, 409})
"""Statuses of answers that are kept: 200 says that nothing was written, other errors pass."""
_WRITES = frozenset({"POST", "PATCH", "PUT"})
_SECRET = re.compile(r"/v1/(session|users|keys|webhooks|people)\b.*|.*/driver-link")
"""Paths whose answers hold secrets or what is known of people: never kept."""
_UNREAD = frozenset({"application/x-ndjson"})
"""Bodies that are read as they come, not as a whole."""
_HEADERS = ("content-type", "location", "content-language", "etag")

Handler = Callable[[Request], Awaitable[Response]]


class Answers:
    """Keep the answers of writes, and know which are being carried out here.

    Parameters
    ----------
    kept
        Holds `api.answer.v1`.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._running: dict[str, str] = {}

    async def once(self, request: Request, handle: Handler) -> Response:
        """Carry a request out, or answer what was answered to it before.

        Parameters
        ----------
        request
            The request; without a key it is just carried out.
        handle
            Carries it out.

        Raises
        ------
        Problem
            `key_reused`, `in_progress`, `not_ready`; or what `handle` raises, which is not kept
            unless it is a conflict (409).
        """
        key = request.headers.get("idempotency-key", "")
        actor: Actor | None = request.scope.get("actor")
        if actor is None or not KEY.fullmatch(key) or not _is_kept(request):
            return await handle(request)
        self._kept.refuse_partial()
        answer_id = _digest(
            actor.name, actor.user_id, actor.key_id, request.method, request.url.path, key
        )
        content = await _content(request)
        stored: StoredAnswer | None = self._kept.get(TOPIC, answer_id)
        if stored is not None and stored.at + _KEEP > datetime.now(UTC):
            _refuse_other(stored.request, content)
            if stored.body is not None:
                return _again(stored)
        return await self._first(answer_id, content, request, handle)

    async def _first(
        self, answer_id: str, content: str, request: Request, handle: Handler
    ) -> Response:
        running = self._running.get(answer_id)
        if running is not None:
            _refuse_other(running, content)
            detail = "the same write is being carried out; ask again in a moment"
            raise Problem("in_progress", detail, headers={"retry-after": "1"})
        self._running[answer_id] = content
        try:
            given = await _decided(request, handle)
            if given.status_code in _KEPT:
                await self._keep(answer_id, content, given)
            return given
        finally:
            del self._running[answer_id]

    async def _keep(self, answer_id: str, content: str, given: Response) -> None:
        body = bytes(getattr(given, "body", b""))
        is_short = hasattr(given, "body") and len(body) <= MOST_BODY_BYTES
        stored = StoredAnswer(
            answer_id=answer_id,
            request=content,
            at=datetime.now(UTC),
            status=given.status_code,
            headers={name: given.headers[name] for name in _HEADERS if name in given.headers},
            body=body.decode() if is_short else None,
        )
        try:
            await self._kept.put(TOPIC, stored)
        except Problem as problem:  # what was asked is done all the same, and can be repeated
            _log.warning("an answer was given and could not be kept: %s", problem.code)


def _is_kept(request: Request) -> bool:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method not in _WRITES or media in _UNREAD:
        return False
    return not _SECRET.fullmatch(request.url.path)


async def _decided(request: Request, handle: Handler) -> Response:
    try:
        return await handle(request)
    except Problem as problem:
        if problem.status != 409:
            raise
        return answer(
            problem,
            instance=quote(request.url.path),
            accept_language=request.headers.get("accept-language"),
        )


def _again(stored: StoredAnswer) -> Response:
    again = Response((stored.body or "").encode(), stored.status, stored.headers)
    again.headers["idempotency-replayed"] = "true"
    return again


def _refuse_other(first: str, now: str) -> None:
    if first != now:
        detail = "this Idempotency-Key was used for another request; take a new one for a new write"
        raise Problem("key_reused", detail)


async def _content(request: Request) -> str:
    """Digest what a request says, however its JSON is written."""
    body = await request.body()
    try:
        said = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except ValueError:
        said = body
    envelope = [pair for pair in sorted(request.headers.items()) if pair[0].startswith("ce-")]
    return _digest(request.url.query, envelope, hashlib.sha256(said).hexdigest())


def _digest(*parts: object) -> str:
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
