"""State what people are warned of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.model import DerivedName, Fact, Moment, Region

Severity = Literal["info", "warning", "critical"]


class AlertRaised(Fact):
    """Something needs a person; ``code`` is worded in the catalogues, ``params`` fill it."""

    alert_id: DerivedName
    subject: DerivedName
    code: Annotated[str, Field(max_length=64)]
    severity: Severity = "warning"
    region: Region | None = None
    params: dict[str, Any] = {}


class AlertCleared(Fact):
    """It needs nobody any more."""

    alert_id: DerivedName
    subject: DerivedName


class AlertState(AlertRaised):
    """What is known of one alert."""

    version: int
    updated_at: Moment
    status: Literal["raised", "cleared"]
