"""Generate a scenario from its seed: the same seed gives the same bytes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.scenario import dirt, mishaps
from infra.scenario.draft import Draft
from infra.scenario.fleet import make_fleet
from infra.scenario.harvest import announce_ready, make_harvest
from infra.scenario.papers import present_passes
from infra.scenario.places import open_corridors, open_slots, register_places
from infra.scenario.script import ScenarioError, dump_script
from infra.scenario.traffic import record_traffic
from schemas.model import format_time, parse_time

DEFAULT_SEED = 308
"""The number of Kiên Giang's plan of 2021."""
STRAYS = 1
"""How many simulated trucks leave their corridor, and come back."""
_NEVER_REGISTERED = frozenset({"truck-999", "lot-999"})


@dataclass(frozen=True, slots=True)
class Setting:
    """What a scenario's name stands for.

    Attributes
    ----------
    title
        Its name for people.
    start
        The first moment of its day.
    """

    title: str
    start: datetime


SCENARIOS = {
    "kien-giang-2021-08": Setting(
        "Kiên Giang và Cà Mau, 24/8/2021", parse_time("2021-08-24T00:00:00+07:00")
    )
}
"""Every scenario that can be generated."""


def generate(name: str, *, seed: int = DEFAULT_SEED, out: Path) -> dict[str, Any]:
    """Write a scenario file, whole or not at all.

    Parameters
    ----------
    name
        One of `SCENARIOS`.
    seed
        Any number; it decides everything that is random.
    out
        The file to write.

    Returns
    -------
    dict
        The file's first line: what it holds and what is to be expected of it.

    Raises
    ------
    ScenarioError
        No scenario has that name.
    """
    draft = compose(name, seed=seed)
    lines = list(draft.lines())
    meta = _describe(draft, lines)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.writelines(dump_script(meta, lines))
    part.replace(out)
    return meta


def compose(name: str, *, seed: int) -> Draft:
    """Make every event of a scenario.

    Raises
    ------
    ScenarioError
        No scenario has that name.
    """
    setting = SCENARIOS.get(name)
    if setting is None:
        raise ScenarioError(f"there is no scenario {name!r}; there is {', '.join(SCENARIOS)}")
    draft = Draft(name, seed, setting.start, setting.start + timedelta(hours=24))
    register_places(draft)
    slots = open_slots(draft)
    open_corridors(draft)
    fleet = make_fleet(draft)
    lots = make_harvest(draft)
    mishaps.change_lots(draft, lots)
    withdrawn = set(draft.notes["lots_withdrawn"])
    announce_ready(draft, [lot for lot in lots if lot.lot_id not in withdrawn])
    record_traffic(draft, fleet)
    mishaps.close_roads(draft)
    mishaps.cut_slots(draft, slots)
    mishaps.change_trucks(draft, fleet)
    mishaps.meet_strangers(draft, fleet)
    present_passes(draft)
    dirt.delay_some(draft)
    dirt.repeat_some(draft, _NEVER_REGISTERED)
    dirt.contradict_some(draft)
    dirt.add_garbage(draft)
    return draft


def _describe(draft: Draft, lines: list[dict[str, Any]]) -> dict[str, Any]:
    expected = draft.expected
    types = Counter(line.get("type", "raw") for line in lines)
    dead = {name: expected[name] for name in ("malformed", "conflict", "unknown", "time_ahead")}
    return {
        "name": draft.name,
        "title": SCENARIOS[draft.name].title,
        "seed": draft.seed,
        "start": format_time(draft.start),
        "end": format_time(draft.end),
        "expected": {
            "events": len(lines),
            "duplicates": expected["duplicates"],
            "late": expected["late"],
            "dead_letters": sum(dead.values()),
            "dead_letters_by_reason": dead,
            "lots_declared": len(
                {
                    line["data"]["lot_id"]
                    for line in lines
                    if line.get("type") == "lot.declared" and line["data"]["lot_id"] != "lot-900"
                }
            ),
            "lots_withdrawn": len(draft.notes["lots_withdrawn"]),
        },
        "types": dict(sorted(types.items())),
        "hauliers": _manners(draft),
        "scripted_trucks": draft.notes["scripted_trucks"],
        "held": draft.notes["held"],
        "passes": draft.notes["passes"],
        "strays": STRAYS,
    }


def _manners(draft: Draft) -> dict[str, dict[str, Any]]:
    """Tell how simulated hauliers answer offers, where not every one is accepted."""
    manners = {}
    for row in draft.facts.hauliers:
        decline, silent = float(row["decline_share"]), float(row["silent_share"])
        if decline or silent:
            manners[row["haulier_id"]] = {
                "decline_share": decline,
                "decline_facility_region": row["decline_facility_region"] or None,
                "silent_share": silent,
            }
    return manners
