"""Send the processes that load an API and listen to it, and take what they bring back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Self

import orjson

from infra.bench.api.listen import Heard
from infra.bench.api.load import Found
from infra.settings import PROJECT
from infra.supervisor.process import end_with_parent
from schemas.errors import StackError

_MORE_S = 90.0
_OPEN_WITHIN_S = 120.0


def run_load(errand: Mapping[str, Any]) -> Found:
    """Run one errand of `infra.bench.api.load` to its end.

    Parameters
    ----------
    errand
        The fields of its `Errand`.

    Raises
    ------
    StackError
        The process failed.
    """
    process = _start("infra.bench.api.load", errand)
    said, errors = process.communicate(timeout=errand["warm_s"] + errand["measured_s"] + _MORE_S)
    if process.returncode:
        raise StackError(f"the load failed: {errors.decode()[-2000:]}")
    return Found(**orjson.loads(said.splitlines()[-1]))


class Listeners:
    """Hold event streams open in a process of their own for as long as the block lasts.

    Parameters
    ----------
    port, token
        Where the API is, and in whose name to listen.
    clients
        How many streams.
    """

    def __init__(self, port: int, token: str, clients: int) -> None:
        self._errand = {"port": port, "token": token, "clients": clients}

    def __enter__(self) -> Self:
        """Open them all."""
        self._process = _start("infra.bench.api.listen", self._errand)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"open\n":
            _, errors = self._process.communicate(timeout=_OPEN_WITHIN_S)
            raise StackError(f"the streams were not opened: {errors.decode()[-2000:]}")
        return self

    def stop(self) -> Heard:
        """Close them, and tell what they said."""
        said, _ = self._process.communicate(b"", timeout=_MORE_S)
        return Heard(**orjson.loads(said.splitlines()[-1]))

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _start(module: str, errand: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module
        (sys.executable, "-m", module, orjson.dumps(dict(errand)).decode()),
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=end_with_parent(os.getpid(), signal.SIGTERM),  # noqa: PLW1509 - one flag
    )
