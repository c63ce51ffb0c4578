// Tell from the states what a person wants to know: who does what, what is left, how full it is.

import type { Assignment, Lot, Slot, Truck } from "./types";

export const CONDITIONS = [
  "free",
  "offered",
  "to_pickup",
  "loaded",
  "waiting",
  "held",
  "unavailable",
] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Older signs than this are shown as stale. */
export const STALE_MS = 15 * 60_000;

const RANK: Record<string, number> = { loaded: 0, accepted: 1, proposed: 2 };

export function isActive(assignment: Assignment): boolean {
  return assignment.status in RANK;
}

/** The assignment each truck is on: loaded before accepted before proposed, then the earliest. */
export function activeByTruck(assignments: Iterable<Assignment>): Map<string, Assignment> {
  const found = new Map<string, Assignment>();
  for (const each of assignments) {
    const rank = RANK[each.status];
    if (rank === undefined) continue;
    const known = found.get(each.truck_id);
    const knownRank = known ? RANK[known.status]! : Infinity;
    if (rank < knownRank || (rank === knownRank && each.departure < known!.departure)) {
      found.set(each.truck_id, each);
    }
  }
  return found;
}

/** What a truck is doing. */
export function conditionOf(truck: Truck, active: Assignment | undefined): Condition {
  const seen = truck.last_checkpoint?.decision;
  if (seen === "held" || (seen === "refused" && !leftCheckpoint(truck))) return "held";
  if (seen === "arrived") return "waiting";
  if (active?.status === "loaded") return "loaded";
  if (active?.status === "accepted") return "to_pickup";
  if (active?.status === "proposed") return "offered";
  return truck.status === "unavailable" ? "unavailable" : "free";
}

const TURNING_BACK_MS = 30 * 60_000;

/** Whether a truck has given signs long after it was turned back. */
function leftCheckpoint({ position, last_checkpoint: seen }: Truck): boolean {
  if (!position || !seen) return false;
  return Date.parse(position.at) - Date.parse(seen.at) > TURNING_BACK_MS;
}

/** When the truck last gave a sign, in milliseconds since 1970, or null. */
export function lastSignMs(truck: Truck): number | null {
  const times = [truck.position?.at, truck.last_checkpoint?.at].flatMap((at) =>
    at ? [Date.parse(at)] : [],
  );
  return times.length ? Math.max(...times) : null;
}

export function isStale(truck: Truck, nowMs: number): boolean {
  const sign = lastSignMs(truck);
  return sign === null || nowMs - sign > STALE_MS;
}

export const LOT_STATES = ["left", "open", "planned", "loaded", "delivered", "withdrawn"] as const;
export type LotState = (typeof LOT_STATES)[number];

/** What of a lot is on no truck yet. */
export function openKg(lot: Lot): number {
  return Math.max(0, lot.quantity_kg - lot.booked_kg - lot.loaded_kg - lot.delivered_kg);
}

export function lotState(lot: Lot): LotState {
  if (lot.status === "withdrawn") return "withdrawn";
  if (lot.delivered_kg >= lot.quantity_kg) return "delivered";
  if (openKg(lot) > 0) return lot.reasons.length ? "left" : "open";
  return lot.booked_kg > 0 ? "planned" : "loaded";
}

export interface Hour {
  startMs: number;
  endMs: number;
  reserved: number;
  capacity: number;
}

/** A facility's slots by window, over its gates, in order of time. */
export function hoursOf(slots: Iterable<Slot>): Hour[] {
  const found = new Map<number, Hour>();
  for (const slot of slots) {
    const startMs = Date.parse(slot.window_start);
    const hour = found.get(startMs) ?? {
      startMs,
      endMs: Date.parse(slot.window_end),
      reserved: 0,
      capacity: 0,
    };
    hour.reserved += slot.reserved.length;
    hour.capacity += slot.status === "open" ? slot.capacity_trucks : 0;
    found.set(startMs, hour);
  }
  return [...found.values()].sort((a, b) => a.startMs - b.startMs);
}

/** How full a facility is in the window of now, from 0 to 1; null where it has none. */
export function fillNow(hours: readonly Hour[], nowMs: number): number | null {
  const hour = hours.find((each) => each.startMs <= nowMs && nowMs < each.endMs);
  if (!hour) return null;
  if (hour.capacity === 0) return hour.reserved > 0 ? 1 : null;
  return Math.min(1, hour.reserved / hour.capacity);
}

export function slotsByFacility(slots: Iterable<Slot>): Map<string, Slot[]> {
  const found = new Map<string, Slot[]>();
  for (const slot of slots) {
    const known = found.get(slot.facility_id);
    if (known) known.push(slot);
    else found.set(slot.facility_id, [slot]);
  }
  return found;
}
