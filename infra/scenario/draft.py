"""Collect the events of a scenario while it is made, and number them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from infra.scenario.facts import Facts
from infra.scenario.script import event_line, raw_line
from schemas.model import Fact, format_time, parse_time


@dataclass(slots=True)
class Entry:
    """One line to be: when it is sent, and what it says."""

    at: datetime
    order: int
    content: dict[str, Any]


@dataclass
class Draft:
    """A scenario in the making.

    Attributes
    ----------
    name
        The scenario's name; its events' source is `/scenario/NAME`.
    seed
        Everything random is drawn from it.
    start, end
        The scenario's day.
    """

    name: str
    seed: int
    start: datetime
    end: datetime
    facts: Facts = field(default_factory=Facts)
    entries: list[Entry] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The source of the scenario's events."""
        return f"/scenario/{self.name}"

    def random(self, purpose: str) -> Random:
        """Return a source of chance of its own for one purpose."""
        return Random(f"{self.name}|{self.seed}|{purpose}")

    def hour(self, hours: float) -> datetime:
        """Return the moment so many hours after the day's start, in whole seconds."""
        return self.start + timedelta(seconds=round(hours * 3600))

    def say(
        self, event_type: str, fact: Fact, time: datetime, *, at: datetime | None = None
    ) -> dict[str, Any]:
        """Add an event that the catalogue knows; it is sent at `at`, or at its time."""
        data = fact.model_dump(mode="json", exclude_defaults=True)
        return self.say_data(event_type, data, time, at=at)

    def say_data(
        self, event_type: str, data: dict[str, Any], time: datetime, *, at: datetime | None = None
    ) -> dict[str, Any]:
        """Add an event with data that may be wrong."""
        line = event_line(
            event_type,
            data,
            event_id=self._next_id(),
            source=self.source,
            time=time,
            at=at or time,
        )
        self._add(at or time, line)
        return line

    def say_raw(
        self,
        topic: str,
        at: datetime,
        *,
        value: bytes | None,
        key: bytes | None = None,
        **attributes: str,
    ) -> None:
        """Add bytes as a foreign client may send them; an attribute's empty text leaves it out."""
        headers = {
            "id": self._next_id(),
            "source": self.source,
            "specversion": "1.0",
            "time": format_time(at),
            **attributes,
        }
        present = [(f"ce_{name}", text.encode()) for name, text in headers.items() if text]
        self._add(at, raw_line(topic, at=at, key=key, value=value, headers=present))

    def repeat(self, line: dict[str, Any], at: datetime, **data: Any) -> None:
        """Send a line again under its id, with other data where some is given."""
        again = {**line, "data": {**line["data"], **data}, "recordedtime": format_time(at)}
        self._add(at, again)

    def delay(self, entry: Entry, by: timedelta) -> None:
        """Send an entry later than its time."""
        entry.at += by
        entry.content = {**entry.content, "recordedtime": format_time(entry.at)}

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield everything in the order of sending."""
        for entry in sorted(self.entries, key=lambda entry: (entry.at, entry.order)):
            yield entry.content

    def _add(self, at: datetime, content: dict[str, Any]) -> None:
        self.entries.append(Entry(at, len(self.entries), content))

    def _next_id(self) -> str:
        return f"{self.name}-{len(self.entries) + 1:06d}"


def moment_of(line: dict[str, Any]) -> datetime:
    """Return the time of an event line."""
    return parse_time(line["time"])
