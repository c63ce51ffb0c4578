"""Say in Vietnamese and English what the planner decided; codes and numbers go in, sentences out.

A sentence is a template in `sentences.json`: `rule.CODE` tells why one truck was refused,
`left.CODE` why goods were left over, `why.CODE` why another way was not taken, `trip` what a trip
does. Pages translate from the code and its params if they want other words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from schemas.sentences import MONTHS, filled, words_in
from schemas.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a closed list of `schemas.vocabulary`, shown by its name in each language."""

    vocabulary: str
    word: str

    def name(self, language: str) -> str:
        """Return the word's name, or the word itself where the list lacks it."""
        names = VOCABULARY.get(self.vocabulary, {}).get(self.word, {})
        return names.get(language, self.word).lower()


@dataclass(frozen=True, slots=True)
class Hours:
    """Seconds that are told in hours."""

    seconds: int


SENTENCES: dict[str, dict[str, str]] = words_in("routing.dispatch")
"""`key -> {"vi": …, "en": …}`; an operator may word them otherwise."""


def tell(key: str, values: Mapping[str, Any], *, utc_offset_s: int) -> dict[str, str]:
    """Return a sentence in Vietnamese and English.

    Parameters
    ----------
    key
        Which sentence of `SENTENCES`.
    values
        What stands in its gaps: whole numbers, hours, times, words, names.
    utc_offset_s
        The offset of the local time in which times are told.
    """

    def shown(value: Any, language: str) -> str:
        return _shown(value, language, utc_offset_s)

    return filled(SENTENCES[key], values, shown)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as JSON holds them: times as RFC 3339 in UTC, words by their codes."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Word):
        return value.word
    if isinstance(value, Hours):
        return value.seconds
    return list(value) if isinstance(value, tuple) else value


def _shown(value: Any, language: str, utc_offset_s: int) -> str:
    if isinstance(value, datetime):
        local = value.astimezone(UTC) + timedelta(seconds=utc_offset_s)
        day = (
            f"ngày {local.day}/{local.month}"
            if language == "vi"
            else f"on {local.day} {MONTHS[local.month - 1]}"
        )
        return f"{local:%H:%M} {day}"
    if isinstance(value, Word):
        return value.name(language)
    if isinstance(value, Hours):
        return _shown(value.seconds / 3600, language, utc_offset_s)
    if isinstance(value, tuple):
        anywhere = "mọi nơi nhận" if language == "vi" else "any facility"
        return ", ".join(value) or anywhere
    if isinstance(value, int | float):
        english = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
        swapped = english.translate(str.maketrans(",.", ".,"))
        return swapped if language == "vi" else english
    return str(value)
