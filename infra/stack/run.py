"""Be the supervisor of one stack, from start to stop, in this process."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from infra.settings import Settings
from infra.stack.plan import Wanted, stages
from infra.stack.record import Record, held
from infra.stack.restart import Requests
from infra.stack.watch import Watch
from infra.supervisor import Report, Supervisor
from infra.supervisor.logfile import trim

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(settings: Settings, wanted: Wanted, on_ready: Callable[[Settings], None]) -> None:
    """Run a stack until this process is asked to end by Ctrl-C, SIGTERM or SIGHUP.

    Parameters
    ----------
    settings
        Folder, addresses and number of workers.
    wanted
        Which part of a stack.
    on_ready
        Called once with the stack's settings, when everything is ready.

    Raises
    ------
    StackError
        The stack cannot start; what had been started is stopped again.
    """
    settings = wanted.clocked(settings)
    with held(settings), _told(settings) as say:
        record = _Recorder(settings)
        watch = Watch(settings, say)
        found = watch.over(stages(settings, wanted, say))
        ours = [child.name for stage in found[1:] for child in stage.children if not child.may_end]

        def changed(reports: list[Report]) -> None:
            record.children(reports)
            watch.note(reports)

        supervisor = Supervisor(found, say=say, on_change=changed, asked=Requests(settings, ours))

        def ready() -> None:
            record.ready()
            watch.start()
            say("the stack is ready")
            on_ready(settings)

        with _signals(supervisor, say):
            record.write()
            supervisor.run(ready)
        say("the stack has stopped")


class _Recorder:
    """Keep the stack's record up to date."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ready = False
        self._children: list[Report] = []

    def children(self, reports: list[Report]) -> None:
        self._children = reports
        self.write()

    def ready(self) -> None:
        self._ready = True
        self.write()

    def write(self) -> None:
        own = Report("supervisor", os.getpid(), "running", self._ready)
        Record(
            pid=os.getpid(),
            ready=self._ready,
            settings=self._settings.model_dump(mode="json"),
            processes=(own, *self._children),
        ).write(self._settings)


@contextmanager
def _signals(supervisor: Supervisor, say: Callable[[str], None]) -> Iterator[None]:
    def on_signal(number: int, _frame: object) -> None:
        say(f"stopping on {signal.Signals(number).name}")
        supervisor.ask_to_stop()

    before = {number: signal.signal(number, on_signal) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _told(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Give the function that tells people: into supervisor.log, and on a terminal too."""
    path = settings.log_path("supervisor")
    path.parent.mkdir(parents=True, exist_ok=True)
    trim(path)
    log = logging.getLogger("harvestlane.supervisor")
    log.setLevel(logging.INFO)
    log.propagate = False
    handlers: list[logging.Handler] = [logging.FileHandler(path, encoding="utf-8")]
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handlers[0].setFormatter(form)
    if sys.stderr.isatty():
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        log.addHandler(handler)
    try:
        yield log.info
    finally:
        for handler in handlers:
            log.removeHandler(handler)
            handler.close()
