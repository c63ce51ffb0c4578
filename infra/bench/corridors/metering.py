"""Measure what metering does to the queue at a yard, by simulated harvest days.

A day: trucks of a plan leave farms in two waves, pass a checkpoint on the road and end in a yard;
other trucks, of which nobody told the planner, come too. The same trucks, drives, services and
moments of readiness are drawn once and played twice (`infra.scenario.yards`).
"""

from __future__ import annotations

from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from infra.bench.measure import Measure
from infra.scenario.yards import Day, Leg, Load, Place, Played
from routing.checkpoints import CheckpointParams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.bench.measure import Tell

DAYS = 5
TRIPS = 280
"""Trucks of the plan [assumed]."""
OTHERS = 70
"""Trucks that nobody told the planner of [assumed]: a fifth, "hundreds" in all (docs/domain.md)."""
CHECKPOINT, YARD = "checkpoint", "yard"
PLACES = (CHECKPOINT, YARD)
BAYS = {CHECKPOINT: 4, YARD: 13}
"""[assumed]: the accounts of 2021 count the trucks that stood, not the bays."""
SERVICE_S = {CHECKPOINT: (120.0, 180.0), YARD: (1_200.0, 2_400.0)}
"""2 to 3 minutes with papers in order, about 30 with a convoy or disinfection (docs/domain.md);
the spread round 30 minutes is assumed."""
WAVES_H = ((2.0, 6.0), (9.0, 13.0))
"""When loads are ready: two tides a day [assumed]."""
DRIVES_S = ((1_800.0, 5_400.0), (1_800.0, 5_400.0))
"""Stated driving to the checkpoint, and from there to the yard [assumed]."""
PAYLOADS_T = (2.5, 5.0, 8.0, 15.0)
"""Payload classes [u] (docs/domain.md); all equally common [assumed]."""
HOLDS_H = ((0.3, 6.0), (0.3, 24.0), (0.4, 72.0))
"""Hours that goods hold from when they are ready: the table of docs/domain.md; shares assumed."""
DECLARED_S = 1_800.0
"""Standard error of when a load is declared to be ready [assumed]."""
SPARE = {CHECKPOINT: 0, YARD: 20}
"""So many may stand before the yard, 45 minutes of its work, so that no bay idles [assumed; chosen
on seeds 3 and 308]: fewer make the queue shorter and holds longer (docs/checkpoints.md)."""
GOAL_QUEUE, GOAL_TONNES = 0.6, 0.98
ROAD_PARAMS = CheckpointParams()
YARD_PARAMS = CheckpointParams(
    service_s=1_800.0, service_weight=20.0, dwell_median_s=2_400.0, dwell_p90_s=5_400.0
)


def day(seed: int) -> list[Load]:
    """Draw the trucks of one day, planned ones and others."""
    chance = Random(seed)
    found = []
    for at in range(TRIPS + OTHERS):
        first, second = WAVES_H
        wave = first if chance.random() < 0.5 else second
        ready_s = 3_600.0 * chance.triangular(*wave)
        holds = chance.choices([hours for _, hours in HOLDS_H], [one for one, _ in HOLDS_H])[0]
        stated = tuple(chance.uniform(*one) for one in DRIVES_S)
        pace = chance.lognormvariate(0.05, 0.08)
        real = [one * pace * chance.lognormvariate(0.0, 0.10) for one in stated]
        if chance.random() < 0.05:
            real[chance.randrange(2)] += chance.uniform(600, 1_800)
        service = [chance.triangular(*SERVICE_S[one]) for one in (CHECKPOINT, YARD)]
        if chance.random() < 0.015:
            service[1] += chance.uniform(600, 3_600)
        found.append(
            Load(
                name=f"t{at:03}",
                tonnes=chance.choice(PAYLOADS_T),
                ready_s=ready_s,
                declared_s=ready_s + chance.gauss(0.0, DECLARED_S),
                due_s=ready_s + 3_600.0 * holds,
                legs=tuple(
                    Leg(place_id=name, stated_s=said_s, real_s=real_s, service_s=work_s)
                    for name, said_s, real_s, work_s in zip(
                        PLACES, stated, real, service, strict=True
                    )
                ),
                planned=at < TRIPS,
            )
        )
    return found


def played(loads: Sequence[Load], *, metered: bool, seed: int) -> Played:
    """Play a day.

    Parameters
    ----------
    loads
        Its trucks.
    metered
        Whether planned ones wait for a word before they leave.
    seed
        Of the errors of positions.
    """
    places = [
        Place(place_id=name, bays=BAYS[name], params=params, spare=SPARE[name])
        for name, params in zip(PLACES, (ROAD_PARAMS, YARD_PARAMS), strict=True)
    ]
    return Day(loads, places, metered=metered, seed=seed).play()


def metering(seed: int, tell: Tell, facts: dict[str, Any]) -> list[Measure]:
    """Play days unmetered and metered, and compare the longest queues and the tonnes in time.

    Parameters
    ----------
    seed
        Where all chance comes from.
    tell
        Is told what happens.
    facts
        Gets each day's figures.

    Returns
    -------
    list of Measure
        Medians of the days' ratios, metered over unmetered.
    """
    rows = []
    for index in range(DAYS):
        drawn = 1_000 * seed + index
        loads = day(drawn)
        free, held = (played(loads, metered=one, seed=drawn) for one in (False, True))
        rows.append(_row(loads, free, held))
        tell(f"metering, day {index + 1} of {DAYS}: {rows[-1]}")
    queue = [row["queue_peak"][1] / max(1, row["queue_peak"][0]) for row in rows]
    tonnes = [row["tonnes_in_time"][1] / row["tonnes_in_time"][0] for row in rows]
    facts["metering"] = {
        "trips": TRIPS, "others": OTHERS, "bays": BAYS, "spare": SPARE,
        "days_unmetered_and_metered": rows,
        "queue_peak_ratio": [round(one, 3) for one in sorted(queue)],
        "tonnes_in_time_ratio": [round(one, 3) for one in sorted(tonnes)],
    }  # fmt: skip
    return [
        Measure(
            name="queue_peak_metered_vs_unmetered", value=median(queue), unit="times",
            goal=GOAL_QUEUE, better="lower",
        ),
        Measure(
            name="tonnes_in_time_metered_vs_unmetered", value=median(tonnes), unit="times",
            goal=GOAL_TONNES, better="higher",
        ),
    ]  # fmt: skip


def _row(loads: Sequence[Load], free: Played, held: Played) -> dict[str, Any]:
    return {
        "queue_peak": [free.peak[YARD], held.peak[YARD]],
        "checkpoint_queue_peak": [free.peak[CHECKPOINT], held.peak[CHECKPOINT]],
        "tonnes": sum(one.tonnes for one in loads if one.planned),
        "tonnes_in_time": [free.tonnes_in_time, held.tonnes_in_time],
        "mean_wait_min": [round(one.waited_s / TRIPS / 60, 1) for one in (free, held)],
        "mean_wait_of_others_min": [
            round(one.others_waited_s / OTHERS / 60, 1) for one in (free, held)
        ],
        "mean_delay_of_all_min": [
            round((one.waited_s + one.others_waited_s + one.held_s) / (TRIPS + OTHERS) / 60, 1)
            for one in (free, held)
        ],
        "mean_hold_min": round(held.held_s / TRIPS / 60, 1),
        "sent_over_capacity": held.over,
        "rounds_given_up": [held.given_up, held.rounds],
    }
