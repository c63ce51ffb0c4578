"""Let a truck under contract show its pass at a checkpoint, and two strangers show forged ones."""

from __future__ import annotations

from base64 import b32encode
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal, TypedDict

from infra.scenario.draft import Draft, moment_of
from schemas.checkpoint import CheckpointArrived, CheckpointRefused
from schemas.model import format_time

FORGED = "pass_forged"
"""The reason of a refusal for a pass that nobody issued."""

Forgery = Literal["foreign_key", "altered_vehicle"]

_FROM_H, _UNTIL_H = 5.5, 12.0
_STRANGERS: tuple[tuple[Forgery, str, int], ...] = (
    ("foreign_key", "69C-310.55", 9),
    ("altered_vehicle", "65C-310.71", 21),
)
"""How each pass is forged, whose plate it shows, and how many minutes after the real one."""
_LOOK_AT = timedelta(minutes=2)


class Presented(TypedDict):
    """One pass that is shown: by whom, where and when, and how it is forged if it is."""

    plate: str
    truck_id: str | None
    corridor_id: str
    pass_id: str
    checkpoint_id: str
    at: str
    forgery: Forgery | None


def present_passes(draft: Draft) -> None:
    """Name a pass in one clearance on a corridor, and refuse two strangers soon after it.

    The passes themselves are not in the file: what is noted here says what has to be issued, and
    forged, for each (`infra.scenes.passes`).
    """
    chance = draft.random("passes")
    found = _shown_by_truck(draft)
    draft.notes["passes"] = []
    if found is None:
        return
    line, corridor_id = found
    data = line["data"]
    real = Presented(
        plate=data["plate"],
        truck_id=data["truck_id"],
        corridor_id=corridor_id,
        pass_id=_pass_id(chance),
        checkpoint_id=data["checkpoint_id"],
        at=line["time"],
        forgery=None,
    )
    data["pass_id"] = real["pass_id"]
    draft.notes["passes"].append(real)
    for forgery, plate, minutes in _STRANGERS:
        arrived = moment_of(line) + timedelta(minutes=minutes)
        draft.notes["passes"].append(_refuse(draft, chance, real, forgery, plate, arrived))


def _shown_by_truck(draft: Draft) -> tuple[dict[str, Any], str] | None:
    """Return the first clearance of a truck under contract on its corridor, and that corridor."""
    of_truck = _corridors(draft)
    held = draft.notes["held"]["truck_id"]
    lines = [
        entry.content
        for entry in draft.entries
        if entry.content.get("type") == "checkpoint.cleared"
        and draft.hour(_FROM_H) <= moment_of(entry.content) < draft.hour(_UNTIL_H)
        and entry.content["data"].get("truck_id") in of_truck.keys() - {held}
    ]
    for line in sorted(lines, key=lambda line: (moment_of(line), line["id"])):
        corridor = of_truck[line["data"]["truck_id"]]
        if line["data"]["checkpoint_id"] in corridor["checkpoints"]:
            return line, corridor["corridor_id"]
    return None


def _corridors(draft: Draft) -> dict[str, dict[str, Any]]:
    """Return the corridor that each truck under contract drives along, if there is one."""
    opened = [
        entry.content["data"]
        for entry in draft.entries
        if entry.content.get("type") == "corridor.opened"
    ]
    found = {}
    for truck_id, way_id in draft.notes["contract_ways"].items():
        ends = set(draft.facts.ways[way_id].stops)
        for corridor in opened:
            if ends <= set(corridor["facilities"]):
                found[truck_id] = corridor
    return found


def _refuse(
    draft: Draft, chance: Random, real: Presented, forgery: Forgery, plate: str, arrived: datetime
) -> Presented:
    seen = {
        "checkpoint_id": real["checkpoint_id"],
        "plate": plate,
        "officer_id": f"officer-{real['checkpoint_id'].removeprefix('cp-')}",
        "people_count": 1,
        "transit": True,
    }
    at = arrived + _LOOK_AT
    draft.say("checkpoint.arrived", CheckpointArrived.model_validate(seen), arrived)
    refused = CheckpointRefused.model_validate({**seen, "reason_code": FORGED})
    draft.say("checkpoint.refused", refused, at)
    altered = forgery == "altered_vehicle"
    return Presented(
        plate=plate,
        truck_id=None,
        corridor_id=real["corridor_id"],
        pass_id=real["pass_id"] if altered else _pass_id(chance),
        checkpoint_id=real["checkpoint_id"],
        at=format_time(at),
        forgery=forgery,
    )


def _pass_id(chance: Random) -> str:
    return b32encode(chance.randbytes(10)).decode("ascii")
