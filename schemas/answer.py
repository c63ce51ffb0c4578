"""State what the API answered to a write that had an idempotency key."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.model import Fact, Moment

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32,64}$")]


class StoredAnswer(Fact):
    """The answer to one write, to be given again when the write is repeated."""

    answer_id: Digest
    """Of who wrote, what was written to, and the key."""
    request: Digest
    """Of what was sent, so that another request under the same key is told apart."""
    at: Moment
    """When it was answered (wall clock)."""
    status: Annotated[int, Field(ge=200, le=499)]
    headers: dict[str, str] = {}
    body: str | None = None
    """None where it was too long to keep: the repeat is carried out, with the same events."""
