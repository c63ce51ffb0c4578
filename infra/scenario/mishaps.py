"""Let things go wrong in the field: with roads and zones, lots, slots and trucks."""

from __future__ import annotations

from datetime import timedelta

from infra.scenario.draft import Draft
from infra.scenario.fleet import Truck
from infra.scenario.harvest import Lot
from infra.scenario.way import LatLon
from schemas.checkpoint import CheckpointArrived, CheckpointCleared
from schemas.lot import LotRevised, LotWithdrawn
from schemas.model import Geometry, Place
from schemas.road import RoadClosed, RoadReopened, ZoneLifted, ZoneRestricted
from schemas.slot import SlotCapacityChanged, SlotClosed, SlotOpened
from schemas.truck import TruckPositionReported, TruckRegistered, TruckStatusChanged

WITHDRAWN, REVISED = 7, 24
"""How many lots are withdrawn, and revised."""
DECLINER = "haulier-26"
"""The haulier who declines every offer, and takes its trucks out at eleven."""
_ZONE: tuple[LatLon, LatLon] = ((10.120, 105.640), (10.144, 105.664))
"""South-west and north-east corner of the restricted zone, in Ô Môn."""


def close_roads(draft: Draft) -> None:
    """Close the road Tắc Cậu – An Biên in the afternoon, and restrict a zone in Ô Môn."""
    line = draft.facts.ways["closed-road"].lines[0]
    middle = line.cut(0.35 * line.length_m, 0.65 * line.length_m)
    known, over = draft.hour(13.2), draft.hour(15.4)
    closed = RoadClosed(
        closure_id="closure-tac-cau-an-bien",
        region="kien-giang",
        geometry=Geometry(type="LineString", coordinates=middle.coordinates()),
        valid_from=known,
        valid_until=draft.hour(19),
        reason="Phun khử khuẩn và sửa mặt đường",
    )
    draft.say("road.closed", closed, known)
    reopened = RoadReopened(closure_id=closed.closure_id, region=closed.region, reason="Xong sớm")
    draft.say("road.reopened", reopened, over)
    (south, west), (north, east) = _ZONE
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    zone = ZoneRestricted(
        closure_id="zone-o-mon",
        region="can-tho",
        geometry=Geometry(type="Polygon", coordinates=[ring]),
        valid_from=draft.hour(9),
        valid_until=draft.hour(17),
        reason="Khu vực phong tỏa tạm thời",
    )
    draft.say("zone.restricted", zone, draft.hour(8.5))
    lifted = ZoneLifted(closure_id=zone.closure_id, region=zone.region)
    draft.say("zone.lifted", lifted, draft.hour(16))


def change_lots(draft: Draft, lots: list[Lot]) -> None:
    """Withdraw some lots, before or after they are ready, and revise others."""
    chance = draft.random("lots")
    chosen = chance.sample(lots[10:-10], WITHDRAWN + REVISED)
    for lot in chosen[:WITHDRAWN]:
        time = lot.fact.ready_from + timedelta(minutes=chance.choice([-90, -60, -40, -25, -15, 5]))
        time = max(time, lot.declared_at + timedelta(minutes=5))
        reason = chance.choice(
            ["Đã bán tại chỗ", "Hoãn thu hoạch do mưa", "Thương lái lấy bằng ghe"]
        )
        draft.say("lot.withdrawn", LotWithdrawn(lot_id=lot.lot_id, reason=reason), time)
    draft.notes["lots_withdrawn"] = sorted(lot.lot_id for lot in chosen[:WITHDRAWN])
    for lot in chosen[WITHDRAWN:]:
        before = lot.fact.ready_from - timedelta(minutes=chance.randrange(5, 100))
        time = max(before, lot.declared_at + timedelta(minutes=5))
        draft.say("lot.revised", _revision(chance.random(), lot), time)


def _revision(draw: float, lot: Lot) -> LotRevised:
    if draw < 0.4:
        more_kg = 50 * round(lot.fact.quantity_kg * (1.05 + draw) / 50)
        return LotRevised(lot_id=lot.lot_id, quantity_kg=more_kg)
    if draw < 0.75:
        less_kg = max(100, 50 * round(lot.fact.quantity_kg * (1.25 - draw) / 50))
        return LotRevised(lot_id=lot.lot_id, quantity_kg=less_kg)
    price = 100 * round((lot.fact.price_vnd_per_kg or 0) * 0.97 / 100)
    return LotRevised(lot_id=lot.lot_id, price_vnd_per_kg=price)


