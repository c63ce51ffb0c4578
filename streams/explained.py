"""Write a trip out with what checkpoints make of it: new times, delays, and why it is held."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from routing.checkpoints import Hold, sentence
from routing.dispatch import Lot, Params, Trip
from routing.dispatch.words import Word, tell
from schemas.model import format_time
from streams.fold import Doc
from streams.journey import Delay, Timed
from streams.promised import Checkpoint

_OF_THE_ROAD = ("checkpoint_delays", "metered")
"""What an explanation says that another road makes untrue."""


def written(one: Timed, checkpoints: Mapping[str, Checkpoint], params: Params) -> Trip:
    """Return a trip with its new times, and what it says of checkpoints.

    Parameters
    ----------
    one
        The trip as it was laid out.
    checkpoints
        By id.
    params
        The plan's.
    """
    trip, lot = one.journey.trip, one.journey.lot
    if not one.journey.passes and one.hold is None:
        return trip
    delivery_s = max(one.arrival_s, trip.window_start.timestamp())
    later = _moment(delivery_s) - trip.delivery_eta
    moved = replace(
        trip,
        departure=_moment(one.departure_s),
        pickup_eta=_moment(one.pickup_s),
        pickup_done=trip.pickup_done + timedelta(seconds=round(one.loads_s - one.journey.loads_s)),
        delivery_eta=trip.delivery_eta + later,
        delivery_done=trip.delivery_done + later,
        breaks=tuple((_moment(a), _moment(b)) for a, b in one.breaks_s),
    )
    hold_s = lot.hold_until.timestamp() - delivery_s
    said = {
        "summary": _summary(moved, lot, params),
        "slack_s": {
            **trip.explanation["slack_s"],
            "hold": math.floor(hold_s),
            "window": math.floor(trip.window_end.timestamp() - delivery_s),
        },
        "wait_s": {
            "pickup": round(one.loads_s - one.pickup_s),
            "facility": round(delivery_s - one.arrival_s),
        },
        "checkpoint_delays": [_told(each, checkpoints[each.place_id]) for each in one.delays],
    }
    hold = one.hold
    if hold is not None and hold.code != "none":
        said["metered"] = _metered(hold, checkpoints[hold.place_id])
    return replace(moved, explanation=trip.explanation | said)


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(round(at_s, 6), UTC)


def _summary(trip: Trip, lot: Lot, params: Params) -> dict[str, str]:
    said = {
        "truck_id": trip.truck_id,
        "carried_kg": trip.quantity_kg,
        "open_before_kg": trip.explanation["quantity"]["open_before_kg"],
        "product": Word("product", lot.product),
        "lot_id": lot.lot_id,
        "pickup_name": lot.pickup_name,
        "pickup_eta": trip.pickup_eta,
        "facility_id": trip.facility_id,
        "gate_id": trip.gate_id,
        "delivery_eta": trip.delivery_eta,
    }
    return tell("trip", said, utc_offset_s=params.local_utc_offset_s)


def _told(delay: Delay, place: Checkpoint) -> Doc:
    return {
        "place_id": place.place_id,
        "name": place.name,
        "at": format_time(_moment(delay.at_s)),
        "minutes": round(delay.delay_s / 60, 1),
        "assumed": place.assumed,
    }


def _metered(hold: Hold, place: Checkpoint) -> Doc:
    """Say why a trip is held: its numbers, and the sentence in both languages."""
    return {
        "code": "metered" if hold.code == "place_full" else hold.code,
        "place_id": place.place_id,
        "name": place.name,
        "minutes_held": round(hold.held_s / 60),
        "wanted_departure": format_time(_moment(hold.wanted_s)),
        "from": format_time(_moment(hold.from_s)),
        "until": format_time(_moment(hold.until_s)),
        "due": hold.due,
        "clears": hold.clears,
        "arrivals_avoided": max(0, hold.due - hold.clears) if hold.code == "place_full" else 0,
        "assumed": place.assumed,
        "vi": sentence(hold, place.name, "vi"),
        "en": sentence(hold, place.name),
    }


def told_anew(explanation: Doc, trip: Trip) -> Doc:
    """Return what an assignment says of itself, with the checkpoints on its new road.

    Parameters
    ----------
    explanation
        What it said before.
    trip
        How it is planned now.
    """
    kept = {name: said for name, said in explanation.items() if name not in _OF_THE_ROAD}
    told = {name: trip.explanation[name] for name in _OF_THE_ROAD if name in trip.explanation}
    return kept | told


def missed(one: Timed, checkpoints: Mapping[str, Checkpoint]) -> Doc:
    """Return the reason why a trip is not sent: the queues on its way let it reach no slot in time.

    Parameters
    ----------
    one
        The trip.
    checkpoints
        By id.
    """
    worst = max(one.delays, key=lambda each: each.delay_s)
    place, minutes = checkpoints[worst.place_id], round(worst.delay_s / 60)
    params = {
        "place_id": place.place_id,
        "name": place.name,
        "minutes": minutes,
        "assumed": place.assumed,
        "delivery_eta": format_time(_moment(one.arrival_s)),
        "vi": f"chờ {minutes} phút ở {place.name}: không kịp khung giờ nào",
    }
    return {
        "code": "no_slot",
        "detail": f"Held up for {minutes} min at {place.name}, it reaches no slot in time.",
        "params": params,
    }
