"""State the thresholds by which trucks on corridors are judged."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParams:
    """The thresholds; all are assumed but for those of a deviation, which issue 7 names.

    Parameters
    ----------
    lateness_s
        A position may come so much later than the truck's newest one; judging waits as long.
    deviation_m, deviation_s
        A deviation is so far beyond the width for so long, or more.
    back_m
        A truck is back once it is nearer to the width than this: less than `deviation_m`, so that
        one that keeps to the border is reported once.
    sigma_m
        Standard deviation of a position's error in each direction.
    sure, likely
        How many standard errors the mean distance has to be beyond `deviation_m` while the truck is
        out, and once it is back: what is over is judged with all that was seen of it.
    most
        The most standard deviations that one position counts for, however far off it is.
    back_evidence
        How much log-likelihood ratio makes the end of a deviation.
    apart_s
        Errors of positions less than this apart are one error, not several.
    unheard_s
        Of the time between two positions no more than this counts as known.
    stop_m, stop_s
        A truck that keeps within this of its mean position for so long has stopped.
    hold_s
        How long a truck uses a corridor outside its hours, or without being on its roster, before
        it is reported; and how long it must not, before that is mended.
    use_m
        A truck that has come less far along does not use the corridor, it crosses it.
    passed_m
        A checkpoint is passed once the truck was so far before it and is so far behind it.
    before_s, grace_s
        A clearance counts for a passage from so long before it to so long after it.
    heading_m
        A truck has turned once it has come so far back.
    utc_offset_s
        Local time less UTC: `Asia/Ho_Chi_Minh` has no summer time.

    Raises
    ------
    ValueError
        If a threshold is not above 0, or `back_m` is above `deviation_m`.
    """

    lateness_s: float = 300.0
    deviation_m: float = 50.0
    deviation_s: float = 120.0
    back_m: float = 25.0
    sigma_m: float = 25.0
    sure: float = 1.5
    likely: float = 0.2
    most: float = 2.0
    back_evidence: float = 4.0
    apart_s: float = 30.0
    unheard_s: float = 90.0
    stop_m: float = 100.0
    stop_s: float = 600.0
    hold_s: float = 300.0
    use_m: float = 1_000.0
    passed_m: float = 500.0
    before_s: float = 1_800.0
    grace_s: float = 600.0
    heading_m: float = 2_000.0
    utc_offset_s: int = 7 * 3600

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "utc_offset_s" and not getattr(self, field.name) > 0:
                raise ValueError(f"Expected {field.name} above 0, got {getattr(self, field.name)}.")
        if self.back_m > self.deviation_m:
            raise ValueError("Expected back_m to be at most deviation_m.")
