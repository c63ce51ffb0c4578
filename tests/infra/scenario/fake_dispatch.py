"""Stand in for dispatch: offer each lot to near trucks, and answer what they say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from infra.scenario.script import Script
from infra.scenario.trip import Said
from infra.scenario.way import distance_m
from schemas.assignment import (
    AssignmentAccepted,
    AssignmentCancelled,
    AssignmentDeclined,
    AssignmentDelivered,
    AssignmentFact,
    AssignmentLoaded,
    AssignmentProposed,
    AssignmentRevised,
    Command,
)
from schemas.envelope import Event
from schemas.model import parse_time

_SPEED_MPS = 12.0
_FACTS: dict[str, type[AssignmentFact]] = {
    "proposed": AssignmentProposed,
    "accepted": AssignmentAccepted,
    "loaded": AssignmentLoaded,
    "delivered": AssignmentDelivered,
    "declined": AssignmentDeclined,
    "cancelled": AssignmentCancelled,
    "revised": AssignmentRevised,
}
_ANSWERS = {
    "assignment.accept": "accepted",
    "assignment.decline": "declined",
    "assignment.report_loaded": "loaded",
    "assignment.report_delivered": "delivered",
}


class FakeDispatch:
    """Assign the script's lots in their order, straight as the crow flies, one truck at a time."""

    def __init__(self, script: Script) -> None:
        self.lots: dict[str, dict[str, Any]] = {}
        self.trucks: dict[str, dict[str, Any]] = {}
        self.facilities: dict[str, dict[str, Any]] = {}
        for line in script.lines:
            data = line.raw.get("data")
            if line.type == "lot.declared" and data["lot_id"] != "lot-900":
                self.lots.setdefault(data["lot_id"], {**data, "left": data["quantity_kg"]})
            elif line.type == "truck.registered" and data.get("status") != "unavailable":
                home = (data["home"]["lat"], data["home"]["lon"])
                self.trucks[data["truck_id"]] = {**data, "spot": home, "busy": False}
            elif line.type == "facility.registered" and data.get("gates"):
                self.facilities[data["place_id"]] = data
        self.assignments: dict[str, AssignmentFact] = {}
        self.delivered_at: dict[str, datetime] = {}
        self.said: list[Event] = []
        self._forbidden: set[tuple[str, str]] = set()

    def step(self, now: datetime, said: Iterable[Said]) -> list[Event]:
        """Hear commands and positions, offer what is ready within two hours, say what became."""
        events = [
            self.say(one.fact.assignment_id, _ANSWERS[one.type], one.time)
            for one in said
            if isinstance(one.fact, Command)
        ]
        for lot_id, lot in self.lots.items():
            ready = parse_time(lot["ready_from"])
            while lot["left"] > 0 and ready - timedelta(hours=2) <= now:
                event = self._offer(lot_id, lot, now)
                if event is None:
                    break
                events.append(event)
        self.said += events
        return events

    def say(self, assignment_id: str, status: str, time: datetime, **fields: Any) -> Event:
        """Let something become of an assignment."""
        before = self.assignments[assignment_id]
        kept = before.status if status == "revised" else status
        fact = _FACTS[status].model_validate(
            {**before.model_dump(), **fields, "status": kept, "revision": before.revision + 1}
        )
        self.assignments[assignment_id] = fact
        truck = self.trucks[fact.truck_id]
        if status in {"delivered", "declined", "cancelled"}:
            truck["busy"] = False
        if status in {"declined", "cancelled"}:
            self.lots[fact.lot_id]["left"] += fact.quantity_kg
            self._forbidden.add((fact.truck_id, fact.lot_id))
        if status == "delivered":
            facility = self.facilities[fact.facility_id]
            truck["spot"] = (facility["lat"], facility["lon"])
            self.delivered_at[assignment_id] = time
        return _event(fact, f"assignment.{status}", time)

    def _offer(self, lot_id: str, lot: dict[str, Any], now: datetime) -> Event | None:
        spot = (lot["pickup"]["lat"], lot["pickup"]["lon"])
        fit = [
            (distance_m(spot, truck["spot"]), truck_id)
            for truck_id, truck in self.trucks.items()
            if not truck["busy"]
            and lot.get("temperature", "ambient") in truck.get("temperature_classes", ["ambient"])
            and (truck_id, lot_id) not in self._forbidden
        ]
        if not fit:
            return None
        truck_id = min(fit)[1]
        fact = self._plan(lot_id, lot, truck_id, now)
        self.trucks[truck_id]["busy"] = True
        lot["left"] -= fact.quantity_kg
        self.assignments[fact.assignment_id] = fact
        return _event(fact, "assignment.proposed", now)

    def _plan(
        self, lot_id: str, lot: dict[str, Any], truck_id: str, now: datetime
    ) -> AssignmentFact:
        truck = self.trucks[truck_id]
        facility_id = next(iter(lot.get("destinations") or self.facilities))
        facility = self.facilities[facility_id]
        points = [
            truck["spot"],
            (lot["pickup"]["lat"], lot["pickup"]["lon"]),
            (facility["lat"], facility["lon"]),
        ]
        empty_s = distance_m(points[0], points[1]) / _SPEED_MPS
        loaded_s = distance_m(points[1], points[2]) / _SPEED_MPS
        ready = parse_time(lot["ready_from"])
        departure = max(now, ready - timedelta(seconds=empty_s + 900))
        pickup_eta = departure + timedelta(seconds=empty_s)
        arrival = max(pickup_eta, ready) + timedelta(seconds=1_800 + loaded_s)
        window = arrival.replace(minute=0, second=0, microsecond=0)
        number = len(self.assignments) + 1
        return AssignmentProposed(
            assignment_id=f"a-{number}",
            trip_id=f"t-{number}",
            region=lot["region"],
            truck_id=truck_id,
            haulier_id=truck["haulier_id"],
            lot_id=lot_id,
            product=lot["product"],
            temperature=lot.get("temperature", "ambient"),
            quantity_kg=min(truck["payload_kg"], lot["left"]),
            facility_id=facility_id,
            gate_id="G1",
            slot_id="s",
            window_start=window,
            window_end=window + timedelta(hours=1),
            pickup=lot["pickup"],
            departure=departure,
            pickup_eta=pickup_eta,
            delivery_eta=arrival,
            route={
                "geometry": {
                    "type": "LineString",
                    "coordinates": [[lon, lat] for lat, lon in points],
                },
                "duration_s": empty_s + loaded_s,
                "distance_m": (empty_s + loaded_s) * _SPEED_MPS,
            },
            explanation={},
            accept_by=now + timedelta(minutes=15),
            status="proposed",
        )


def _event(fact: AssignmentFact, event_type: str, time: datetime) -> Event:
    event_id = f"{fact.assignment_id}@{fact.revision}"
    return Event(
        topic="dispatch.assignment.v1",
        key=fact.region,
        id=event_id,
        source="/fake",
        type=event_type,
        time=time,
        data=fact,
        digest=event_id,
    )
