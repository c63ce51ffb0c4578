"""Start children stage by stage, restart those that die, stop all in reverse order."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from infra.supervisor import logfile
from infra.supervisor.child import Child, Report, Stage, State
from infra.supervisor.process import collect, kill_group, spawn
from infra.supervisor.rolling import SETTLED_S, Asked, roll
from schemas.errors import StackError

TICK_S = 0.1
"""How often deaths are looked for."""

_PROBE_NEW_S = 0.2  # how often a starting child is asked whether it is ready
_PROBE_OLD_S = 2.0  # and one that was ready already
_TRIM_EVERY_S = 10.0
_WORTH_A_WORD_S = 15.0  # workers that share partitions anew are not ready for a moment
_STILL_FOR_S = 2.0  # a live process says so in this time, also where the whole machine stood still
_DEATHS_AT_START = 3


@dataclass(frozen=True, slots=True)
class Backoff:
    """Say how long to wait before a dead child is started again.

    Attributes
    ----------
    first_s
        Wait after the first death; each further one doubles it.
    most_s
        Longest wait.
    forget_after_s
        A child that ran this long has its earlier deaths forgotten.
    """

    first_s: float = 0.25
    most_s: float = 10.0
    forget_after_s: float = 30.0

    def wait_s(self, deaths: int) -> float:
        """Return the wait after this many deaths in a row, at least one."""
        return min(self.most_s, self.first_s * 2.0 ** min(deaths - 1, 16))


class _Kept:
    """One child with the process that runs for it at the moment."""

    def __init__(self, child: Child, say: Callable[[str], None], backoff: Backoff) -> None:
        self.child = child
        self.state: State = "dead"
        self.ready = False
        self.deaths = 0
        self.done = False
        self._say = say
        self._backoff = backoff
        self._process: subprocess.Popen[bytes] | None = None
        self._log_from = 0
        self._started_at = 0.0
        self._next_try = 0.0
        self._next_probe = 0.0
        self._kill_at = 0.0
        self._complain_at = 0.0
        self._still_since: float | None = None

    @property
    def name(self) -> str:
        return self.child.name

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def report(self) -> Report:
        return Report(self.child.name, self.pid, self.state, self.ready)

    def last_words(self) -> str:
        return logfile.last_words(self.child.log, self._log_from)

    def start(self) -> None:
        self.child.prepare()
        logfile.trim(self.child.log)
        self._log_from = logfile.size(self.child.log)
        self._process = spawn(self.child)
        self._started_at = time.monotonic()
        self._next_probe = 0.0
        self._still_since = None
        self.state, self.ready = "starting", False

    def tick(self) -> None:
        """Notice a death, ask for readiness, start again when it is time."""
        now = time.monotonic()
        if self.done or self.state == "stopping":
            return
        if self._process is None:
            if self.state == "dead" and now >= self._next_try:
                self._start_again()
            return
        status = collect(self._process)
        if status is not None:
            self._ended(status, now)
        elif now >= self._next_probe:
            self._probe(self._process.pid)
            self._end_if_still(self._process)

    def ask_to_stop(self) -> None:
        if self._process is None or collect(self._process) is not None:
            self._process, self.ready, self.state = None, False, "dead"
            return
        self.state, self.ready = "stopping", False
        self._process.send_signal(signal.SIGTERM)
        self._kill_at = time.monotonic() + self.child.stop_within_s

    def has_stopped(self) -> bool:
        if self._process is None:
            return True
        if collect(self._process) is None:
            if time.monotonic() < self._kill_at:
                return False
            self._say(f"{self.child.name} did not stop within {self.child.stop_within_s:.0f} s")
            kill_group(self._process)
            self._process.wait()
        self._process, self.state = None, "dead"
        return True

    def start_anew(self) -> None:
        """Start again with the next tick what was stopped on purpose."""
        self.deaths, self._next_try = 0, 0.0

    def look_again(self) -> None:
        """Ask with the next tick whether it is ready."""
        self._next_probe = 0.0

    def _start_again(self) -> None:
        try:
            self.start()
        except StackError as error:
            self._died(str(error), time.monotonic())

    def _ended(self, status: int, now: float) -> None:
        ran_s = now - self._started_at
        self._process, self.ready, self.state = None, False, "dead"
        if self.child.may_end and status == 0:
            self.done = True
            self._say(f"{self.child.name} has finished")
            return
        if ran_s >= self._backoff.forget_after_s:
            self.deaths = 0
        how = f"was killed by {_signal_name(-status)}" if status < 0 else f"ended with {status}"
        words = f" ({self.last_words()})" if status > 0 and self.last_words() else ""
        self._died(f"{self.child.name} {how}{words}", now)

    def _died(self, what: str, now: float) -> None:
        self.deaths += 1
        wait_s = self._backoff.wait_s(self.deaths)
        self._next_try = now + wait_s
        again = f", {self.deaths} times in a row" if self.deaths > 1 else ""
        self._say(f"{what}{again}; starting it again in {wait_s:g} s; log: {self.child.log}")

    def _probe(self, pid: int) -> None:
        self.ready = self.child.is_ready(pid)
        now = time.monotonic()
        self._next_probe = now + (_PROBE_OLD_S if self.ready else _PROBE_NEW_S)
        if self.ready and self.state == "starting":
            self.state = "running"
            self._say(f"{self.child.name} is ready after {now - self._started_at:.1f} s")
        if self.ready:
            self._complain_at = now + _WORTH_A_WORD_S
        elif self.state == "running" and now >= self._complain_at:
            self._say(f"{self.child.name} has not been ready for {_WORTH_A_WORD_S:.0f} s")
            self._complain_at = now + 10 * _WORTH_A_WORD_S

    def _end_if_still(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process that gives no sign of life: it would keep its place, and do nothing."""
        if not self.child.is_still(process.pid):
            self._still_since = None
            return
        now = time.monotonic()
        if self._still_since is None:
            self._still_since = now
        elif now - self._still_since >= _STILL_FOR_S:
            self._say(f"{self.child.name} stands still; ending it")
            kill_group(process)


