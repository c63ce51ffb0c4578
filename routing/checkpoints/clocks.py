"""Find devices whose clocks are off, from the scans of trucks that drive between them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from routing.checkpoints.scans import CheckpointScan, ScanFlag, ScanParams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ROUNDS = 6
"""A clock that is off by more than a drive turns scans round: they are put in order anew."""


@dataclass(frozen=True, slots=True)
class Skew:
    """How far a device's clock is ahead of the others.

    Parameters
    ----------
    device
        Which.
    ahead_s
        Seconds; negative if it is behind.
    drives
        How many trucks between it and its neighbours that rests on.
    """

    device: str
    ahead_s: float
    drives: int


def clock_skews(
    scans: Iterable[CheckpointScan],
    drive_s: Callable[[str, str], float],
    params: ScanParams | None = None,
) -> list[Skew]:
    """Estimate how far each device's clock is off, from trucks driving between neighbours.

    A truck last seen by device a and next by b took the stated driving time, times how slow traffic
    is, plus b's clock minus a's. Of each pair the median counts, so that single trucks that rest on
    the way, and forged plates, move nothing. Clocks and one slowness for all are then fitted by
    least absolute deviations (reweighted least squares), pairs weighing by their drives; most
    clocks are taken to be right: their weighted median is 0 among devices that trucks connect.

    What it cannot see: with trucks in one direction only, a clock that is off looks like a road
    slower or faster than stated; a pair seen in both directions tells the two apart. A clock that
    is off by more than the drive to its neighbours turns the order of scans round: then others may
    be blamed too, and who is right has to be seen from `received_s`.

    Parameters
    ----------
    scans
        In whatever order; repeated ones are one.
    drive_s
        Stated seconds of driving between checkpoints, `inf` where there is no way.
    params
        Limits.

    Returns
    -------
    list of Skew
        Of devices with enough drives, by device.
    """
    p = params or ScanParams()
    told = sorted(set(scans))
    found: list[Skew] = []
    for _ in range(_ROUNDS):
        ahead = {one.device: one.ahead_s for one in found}
        again = _skews(told, ahead, drive_s, p)
        if again == found:
            break
        found = again
    return found


def _skews(
    scans: list[CheckpointScan],
    ahead: Mapping[str, float],
    drive_s: Callable[[str, str], float],
    p: ScanParams,
) -> list[Skew]:
    """Estimate clocks once, scans being put in order by what is thought of the clocks so far."""
    pairs: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for one, two in _drives(scans, ahead):
        stated_s = drive_s(one.checkpoint_id, two.checkpoint_id)
        took_s = two.at_s - one.at_s
        if math.isfinite(stated_s) and stated_s > 0 and took_s < 4 * stated_s + 7_200.0:
            pairs[one.device, two.device].append((took_s, stated_s))
    kept = {pair: rows for pair, rows in sorted(pairs.items()) if len(rows) >= 3}
    found = []
    for group in _connected(kept):
        inside = {pair: rows for pair, rows in kept.items() if pair[0] in group}
        found += _fit(inside, p.least_drives)
    return sorted(found, key=lambda one: one.device)


def _drives(
    scans: Iterable[CheckpointScan], ahead: Mapping[str, float]
) -> list[tuple[CheckpointScan, CheckpointScan]]:
    """Return last scans at one checkpoint with first scans at the next, vehicle by vehicle."""
    vehicles: defaultdict[str, list[CheckpointScan]] = defaultdict(list)
    for scan in sorted(scans, key=lambda one: (one.at_s - ahead.get(one.device, 0.0), one)):
        vehicles[scan.vehicle].append(scan)
    return [
        (one, two)
        for _, group in sorted(vehicles.items())
        for one, two in pairwise(group)
        if one.checkpoint_id != two.checkpoint_id
    ]


def _connected(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    groups: list[set[str]] = []
    for pair in pairs:
        joined = set(pair)
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups


def _fit(
    pairs: Mapping[tuple[str, str], list[tuple[float, float]]], least_drives: int
) -> list[Skew]:
    devices = sorted({device for pair in pairs for device in pair})
    column = {device: index for index, device in enumerate(devices)}
    rows = np.zeros((len(pairs), len(devices) + 1))
    extra = np.zeros(len(pairs))
    weight = np.zeros(len(pairs))
    counts: defaultdict[str, int] = defaultdict(int)
    for index, ((one, two), drives) in enumerate(pairs.items()):
        rows[index, column[one]], rows[index, column[two]] = -1.0, 1.0
        rows[index, -1] = median(stated for _, stated in drives)
        extra[index] = median(took - stated for took, stated in drives)
        weight[index] = len(drives)
        counts[one] += len(drives)
        counts[two] += len(drives)
    solved = _least_absolute(rows, extra, weight)
    ahead = solved[:-1]
    # the weighted median of the clocks is 0
    order = np.argsort(ahead, kind="stable")
    share = np.cumsum([counts[devices[at]] for at in order])
    middle = ahead[order[int(np.searchsorted(share, share[-1] / 2))]]
    return [
        Skew(device, float(ahead[column[device]] - middle), counts[device])
        for device in devices
        if counts[device] >= least_drives
    ]


def _least_absolute(
    rows: np.ndarray[Any, np.dtype[np.float64]],
    values: np.ndarray[Any, np.dtype[np.float64]],
    weight: np.ndarray[Any, np.dtype[np.float64]],
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Solve for the least weighted absolute deviations, small answers where several do."""
    unknowns = rows.shape[1]
    # a faint pull to 0, on the scale of a clock and of slowness, makes the answer one
    pull = np.diag([1e-2] * (unknowns - 1) + [1e2])
    answer = np.zeros(unknowns)
    inverse = np.ones(len(values))
    for _ in range(60):
        scale = np.sqrt(weight * inverse)
        answer = np.linalg.lstsq(
            np.vstack([rows * scale[:, None], pull]),
            np.concatenate([values * scale, np.zeros(unknowns)]),
            rcond=None,
        )[0]
        inverse = 1.0 / np.maximum(np.abs(values - rows @ answer), 1.0)
    return np.asarray(answer)


def clock_flags(
    scans: Iterable[CheckpointScan],
    drive_s: Callable[[str, str], float],
    params: ScanParams | None = None,
) -> list[ScanFlag]:
    """Flag devices whose clock is off: against their neighbours, or ahead of the broker's.

    Parameters
    ----------
    scans
        In whatever order; repeated ones are one. A scan that was received before it was made, by
        more than the allowance, needs no neighbours: lateness explains only the other sign.
    drive_s
        Stated seconds of driving between checkpoints.
    params
        Limits.
    """
    p = params or ScanParams()
    told = sorted(scans, key=lambda one: (one, one.received_s or 0.0))
    found = [
        ScanFlag("clock_skew", one.device, {"ahead_s": one.ahead_s, "drives": one.drives})
        for one in clock_skews(told, drive_s, p)
        if abs(one.ahead_s) >= p.skew_flag_s
    ]
    ahead: dict[str, tuple[float, CheckpointScan]] = {}
    for scan in told:
        if scan.received_s is None:
            continue
        by_s = scan.at_s - scan.received_s
        if by_s > p.skew_s and by_s > ahead.get(scan.device, (0.0, scan))[0]:
            ahead[scan.device] = (by_s, scan)
    for device, (by_s, scan) in sorted(ahead.items()):
        evidence = {"ahead_s": by_s, "scan": scan.doc, "received_s": scan.received_s}
        found.append(ScanFlag("clock_ahead", device, evidence))
    return sorted(found, key=lambda one: (one.code, one.about))
