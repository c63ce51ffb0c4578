"""Make and read the signed tokens that say who somebody is."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass
from functools import lru_cache
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
ACCESS_S = 600
"""How long a browser's token holds before it is renewed."""
LOGIN_S = 3_600
"""How long a one-time link can be opened."""
FIRST_LOGIN_S = 24 * 3_600
"""How long a new user's first link can be opened."""

Use = Literal["api", "session", "refresh", "login", "oidc"]

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
        Of a one-time link, the user whom it lets in for the first time.
    session_id
        The browser's session, which can be revoked; None for none.
    key_id
        The API key that a machine showed; None for none.
    regions
        The dispatch regions whose rows the actor may see and change; None for all.
    scopes
        What a key or token is narrowed to; None for all that its role may.
    assignment_id
        The only trip that the actor sees and acts on; None for all that its role does.
    truck_id
        The only truck whose positions a device reports; None where it is no device.
    must_change_password
        Whether nothing is allowed yet but to set a password.
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
    assignment_id: str | None = None
    truck_id: str | None = None
    must_change_password: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether the actor is kept to less than its role and subject say."""
        return (
            self.regions is not None
            or self.scopes is not None
            or self.assignment_id is not None
            or self.truck_id is not None
        )

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
    more: dict[str, Any] | None = None,
) -> str:
    """Sign a token for a role.

    Parameters
    ----------
    secret
        The stack's signing secret.
    role
        A word of the vocabulary's roles.
    subject
        The haulier, driver, checkpoint, declarer or facility that it is for.
    use
        What it opens: the API from a script, or one log-in.
    ttl_s
        How long it holds, in seconds.
    page
        Where a log-in leads.
    more
        Further claims: `uid` and `jti` of a user's first log-in, `aid` of one trip's driver.

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
    claims: dict[str, Any] = {"role": role}
    if subject is not None:
        claims["sub"] = subject
    if use == "login":
        claims["page"] = page
    return sign(secret, use, claims | (more or {}), ttl_s=ttl_s)


def sign(secret: bytes, use: Use, claims: dict[str, Any], *, ttl_s: float) -> str:
    """Sign claims for one use.

    Parameters
    ----------
    secret
        The stack's signing secret.
    use
        What they are for: a token of one use is none of any other.
    claims
        What to say; a name (`jti`) is given where none is.
    ttl_s
        How long it holds, in seconds.

    Raises
    ------
    ValueError
        The time is none.
    """
    if not ttl_s > 0:
        raise ValueError("Expected a time to live above 0 s.")
    now = time.time()
    whole = {"aud": AUDIENCE, "use": use, "iat": int(now), "exp": int(now + ttl_s)}
    whole |= {"jti": uuid.uuid4().hex} | claims
    return jwt.encode(whole, secret, algorithm=_ALGORITHM)


def read_token(secret: bytes, token: str, *, use: Use) -> Actor:
    """Check a token of a role and tell whose it is.

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
    claims = read_claims(secret, token, use=use)
    if claims.get("role") not in words("role"):
        raise Problem("unauthenticated", "this token was not made for this")
    return Actor(
        role=claims["role"],
        subject=claims.get("sub"),
        expires_at=float(claims["exp"]),
        token_id=str(claims["jti"]),
        page=str(claims.get("page", "/")),
        user_id=claims.get("uid"),
        assignment_id=claims.get("aid"),
    )


def read_claims(secret: bytes, token: str, *, use: Use) -> dict[str, Any]:
    """Check a token and return what it says.

    Parameters
    ----------
    secret, token, use
        As for `read_token`.

    Raises
    ------
    Problem
        `unauthenticated`.
    """
    claims = _decoded(secret, token)
    if claims["exp"] <= time.time():  # it may have been decoded before it ended
        raise Problem("unauthenticated", _OVER)
    if claims.get("use") != use:
        raise Problem("unauthenticated", "this token was not made for this")
    return claims


def is_own(token: str) -> bool:
    """Tell whether a token says to be one of this stack's own; its signature is not looked at."""
    try:
        return bool(jwt.get_unverified_header(token).get("alg") == _ALGORITHM)
    except jwt.InvalidTokenError:
        return True


_OVER = "the log-in is over; log in again"


@lru_cache(maxsize=1 << 12)
def _decoded(secret: bytes, token: str) -> dict[str, Any]:
    """Check all but the time, which goes on: a token comes with each request of its holder."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "aud", "iat", "jti"]},
        )
    except jwt.ExpiredSignatureError:
        raise Problem("unauthenticated", _OVER) from None
    except jwt.InvalidTokenError:
        raise Problem("unauthenticated", "this token is not of this stack") from None
    return claims
