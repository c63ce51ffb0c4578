// States to test with.

import type { Assignment, Lot, Slot, Truck } from "../data/types";

const AT = "2021-08-24T05:00:00Z";

export function truck(more: Partial<Truck>): Truck {
  return {
    truck_id: "t1",
    version: 1,
    updated_at: AT,
    registered: true,
    plate: "68C-123.45",
    haulier_id: "h1",
    region: "kien-giang",
    vehicle_class: "rigid_2_axle",
    payload_kg: 5000,
    driver_id: null,
    temperature_classes: ["ambient"],
    home: { lat: 10, lon: 105, name: null },
    status: "available",
    position: null,
    last_checkpoint: null,
    ...more,
  };
}

export function lot(more: Partial<Lot>): Lot {
  return {
    lot_id: "l1",
    version: 1,
    updated_at: AT,
    region: "kien-giang",
    product: "crab",
    quantity_kg: 1000,
    grade: null,
    price_vnd_per_kg: null,
    pickup: { lat: 10, lon: 105, name: "Rạch Giá" },
    ready_from: AT,
    hold_until: "2021-08-25T05:00:00Z",
    destinations: [],
    temperature: "ambient",
    status: "ready",
    booked_kg: 0,
    loaded_kg: 0,
    delivered_kg: 0,
    assignments: [],
    reasons: [],
    ...more,
  };
}

export function slot(more: Partial<Slot>): Slot {
  return {
    slot_id: "s1",
    version: 1,
    updated_at: AT,
    facility_id: "f1",
    gate_id: "G1",
    window_start: AT,
    window_end: "2021-08-24T06:00:00Z",
    capacity_trucks: 4,
    status: "open",
    reserved: [],
    ...more,
  };
}

export function assignment(more: Partial<Assignment>): Assignment {
  return {
    assignment_id: "a1",
    trip_id: "a1",
    leg: 1,
    version: 1,
    updated_at: AT,
    region: "kien-giang",
    truck_id: "t1",
    haulier_id: "h1",
    plate: "68C-123.45",
    lot_id: "l1",
    product: "crab",
    temperature: "ambient",
    known_quantity_kg: 1000,
    quantity_kg: 1000,
    facility_id: "f1",
    gate_id: "G1",
    slot_id: "s1",
    window_start: AT,
    window_end: "2021-08-24T06:00:00Z",
    corridor_id: null,
    corridor_reason: null,
    pickup: { lat: 10, lon: 105, name: "Rạch Giá" },
    departure: AT,
    pickup_eta: AT,
    delivery_eta: AT,
    breaks: [],
    drive_s: 0,
    route: { geometry: { type: "LineString", coordinates: [] }, duration_s: 0, distance_m: 0 },
    explanation: {},
    accept_by: AT,
    status: "proposed",
    pinned: false,
    revision: 1,
    reason: null,
    ...more,
  };
}
