"""Send a scenario's events to the broker, and know that they arrived."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Protocol, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from infra.scenario.script import Line, Script
from infra.settings import Settings
from schemas.errors import Unavailable

_PATIENCE_MS = 20_000
_BATCH = 500


class Sendable(Protocol):
    """What the broker takes."""

    @property
    def topic(self) -> str:
        """The topic's name."""
        ...

    @property
    def key(self) -> bytes | None:
        """The record's key."""
        ...

    @property
    def value(self) -> bytes | None:
        """The record's value."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """The record's headers."""
        ...


class Publisher:
    """A producer that confirms what it is given; an async context.

    Parameters
    ----------
    settings
        Name the broker.
    """

    def __init__(self, settings: Settings) -> None:
        self._servers = settings.bootstrap_servers
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            client_id="harvestlane-scenario",
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            request_timeout_ms=_PATIENCE_MS,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            raise self._unavailable(error) from None
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._producer.stop()

    async def send(self, messages: Iterable[Sendable]) -> int:
        """Send messages in their order and wait until the broker has confirmed every one.

        Returns
        -------
        int
            How many there were.

        Raises
        ------
        Unavailable
            The broker does not answer, or refuses.
        """
        try:
            waiting = [
                await self._producer.send(
                    message.topic,
                    key=message.key,
                    value=message.value,
                    headers=list(message.headers),
                )
                for message in messages
            ]
            await asyncio.gather(*waiting)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from None
        return len(waiting)

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"the broker at {self._servers} does not take events ({type(error).__name__}); "
            "start a stack with `harvestlane up` or correct HARVESTLANE_KAFKA"
        )


async def replay(
    settings: Settings,
    script: Script,
    *,
    speed: float | None = None,
    as_recorded: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> str | None:
    """Publish a whole scenario, without a clock and without simulated trucks.

    Parameters
    ----------
    settings
        Name the broker.
    script
        What to send.
    speed
        Scenario seconds in one second; None sends as fast as the broker takes it.
    as_recorded
        Keep the ids of the file, so that what was sent before counts as a duplicate.
    progress
        Is told how many lines of how many have been sent.

    Returns
    -------
    str or None
        The run id that the ids carry; None as recorded.
    """
    run_id = None if as_recorded else secrets.token_hex(4)
    begun_s, sent = time.monotonic(), 0
    async with Publisher(settings) as publisher:
        while sent < len(script.lines):
            batch: Sequence[Line] = script.lines[sent : sent + _BATCH]
            if speed is not None:
                batch = await _due(script, batch, begun_s, speed)
            sent += await publisher.send(line.message(run_id) for line in batch)
            if progress is not None:
                progress(sent, len(script.lines))
    return run_id


async def _due(
    script: Script, batch: Sequence[Line], begun_s: float, speed: float
) -> Sequence[Line]:
    """Wait until the first line of a batch is due, and return all that are due by then."""

    def due_in_s(line: Line) -> float:
        return (line.at - script.start).total_seconds() / speed - (time.monotonic() - begun_s)

    await asyncio.sleep(max(0.0, due_in_s(batch[0])))
    return [batch[0], *takewhile(lambda line: due_in_s(line) <= 0, batch[1:])]
