"""Play a scenario: run the stack's clock, send the file's events in time, and drive its trucks."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from infra.readiness import RENEW_EVERY_S, Readiness
from infra.scenario.clock import ANCHOR_EVERY_S, LEASE_S, ScenarioClock, anchor_record
from infra.scenario.hearing import Hearing
from infra.scenario.lag import Lag, LagWatch
from infra.scenario.publish import Publisher, Sendable
from infra.scenario.run import begin_or_resume
from infra.scenario.script import Script, read_script
from infra.scenario.trip import Said
from infra.scenario.trucks import Simulation, record_of
from infra.scenario.world import World
from infra.settings import Settings
from schemas.errors import Unavailable
from schemas.model import format_time, parse_time

BEAT_S = 0.05
"""How often the player looks at its clock."""
HARD_LIMIT = timedelta(hours=6)
"""However much is open, playing ends this long after the scenario's end."""
_SETTLE_S = 1.0
_HEAR_MS = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands, for people who watch it."""

    now: datetime
    position: int
    lines: int
    active: int
    held: bool
    lag_s: float


class Player:
    """One player of one scenario on one stack.

    Parameters
    ----------
    settings
        Name the stack.
    path
        The scenario file.
    speed
        Scenario seconds in one second.
    watch
        Is told about once a second how the run stands.
    lag
        Tells how far the stack lags; None measures it.
    """

    def __init__(
        self,
        settings: Settings,
        path: Path,
        *,
        speed: float,
        lag: Lag | None = None,
        watch: Callable[[Standing], None] | None = None,
    ) -> None:
        self._settings, self._speed, self._watch = settings, speed, watch
        self._given_lag = lag
        self._script: Script = read_script(path)
        self._run, self._run_path = begin_or_resume(settings, path)
        self._simulation = Simulation(World.of(self._script), self._script.start)
        self._simulated = Counter(self._run.simulated)
        self._stopped = asyncio.Event()
        self._settled_since_s: float | None = None
        self._opened_at_s = float("-inf")
        self._anchored_at_s = float("-inf")
        self._shown_at_s = float("-inf")
        self._readiness = Readiness(settings.readiness_path("scenario"))

    async def play(self) -> bool:
        """Play to the end, or until this process is told to stop.

        Returns
        -------
        bool
            Whether the scenario is over.

        Raises
        ------
        Unavailable
            The broker does not answer.
        """
        if self._run.finished_at is not None:
            self._write_summary()
            return True
        _on_signals(self.stop)
        try:
            async with AsyncExitStack() as stack:
                self._publisher = await stack.enter_async_context(Publisher(self._settings))
                self._hearing = await stack.enter_async_context(Hearing(self._settings))
                self._lag = await stack.enter_async_context(
                    self._given_lag or LagWatch(self._settings)
                )
                await self._resume()
                return await self._play_on()
        except (KafkaError, OSError) as error:
            raise Unavailable(
                f"the broker at {self._settings.bootstrap_servers} does not answer "
                f"({type(error).__name__}); start a stack with `harvestlane up`"
            ) from error

    def stop(self) -> None:
        """Let `play` end soon, with the clock held, so that it can go on later."""
        self._stopped.set()

    async def _resume(self) -> None:
        """Take up the clock where it stands, and let the trucks live through what they heard."""
        anchor = await self._hearing.last_anchor()
        shows = self._script.start
        if self._run.mark is not None:
            shows = parse_time(self._run.mark)
        if anchor is not None and anchor.run_id == self._run.run_id:
            frozen = anchor.shows + timedelta(seconds=anchor.speed * min(anchor.lease_s, LEASE_S))
            shows = max(shows, frozen)
        self._clock = ScenarioClock(
            self._run.scenario, self._run.run_id, speed=self._speed, shows=shows
        )
        end = await self._hearing.end_of_assignments()
        if self._run.assignments_from is None:
            self._save(assignments_from=end, assignments_next=end)
        await self._hearing.listen_from(self._run.assignments_from or 0)
        await self._live_again(min(self._run.assignments_next, end))

    async def _live_again(self, until_offset: int) -> None:
        """Let the trucks live through what they had heard; what they say was sent before."""
        mark = parse_time(self._run.mark or format_time(self._script.start))
        while self._hearing.next_offset < until_offset:
            for event in await self._hearing.hear(_HEAR_MS, before=until_offset):
                self._simulation.step(min(event.time, mark), [event])
        self._hearing.rewind()
        self._simulation.step(mark)

    async def _play_on(self) -> bool:
        while not self._stopped.is_set():
            begun_s = time.monotonic()
            await self._beat()
            if self._is_over():
                await self._finish()
                return True
            rest_s = BEAT_S - (time.monotonic() - begun_s)
            await asyncio.sleep(max(0.0, rest_s))
        self._clock.held = True
        await self._anchor(datetime.now(UTC))
        return False

    async def _beat(self) -> None:
        wall, now_s = datetime.now(UTC), time.monotonic()
        # What opens the scenario must be in the measure before its clock may start.
        opened = self._run.position > 0 and self._lag.measured_at_s >= self._opened_at_s
        changed = self._clock.judge(self._lag.lag_s if opened else float("inf"))
        if changed or now_s - self._anchored_at_s >= ANCHOR_EVERY_S:
            await self._anchor(wall)
        now = self._clock.now(datetime.now(UTC))
        said = self._simulation.step(now, await self._hearing.hear(_HEAR_MS))
        await self._send(now, said)
        if now_s - self._shown_at_s >= RENEW_EVERY_S:
            self._shown_at_s = now_s
            self._show(now)

    async def _anchor(self, wall: datetime) -> None:
        anchor = self._clock.next_anchor(wall, self._run.position)
        await self._publisher.send([anchor_record(anchor)])
        self._clock.confirm(anchor)
        self._anchored_at_s = time.monotonic()

    async def _send(self, now: datetime, said: list[Said]) -> None:
        lines, position = self._script.lines, self._run.position
        due = position
        while due < len(lines) and lines[due].at <= now:
            due += 1
        messages: list[Sendable] = [line.message(self._run.run_id) for line in lines[position:due]]
        messages += [record_of(one, self._run.run_id) for one in said]
        if messages:
            await self._publisher.send(messages)
            if position == 0:
                self._opened_at_s = time.monotonic()
            self._simulated.update(one.type for one in said)
        if messages or self._hearing.next_offset != self._run.assignments_next:
            self._save(
                position=due,
                mark=format_time(now),
                assignments_next=self._hearing.next_offset,
                simulated=dict(self._simulated),
            )

    def _save(self, **fields: Any) -> None:
        self._run = self._run.but(**fields)
        self._run.save(self._run_path)

    def _is_over(self) -> bool:
        now, now_s = self._clock.now(datetime.now(UTC)), time.monotonic()
        if now >= self._script.end + HARD_LIMIT:
            return True
        settled = (
            self._run.position == len(self._script.lines)
            and now >= self._script.end
            and self._simulation.active == 0
            and self._hearing.lots.open_at(now) == 0
        )
        if not settled:
            self._settled_since_s = None
        elif self._settled_since_s is None:
            self._settled_since_s = now_s
        elif now_s - self._settled_since_s >= _SETTLE_S:
            return self._lag.lag_s <= _SETTLE_S
        return False

    async def _finish(self) -> None:
        self._clock.held = True
        await self._anchor(datetime.now(UTC))
        self._save(finished_at=format_time(datetime.now(UTC)))
        self._write_summary()

    def _write_summary(self) -> None:
        run = self._run
        summary = {
            "scenario": run.scenario,
            "seed": self._script.meta.get("seed"),
            "run_id": run.run_id,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "events_published": run.position,
            "simulated_events": run.simulated,
            "simulated_total": sum(run.simulated.values()),
            "scenario_time": run.mark,
            "expected": self._script.meta.get("expected", {}),
        }
        path = self._settings.run_dir / "scenario-summary.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(summary, ensure_ascii=False, indent=2), encoding="utf-8")
        draft.replace(path)

    def _show(self, now: datetime) -> None:
        self._readiness.write(True)
        if self._watch is not None:
            self._watch(
                Standing(
                    now=now,
                    position=self._run.position,
                    lines=len(self._script.lines),
                    active=self._simulation.active,
                    held=self._clock.held,
                    lag_s=self._lag.lag_s,
                )
            )


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop)
