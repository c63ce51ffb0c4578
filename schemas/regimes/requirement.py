"""State what hauliers report of local extra requirements ("thủ tục con"), and the rulings."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, model_validator

from schemas.model import Fact, Identifier, Moment, Region
from schemas.regimes.model import Code, District
from schemas.regimes.words import one_of

_PERSONAL = re.compile(r"(?<![A-Za-z0-9])\+?\d{9,12}(?![A-Za-z0-9])")
"""What looks like a phone number or an identity number, standing by itself."""


def _is_no_person(text: str) -> str:
    if _PERSONAL.search(text):
        raise ValueError("looks like a phone or identity number; no personal data stands here")
    return text


def _is_asked(kind: str) -> str:
    return one_of("requirement_kind", kind)


Reference = Annotated[Identifier, AfterValidator(_is_no_person)]
"""Where evidence is kept, such as ``photo:9f2c…`` or ``doc:120/UBND-VX``: never what it shows."""
Kind = Annotated[str, AfterValidator(_is_asked)]


class _Dated(Fact):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    event_id: Identifier
    at: Moment
    """When it was met or ruled, not when it was sent."""


class _OfRequirement(_Dated):
    """Names one requirement: a place, and what is asked there."""

    region: Region
    district: District | None = None
    checkpoint_id: Identifier | None = None
    kind: Kind
    asked: Code

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        one_of("region", self.region)
        if self.district is not None and self.district.partition("/")[0] != self.region:
            raise ValueError(f"{self.district} is no district of {self.region}")
        if self.kind in ("paper", "duty"):
            one_of(self.kind, self.asked)
        return self

    @property
    def is_of_a_region(self) -> bool:
        """Whether nothing narrower than a region is named, as where a province itself asks."""
        return self.district is None and self.checkpoint_id is None

    @property
    def key(self) -> str:
        """Name the requirement: what is asked, at the narrowest place that is known."""
        where = self.checkpoint_id or self.district or self.region
        level = "checkpoint" if self.checkpoint_id else "district" if self.district else "region"
        return f"{level}:{where}|{self.kind}:{self.asked}"


class RequirementReported(_OfRequirement):
    """A haulier's truck was asked for something at a place.

    What is asked is a code, never free text: people write names and numbers into text.
    """

    haulier_id: Identifier
    truck_id: Identifier | None = None
    purpose: str | None = None
    product: str | None = None
    evidence: Reference | None = None

    @model_validator(mode="after")
    def _carries_words_of_ours(self) -> Self:
        for name in ("purpose", "product"):
            if (word := getattr(self, name)) is not None:
                one_of(name, word)
        return self


class RequirementConfirmed(_OfRequirement):
    """The authority has seen that it is asked there."""

    reference: Reference


class RequirementLifted(_OfRequirement):
    """It is asked there no longer."""

    reference: Reference


RequirementEvent = RequirementReported | RequirementConfirmed | RequirementLifted
Status = Literal["reported", "confirmed", "lifted"]
