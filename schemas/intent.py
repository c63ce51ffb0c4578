"""State what the API has set out to write of one file, so that a crash cannot leave half of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.model import Fact, Identifier, Moment


class IntentPart(Fact):
    """A part of what is to be written whole: it counts once all of its parts are there."""

    part_id: Identifier
    """The intent's id, and the part's number after a ``.``."""
    intent_id: Identifier
    part: Annotated[int, Field(ge=0)]
    parts: Annotated[int, Field(ge=1)]
    at: Moment
    packed: Annotated[str, Field(max_length=900_000)]
    """Records as JSON, packed by zlib, in Base64."""
