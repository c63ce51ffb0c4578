"""Write what a plan found as `schemas.dispatch.PlanComputed` has it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from routing.dispatch import Lot, Plan, Reason, Refusal, Trip
from routing.travel import RoutePath
from schemas.assignment import AssignmentFact
from schemas.model import format_time
from streams.explained import missed
from streams.fold import Doc
from streams.gates import Gates
from streams.journey import Timed
from streams.pool import sentence_of

if TYPE_CHECKING:
    from streams.planning import Picture

log = logging.getLogger(__name__)

TOO_SMALL: Doc = {
    "code": "too_small",
    "detail": "The truck cannot carry all of it.",
    "params": {},
}
"""Why a truck does not take over what another one carries."""


def blank_answer(picture: Picture) -> Doc:
    """Return an answer that says nothing but which plan it is."""
    return {
        "plan_id": picture.plan_id,
        "basis": 0,
        "trips": [],
        "unassigned": [],
        "stranded": [],
        "waiting": [],
        "refused_overrides": [],
        "skipped": [{"what": what, "error": error} for what, error in picture.skipped],
        "planned_at": format_time(picture.now),
        "more": False,
    }


def leave_out(answer: Doc, what: str, error: Exception) -> None:
    """Leave one thing out of the plan, and say so."""
    log.error("%s is left out of plan %s", what, answer["plan_id"], exc_info=error)
    answer["skipped"].append({"what": what, "error": sentence_of(error)})


def left_lots(found: Plan, late: list[Timed], gates: Gates) -> list[Doc]:
    """Tell what is left of lots, and why: what the plan left, and what comes late nevertheless."""
    left: dict[str, Doc] = {
        one.lot_id: {
            "lot_id": one.lot_id,
            "quantity_kg": one.quantity_kg,
            "reasons": [reason_doc(reason) | {"fix": reason.fix} for reason in one.reasons],
        }
        for one in found.unassigned
    }
    for one in late:
        trip = one.journey.trip
        blank: Doc = {"lot_id": trip.lot_id, "quantity_kg": 0, "reasons": []}
        known = left.setdefault(trip.lot_id, blank)
        known["quantity_kg"] += int(trip.quantity_kg)
        known["reasons"].append(missed(one, gates.checkpoints))
    return list(left.values())


def reason_doc(reason: Reason | Refusal) -> Doc:
    """Return a reason as JSON."""
    return {"code": reason.code, "detail": reason.detail, "params": dict(reason.params)}


def trip_fields(picture: Picture, trip: Trip, path: RoutePath, lot: Lot, assignment_id: str) -> Doc:
    """Return a new assignment's fields, as dispatch can read them."""
    fields = {
        "trip_id": f"T-{assignment_id[2:]}",
        "leg": 1,
        "region": lot.region,
        "truck_id": trip.truck_id,
        "haulier_id": trip.haulier_id,
        "plate": picture.plates.get(trip.truck_id),
        "lot_id": trip.lot_id,
        "product": lot.product,
        "temperature": lot.temperature,
        "quantity_kg": int(trip.quantity_kg),
        "pickup": {"lat": lot.pickup.lat, "lon": lot.pickup.lon, "name": lot.pickup_name},
        "departure": format_time(trip.departure),
        "pickup_eta": format_time(trip.pickup_eta),
        "explanation": trip.explanation,
        **trip_changes(trip, path),
    }
    offer = {"assignment_id": assignment_id, "accept_by": fields["departure"], "status": "proposed"}
    AssignmentFact.model_validate({**fields, **offer})
    return fields


def trip_changes(trip: Trip, path: RoutePath) -> Doc:
    """Return what another road or slot changes in an assignment."""
    return {
        "facility_id": trip.facility_id,
        "gate_id": trip.gate_id,
        "slot_id": trip.slot_id,
        "window_start": format_time(trip.window_start),
        "window_end": format_time(trip.window_end),
        "corridor_id": trip.corridor_id,
        "corridor_reason": trip.corridor_reason,
        "delivery_eta": format_time(trip.delivery_eta),
        "breaks": [[format_time(start), format_time(end)] for start, end in trip.breaks],
        "drive_s": int(trip.drive_s),
        "route": {
            "geometry": path.geometry,
            "duration_s": path.duration_s,
            "distance_m": path.distance_m,
        },
        "driving": {
            "since_break_s": int(trip.driving.since_break_s),
            "today_s": int(trip.driving.today_s),
        },
    }
