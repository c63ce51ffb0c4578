"""Keep events as each version wrote them, and read them all: later versions must, too.

One line of ``vN/TOPIC.jsonl`` is one record (``key``, ``headers``, ``value``) and what it has to be
read as (``reading``). Lines are added, never changed.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Golden:
    """One kept record and its reading."""

    name: str
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    reading: dict[str, Any]

    @property
    def type(self) -> str:
        """Give the type that the record was read as."""
        return str(self.reading["type"])


@cache
def golden_events() -> tuple[Golden, ...]:
    """Read every kept record."""
    return tuple(
        _golden(f"{path.parent.name}/{path.name}:{number}", path.stem, json.loads(line))
        for path in sorted(FOLDER.glob("v*/*.jsonl"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    )


def _golden(name: str, topic: str, kept: dict[str, Any]) -> Golden:
    return Golden(
        name=name,
        topic=topic,
        key=kept["key"].encode(),
        value=json.dumps(kept["value"], ensure_ascii=False).encode(),
        headers=[(header, text.encode()) for header, text in kept["headers"].items()],
        reading=kept["reading"],
    )


def types_without_golden(
    wanted: set[tuple[str, str]], kept: tuple[Golden, ...]
) -> set[tuple[str, str]]:
    """Name the (topic, type) pairs of which no record is kept."""
    return wanted - {(golden.topic, golden.type) for golden in kept}
