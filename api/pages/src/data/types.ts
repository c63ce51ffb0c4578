// Name the state documents that the API answers; the models in `schemas/` are their source.

export interface Point {
  lat: number;
  lon: number;
}

interface Versioned {
  version: number;
  updated_at: string;
}

export type Decision = "arrived" | "cleared" | "held" | "refused";

export interface Truck extends Versioned {
  truck_id: string;
  registered: boolean;
  plate: string | null;
  haulier_id: string | null;
  region: string | null;
  vehicle_class: string | null;
  payload_kg: number | null;
  driver_id: string | null;
  temperature_classes: string[];
  home: (Point & { name?: string | null }) | null;
  status: "available" | "unavailable" | null;
  position: (Point & { at: string }) | null;
  last_checkpoint: {
    checkpoint_id: string;
    decision: Decision;
    at: string;
    reason_code?: string | null;
  } | null;
}

export interface Reason {
  code: string;
  detail: string;
  params: Record<string, unknown>;
  /** The smallest change that would help, in words. */
  fix?: { kind: string; vi: string; en: string } | null;
}

export interface Lot extends Versioned {
  lot_id: string;
  region: string;
  product: string;
  quantity_kg: number;
  grade: string | null;
  price_vnd_per_kg: number | null;
  pickup: Point & { name: string };
  ready_from: string;
  hold_until: string;
  destinations: string[];
  temperature: string;
  status: "declared" | "ready" | "withdrawn";
  booked_kg: number;
  loaded_kg: number;
  delivered_kg: number;
  assignments: string[];
  reasons: Reason[];
}

export interface Slot extends Versioned {
  slot_id: string;
  facility_id: string;
  gate_id: string;
  window_start: string;
  window_end: string;
  capacity_trucks: number;
  status: "open" | "closed";
  reserved: { reservation_id: string; assignment_id: string; truck_id: string }[];
}

export type AssignmentStatus =
  | "proposed"
  | "accepted"
  | "loaded"
  | "delivered"
  | "declined"
  | "expired"
  | "cancelled";

/** Why a trip was planned so, as `routing.dispatch.explain` writes it; any part may be absent. */
export interface Explanation {
  summary?: string | { vi: string; en: string };
  cost?: Record<string, number>;
  forced?: boolean;
  quantity?: { open_before_kg?: number; carried_kg?: number; spare_payload_kg?: number };
  slack_s?: { hold?: number; window?: number; day_driving?: number };
  wait_s?: { pickup?: number; facility?: number };
  alternatives?: Alternative[];
}

export interface Alternative {
  truck_id: string;
  facility_id: string;
  slot_id: string;
  corridor_id: string | null;
  cost_difference: number;
  why_code?: string;
  why: string;
  why_vi?: string;
}

export interface Assignment extends Versioned {
  assignment_id: string;
  trip_id: string;
  leg: number;
  region: string;
  truck_id: string;
  haulier_id: string;
  plate: string | null;
  lot_id: string;
  product: string;
  temperature: string;
  quantity_kg: number;
  facility_id: string;
  gate_id: string;
  slot_id: string;
  window_start: string;
  window_end: string;
  corridor_id: string | null;
  corridor_reason: string | null;
  pickup: Point & { name: string };
  departure: string;
  pickup_eta: string;
  delivery_eta: string;
  breaks: [string, string][];
  drive_s: number;
  route: { geometry: GeoJSON.Geometry; duration_s: number; distance_m: number };
  explanation: Explanation;
  accept_by: string;
  status: AssignmentStatus;
  pinned: boolean;
  revision: number;
  reason: string | null;
}

export interface Corridor extends Versioned {
  corridor_id: string;
  kind: "shuttle" | "fork";
  name: string | null;
  facilities: string[];
  geometry: GeoJSON.Geometry;
  width_m: number;
  checkpoints: string[];
  roster: string[];
  hours: { start: string; end: string } | null;
  valid_from: string;
  valid_until: string | null;
  status: "open" | "closed";
}

export interface Checkpoint extends Versioned {
  place_id: string;
  name: string;
  lat: number;
  lon: number;
  bays: number;
  region?: string | null;
  status: "active" | "retired";
  present: {
    vehicle: string;
    truck_id: string | null;
    plate: string | null;
    decision: "arrived" | "held";
    since: string;
    reason_code: string | null;
  }[];
  totals: Record<string, number>;
  queue?: CheckpointQueue | null;
}

export interface CheckpointQueue {
  waiting: number;
  held: number;
  clearances_per_h: number;
  clearances_per_h_low: number;
  clearances_per_h_high: number;
  dwell_s: number | null;
  dwell_p90_s: number | null;
  assumed: boolean;
  as_of: string;
}

export interface Arrivals {
  trucks: {
    assignment_id: string;
    truck_id: string;
    plate: string | null;
    status: "proposed" | "accepted" | "loaded";
    corridor_id: string | null;
    eta: string;
    eta_low: string;
    eta_high: string;
  }[];
  bins: {
    start: string;
    end: string;
    expected: number;
    low: number;
    high: number;
    proposed: number;
    delay_s: number;
  }[];
}

export interface Facility extends Versioned {
  place_id: string;
  kind: string;
  name: string;
  lat: number;
  lon: number;
  gates: string[];
  products: string[];
  status: "active" | "retired";
}

export interface Closure extends Versioned {
  closure_id: string;
  kind: "road" | "zone";
  geometry: GeoJSON.Geometry;
  valid_from: string;
  valid_until: string | null;
  reason: string | null;
  status: "in_force" | "lifted";
}

export interface Alert extends Versioned {
  alert_id: string;
  subject: string;
  code: string;
  severity: "info" | "warning" | "critical";
  params: Record<string, unknown>;
  status: "raised" | "cleared";
}

export interface Command extends Versioned {
  command_id: string;
  assignment_id: string;
  command: string;
  status: "done" | "refused";
  reason: string | null;
  detail: string | null;
}

export interface Clock {
  mode: "wall" | "scenario";
  now: string;
  speed: number;
  held: boolean;
  scenario: string | null;
}

export interface Session {
  role: string;
  subject: string | null;
  page?: string;
  /** Whether a password has to be set before anything else. */
  must_change_password?: boolean;
}

/** Each kind of state, as the stream names it. */
export interface Kinds {
  truck: Truck;
  lot: Lot;
  slot: Slot;
  assignment: Assignment;
  corridor: Corridor;
  checkpoint: Checkpoint;
  facility: Facility;
  closure: Closure;
  alert: Alert;
  command: Command;
}

export type Kind = keyof Kinds;
