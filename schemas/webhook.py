"""State who is told of changes by webhook, how far, and how each telling went."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Fact, Identifier, Moment, Region, ShortText
from schemas.vocabulary import Role

HookKind = Literal[
    "truck",
    "lot",
    "slot",
    "assignment",
    "corridor",
    "checkpoint",
    "facility",
    "closure",
    "alert",
    "command",
]
"""What changes are told of, as in the stream."""

Url = Annotated[
    str,
    Field(
        min_length=8,
        max_length=2_000,
        pattern=r"^[\x21-\x7e]+$",
        examples=["https://example.org/harvestlane"],
    ),
]

PausedBecause = Literal["asked", "unreachable", "gone", "owner_gone"]


class Hook(Fact):
    """Somebody wants to be told of changes at an address.

    The secret that signs what is told stands nowhere: it follows from the stack's own secret, the
    hook's id and `generation`.
    """

    hook_id: Identifier
    url: Url
    kinds: Annotated[list[HookKind], Field(max_length=10)] = []
    """Empty for all."""
    region: Region | None = None
    """Only things of this region; null for all, and for those that have none."""
    purpose: ShortText = ""
    role: Role
    subject: Identifier | None = None
    regions: list[Region] | None = None
    """What the owner is narrowed to; null for all."""
    user_id: Identifier | None = None
    key_id: Identifier | None = None
    status: Literal["active", "paused"] = "active"
    paused_because: PausedBecause | None = None
    generation: Annotated[int, Field(ge=1)] = 1
    rotated_at: Moment | None = None
    created_at: Moment
    changed_at: Moment


class Cursor(Fact):
    """How far a hook has been told."""

    hook_id: Identifier
    places: dict[str, int] = {}
    """`topic:partition` to the next offset."""
    failing_since: Moment | None = None
    """Since when nothing gets through; null while it does."""
    at: Moment


class DeliveryTried(Fact):
    """A change was told, or could not be."""

    hook_id: Identifier
    message_id: Identifier
    kind: Annotated[str, Field(max_length=40)]
    entity_id: Annotated[str, Field(max_length=512)] | None = None
    """Null for a test; a command's is its event's id, which may be any text."""
    attempt: Annotated[int, Field(ge=1)]
    status: int | None = None
    """What the receiver answered; null where it did not."""
    error: Annotated[str, Field(max_length=40)] | None = None
    """Why it did not: `timeout`, `connection`, `address_refused`."""
    took_ms: Annotated[int, Field(ge=0)]
    at: Moment
