"""Read what is said in Vietnamese and English from a package's data, and fill in its gaps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""As English sentences name them, whatever the machine's language is."""


def words_in(package: str, name: str = "sentences.json") -> Any:
    """Read a package's words.

    Parameters
    ----------
    package
        Which package.
    name
        The file; of sentences ``code -> {"vi": …, "en": …}``, which an operator may word otherwise.
    """
    return json.loads(files(package).joinpath(name).read_text(encoding="utf-8"))


def filled(
    sentence: Mapping[str, str], values: Mapping[str, Any], shown: Callable[[Any, str], str]
) -> dict[str, str]:
    """Return a sentence in each of its languages.

    Parameters
    ----------
    sentence
        Its template by language.
    values
        What stands in the gaps.
    shown
        Shows a value as people of a language write it.
    """
    return {
        language: template.format_map({name: shown(v, language) for name, v in values.items()})
        for language, template in sentence.items()
    }
