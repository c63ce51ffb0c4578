"""Fold what people wrote, and read the word lists of files from `words.json`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from schemas.vocabulary import VOCABULARY

Kind = Literal["trucks", "permits", "lots", "slots"]
"""What a file can hold."""

WORDS: dict[str, Any] = json.loads(
    files("api.imports").joinpath("words.json").read_text(encoding="utf-8")
)
"""Headings, names and what is assumed; an operator extends it as data."""

_OTHER = re.compile(r"[^a-z0-9]+")
_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=1 << 13)
def plain(text: str) -> str:
    """Write a text in small letters, without marks on letters and with single spaces."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)
    )
    return _SPACES.sub(" ", bare.replace("đ", "d").replace("Đ", "D").lower()).strip()


@lru_cache(maxsize=1 << 13)
def fold(text: str) -> str:
    """Reduce a text to its words of letters a to z and digits: `Biển số (xe)` is `bien so xe`."""
    return _OTHER.sub(" ", plain(text)).strip()


def said(text: str) -> str:
    """Write a text in small letters with its marks, composed, and with single spaces."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text).lower()).strip()


@lru_cache(maxsize=64)
def _names(vocabulary: str) -> tuple[tuple[str, str], ...]:
    """List each name of a vocabulary's words with its word, the longest first."""
    names: list[tuple[str, str]] = []
    for word, languages in VOCABULARY[vocabulary].items():
        more = WORDS["names"].get(vocabulary, {}).get(word, [])
        own = (word, languages["vi"], languages["en"])
        names += [(name, word) for name in (*own, *more)]
    return tuple(sorted(names, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=1 << 12)
def word_of(vocabulary: str, text: str) -> str | None:
    """Find the word that a text names in a vocabulary; None where it names none.

    Parameters
    ----------
    vocabulary
        Such as `product`.
    text
        As written; `Tôm sú loại 1` begins with a name, and names that. A name of one syllable
        needs its marks for that: `cá lóc` is a fish, `ca phe` is none.
    """
    folded, marked = fold(text), said(text)
    for name, word in _names(vocabulary):
        if folded == fold(name):
            return word
    for name, word in _names(vocabulary):
        short = fold(name)
        begins = marked.startswith(said(name) + " ") if " " not in short else _begins(folded, short)
        if begins:
            return word
    return None


def _begins(text: str, name: str) -> bool:
    return text.startswith(name + " ")


def holds_word(text: str, names: Iterable[str]) -> bool:
    """Tell whether a text holds one of some names as whole words."""
    padded = f" {fold(text)} "
    return any(f" {fold(name)} " in padded for name in names)
