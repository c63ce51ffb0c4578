// Name what the API answers, by the types that are generated from its description.

import type { components } from "../../../clients/typescript/schema";

type Schemas = components["schemas"];

/** An answer tells every field that the description has a default for. */
type Whole<T> = T extends object ? { [Field in keyof T]-?: Whole<T[Field]> } : T;

type Told<Name extends keyof Schemas> = Whole<Schemas[Name]>;

/** The description leaves some parts open; here they are said as the pages read them. */
type With<T, Parts> = Omit<T, keyof Parts> & Parts;

interface OnMap {
  geometry: GeoJSON.Geometry;
}

export interface Point {
  lat: number;
  lon: number;
}

interface Versioned {
  version: number;
  updated_at: string;
}

export type Decision = "arrived" | "cleared" | "held" | "refused";

export type Truck = Told<"TruckState">;

export interface Reason {
  code: string;
  detail: string;
  params: Record<string, unknown>;
  /** The smallest change that would help, in words. */
  fix?: { kind: string; vi: string; en: string } | null;
}

export type Lot = With<
  Told<"LotState">,
  { reasons: Reason[]; declarer_id?: string | null }
>;

export type Slot = Told<"SlotState">;

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

export type Assignment = With<
  Told<"AssignmentState">,
  {
    explanation: Explanation;
    route: OnMap & { duration_s: number; distance_m: number };
    temperature: Truck["temperature_classes"][number];
    actor?: string | null;
  }
>;

export type Corridor = With<Told<"CorridorState">, OnMap>;

export type Checkpoint = Told<"CheckpointState">;

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

export type Arrivals = Told<"ExpectedArrivals">;

export type Facility = Told<"FacilityState">;

export type Closure = With<Told<"ClosureState">, OnMap>;

export type Alert = Told<"AlertState">;

export interface Command extends Versioned {
  command_id: string;
  assignment_id: string;
  command: string;
  status: "done" | "refused";
  reason: string | null;
  detail: string | null;
}

export type Clock = Told<"ClockState">;

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
