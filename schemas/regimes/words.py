"""Say in Vietnamese and English what regimes decide; words and sentences are data beside this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.passes.words import shown
from schemas.sentences import filled, words_in
from schemas.vocabulary import VOCABULARY

WORDS: dict[str, dict[str, dict[str, str]]] = words_in("schemas.regimes", "words.json")
"""``list name -> word -> {"vi": …, "en": …}``: matters, purposes, papers, duties, limits, kinds."""
SENTENCES: dict[str, dict[str, str]] = words_in("schemas.regimes")
"""`code -> {"vi": …, "en": …}`; an operator may word them otherwise."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a closed list, told by its name in each language."""

    vocabulary: str
    word: str

    def name(self, language: str) -> str:
        """Return the word's name, or the word itself where no list has it."""
        return words_of(self.vocabulary).get(self.word, {}).get(language, self.word)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was decided, and by what.

    Attributes
    ----------
    code
        A key of `SENTENCES`.
    vi, en
        One sentence for people, in each language.
    regime_id, rule_id
        The rule that decides, where one does.
    assumed
        Whether anything of that rule is assumed.
    """

    code: str
    vi: str
    en: str
    regime_id: str | None = None
    rule_id: str | None = None
    assumed: bool = False

    def to_doc(self) -> dict[str, Any]:
        """Give the reason as JSON holds it."""
        return {
            "code": self.code,
            "vi": self.vi,
            "en": self.en,
            "regime": self.regime_id,
            "rule": self.rule_id,
            "assumed": self.assumed,
        }


def sentences(code: str, **values: Any) -> dict[str, str]:
    """Return a sentence in each language.

    Parameters
    ----------
    code
        Which sentence.
    values
        What stands in its gaps: texts, times, words, names by language.
    """
    return filled(SENTENCES[code], values, _shown)


def words_of(name: str) -> dict[str, dict[str, str]]:
    """Return a list of words with their names: the stack's, and those that only regimes need."""
    return VOCABULARY.get(name, {}) | WORDS.get(name, {})


def one_of(name: str, word: str) -> str:
    """Return a word of a list.

    Raises
    ------
    ValueError
        The list has no such word; the message names those it has.
    """
    known = words_of(name)
    if word not in known:
        raise ValueError(f"expected one of {', '.join(known)}; got {word[:40]!r}")
    return word


def _shown(value: Any, language: str) -> str:
    if isinstance(value, Word):
        return value.name(language)
    if isinstance(value, dict):
        return str(value[language])
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_shown(one, language) for one in value)
    return shown(value, language)
