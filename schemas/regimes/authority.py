"""Tell which authority a local requirement is for: one level above whoever asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from schemas.model import LOCAL
from schemas.regimes.register import Entry
from schemas.regimes.requirement import RequirementEvent
from schemas.regimes.words import Word
from schemas.vocabulary import VOCABULARY

TABLE: dict[str, Any] = json.loads(
    files("schemas.regimes").joinpath("authorities.json").read_text(encoding="utf-8")
)
"""Who answers for what, by what is asked and by its kind; an operator may word it otherwise."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A role of an authority, never a person or an office: duties change departments.

    Attributes
    ----------
    role
        A word of the list `authority`.
    level, region
        Of the central government, or of a province as it is called at that time.
    copy_to
        Roles that get a copy.
    """

    role: str
    level: str
    region: str | None
    copy_to: tuple[str, ...] = ()

    def to_doc(self) -> dict[str, Any]:
        """Give the addressee as JSON holds it, with names."""
        role, level = Word("authority", self.role), Word("level", self.level)
        region = None if self.region is None else Word("region", self.region)
        names = {
            language: ", ".join(
                one.name(language) for one in (role, region or level) if one is not None
            )
            for language in ("vi", "en")
        }
        return {
            "role": self.role,
            "level": self.level,
            "region": self.region,
            "copy_to": list(self.copy_to),
            **names,
        }


def addressee(what: RequirementEvent, at: datetime) -> Addressee:
    """Tell whom a requirement is sent to.

    What a district or a checkpoint asks goes to its province; what a whole province asks goes to
    the central government, since no province judges itself.

    Parameters
    ----------
    what
        Anything said of it: it names the place and what is asked.
    at
        When it is sent: a province that was merged by then is its successor.
    """
    role = TABLE["by_asked"].get(what.asked) or TABLE["by_kind"][what.kind]
    copies = tuple(one for one in TABLE["copy_to"] if one != role)
    if what.is_of_a_region:
        return Addressee(role, "centre", None, copies)
    return Addressee(role, "province", current_region(what.region, at), copies)


def route(entry: Entry, at: datetime) -> Addressee:
    """Tell whom an entry of the register is sent to at a moment."""
    return addressee(entry.one, at)


def current_region(region: str, at: datetime) -> str:
    """Return the unit that answers for a region at a moment."""
    unit = VOCABULARY["region"].get(region, {})
    if "successor" not in unit:
        return region
    over = at.astimezone(LOCAL).date() > date.fromisoformat(unit["valid_until"])
    return unit["successor"] if over else region
