"""Ask a function in a process of its own, which may hang, die or fail, and always hear in time."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import multiprocessing
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from schemas.dispatch import Outage
from schemas.errors import HarvestlaneError

log = logging.getLogger(__name__)

ANSWER_S = 20.0
"""How long one answer may take where nothing else is said."""

_PR_SET_PDEATHSIG = 1
_FIRST_FOR_THE_KERNEL = "1000"
_REAPED_WITHIN_S = 5.0
_DETAIL_CHARACTERS = 400


class NoAnswer(HarvestlaneError):
    """The process gave no answer; it has been ended, or is sound and may be asked again.

    Parameters
    ----------
    outage
        What happened: it was too slow, it died, or it raised an error.
    detail
        More of it, in a sentence.
    """

    def __init__(self, outage: Outage, detail: str) -> None:
        super().__init__(detail)
        self.outage: Outage = outage
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a process may take, and how long it is left alone after a failure.

    Attributes
    ----------
    answer_s
        For one answer; then it is killed.
    start_s
        For starting and loading.
    pause_s, longest_pause_s
        Between a failure and the next question: twice as long after each one in a row.
    """

    answer_s: float = ANSWER_S
    start_s: float = 300.0
    pause_s: float = 1.0
    longest_pause_s: float = 30.0

    def __post_init__(self) -> None:
        for name in ("answer_s", "start_s", "pause_s", "longest_pause_s"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"Expected {name} > 0.")

    def pause_after(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row."""
        doublings = min(failures - 1, 30)
        return min(self.pause_s * 2.0**doublings, self.longest_pause_s)


class Pool:
    """A pool of one process, started anew after it hung or died.

    Parameters
    ----------
    work
        The function to ask: of one question, importable, its answer picklable.
    start
        Called once in every new process before the first question.
    arguments
        What ``start`` is called with.
    limits
        How long it may take.
    """

    def __init__(
        self,
        work: Callable[[Any], Any],
        *,
        start: Callable[..., None],
        arguments: tuple[Any, ...] = (),
        limits: Limits = Limits(),
    ) -> None:
        self.limits = limits
        self._work = work
        self._start = start
        self._arguments = arguments
        self._process: _Process | None = None

    def open(self) -> None:
        """Have a process, so that the next question need not wait for it to load.

        One that answered before and died since is missed by nobody; one that died while it loaded
        is left for the next question to tell of.
        """
        if self._process is not None and self._process.is_ready and not self._process.is_alive():
            log.warning("the planner's process died while it had nothing to do; starting another")
            self.close()
        if self._process is None:
            self._process = _Process(self._work, self._start, self._arguments)

    async def ask(self, question: object) -> Any:
        """Return the answer to one question.

        Parameters
        ----------
        question
            What ``work`` is called with.

        Raises
        ------
        NoAnswer
            It took too long, died or raised an error. In the first two cases its process is gone
            and the next question starts another.
        """
        self.open()
        assert self._process is not None
        try:
            if not self._process.is_ready:
                what, within_s = "did not start", self.limits.start_s
                async with asyncio.timeout(within_s):
                    await asyncio.to_thread(self._process.wait_until_ready)
            what, within_s = "gave no answer", self.limits.answer_s
            async with asyncio.timeout(within_s):
                return await asyncio.to_thread(self._process.exchange, question)
        except TimeoutError:
            self.close()
            raise NoAnswer("slow", f"It {what} within {within_s:g} s and was ended.") from None
        except NoAnswer as failure:
            if failure.outage == "dead" or not self._process.is_ready:
                self.close()
            raise
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self) -> None:
        """End the process at once; whoever waits for its answer hears that it is dead."""
        if self._process is not None:
            self._process.kill()
            self._process = None


class _Process:
    """One process and the line to it; its methods block, so threads call them."""

    def __init__(
        self, work: Callable[[Any], Any], start: Callable[..., None], arguments: tuple[Any, ...]
    ) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._line, other_end = spawn.Pipe()
        self._process = spawn.Process(
            target=_serve, args=(other_end, work, start, arguments), daemon=True
        )
        self._process.start()
        other_end.close()
        self.is_ready = False

    def wait_until_ready(self) -> None:
        """Return once it has loaded."""
        self._hear()
        self.is_ready = True

    def exchange(self, question: object) -> Any:
        """Ask, and return the answer."""
        try:
            self._line.send(question)
        except OSError as error:
            raise self._death() from error
        except Exception as error:
            raise NoAnswer("failed", sentence_of(error)) from error
        return self._hear()

    def is_alive(self) -> bool:
        """Tell whether it runs."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()

    def _hear(self) -> Any:
        try:
            is_answer, answer = self._line.recv()
        except (EOFError, OSError) as error:
            raise self._death() from error
        if is_answer:
            return answer
        detail, trace = answer
        log.error("the process failed: %s", trace)
        raise NoAnswer("failed", detail)

    def _death(self) -> NoAnswer:
        self._process.join(_REAPED_WITHIN_S)
        code = self._process.exitcode
        if code is not None and code < 0:
            return NoAnswer("dead", f"Its process was ended by {_signal_name(-code)}.")
        return NoAnswer("dead", f"Its process ended by itself (exit status {code}).")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def sentence_of(error: BaseException) -> str:
    """Write an error in one line that an event may carry."""
    return f"{type(error).__name__}: {error}"[:_DETAIL_CHARACTERS]


def _serve(
    line: Connection,
    work: Callable[[Any], Any],
    start: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """Answer questions for ever, in the new process; a failed start ends it."""
    _depend_on_parent()
    try:
        start(*arguments)
    except Exception as error:  # noqa: BLE001 - told to whoever asks
        line.send((False, _told(error)))
        return
    line.send((True, None))
    while True:
        try:
            question = line.recv()
        except EOFError:
            return
        try:
            answer = (True, work(question))
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            answer = (False, _told(error))
        try:
            line.send(answer)
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 - an answer that cannot be sent is an error
            line.send((False, _told(error)))


def _told(error: BaseException) -> tuple[str, str]:
    return sentence_of(error), "".join(traceback.format_exception(error))


def _depend_on_parent() -> None:
    """End when the parent ends, leave Ctrl-C to it, and go first where memory runs out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        Path("/proc/self/oom_score_adj").write_text(_FIRST_FOR_THE_KERNEL)
    except OSError:
        log.debug("the kernel does not let the planner's process go first")
