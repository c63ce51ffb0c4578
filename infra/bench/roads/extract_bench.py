"""Take the measures of `bench roads-extract`: what building from a large extract takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infra.bench.measure import Measure, Outcome, Tell
from infra.bench.roads.extract import LEAST_BYTES, write_extract

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIB = 1024


def take(seed: int, tell: Tell) -> Outcome:
    """Write an extract of over 100 MB and build a network from it in a process of its own.

    Parameters
    ----------
    seed
        Of the extract.
    tell
        Is told what happens.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.osm.pbf")
        written = write_extract(path, seed=seed, tell=tell)
        tell("extract: roads build --pbf")
        out = str(Path(folder, "network"))
        command = ["-m", "infra.cli", "roads", "build", "--pbf", str(path), "--out", out]
        status, took_s, peak_bytes, said = run_measured([sys.executable, *command])
    built = status == 0
    notes = [] if built else [f"roads build --pbf ended with status {status}: {said}"]
    measures = [
        Measure(
            name="extract_bytes",
            value=written.bytes_written,
            unit="bytes",
            goal=LEAST_BYTES,
            better="higher",
        ),
        Measure(name="build_failures", value=int(not built), unit="", goal=0, better="lower"),
        Measure(name="build_peak_bytes", value=peak_bytes if built else None, unit="bytes"),
        Measure(name="build_s", value=took_s if built else None, unit="s"),
        Measure(
            name="build_mb_per_s",
            value=written.bytes_written / 1e6 / took_s if built else None,
            unit="MB/s",
        ),
    ]
    return Outcome(measures, {"extract": vars(written)}, notes)


_LAUNCHER = """\
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def run_measured(command: Sequence[str], *, limit_s: float = 3600) -> tuple[int, float, int, str]:
    """Run a command to its end.

    A small process starts it: on Linux, a process that a large one starts is counted as large.

    Parameters
    ----------
    command
        Program and words.
    limit_s
        After so many seconds it is stopped.

    Returns
    -------
    tuple
        Exit status, seconds, the peak of its resident memory in bytes (of the largest of its
        processes, children included), and the last line it said on stderr.

    Raises
    ------
    subprocess.TimeoutExpired
        If it takes longer than allowed.
    """
    begun = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=limit_s,
    )
    took_s = time.perf_counter() - begun
    status, peak_kib = map(int, done.stdout.split())
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return status, took_s, _KIB * peak_kib, lines[-1] if lines else ""
