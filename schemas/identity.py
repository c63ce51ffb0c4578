"""State who may log in, who is logged in, and which keys machines have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from schemas.model import Fact, Flag, Identifier, Moment, Region, ShortText
from schemas.vocabulary import Role

LoginName = Annotated[
    str,
    Field(
        min_length=2, max_length=64, pattern=r"^[a-z0-9][a-z0-9._@-]+$", examples=["htx-go-quao"]
    ),
]
"""The name that a person logs in by; a name of an office is better than one of a person."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""The SHA-256 of a secret of 256 bits, which itself is kept nowhere."""


def _sorted_once(names: list[str]) -> list[str]:
    return sorted(set(names))


Regions = Annotated[list[Region], Field(max_length=64), AfterValidator(_sorted_once)]
"""Dispatch regions that somebody is narrowed to; an empty list sees nothing that has a region."""

Scope = Annotated[
    str, Field(max_length=64, pattern=r"^(read|[a-z]+\.[a-z_]+)$", examples=["lot.declared"])
]


class Rights(Fact):
    """What somebody may be: a role, whose, and where."""

    role: Role
    subject: Identifier | None = None
    regions: Regions | None = None
    """Null for all."""


class User(Rights):
    """Somebody who logs in by name and password."""

    user_id: Identifier
    login: LoginName
    password_hash: Annotated[str, Field(max_length=300)] | None = None
    """By argon2id, with its parameters and salt; null until a password was set."""
    status: Literal["active", "disabled"] = "active"
    must_change_password: Flag = True
    code_id: Annotated[str, Field(max_length=64)] | None = None
    """The only first log-in code that still opens; null for none."""
    created_at: Moment
    changed_at: Moment
    sessions_from: Moment
    """Sessions that were opened before are over: role, password or status changed then."""


class Session(Rights):
    """A browser that somebody logged in with."""

    session_id: Identifier
    user_id: Identifier | None = None
    """Null where a one-time link of the stack's own opened it."""
    assignment_id: Identifier | None = None
    """The only trip that it is for; null for all that its role sees."""
    how: Literal["link", "password", "oidc"]
    current: Sha256
    """Of the newest refresh secret that was used, or of the first."""
    spent: Sha256 | None = None
    """Of the one before."""
    created_at: Moment
    last_seen_at: Moment
    """When it was last renewed: about every ten minutes of use."""
    expires_at: Moment
    revoked_at: Moment | None = None


class Device(Fact):
    """What a key is mounted on."""

    truck_id: Identifier


class ApiKey(Rights):
    """A machine's key."""

    key_id: Annotated[str, Field(pattern=r"^[0-9a-z]{16}$")]
    purpose: ShortText = ""
    secret_hash: Sha256
    scopes: Annotated[list[Scope], Field(max_length=64), AfterValidator(_sorted_once)] = []
    """Event types that it may report, and `read`; empty for all that its role may."""
    device: Device | None = None
    """It may report positions of this truck, and nothing else."""
    made_by: Annotated[str, Field(max_length=200)]
    created_at: Moment
    expires_at: Moment
