"""Read the closed word lists of the field from ``vocabulary.json``, with their names."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Annotated, Any

from pydantic import AfterValidator, Field

Vocabulary = dict[str, dict[str, dict[str, str]]]

VOCABULARY: Vocabulary = json.loads(
    files("schemas").joinpath("vocabulary.json").read_text(encoding="utf-8")
)
"""``list name -> word -> {"vi": …, "en": …}``; an operator extends it as data."""


def words(name: str) -> list[str]:
    """Return the words of one list, in the order of the file."""
    return list(VOCABULARY[name])


def _one_of(name: str) -> Any:
    def check(word: str) -> str:
        if word not in VOCABULARY[name]:
            raise ValueError(f"expected one of {', '.join(VOCABULARY[name])}; got {word[:40]!r}")
        return word

    return AfterValidator(check)


Product = Annotated[str, _one_of("product"), Field(json_schema_extra={"enum": words("product")})]
Temperature = Annotated[
    str, _one_of("temperature"), Field(json_schema_extra={"enum": words("temperature")})
]
VehicleClass = Annotated[
    str, _one_of("vehicle_class"), Field(json_schema_extra={"enum": words("vehicle_class")})
]
FacilityKind = Annotated[
    str, _one_of("facility_kind"), Field(json_schema_extra={"enum": words("facility_kind")})
]
Role = Annotated[str, _one_of("role"), Field(json_schema_extra={"enum": words("role")})]
