"""Restart children one after another, each ready again before the next one is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from schemas.errors import StackError

SETTLED_S = 2.0
"""So long must everybody be ready in a row: a process renews its sign once a second."""

_DEATHS_AT_START = 3


class Asked(Protocol):
    """A request to restart children, and who hears how it goes."""

    @property
    def names(self) -> tuple[str, ...]:
        """Whom to restart, in this order."""
        ...

    def came_back(self, name: str, took_s: float) -> None:
        """Hear that a child is ready again."""
        ...

    def over(self, error: str | None) -> None:
        """Hear that nothing more is done, and why where not everything was."""
        ...


class Restartable(Protocol):
    """What a rolling restart does with a child."""

    ready: bool
    deaths: int

    @property
    def name(self) -> str:
        """The child's name."""
        ...

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        ...

    def has_stopped(self) -> bool:
        """Tell whether it has ended; it is killed when its time is over."""
        ...

    def start_anew(self) -> None:
        """Let it be started with the next tick."""
        ...

    def look_again(self) -> None:
        """Let it be asked with the next tick whether it is ready."""
        ...

    def last_words(self) -> str:
        """Quote its log."""
        ...


def roll(
    asked: Asked,
    chosen: Sequence[Restartable],
    others: Sequence[Restartable],
    *,
    within_s: float,
    settled_s: float = SETTLED_S,
    say: Callable[[str], None],
) -> Iterator[None]:
    """Restart children step by step; between two steps the supervisor does its other work.

    Parameters
    ----------
    asked
        Hears how it goes.
    chosen
        Whom to restart, in this order.
    others
        Who besides has to be ready before the next one is stopped: workers hand partitions to each
        other.
    within_s
        How long each may take to be ready again.
    settled_s
        How long everybody must have been ready before the next one is stopped.
    say
        Takes one line for people.

    Yields
    ------
    None
        Once a tick.
    """
    try:
        for one in chosen:
            say(f"restarting {one.name}")
            begun = time.monotonic()
            one.ask_to_stop()
            while not one.has_stopped():
                yield
            one.start_anew()
            yield from _settle(one, [*chosen, *others], within_s, settled_s)
            asked.came_back(one.name, time.monotonic() - begun)
    except StackError as error:
        say(f"restarting ended: {error}")
        asked.over(str(error))
    else:
        asked.over(None)


def _settle(
    one: Restartable, everybody: Sequence[Restartable], within_s: float, settled_s: float
) -> Iterator[None]:
    """Wait until everybody has been ready for a while.

    Raises
    ------
    StackError
        Somebody is not.
    """
    deadline = time.monotonic() + within_s
    since: float | None = None
    while since is None or time.monotonic() - since < settled_s:
        for other in everybody:
            other.look_again()
        yield
        missing = [other for other in everybody if not other.ready]
        if not missing:
            since = since or time.monotonic()
            continue
        since = None
        late = one if one in missing else missing[0]
        if late.deaths >= _DEATHS_AT_START:
            why = f"died {late.deaths} times"
        elif time.monotonic() > deadline:
            why = f"was not ready within {within_s:g} s"
        else:
            continue
        words = late.last_words() or "its log says nothing"
        raise StackError(
            f"{late.name} {why} after {one.name} was restarted: {words}; "
            "nothing more was restarted, and the supervisor goes on trying"
        )
