"""Simulate trucks on corridors, what is heard of them, and where they truly were.

A corridor is a smooth curve of 50 to 70 km. A truck drives it at 8 to 20 m/s and does one or two of
these on the way (each drawn, with its size, from the seed):

- `plain`: it keeps to its road;
- `parallel`: it takes another road, 40 to 1,500 m beside the corridor's, for 2 to 40 minutes: some
  of these lie within the width, or less than 50 m beyond it;
- `detour`: it drives off, and returns after 30 s to 25 minutes, from 100 m to 3 km away;
- `side`: it calls at something 110 to 400 m off the road for 20 to 180 s.

Sizes and times are log-uniform, with no gap around the thresholds. Positions are sent every 30 s
(± 2 s), with a normal error in each direction; 5 % are lost one by one; tunnels silence a truck
for one to four minutes, and three of ten are followed by a reflection (100 to 500 m off);
lost signals last 5 to 40 minutes; one position in 200 is a reflection anyway.

The truth is the distance of the true path, second by second, from points every 5 m along the
corridor: by another way than the detector's, and knowing nothing of noise or positions. A true
deviation is a spell of 2 minutes or more 50 m or more beyond the width; two spells between which
the truck never came within 25 m of the width are one, and so are two between which fewer than two
positions came that lay so near: of a return that nobody heard of nothing can be said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METRES = 111_195.0
WIDTH_M = 200.0
BEYOND_M, LASTING_S = 50.0, 120.0
"""A true deviation is so far beyond the width for so long, or more (issue 7)."""
START_S = 1_629_763_200.0
MENDED_M = 25.0
"""A true deviation is not over before the truck is nearer to the width than this."""
UNHEARD_S = 90.0
"""A longer time between two positions tells nothing of what lies between them: a true deviation of
which less than `LASTING_S` is left without such times is counted as unseen, and not judged."""
_STEP_M = 50.0


@dataclass(frozen=True, eq=False)
class Road:
    """A corridor's line: metres east and north of `origin` (lat, lon), every 50 m."""

    xy: Floats
    origin: tuple[float, float]
    tree: cKDTree

    def degrees(self, xy: Floats) -> Floats:
        """Return longitudes and latitudes of places in metres, shape ``(n, 2)``."""
        lat = self.origin[0] + xy[:, 1] / METRES
        lon = self.origin[1] + xy[:, 0] / (METRES * math.cos(math.radians(self.origin[0])))
        return np.column_stack([lon, lat])

    def geometry(self) -> dict[str, object]:
        """Return the line as GeoJSON."""
        return {"type": "LineString", "coordinates": self.degrees(self.xy).tolist()}


@dataclass(frozen=True, eq=False)
class Track:
    """One truck's drive.

    Attributes
    ----------
    road
        Index of its corridor.
    kinds
        What it does on the way.
    sent_s, true_xy
        When positions were sent that arrived, and where it was then, in metres.
    reflected_xy
        How far a reflection moved each of them, mostly 0.
    deviations
        Start and end of each true deviation.
    heard_s
        How much of each lies between positions at most `UNHEARD_S` apart.
    """

    road: int
    kinds: tuple[str, ...]
    sent_s: Floats
    true_xy: Floats
    reflected_xy: Floats
    deviations: list[tuple[float, float]]
    heard_s: list[float]


def roads(seed: int, count: int) -> list[Road]:
    """Draw corridors.

    Parameters
    ----------
    seed, count
        Where chance comes from, and how many.
    """
    rng = np.random.default_rng([seed, 1])
    return [_road(rng) for _ in range(count)]


