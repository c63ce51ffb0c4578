"""State what is kept of a person: ids in the open, everything else sealed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Fact, Identifier, Moment, Region


class PersonKept(Fact):
    """A driver, an officer or somebody to call; gone after ``keep_until``.

    ``sealed`` holds name, telephone, licence and permits (`api.personal.people.Particulars`).
    """

    person_id: Identifier
    kind: Literal["driver", "officer", "contact"]
    region: Region
    haulier_id: Identifier | None = None
    """Whose driver it is."""
    sealed: Annotated[str, Field(max_length=20_000)]
    updated_at: Moment
    keep_until: Moment
