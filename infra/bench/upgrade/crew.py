"""Run a stack's workers, projector and API from one revision's code or another's.

They are kept as `up` keeps them, by the same supervisor, and replaced as `restart` replaces them:
only the folder that their code comes from is another one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.settings import Settings
from infra.stack import Wanted
from infra.stack.plan import stages
from infra.supervisor import Child, Stage, Supervisor
from schemas.errors import StackError

_READY_WITHIN_S = 300.0
"""An old revision compiles its kernels anew, in its new folder."""


@dataclass
class _Wish:
    """A restart that somebody waits for."""

    names: tuple[str, ...]
    took_s: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    answered: threading.Event = field(default_factory=threading.Event)

    def came_back(self, name: str, took_s: float) -> None:
        self.took_s[name] = took_s

    def over(self, error: str | None) -> None:
        self.error = error
        self.answered.set()


class Crew:
    """The processes of ours beside a broker and a Redis that run already.

    Parameters
    ----------
    settings
        Of the stack whose broker and Redis run.
    code
        The folder that the processes' code comes from at first.
    """

    def __init__(self, settings: Settings, code: Path) -> None:
        self.said: list[str] = []
        self._environments: dict[str, dict[str, str]] = {}
        self._wishes: queue.SimpleQueue[_Wish] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._settings = settings
        children = stages(settings, Wanted(), self.said.append)[1].children
        self._supervisor = Supervisor(
            [Stage(tuple(self._from(child, code) for child in children))],
            say=self.said.append,
            on_change=lambda _reports: None,
            ready_within_s=_READY_WITHIN_S,
            asked=self._next,
        )
        self.names = tuple(child.name for child in children)

    @property
    def deaths(self) -> int:
        """How often a process ended that nobody had asked to end."""
        return sum("starting it again" in line for line in self.said)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run them for as long as the block lasts, once all are ready.

        Raises
        ------
        StackError
            They do not become ready.
        """
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=(ready,), name="crew")
        thread.start()
        try:
            ready.wait()
            self._refuse_failed()
            yield
        finally:
            self._supervisor.ask_to_stop()
            thread.join()

    def replace(self, names: Sequence[str], code: Path) -> dict[str, float]:
        """Replace processes one after another by those of other code.

        Parameters
        ----------
        names
            Whom, in this order.
        code
            The folder that their code comes from, from now on.

        Returns
        -------
        dict
            Seconds until everybody was ready again, by process.

        Raises
        ------
        StackError
            One does not come back.
        """
        for name in names:
            self._environments[name]["PYTHONPATH"] = str(code)
        wish = _Wish(tuple(names))
        self._wishes.put(wish)
        while not wish.answered.wait(1.0):
            self._refuse_failed()
        if wish.error is not None:
            raise StackError(wish.error)
        return wish.took_s

    def _from(self, child: Child, code: Path) -> Child:
        # without PYTHONSAFEPATH the current folder's code would come before any other
        environment = {**self._settings.environment(), "PYTHONSAFEPATH": "1"}
        environment["PYTHONPATH"] = str(code)
        self._environments[child.name] = environment
        return replace(child, environment=environment)

    def _run(self, ready: threading.Event) -> None:
        try:
            self._supervisor.run(ready.set)
        except BaseException as error:  # noqa: BLE001 - whoever waits is told
            self._error = error
        finally:
            ready.set()

    def _refuse_failed(self) -> None:
        if self._error is not None:
            raise StackError(str(self._error)) from self._error

    def _next(self) -> _Wish | None:
        try:
            return self._wishes.get_nowait()
        except queue.Empty:
            return None
