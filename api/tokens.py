"""Make and read the signed tokens that say who somebody is."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import jwt

from api.problems import Problem
from schemas.vocabulary import words

AUDIENCE = "harvestlane"
TOKEN_S = 3_600
"""How long a script's token holds, in seconds."""
SESSION_S = 12 * 3_600
"""How long a browser's session holds: one shift."""
LOGIN_S = 3_600
"""How long a one-time link can be opened."""

Use = Literal["api", "session", "login"]

_ALGORITHM = "HS256"
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@|#/+-]{0,127}", re.ASCII)
_PAGE = re.compile(r"/[a-z]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who was recognised.

    Attributes
    ----------
    role
        A word of the vocabulary's roles.
    subject
        The haulier, driver, checkpoint, declarer or facility that is meant; None for none.
    expires_at
        When the token ends, in seconds since 1970.
    token_id
        The token's own name.
    page
        Where a one-time link leads.
    user_id
        The user of the store or of the OIDC provider; None for a script's token or a machine.
    session_id
        The browser's session, which can be revoked; None for none.
    key_id
        The API key that a machine showed; None for none.
    regions
        The dispatch regions whose rows the actor may see and change; None for all.
    scopes
        What a key or token is narrowed to; None for all that its role may.
    """

    role: str
    subject: str | None
    expires_at: float
    token_id: str = ""
    page: str = "/"
    user_id: str | None = None
    session_id: str | None = None
    key_id: str | None = None
    regions: frozenset[str] | None = None
    scopes: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """Name the actor in commands: `role:subject`."""
        return f"{self.role}:{self.subject}" if self.subject else self.role

    @property
    def source(self) -> str:
        """Name the actor as the source of events."""
        tail = f"/{quote(self.subject, safe='')}" if self.subject else ""
        return f"/api/{self.role}{tail}"


def make_token(
    secret: bytes,
    role: str,
    subject: str | None = None,
    *,
    use: Use = "api",
    ttl_s: float = TOKEN_S,
    page: str = "/",
) -> str:
    """Sign a token.

    Parameters
    ----------
    secret
        The stack's signing secret.
    role
        A word of the vocabulary's roles.
    subject
        The haulier, driver, checkpoint, declarer or facility that it is for.
    use
        What it opens: the API from a script, a browser's session, or one log-in.
    ttl_s
        How long it holds, in seconds.
    page
        Where a log-in leads.

    Raises
    ------
    ValueError
        Where a role, subject, page or time is none.
    """
    if role not in words("role"):
        raise ValueError(f"Expected a role of {', '.join(words('role'))}; got {role[:40]!r}.")
    if subject is not None and not _SUBJECT.fullmatch(subject):
        raise ValueError(f"Expected an id as subject, got {subject[:40]!r}.")
    if not _PAGE.fullmatch(page):
        raise ValueError(f"Expected a page such as /haulier, got {page[:40]!r}.")
    if not ttl_s > 0:
        raise ValueError("Expected a time to live above 0 s.")
    now = time.time()
    claims: dict[str, Any] = {
        "aud": AUDIENCE,
        "role": role,
        "use": use,
        "iat": int(now),
        "exp": int(now + ttl_s),
        "jti": uuid.uuid4().hex,
    }
    if subject is not None:
        claims["sub"] = subject
    if use == "login":
        claims["page"] = page
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def read_token(secret: bytes, token: str, *, use: Use) -> Actor:
    """Check a token and tell whose it is.

    Parameters
    ----------
    secret
        The stack's signing secret.
    token
        What the client brought.
    use
        What it must have been made for.

    Raises
    ------
    Problem
        `unauthenticated`: it is forged, over, or made for something else.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "aud", "iat", "jti"]},
        )
    except jwt.ExpiredSignatureError:
        raise Problem("unauthenticated", "the log-in is over; log in again") from None
    except jwt.InvalidTokenError:
        raise Problem("unauthenticated", "this token is not of this stack") from None
    if claims.get("use") != use or claims.get("role") not in words("role"):
        raise Problem("unauthenticated", "this token was not made for this")
    return Actor(
        role=claims["role"],
        subject=claims.get("sub"),
        expires_at=float(claims["exp"]),
        token_id=str(claims["jti"]),
        page=str(claims.get("page", "/")),
    )
