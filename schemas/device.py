"""State which tracker rides on which truck."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.model import Fact, Identifier, Moment

DeviceId = Annotated[Identifier, Field(examples=["867604050012345"])]
"""What a tracker calls itself, such as its IMEI. It is a name, not a secret."""


class Tracker(Fact):
    """A tracker rides on a truck, until it is told otherwise."""

    device_id: DeviceId
    truck_id: Identifier
    made_by: Annotated[str, Field(max_length=200)]
    created_at: Moment
