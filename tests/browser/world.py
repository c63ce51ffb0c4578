"""Make up a small world of trucks and lots in the delta that moves as time passes, from a seed."""

import csv
import json
import random
import tempfile
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from routing.roads.bundled import build_bundled
from routing.roads.errors import RoadError
from routing.roads.network import load_network
from routing.route import Route, route
from schemas.model import format_time
from schemas.slot import slot_key
from tests.browser.made_up import Doc, along, explanation, late_reason

Change = tuple[str, Doc]

_START = datetime(2021, 8, 24, 1, 30, tzinfo=UTC)
_DATA = files("infra.scenario") / "data"
_LOAD_S = 1200.0


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


class World:
    """States by kind and id; `step` lets time pass and returns what changed."""

    def __init__(self, *, trucks: int = 240, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self.now = _START
        self.states: dict[str, dict[str, Doc]] = {
            kind: {}
            for kind in (
                "truck",
                "lot",
                "slot",
                "assignment",
                "corridor",
                "checkpoint",
                "facility",
                "closure",
                "alert",
            )
        }
        self._ways: dict[str, tuple[Route, float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            build_bundled(Path(folder))
            self._network = load_network(Path(folder))
            self.roads: Doc = json.loads((Path(folder) / "roads.geojson").read_text())
        self._places()
        self._trucks(trucks)
        self._lots(trucks * 2 // 3)
        self._corridors()
        self._incidents()

    def time(self) -> str:
        """Return the time of the world."""
        return format_time(self.now)

    def put(self, kind: str, doc_id: str, /, **fields: Any) -> Change:
        """Change one state, and return the change."""
        known = self.states[kind].get(doc_id, {"version": 0})
        doc = {**known, **fields, "version": known["version"] + 1, "updated_at": self.time()}
        self.states[kind][doc_id] = doc
        return kind, doc

    def _places(self) -> None:
        for row in _rows("facilities.csv"):
            gates = [gate for gate in row["gates"].split(";") if gate]
            self.put(
                "facility",
                row["place_id"],
                place_id=row["place_id"],
                kind=row["kind"],
                name=row["name"],
                lat=float(row["lat"]),
                lon=float(row["lon"]),
                gates=gates,
                region=row["region"],
                status="active",
                products=[each for each in row["products"].split(";") if each],
            )
            for gate, hour in ((g, h) for g in gates for h in range(-3, 20)):
                start = _START.replace(minute=0) + timedelta(hours=hour)
                slot_id = slot_key(row["place_id"], gate, start)
                self.put(
                    "slot",
                    slot_id,
                    slot_id=slot_id,
                    facility_id=row["place_id"],
                    gate_id=gate,
                    window_start=format_time(start),
                    status="open",
                    reserved=[],
                    window_end=format_time(start + timedelta(hours=1)),
                    capacity_trucks=int(row["capacity_trucks"]),
                )
        for row in _rows("checkpoints.csv"):
            self.put(
                "checkpoint",
                row["place_id"],
                place_id=row["place_id"],
                name=row["name"],
                lat=float(row["lat"]),
                lon=float(row["lon"]),
                bays=int(row["bays"]),
                region=row["region"],
                status="active",
                present=[],
                totals={"arrived": 31, "cleared": 28, "held": 2, "refused": 1},
            )

    def _trucks(self, count: int) -> None:
        hauliers, farms = _rows("hauliers.csv"), _rows("farms.csv")
        for number in range(count):
            haulier = self._random.choice(hauliers)
            farm = self._random.choice(farms)
            plate = f"68C-{100 + number}.{number % 90 + 10}"
            spot = self._near(farm)
            self.put(
                "truck",
                f"truck-{number:03}",
                truck_id=f"truck-{number:03}",
                registered=True,
                plate=plate,
                haulier_id=haulier["haulier_id"],
                region=haulier["region"],
                vehicle_class=self._random.choice(["light_truck", "rigid_2_axle", "rigid_3_axle"]),
                driver_id=None,
                payload_kg=self._random.choice([2500, 5000, 8000, 15000]),
                temperature_classes=["ambient", "chilled"],
                home={**spot, "name": farm["name"]},
                status="unavailable" if number % 19 == 0 else "available",
                position={**spot, "at": self._ago(self._random.choice([1, 2, 4, 8, 25]))},
                last_checkpoint=None,
            )

    def _near(self, row: dict[str, str]) -> Doc:
        spread = self._random.uniform
        return {
            "lat": round(float(row["lat"]) + spread(-0.03, 0.03), 5),
            "lon": round(float(row["lon"]) + spread(-0.03, 0.03), 5),
        }

    def _ago(self, minutes: float) -> str:
        return format_time(self.now - timedelta(minutes=minutes))

    def _lots(self, count: int) -> None:
        farms = _rows("farms.csv")
        facilities = [each for each in self.states["facility"].values() if each["gates"]]
        trucks = iter(list(self.states["truck"].values()))
        for number in range(count):
            farm = self._random.choice(farms)
            product = self._random.choice(farm["products"].split(";"))
            quantity = self._random.randrange(800, 9000, 100)
            lot_id = f"lot-{number:03}"
            pickup = {**self._near(farm), "name": farm["name"]}
            self.put(
                "lot",
                lot_id,
                lot_id=lot_id,
                region=farm["region"],
                product=product,
                quantity_kg=quantity,
                grade=None,
                price_vnd_per_kg=95_000,
                pickup=pickup,
                ready_from=self._ago(60),
                temperature="chilled",
                destinations=[],
                status="ready",
                hold_until=self._ago(-60 * self._random.randrange(4, 30)),
                declarer_id=None,
                booked_kg=0,
                loaded_kg=0,
                delivered_kg=0,
                assignments=[],
                reasons=[],
            )
            if number % 11 == 3:
                self.put("lot", lot_id, reasons=[late_reason(self.now)])
            elif number % 11 != 7:
                self._assign(number, lot_id, next(trucks), self._random.choice(facilities))

    def _assign(self, number: int, lot_id: str, truck: Doc, facility: Doc) -> None:
        lot = self.states["lot"][lot_id]
        here, pickup = truck["position"], lot["pickup"]
        try:
            empty = route(self._network, (here["lat"], here["lon"]), (pickup["lat"], pickup["lon"]))
            laden = route(
                self._network, (pickup["lat"], pickup["lon"]), (facility["lat"], facility["lon"])
            )
        except RoadError:
            return
        status = ("proposed", "accepted", "accepted", "loaded", "loaded", "delivered")[number % 6]
        quantity = min(lot["quantity_kg"], truck["payload_kg"])
        eta = self.now + timedelta(seconds=empty.duration_s + laden.duration_s + _LOAD_S)
        start = eta.replace(minute=0, second=0, microsecond=0)
        slot_id = slot_key(facility["place_id"], facility["gates"][0], start)
        part = {"accepted": "booked_kg", "proposed": "booked_kg"}.get(status, f"{status}_kg")
        assignment_id = f"assignment-{number:03}"
        self.put("lot", lot_id, **{part: quantity}, assignments=[assignment_id])
        if slot_id in self.states["slot"]:
            reserved = self.states["slot"][slot_id]["reserved"]
            self.put(
                "slot",
                slot_id,
                reserved=[
                    *reserved,
                    {
                        "reservation_id": "r",
                        "assignment_id": assignment_id,
                        "truck_id": truck["truck_id"],
                    },
                ],
            )
        self.put(
            "assignment",
            assignment_id,
            assignment_id=assignment_id,
            trip_id=assignment_id,
            leg=1,
            region=lot["region"],
            truck_id=truck["truck_id"],
            haulier_id=truck["haulier_id"],
            plate=truck["plate"],
            lot_id=lot_id,
            product=lot["product"],
            temperature="chilled",
            quantity_kg=quantity,
            facility_id=facility["place_id"],
            gate_id=facility["gates"][0],
            slot_id=slot_id,
            window_start=format_time(start),
            window_end=format_time(start + timedelta(hours=1)),
            corridor_id=None,
            corridor_reason="too_far",
            pickup=pickup,
            departure=self.time(),
            pickup_eta=self._ago(-empty.duration_s / 60),
            delivery_eta=format_time(eta),
            breaks=[],
            drive_s=int(empty.duration_s + laden.duration_s),
            route={
                "geometry": {
                    "type": "LineString",
                    "coordinates": [*map(list, empty.geometry), *map(list, laden.geometry)],
                },
                "duration_s": empty.duration_s + laden.duration_s,
                "distance_m": empty.distance_m + laden.distance_m,
            },
            explanation=explanation(truck, lot, facility, slot_id, quantity),
            accept_by=self._ago(-25),
            status=status,
            pinned=False,
            revision=1,
            reason=None,
        )
        way = laden if status == "loaded" else empty
        self._ways[assignment_id] = (way, self._random.uniform(0, 0.8) * way.duration_s)

    def _corridors(self) -> None:
        for row in _rows("ways.csv"):
            ends = [self.states["facility"].get(stop) for stop in row["stops"].split(";")]
            if row["use"] != "corridor" or len(ends) != 2 or not ends[0] or not ends[1]:
                continue
            line = route(
                self._network, (ends[0]["lat"], ends[0]["lon"]), (ends[1]["lat"], ends[1]["lon"])
            )
            self.put(
                "corridor",
                row["way_id"],
                corridor_id=row["way_id"],
                kind="shuttle",
                name=row["name"],
                region="kien-giang",
                facilities=row["stops"].split(";"),
                geometry=line.as_dict()["geometry"],
                width_m=200.0,
                checkpoints=[],
                allowed_stops=[],
                roster=[],
                hours={"start": "04:00", "end": "22:00"},
                valid_from=self._ago(2000),
                valid_until=None,
                status="open",
            )

    def _incidents(self) -> None:
        self.put(
            "closure",
            "closure-1",
            closure_id="closure-1",
            kind="road",
            region="kien-giang",
            geometry={"type": "LineString", "coordinates": [[105.19, 9.83], [105.25, 9.76]]},
            valid_from=self._ago(90),
            valid_until=self._ago(-240),
            status="in_force",
            reason="Quốc lộ 61 ngập tại Gò Quao",
        )
        for number, checkpoint_id in enumerate(("cp-rach-soi", "cp-cau-can-tho", "cp-cai-nuoc")):
            truck_id = f"truck-{200 + number:03}"
            if truck_id in self.states["truck"]:
                body = {
                    "decision": ("held", "arrived", "arrived")[number],
                    "truck_id": truck_id,
                    "reason_code": "papers_missing" if number == 0 else None,
                }
                self.clear(checkpoint_id, body)
        self.put(
            "alert",
            "truck_silent/truck-024",
            alert_id="truck_silent/truck-024",
            status="raised",
            subject="truck-024",
            code="truck_silent",
            severity="warning",
            region="kien-giang",
            params={"last_sign": self._ago(95)},
        )

    def clear(self, checkpoint_id: str, body: Doc) -> list[Change]:
        """Carry out what an officer decided."""
        checkpoint = self.states["checkpoint"][checkpoint_id]
        truck_id, decision = body.get("truck_id"), body["decision"]
        vehicle = truck_id or f"plate:{body['plate']}"
        present = [each for each in checkpoint["present"] if each["vehicle"] != vehicle]
        if decision in ("arrived", "held"):
            present.append(
                {
                    "vehicle": vehicle,
                    "truck_id": truck_id,
                    "plate": body.get("plate"),
                    "decision": decision,
                    "since": self.time(),
                    "reason_code": body.get("reason_code"),
                }
            )
        changes = [self.put("checkpoint", checkpoint_id, present=present)]
        if truck_id:
            seen = {
                "checkpoint_id": checkpoint_id,
                "decision": decision,
                "at": self.time(),
                "reason_code": body.get("reason_code"),
            }
            changes.append(self.put("truck", truck_id, last_checkpoint=seen))
        if decision == "held":
            alert_id = f"truck_held/{vehicle}"
            changes.append(
                self.put(
                    "alert",
                    alert_id,
                    alert_id=alert_id,
                    subject=vehicle,
                    code="truck_held",
                    severity="critical",
                    status="raised",
                    params={"checkpoint_id": checkpoint_id, "reason_code": body["reason_code"]},
                )
            )
        return changes

    def command(self, assignment_id: str, verb: str, body: Doc) -> list[Change]:
        """Carry out what a person asks of an assignment; nothing where it is not possible."""
        status = self.states["assignment"][assignment_id]["status"]
        if verb == "pin":
            return [self.put("assignment", assignment_id, pinned=body["pinned"])]
        wanted = {
            "accept": "accepted",
            "decline": "declined",
            "cancel": "cancelled",
            "loaded": "loaded",
            "delivered": "delivered",
        }.get(verb)
        if wanted is None:
            return [self.put("assignment", assignment_id)]
        if verb in ("accept", "decline") and status != "proposed":
            return []
        return [self.put("assignment", assignment_id, status=wanted, reason=body.get("reason"))]

    def step(self, seconds: float) -> list[Change]:
        """Let time pass: trucks on their way move on, the others stand."""
        self.now += timedelta(seconds=seconds)
        changes = []
        for assignment_id, (way, done_s) in self._ways.items():
            assignment = self.states["assignment"][assignment_id]
            if assignment["status"] not in ("accepted", "loaded"):
                continue
            gone_s = (done_s + seconds) % max(way.duration_s, 1)
            self._ways[assignment_id] = (way, gone_s)
            lon, lat = along(way.geometry, gone_s / max(way.duration_s, 1))
            position = {"lat": round(lat, 5), "lon": round(lon, 5), "at": self.time()}
            changes.append(self.put("truck", assignment["truck_id"], position=position))
        return changes
