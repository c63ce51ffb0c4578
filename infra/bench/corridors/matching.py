"""Measure how fast positions are matched with corridors, and how well deviations are told.

A reported deviation and a true one are the same if their times overlap: from the reported start to
when it was mended, and from the first to the last second of the true one. Each true one is matched
with the first report that no earlier one took; a second report of it is a false one. True ones of
which less than two minutes were heard (`infra.bench.corridors.tracks`) are neither missed nor
found, and a report of one is not false: how many they are stands in the facts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.bench.corridors.tracks import (
    LASTING_S,
    START_S,
    WIDTH_M,
    Road,
    Track,
    heard,
    roads,
    tracks,
)
from infra.bench.measure import Measure
from routing.corridors import (
    CorridorRules,
    Course,
    Fix,
    Mended,
    Raised,
    Said,
    WatchParams,
    begun,
    left,
    see,
    took,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from infra.bench.measure import Tell

CORRIDORS = 20
DRIVES = 4_000
CURVE_DRIVES = 600
NOISE_M = 25.0
CURVE_M = (5.0, 15.0, 25.0, 35.0, 45.0, 60.0)
BATCH = 2_000
"""Positions matched at once: as many as a poll hands on (`streams/bulk.py`)."""
ROUNDS = 5
GOAL_PER_S = 20_000.0
GOAL_SHARE = 0.98


@dataclass
class Score:
    """Count reports of deviations against the truth.

    Attributes
    ----------
    right, false, missed, unseen
        Reports that are true, reports that are not, true ones without, and those not judged.
    delay_s
        From when a true one began to when it could be reported (the wait for late positions,
        `lateness_s`, not included), each.
    positions, spent_s
        How many positions were judged, and in what time.
    """

    right: int = 0
    false: int = 0
    missed: int = 0
    unseen: int = 0
    delay_s: list[float] = field(default_factory=list)
    positions: int = 0
    spent_s: float = 0.0

    @property
    def precision(self) -> float | None:
        """The share of reports that are true."""
        reports = self.right + self.false
        return self.right / reports if reports else None

    @property
    def recall(self) -> float | None:
        """The share of true deviations that were reported."""
        true = self.right + self.missed
        return self.right / true if true else None

    def to_doc(self) -> dict[str, Any]:
        """Return the score as facts."""
        return {
            "precision": _rounded(self.precision),
            "recall": _rounded(self.recall),
            "right": self.right,
            "false": self.false,
            "missed": self.missed,
            "unseen": self.unseen,
            "delay_s_median": round(median(self.delay_s)) if self.delay_s else None,
        }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


@dataclass(frozen=True, eq=False)
class Town:
    """The corridors, and the drives on them."""

    seed: int
    roads: list[Road]
    rules: list[CorridorRules]
    tracks: list[Track]


def town(seed: int, *, corridors: int = CORRIDORS, drives: int = DRIVES) -> Town:
    """Draw corridors and drives.

    Parameters
    ----------
    seed, corridors, drives
        Where chance comes from, and how many.
    """
    known = roads(seed, corridors)
    return Town(
        seed, known, [_rules(n, road) for n, road in enumerate(known)],
        list(tracks(seed, known, drives)),
    )  # fmt: skip


def _rules(n: int, road: Road, params: WatchParams | None = None) -> CorridorRules:
    course = Course(road.geometry(), WIDTH_M)
    return CorridorRules(f"K{n}", course, params=params or WatchParams())


def score(drawn: Town, noise_m: float, params: WatchParams | None = None) -> Score:
    """Judge all drives by what is heard of them, and count against the truth.

    Parameters
    ----------
    drawn
        The corridors and the drives.
    noise_m
        Standard deviation of a position's error in each direction.
    params
        The thresholds; by default those that the product uses, whatever the noise is.
    """
    total = Score()
    rules = [_rules(n, road, params) for n, road in enumerate(drawn.roads)]
    for n, track in enumerate(drawn.tracks):
        times, lonlat = heard(track, drawn.roads[track.road], noise_m, [drawn.seed, 3, n])
        start = time.perf_counter()
        reports = list(_reports(rules[track.road], times, lonlat))
        total.spent_s += time.perf_counter() - start
        total.positions += len(times)
        count(total, track, reports)
    return total


def _reports(
    rules: CorridorRules, times: NDArray[np.float64], lonlat: NDArray[np.float64]
) -> Iterator[tuple[Raised, float]]:
    """Yield each reported deviation and when it was mended."""
    fixes = [
        Fix(at_s, lat, lon)
        for at_s, (lon, lat) in zip(times.tolist(), lonlat.tolist(), strict=True)
    ]
    state = begun()
    said: list[Said] = []
    for seen in see(rules.course, fixes):
        state, more = took(rules, "T", state, seen)
        said += more
    _, more = left(rules, "T", state, float(times[-1]) if len(times) else START_S)
    said += more
    ends = {one.alert_id: one.at_s for one in said if isinstance(one, Mended)}
    for one in said:
        if isinstance(one, Raised) and one.kind == "deviation":
            yield one, ends[one.alert_id]


def count(total: Score, track: Track, reports: Sequence[tuple[Raised, float]]) -> None:
    """Match one drive's reports with its true deviations, and add them up.

    Parameters
    ----------
    total
        The score so far.
    track
        The drive.
    reports
        Each report, and when it was mended.
    """
    left_over = list(reports)
    for (start_s, end_s), heard_s in zip(track.deviations, track.heard_s, strict=True):
        match = next(
            (one for one in left_over if one[0].since_s <= end_s and one[1] >= start_s), None
        )
        if match is not None:
            left_over.remove(match)
        if heard_s < LASTING_S:
            total.unseen += 1
        elif match is None:
            total.missed += 1
        else:
            total.right += 1
            total.delay_s.append(match[0].at_s - start_s)
    total.false += len(left_over)


def curve(drawn: Town, tell: Tell) -> Iterator[dict[str, Any]]:
    """Yield how well deviations are told in the first 600 drives, as noise grows to 60 m.

    Once with the thresholds of the product, made for 25 m; once by a detector that knows the noise.

    Parameters
    ----------
    drawn
        The corridors and the drives.
    tell
        Is told what happens.
    """
    some = replace(drawn, tracks=drawn.tracks[:CURVE_DRIVES])
    for noise_m in CURVE_M:
        tell(f"corridors: deviations at {noise_m:g} m of noise")
        plain = score(some, noise_m).to_doc()
        known = score(some, noise_m, WatchParams(sigma_m=noise_m)).to_doc()
        yield {"noise_m": noise_m, **plain, "noise_known": known}


def matched_per_s(drawn: Town) -> float:
    """Return how many positions are matched in a second, on one core.

    They come as a poll hands them on: 2,000 of trucks on all corridors, sorted out by corridor,
    each set matched with its corridor by `see`, which makes the values that are judged. The best
    of five rounds over all positions counts.

    Parameters
    ----------
    drawn
        The corridors and the drives.
    """
    corridor, fixes = _poll_order(drawn)
    best_s = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for first in range(0, len(fixes), BATCH):
            sorted_out: dict[int, list[Fix]] = {}
            for at in range(first, min(len(fixes), first + BATCH)):
                sorted_out.setdefault(corridor[at], []).append(fixes[at])
            for which, some in sorted_out.items():
                for _seen in see(drawn.rules[which].course, some):
                    pass
        best_s = min(best_s, time.perf_counter() - start)
    return len(fixes) / best_s


def _poll_order(drawn: Town) -> tuple[list[int], list[Fix]]:
    rows: list[tuple[float, int, float, float]] = []
    for n, track in enumerate(drawn.tracks):
        times, lonlat = heard(track, drawn.roads[track.road], NOISE_M, [drawn.seed, 3, n])
        places = zip(times.tolist(), lonlat.tolist(), strict=True)
        rows += [(at_s, track.road, lat, lon) for at_s, (lon, lat) in places]
    rows.sort()
    return [row[1] for row in rows], [Fix(row[0], row[2], row[3]) for row in rows]


def matching(
    seed: int, tell: Tell, facts: dict[str, Any] | None = None, *, drives: int = DRIVES
) -> Iterator[Measure]:
    """Yield the measures of matching and of deviations, then fill in the facts with the curve.

    Parameters
    ----------
    seed
        Where all chance comes from.
    tell
        Is told what happens.
    facts
        Gets `deviations` (the counts, the curve to 60 m) and `judged_per_s`, the positions a second
        through the whole fold, one by one. None: they are not taken.
    drives
        How many drives are judged.
    """
    tell(f"corridors: drawing {drives} drives")
    drawn = town(seed, drives=drives)
    tell("corridors: matching")
    yield Measure(
        name="match_positions_per_s",
        value=matched_per_s(drawn),
        unit="/s",
        goal=GOAL_PER_S,
        better="higher",
    )
    tell("corridors: deviations")
    told = score(drawn, NOISE_M)
    for name, value in (("precision", told.precision), ("recall", told.recall)):
        yield Measure(
            name=f"deviation_{name}", value=value, unit="", goal=GOAL_SHARE, better="higher"
        )
    if facts is None:
        return
    facts["judged_per_s"] = round(told.positions / told.spent_s)
    facts["deviations"] = {
        "drives": len(drawn.tracks),
        "corridors": len(drawn.roads),
        "positions": told.positions,
        **told.to_doc(),
        "curve": list(curve(drawn, tell)),
    }