def _road(rng: np.random.Generator) -> Road:
    steps = int(rng.uniform(1_000, 1_400))
    turns = np.convolve(rng.normal(0, 1, steps + 60), np.hanning(60), "valid")[:steps]
    bend = np.clip(turns / np.abs(turns).max(), -1, 1) * _STEP_M / rng.uniform(3_000, 8_000)
    heading = rng.uniform(0, 2 * math.pi) + np.cumsum(bend)
    xy = np.cumsum(_STEP_M * np.column_stack([np.cos(heading), np.sin(heading)]), axis=0)
    along = np.arange(steps) * _STEP_M
    fine = np.arange(0, along[-1], 5.0)
    dense = np.column_stack([np.interp(fine, along, xy[:, k]) for k in (0, 1)])
    origin = (float(rng.uniform(8.8, 10.8)), float(rng.uniform(104.5, 106.3)))
    return Road(xy - xy[steps // 2], origin, cKDTree(dense - xy[steps // 2]))


def tracks(seed: int, known: list[Road], count: int) -> Iterator[Track]:
    """Draw trucks' drives, spread over the corridors.

    Parameters
    ----------
    seed
        Where chance comes from.
    known
        The corridors.
    count
        How many drives.
    """
    rng = np.random.default_rng([seed, 2])
    for n in range(count):
        yield _track(rng, n % len(known), known[n % len(known)])


def heard(track: Track, road: Road, noise_m: float, seed: list[int]) -> tuple[Floats, Floats]:
    """Return when positions of a track were, and their longitudes and latitudes.

    Parameters
    ----------
    track, road
        The drive, and its corridor.
    noise_m
        Standard deviation of the error in each direction.
    seed
        Where chance comes from.
    """
    rng = np.random.default_rng(seed)
    xy = track.true_xy + track.reflected_xy + rng.normal(0, noise_m, track.true_xy.shape)
    return track.sent_s, road.degrees(xy)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def _track(rng: np.random.Generator, at: int, road: Road) -> Track:
    along: Floats = np.arange(len(road.xy), dtype=np.float64) * _STEP_M
    speed = rng.uniform(8, 20)
    seconds = np.arange(0.0, along[-1] / speed)
    pace = 1 + 0.2 * np.sin(seconds / rng.uniform(200, 600) + rng.uniform(0, 6))
    way = np.cumsum(pace) / pace.sum() * along[-1]
    offset: Floats = np.asarray(3.0 * np.sin(seconds / rng.uniform(60, 300)), np.float64)
    kinds = []
    clock = rng.uniform(300, 900)
    for _ in range(int(rng.integers(1, 3))):
        kind = str(rng.choice(["plain", "parallel", "detour", "side"], p=[0.25, 0.35, 0.25, 0.15]))
        shape = _excursion(rng, kind)
        stop = int(clock) + len(shape)
        if stop + 300 > len(seconds):
            break
        offset[int(clock) : stop] += shape
        kinds.append(kind)
        clock = stop + rng.uniform(420, 1_200)
    xy = _beside(road, along, way, offset)
    distance = road.tree.query(xy)[0]
    sent, reflected = _sent(rng, len(seconds))
    second = sent.astype(int)
    deviations = list(_deviations(distance - WIDTH_M / 2, sent))
    return Track(
        at,
        tuple(kinds),
        START_S + sent,
        xy[second],
        reflected,
        [(START_S + start, START_S + end) for start, end in deviations],
        [_heard_s(sent, start, end) for start, end in deviations],
    )


def _excursion(rng: np.random.Generator, kind: str) -> Floats:
    """Return how far beside its road a truck is, second by second."""
    if kind == "plain":
        return np.zeros(60)
    ranges = {
        "parallel": ((40, 1_500), (120, 2_400)),
        "detour": ((100, 3_000), (30, 1_500)),
        "side": ((110, 400), (20, 180)),
    }
    (near, far), (short, long) = ranges[kind]
    peak, lasting = _log_uniform(rng, near, far), _log_uniform(rng, short, long)
    ramp = peak / rng.uniform(5, 12)
    seconds = np.arange(0.0, 2 * ramp + lasting)
    rising = np.minimum(seconds, 2 * ramp + lasting - seconds) / ramp
    return np.asarray(rng.choice([-1, 1]) * peak * np.clip(rising, 0, 1))


def _beside(road: Road, along: Floats, way: Floats, offset: Floats) -> Floats:
    heading = np.unwrap(np.arctan2(*np.gradient(road.xy, axis=0)[:, ::-1].T))
    at = np.column_stack([np.interp(way, along, road.xy[:, k]) for k in (0, 1)])
    turned = np.interp(way, along, heading) + math.pi / 2
    return np.asarray(at + offset[:, None] * np.column_stack([np.cos(turned), np.sin(turned)]))


def _spells(true: NDArray[np.bool_]) -> Iterator[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(int), [0]])))
    for first, after in edges.reshape(-1, 2):
        yield float(first), float(after)


def _deviations(excess_m: Floats, sent: Floats) -> Iterator[tuple[float, float]]:
    """Yield each true deviation, seconds from the start of the drive."""
    near_s = sent[excess_m[sent.astype(int)] < MENDED_M]
    start: float | None = None
    end = 0.0
    for since, until in _spells(excess_m >= BEYOND_M):
        if until - since < LASTING_S:
            continue
        if start is not None and ((near_s > end) & (near_s < since)).sum() >= 2:
            yield start, end
            start = None
        start = since if start is None else start
        end = until
    if start is not None:
        yield start, end


def _heard_s(sent: Floats, start: float, end: float) -> float:
    gaps = np.column_stack([sent[:-1], sent[1:]])
    gaps = np.clip(gaps[np.diff(sent) <= UNHEARD_S], start, end)
    return float((gaps[:, 1] - gaps[:, 0]).sum())


def _sent(rng: np.random.Generator, length: int) -> tuple[Floats, Floats]:
    """Return the seconds at which positions were sent that arrived, and their reflections."""
    sent = np.arange(rng.uniform(0, 30), length - 3, 30.0)
    sent = np.clip(sent + rng.uniform(-2, 2, len(sent)), 0, length - 1)
    lost = rng.random(len(sent)) < 0.05
    mirrored = rng.random(len(sent)) < 0.005
    for chance, low, high, mouth in ((0.5, 60, 240, 0.3), (0.3, 300, 2_400, 0.0)):
        if rng.random() < chance:
            start = rng.uniform(0, length)
            end = start + _log_uniform(rng, low, high)
            lost |= (sent >= start) & (sent <= end)
            after = np.flatnonzero(sent > end)
            if len(after) and rng.random() < mouth:
                mirrored[after[0]] = True
    angle = rng.uniform(0, 2 * math.pi, len(sent))
    jump = rng.uniform(100, 500, len(sent)) * mirrored
    reflected = jump[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return sent[~lost], reflected[~lost]
