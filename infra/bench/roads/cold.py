"""Answer one question in a fresh process from what is on disk, for `cold_first_query_s`."""

import sys
from pathlib import Path


def main() -> None:
    """Read what to open and what to ask; print the milliseconds answered and the peak of bytes.

    `network FOLDER LAT,LON LAT,LON` opens what `roads build` wrote and finds a way between two
    points; `topology FOLDER NODE NODE` opens the engine alone.
    """
    kind, folder, *ends = sys.argv[1:]
    answer = {"network": _of_network, "topology": _of_topology}[kind](Path(folder), ends)
    sys.stdout.write(f"{answer} {_peak_bytes()}\n")
    sys.stdout.flush()


def _of_network(folder: Path, ends: list[str]) -> int:
    from routing.roads.network import load_network  # noqa: PLC0415 - part of what is timed
    from routing.roads.snap import snap  # noqa: PLC0415
    from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS  # noqa: PLC0415
    from routing.roads.ways import Ways  # noqa: PLC0415

    network = load_network(folder)
    one, two = (snap(network, *map(float, end.split(","))) for end in ends)
    return Ways(network).leg(DEFAULT_VEHICLE_CLASS, one, two).time_ms


def _of_topology(folder: Path, ends: list[str]) -> int:
    import numpy as np  # noqa: PLC0415

    from routing.engine import Topology  # noqa: PLC0415

    metric = Topology.load(folder / "topology.npz").customise(np.load(folder / "costs.npy"))
    origin, end = map(int, ends)
    return metric.time_ms(origin, end)


def _peak_bytes() -> int:
    """Read the peak of resident memory; `getrusage` would count that of the starting process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    main()
