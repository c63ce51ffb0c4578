"""Open a prepared network in a fresh process and answer one query, for `cold_first_query_s`."""

import sys
from pathlib import Path


def main() -> None:
    """Read a folder and two nodes from the command line; print milliseconds and peak bytes."""
    import numpy as np  # noqa: PLC0415 - part of what is timed

    from routing.engine import Topology  # noqa: PLC0415

    folder = Path(sys.argv[1])
    origin, end = map(int, sys.argv[2:4])
    topology = Topology.load(folder / "topology.npz")
    metric = topology.customise(np.load(folder / "costs.npy"))
    answer = metric.time_ms(origin, end)
    sys.stdout.write(f"{answer} {_peak_bytes()}\n")


def _peak_bytes() -> int:
    """Read the peak of resident memory; `getrusage` would count that of the starting process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    main()
