"""Flag scans that cannot be right: twice the same, or too far too fast."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FlagCode = Literal["duplicate_scan", "impossible_travel", "clock_skew", "clock_ahead"]


@dataclass(frozen=True, slots=True, order=True)
class CheckpointScan:
    """One scan by one device.

    Parameters
    ----------
    at_s
        By the device's clock, seconds since 1970.
    vehicle
        The plate, or the truck's id: what is to be one vehicle.
    checkpoint_id
        Where.
    decision
        Arrived, cleared, held or refused.
    device_id
        Which device; the checkpoint stands for it where it is not told.
    name
        What tells the event from all others.
    received_s
        When the broker had it, by its own clock; None if not known.
    """

    at_s: float
    vehicle: str
    checkpoint_id: str
    decision: str = "arrived"
    device_id: str = ""
    name: str = ""
    received_s: float | None = field(default=None, compare=False)

    @property
    def device(self) -> str:
        """Return what has the clock."""
        return self.device_id or self.checkpoint_id

    @property
    def doc(self) -> dict[str, Any]:
        """Return the scan as evidence."""
        return {
            "at_s": self.at_s,
            "checkpoint_id": self.checkpoint_id,
            "decision": self.decision,
            "device_id": self.device_id,
            "name": self.name,
        }


@dataclass(frozen=True, slots=True)
class ScanFlag:
    """Something that a person should look at.

    Parameters
    ----------
    code
        What.
    about
        The vehicle, or the device.
    evidence
        The scans and the numbers.
    """

    code: FlagCode
    about: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanParams:
    """Limits of the flags, all assumed.

    Parameters
    ----------
    again_s
        Two scans of one kind of one vehicle at one checkpoint this close are a duplicate.
    fastest_kph
        No truck drives a way faster than this all along.
    skew_s
        So much may two devices' clocks differ before anything is concluded.
    skew_flag_s
        A clock this far off is flagged.
    least_drives
        So many trucks between a device and its neighbours before its clock is judged.
    """

    again_s: float = 300.0
    fastest_kph: float = 90.0
    skew_s: float = 180.0
    skew_flag_s: float = 300.0
    least_drives: int = 8

    def __post_init__(self) -> None:
        if min(self.again_s, self.skew_s, self.skew_flag_s) < 0 or not self.fastest_kph > 0:
            raise ValueError("Expected times of at least 0 and a speed above 0.")


def duplicate_scans(
    scans: Iterable[CheckpointScan], params: ScanParams | None = None
) -> list[ScanFlag]:
    """Flag scans of one vehicle, checkpoint and kind that follow too soon, each row of them once.

    Parameters
    ----------
    scans
        In whatever order; repeated ones (equal in all but `received_s`) are one.
    params
        Limits.
    """
    p = params or ScanParams()
    groups: defaultdict[tuple[str, str, str], list[CheckpointScan]] = defaultdict(list)
    for scan in sorted(set(scans)):
        groups[scan.vehicle, scan.checkpoint_id, scan.decision].append(scan)
    found = []
    for (vehicle, _, _), group in sorted(groups.items()):
        for row in _rows(group, p.again_s):
            apart_s = row[-1].at_s - row[0].at_s
            evidence = {"scans": [one.doc for one in row], "apart_s": apart_s}
            found.append(ScanFlag("duplicate_scan", vehicle, evidence))
    return found


def _rows(group: list[CheckpointScan], again_s: float) -> list[list[CheckpointScan]]:
    """Return the rows of two scans or more that follow one another so soon."""
    rows = [[group[0]]]
    for before, scan in pairwise(group):
        if scan.at_s - before.at_s <= again_s:
            rows[-1].append(scan)
        else:
            rows.append([scan])
    return [row for row in rows if len(row) > 1]


def impossible_travel(
    scans: Iterable[CheckpointScan],
    road_m: Callable[[str, str], float],
    params: ScanParams | None = None,
    *,
    skew_s: Mapping[str, float] | None = None,
) -> list[ScanFlag]:
    """Flag one vehicle seen by two checkpoints faster than any truck drives.

    Parameters
    ----------
    scans
        In whatever order; repeated ones are one.
    road_m
        Metres of road from one checkpoint to another, `inf` where there is no way.
    params
        Limits.
    skew_s
        How far devices' clocks are known to be ahead (`clock_skews`); what they say is set right
        by it.
    """
    p = params or ScanParams()
    ahead = skew_s or {}
    vehicles: defaultdict[str, list[tuple[float, CheckpointScan]]] = defaultdict(list)
    for scan in sorted(set(scans)):
        vehicles[scan.vehicle].append((scan.at_s - ahead.get(scan.device, 0.0), scan))
    found = []
    for vehicle, group in sorted(vehicles.items()):
        for (one_s, one), (two_s, two) in pairwise(sorted(group)):
            if one.checkpoint_id == two.checkpoint_id:
                continue
            # clocks may have turned the two round: the shorter way counts
            ways = (
                road_m(one.checkpoint_id, two.checkpoint_id),
                road_m(two.checkpoint_id, one.checkpoint_id),
            )
            length_m = min(ways)
            least_s = length_m / (p.fastest_kph / 3.6)
            took_s = two_s - one_s
            if took_s + p.skew_s >= least_s:
                continue
            evidence = {
                "scans": [one.doc, two.doc],
                "road_m": length_m if math.isfinite(length_m) else None,
                "took_s": took_s,
                "least_s": least_s if math.isfinite(least_s) else None,
                "skew_allowed_s": p.skew_s,
            }
            found.append(ScanFlag("impossible_travel", vehicle, evidence))
    return found
