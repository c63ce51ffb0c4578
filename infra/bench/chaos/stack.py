"""Run a whole stack whose workers come to the brokers through proxies, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict

import psutil

from infra.bench.chaos.proxy import Proxy
from infra.bench.chaos.schedule import BROKERS, WORKERS
from infra.kafka.broker import Door
from infra.settings import Settings, free_ports
from infra.stack import Stack, Wanted, run
from infra.stack.record import Record
from infra.supervisor.logfile import last_words, open_for_append
from infra.supervisor.process import end_with_parent
from schemas.errors import StackError

_POLL_S = 0.1
_READY_WITHIN_S = 240.0
_STOP_WITHIN_S = 60.0


class ChaosStack:
    """Hold a stack that can be broken in every way.

    Parameters
    ----------
    settings
        With three brokers.

    Attributes
    ----------
    settings
        The same.
    proxies
        What each worker's way to the brokers leads through, by the worker's name.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        ports = iter(_ports(settings, 2 * WORKERS * BROKERS))
        self._doors = [
            Door(
                f"worker-{number}",
                listens=tuple(next(ports) for _ in range(BROKERS)),
                told=tuple(next(ports) for _ in range(BROKERS)),
            )
            for number in range(1, WORKERS + 1)
        ]
        self.proxies = {
            door.name: Proxy(dict(zip(door.told, door.listens, strict=True)))
            for door in self._doors
        }
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it for as long as the block lasts, once everything is ready."""
        with ExitStack() as opened:
            for proxy in self.proxies.values():
                opened.enter_context(proxy)
            opened.callback(self._stop)
            self.start()
            self.wait_until_ready()
            yield

    def start(self) -> None:
        """Start it; it is not ready yet."""
        log = open_for_append(self.settings.log_path("chaos"))
        doors = json.dumps([asdict(door) for door in self._doors])
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                (sys.executable, "-m", "infra.bench.chaos.stack", doors),
                env=self.settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(os.getpid(), signal.SIGTERM),  # noqa: PLW1509
            )
        finally:
            os.close(log)

    def kill(self) -> None:
        """Kill everything at once, supervisor and brokers too, and wait until nothing is left."""
        assert self._process is not None
        everything = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        for process in everything:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self._process.wait()
        psutil.wait_procs(everything, timeout=_STOP_WITHIN_S)

    def wait_until_ready(self) -> None:
        """Wait until everything has been ready once.

        Raises
        ------
        StackError
            It ended, or is not ready in time.
        """
        assert self._process is not None
        deadline = time.monotonic() + _READY_WITHIN_S
        while True:
            record = Record.read(self.settings)
            if record is not None and record.ready and record.pid == self._process.pid:
                return
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                words = last_words(self.settings.log_path("chaos"))
                words = words or last_words(self.settings.log_path("supervisor"))
                raise StackError(f"the stack {'ended' if ended else 'is not ready'}: {words}")
            time.sleep(_POLL_S)

    def pid_of(self, name: str) -> int:
        """Return the process id of one of its processes."""
        return Stack(self.settings).pid_of(name)

    def unready(self) -> list[str]:
        """Name every process that is not ready now."""
        record = Record.read(self.settings)
        if record is None or not record.ready:
            return ["the stack"]
        return [one.name for one in record.processes if not one.ready]

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()


def _ports(settings: Settings, count: int) -> list[int]:
    taken = {*settings.kafka_ports, *settings.kafka_controller_ports}
    taken |= {settings.port, settings.redis_port}
    return [port for port in free_ports(count + len(taken)) if port not in taken][:count]


def main() -> None:
    """Be the supervisor of the stack that the environment and the first argument describe."""
    doors = (
        Door(one["name"], tuple(one["listens"]), tuple(one["told"]))
        for one in json.loads(sys.argv[1])
    )
    run(Settings(), Wanted(doors=tuple(doors)), lambda _settings: None)


if __name__ == "__main__":
    main()
