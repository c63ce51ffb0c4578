"""Say in Vietnamese and English what was found about a pass; the templates are `sentences.json`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.model import LOCAL
from schemas.sentences import MONTHS, filled, words_in

SENTENCES: dict[str, dict[str, str]] = words_in("schemas.passes")
"""`code -> {"vi": …, "en": …}`; an operator may word them otherwise."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was found.

    Attributes
    ----------
    code
        A key of `SENTENCES`.
    vi, en
        One sentence for people, in each language.
    """

    code: str
    vi: str
    en: str


def tell(code: str, **values: Any) -> Reason:
    """Say one thing.

    Parameters
    ----------
    code
        Which sentence.
    values
        What stands in its gaps; times are told as in Asia/Ho_Chi_Minh.
    """
    said = filled(SENTENCES[code], values, shown)
    return Reason(code, said["vi"], said["en"])


def shown(value: Any, language: str) -> str:
    """Show a value as people of a language write it."""
    if not isinstance(value, datetime):
        return str(value)
    at = value.astimezone(LOCAL)
    if language == "vi":
        return f"{at:%H:%M} ngày {at.day}/{at.month}/{at.year}"
    return f"{at:%H:%M} on {at.day} {MONTHS[at.month - 1]} {at.year}"