def cut_slots(draft: Draft, slots: list[SlotOpened]) -> None:
    """Cut a market to one truck an hour at noon, give some of it back, close a gate once."""
    market = [slot for slot in slots if slot.facility_id == "market-can-tho"]
    noon = [slot for slot in market if draft.hour(11) <= slot.window_start < draft.hour(15)]
    for slot in noon:
        window = slot.model_dump(exclude={"capacity_trucks"})
        cut = SlotCapacityChanged(**window, capacity_trucks=1, reason="Thiếu người bốc xếp")
        draft.say("slot.capacity_changed", cut, draft.hour(9.7))
    for slot in noon[-1:]:
        window = slot.model_dump(exclude={"capacity_trucks"})
        more = SlotCapacityChanged(**window, capacity_trucks=3, reason="Thêm một tổ bốc xếp")
        draft.say("slot.capacity_changed", more, draft.hour(11.5))
    gate = next(
        slot
        for slot in slots
        if slot.facility_id == "port-hoang-dieu" and slot.window_start == draft.hour(14)
    )
    window = gate.model_dump(exclude={"capacity_trucks"})
    draft.say("slot.closed", SlotClosed(**window, reason="Sửa cầu cân"), draft.hour(12))


def change_trucks(draft: Draft, fleet: list[Truck]) -> None:
    """Let repaired trucks join, others break down for some hours, and a haulier draw back."""
    chance = draft.random("trucks")
    repaired = [truck for truck in fleet if truck.use == "repair"][:4]
    for hour, truck in enumerate(repaired, 5):
        joined = TruckStatusChanged(
            truck_id=truck.truck_id, status="available", reason="Đã sửa xong"
        )
        draft.say("truck.status_changed", joined, draft.hour(hour))
    ours = [truck for truck in fleet if truck.use == "dispatch"]
    for truck in (truck for truck in ours if truck.fact.haulier_id == DECLINER):
        leaves = TruckStatusChanged(
            truck_id=truck.truck_id, status="unavailable", reason="Đơn vị không nhận chuyến"
        )
        draft.say("truck.status_changed", leaves, draft.hour(11))
    for truck in chance.sample([truck for truck in ours if truck.fact.haulier_id != DECLINER], 4):
        breaks_at = chance.uniform(6, 15)
        broken = TruckStatusChanged(
            truck_id=truck.truck_id, status="unavailable", reason="Hỏng lốp"
        )
        draft.say("truck.status_changed", broken, draft.hour(breaks_at))
        mended = TruckStatusChanged(truck_id=truck.truck_id, status="available")
        draft.say("truck.status_changed", mended, draft.hour(breaks_at + 2.5))


def meet_strangers(draft: Draft, fleet: list[Truck]) -> None:
    """Let trucks appear that nobody has registered yet, and one that nobody ever registers."""
    number = len(fleet)
    for hour, plate in ((6.0, "68C-310.07"), (10.25, "69C-310.42"), (13.5, "65C-310.88")):
        number += 1
        truck = TruckRegistered(
            truck_id=f"truck-{number:03d}",
            plate=plate,
            haulier_id="haulier-23",
            region="kien-giang",
            payload_kg=8_000,
            home=Place(lat=10.012, lon=105.081, name="Rạch Giá"),
            status="unavailable",
        )
        seen = TruckPositionReported(truck_id=truck.truck_id, lat=10.004, lon=105.09)
        draft.say("truck.position_reported", seen, draft.hour(hour))
        draft.say("truck.registered", truck, draft.hour(hour) + timedelta(seconds=45))
        draft.notes["scripted_trucks"].append(truck.truck_id)
        if hour == 10.25:
            # An officer wrote its plate before anybody knew it; it is linked later.
            _pass_by_plate(draft, plate, hour - 1.5)
    _pass_by_plate(draft, "50C-777.77", 11.0)
    for minute in (0, 5, 10):
        ghost = TruckPositionReported(truck_id="truck-999", lat=9.95, lon=105.12)
        draft.say("truck.position_reported", ghost, draft.hour(12.5 + minute / 60))
        draft.expected["unknown"] += 1
    draft.say("lot.revised", LotRevised(lot_id="lot-999", quantity_kg=2_000), draft.hour(9.25))
    draft.expected["unknown"] += 1


def _pass_by_plate(draft: Draft, plate: str, hour: float) -> None:
    seen = {
        "checkpoint_id": "cp-rach-soi",
        "plate": plate,
        "officer_id": "officer-rach-soi",
        "people_count": 2,
        "transit": False,
    }
    arrived, cleared = draft.hour(hour), draft.hour(hour) + timedelta(minutes=6)
    draft.say("checkpoint.arrived", CheckpointArrived.model_validate(seen), arrived)
    draft.say("checkpoint.cleared", CheckpointCleared.model_validate(seen), cleared)
