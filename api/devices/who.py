"""Know which tracker sends a request: by a header where it can send one, else by its own name.

Cookies are not looked at: a page of another site could make a browser send them.
"""

from __future__ import annotations

import base64
import binascii

from starlette.datastructures import Headers

from api.desk import Desk
from api.identity.recognition import recognise
from api.problems import Problem
from api.tokens import Actor

_CHALLENGE = {"www-authenticate": 'Basic realm="harvestlane", charset="UTF-8", Bearer'}


async def recognise_tracker(
    desk: Desk, method: str, headers: Headers, offered: str | None
) -> Actor:
    """Tell which tracker or gateway sends a request.

    Parameters
    ----------
    desk
        What the process works with.
    method, headers
        Of the request: `Authorization: Bearer`, or `Basic` with a key as password.
    offered
        What the tracker calls itself, where its name may be its key.

    Raises
    ------
    Problem
        `unauthenticated`, `too_many`, or `not_ready`: keys have not been read yet.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() == "basic":
            actor = desk.door.keys.verify(_password(given))
        elif scheme:
            actor = (await recognise(desk, method, headers, is_tls=False)).actor
        else:
            actor = desk.door.keys.verify(offered or "")
    except Problem as problem:
        if problem.status != 401:
            raise
        raise Problem("unauthenticated", problem.detail, headers=_CHALLENGE) from None
    desk.door.attempts.take(actor)
    return actor


def _password(given: str) -> str:
    """Find the key in `user:password`; some clients can send a user only."""
    try:
        user, _, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Problem("unauthenticated", "send `Authorization: Basic` with user:key") from None
    return password or user
