"""Show passes at a checkpoint: issue and forge them with keys thrown away, and judge each.

A scenario says in its first line who shows which pass where (`infra.scenario.papers`). The keys are
drawn anew for each demo and believed nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.passes.store import Store
from infra.scenario.papers import FORGED, Presented
from infra.verify.log import Log
from schemas.checkpoint import CheckpointRefused, Clearance
from schemas.model import parse_time
from schemas.passes import text as texts
from schemas.passes.claims import Pass
from schemas.passes.keys import new_key
from schemas.passes.verdict import Verdict, issue, verify
from schemas.truck import normal_plate

ISSUER = "demo"
"""Who issues the demo's passes."""

_BEFORE, _AFTER = timedelta(hours=12), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Judged:
    """One pass that was shown, and what is to be thought of it."""

    shown: Presented
    verdict: Verdict


def judge_passes(folder: Path, shown: Sequence[Presented]) -> list[Judged]:
    """Issue and forge what is shown, and judge each at the moment at which it is shown.

    Parameters
    ----------
    folder
        Where keys are kept; a new one.
    shown
        From a scenario's first line; the first one is genuine.
    """
    if not shown:
        return []
    store = Store(folder)
    since = min(parse_time(one["at"]) for one in shown) - 2 * _BEFORE
    store.add("ES256", issuer=ISSUER, now=since, until=None)
    trust = store.trust()
    return [
        Judged(
            one,
            verify(
                _text(store, one, shown[0], since),
                trust=trust,
                revocations=None,
                bulletin=None,
                now=parse_time(one["at"]),
                plate=one["plate"],
                corridor_id=one["corridor_id"],
                place=one["checkpoint_id"],
            ),
        )
        for one in shown
    ]


def passes_doc(judged: Sequence[Judged], log: Log) -> dict[str, Any]:
    """Return what came of the passes as `demo --json` prints it.

    Parameters
    ----------
    judged
        What was shown.
    log
        Tells whether the checkpoint has refused whoever had a forged pass.

    Returns
    -------
    dict
        ``presented``, ``held`` (those that hold), ``refused: [{plate, reason, checkpoint_id,
        forgery, posted, vi, en}]`` and ``accepted: [{plate, checkpoint_id, vi, en}]``; ``reason``
        is the verdict's code, ``posted`` whether ``checkpoint.refused`` stands in the log.
    """
    turned_back = {
        (read.event.data.checkpoint_id, normal_plate(read.event.data.plate))
        for read in log.live("checkpoint.clearance.v1")
        if isinstance(read.event.data, CheckpointRefused) and _is_forged(read.event.data)
        if read.event.data.plate is not None
    }
    held = [one for one in judged if one.verdict.valid]
    return {
        "presented": len(judged),
        "held": len(held),
        "accepted": [_told(one) for one in held],
        "refused": [
            {
                **_told(one),
                "reason": one.verdict.code,
                "forgery": one.shown["forgery"],
                "posted": (one.shown["checkpoint_id"], normal_plate(one.shown["plate"]))
                in turned_back,
            }
            for one in judged
            if not one.verdict.valid
        ],
    }


def passes_lines(doc: dict[str, Any]) -> Iterator[str]:
    """Yield what people read of the passes, in Vietnamese and English."""
    if not doc["presented"]:
        yield "no pass was shown"
    for one in doc["accepted"]:
        yield f"pass of {one['plate']} at {one['checkpoint_id']}: holds"
        yield f"    {one['vi']} / {one['en']}"
    for one in doc["refused"]:
        posted = "" if one["posted"] else "; the checkpoint has NOT turned it back"
        yield f"pass of {one['plate']} at {one['checkpoint_id']}: refused, {one['reason']}{posted}"
        yield f"    {one['vi']} / {one['en']}"


def _is_forged(data: Clearance) -> bool:
    return data.reason_code == FORGED


def _told(one: Judged) -> dict[str, Any]:
    first = one.verdict.reasons[0]
    return {
        "plate": one.shown["plate"],
        "checkpoint_id": one.shown["checkpoint_id"],
        "vi": first.vi,
        "en": first.en,
    }


def _text(store: Store, one: Presented, real: Presented, since: datetime) -> str:
    """Return what the code of a pass holds."""
    if one["forgery"] == "foreign_key":
        stranger = new_key("ES256", issuer=ISSUER, valid_from=since)
        return issue(_claims(one), stranger)
    mine = store.signing_key(parse_time(real["at"]))
    if one["forgery"] == "altered_vehicle":
        return alter(issue(_claims(real), mine), real["plate"], one["plate"])
    return issue(_claims(one), mine)


def alter(text: str, plate: str, other: str) -> str:
    """Write another plate of the same length into a signed pass, as a forger does.

    Parameters
    ----------
    text
        The pass.
    plate, other
        What stands in it, and what shall stand there.

    Raises
    ------
    ValueError
        The plates are not equally long, or the first is not in the pass.
    """
    data = texts.unwrap(text, texts.PASS)
    if len(plate.encode()) != len(other.encode()) or plate.encode() not in data:
        raise ValueError(f"Expected {plate} in the pass, and {other} to be as long.")
    return texts.wrap(data.replace(plate.encode(), other.encode()), texts.PASS)


def _claims(one: Presented) -> Pass:
    at = parse_time(one["at"])
    return Pass(
        pass_id=one["pass_id"],
        plate=one["plate"],
        truck_id=one["truck_id"],
        corridor_id=one["corridor_id"],
        valid_from=at - _BEFORE,
        valid_until=at + _AFTER,
        issuer=ISSUER,
        issued_at=at - _BEFORE,
    )
