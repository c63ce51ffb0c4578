"""Say in Vietnamese and English what was found about a pass; the templates are `sentences.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib.resources import files
from typing import Any

SENTENCES: dict[str, dict[str, str]] = json.loads(
    files("schemas.passes").joinpath("sentences.json").read_text(encoding="utf-8")
)
"""`code -> {"vi": …, "en": …}`; an operator may word them otherwise."""

LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")  # no other offset since 1975
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
    said = {
        language: sentence.format_map({name: shown(v, language) for name, v in values.items()})
        for language, sentence in SENTENCES[code].items()
    }
    return Reason(code, said["vi"], said["en"])


def shown(value: Any, language: str) -> str:
    """Show a value as people of a language write it."""
    if not isinstance(value, datetime):
        return str(value)
    at = value.astimezone(LOCAL)
    if language == "vi":
        return f"{at:%H:%M} ngày {at.day}/{at.month}/{at.year}"
    return f"{at:%H:%M} on {at.day} {_MONTHS[at.month - 1]} {at.year}"