class Supervisor:
    """Keep the children of some stages running until asked to stop.

    Parameters
    ----------
    stages
        What to start, in this order.
    say
        Takes one line for people whenever something happens.
    on_change
        Takes the reports of all started processes whenever one of them changed.
    backoff
        How long to wait before a restart.
    ready_within_s
        How long each stage may take to become ready at first, and each restarted child again.
    asked
        Gives the next request to restart children, if there is one; asked with every tick.
    settled_s
        How long everybody must have been ready before a rolling restart goes on.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        say: Callable[[str], None],
        on_change: Callable[[list[Report]], None],
        backoff: Backoff | None = None,
        ready_within_s: float = 120.0,
        asked: Callable[[], Asked | None] = lambda: None,
        settled_s: float = SETTLED_S,
    ) -> None:
        self._stages = stages
        self._say = say
        self._on_change = on_change
        self._backoff = backoff or Backoff()
        self._ready_within_s = ready_within_s
        self._asked = asked
        self._settled_s = settled_s
        self._rolling: Iterator[None] | None = None
        self._kept: list[list[_Kept]] = []
        self._asked_to_stop = False
        self._reported: list[Report] = []
        self._next_trim = 0.0

    def ask_to_stop(self) -> None:
        """End `run` soon; safe to call from a signal handler."""
        self._asked_to_stop = True

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start all stages, keep them running until asked to stop, stop them.

        Parameters
        ----------
        on_ready
            Called once, when the last stage is ready.

        Raises
        ------
        StackError
            A stage did not become ready; everything has been stopped again.
        """
        try:
            for stage in self._stages:
                self._bring_up(stage)
            if not self._asked_to_stop:
                on_ready()
            while not self._asked_to_stop:
                self._restart_some()
                self._tick()
        finally:
            self._stop()

    def _bring_up(self, stage: Stage) -> None:
        if self._asked_to_stop:
            return
        group: list[_Kept] = []
        self._kept.append(group)
        for child in stage.children:
            kept = _Kept(child, self._say, self._backoff)
            kept.start()
            group.append(kept)
        deadline = time.monotonic() + self._ready_within_s
        while not self._asked_to_stop and not all(kept.ready or kept.done for kept in group):
            self._tick()
            self._give_up_on(group, late=time.monotonic() > deadline)
        if not self._asked_to_stop:
            stage.then()

    def _restart_some(self) -> None:
        """Go one step on in a rolling restart, or begin the one that is asked for."""
        if self._rolling is None and (asked := self._asked()) is not None:
            self._rolling = self._roll(asked)
        if self._rolling is not None and next(self._rolling, self) is self:
            self._rolling = None

    def _roll(self, asked: Asked) -> Iterator[None] | None:
        known = {
            kept.name: kept for group in self._kept for kept in group if not kept.child.may_end
        }
        unknown = [name for name in asked.names if name not in known]
        if unknown:
            asked.over(f"{unknown[0]!r} is none of {', '.join(known)}")
            return None
        chosen = [known[name] for name in dict.fromkeys(asked.names)]
        others = [kept for kept in known.values() if kept.ready and kept not in chosen]
        return roll(
            asked,
            chosen,
            others,
            within_s=self._ready_within_s,
            settled_s=self._settled_s,
            say=self._say,
        )

    def _give_up_on(self, group: list[_Kept], *, late: bool) -> None:
        for kept in group:
            if kept.deaths >= _DEATHS_AT_START:
                why = f"died {kept.deaths} times before it was ready"
            elif late and not (kept.ready or kept.done):
                why = f"was not ready after {self._ready_within_s:g} s"
            else:
                continue
            words = kept.last_words() or "its log says nothing"
            raise StackError(f"{kept.child.name} {why}: {words}; log: {kept.child.log}")

    def _tick(self) -> None:
        for group in self._kept:
            for kept in group:
                kept.tick()
        self._report()
        if time.monotonic() >= self._next_trim:
            self._next_trim = time.monotonic() + _TRIM_EVERY_S
            for group in self._kept:
                for kept in group:
                    logfile.trim(kept.child.log)
        time.sleep(TICK_S)

    def _report(self) -> None:
        reports = [kept.report() for group in self._kept for kept in group if not kept.done]
        if reports != self._reported:
            self._reported = reports
            self._on_change(reports)

    def _stop(self) -> None:
        for group in reversed(self._kept):
            for kept in group:
                kept.ask_to_stop()
            self._report()
            waiting = group
            while waiting := [kept for kept in waiting if not kept.has_stopped()]:
                time.sleep(TICK_S / 2)
            self._report()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
