import { expect, test } from "vitest";
import {
  activeByTruck,
  conditionOf,
  fillNow,
  hoursOf,
  isStale,
  lastSignMs,
  lotState,
  openKg,
} from "../data/field";
import { Spread } from "../map/features";
import { assignment, lot, slot, truck } from "./samples";

const AT = "2021-08-24T05:00:00Z";
const seen = (decision: "arrived" | "cleared" | "held" | "refused") => ({
  checkpoint_id: "c1",
  decision,
  at: AT,
  reason_code: null,
});

test("a truck's trip decides its colour, a checkpoint before it", () => {
  const loaded = assignment({ status: "loaded" });
  expect(conditionOf(truck({}), undefined)).toBe("free");
  expect(conditionOf(truck({ status: "unavailable" }), undefined)).toBe("unavailable");
  expect(conditionOf(truck({}), assignment({}))).toBe("offered");
  expect(conditionOf(truck({}), assignment({ status: "accepted" }))).toBe("to_pickup");
  expect(conditionOf(truck({ last_checkpoint: seen("cleared") }), loaded)).toBe("loaded");
  expect(conditionOf(truck({ last_checkpoint: seen("arrived") }), loaded)).toBe("waiting");
  expect(conditionOf(truck({ last_checkpoint: seen("held") }), loaded)).toBe("held");
});

test("a refused truck that drives on for long is held no more", () => {
  const position = { lat: 10, lon: 105, at: "2021-08-24T06:00:00Z" };
  expect(conditionOf(truck({ last_checkpoint: seen("refused") }), undefined)).toBe("held");
  expect(conditionOf(truck({ last_checkpoint: seen("refused"), position }), undefined)).toBe("free");
});

test("of several trips a truck is on the one furthest along", () => {
  const trips = [
    assignment({ assignment_id: "a1", status: "delivered" }),
    assignment({ assignment_id: "a2", status: "accepted", departure: "2021-08-24T08:00:00Z" }),
    assignment({ assignment_id: "a3", status: "accepted", departure: "2021-08-24T06:00:00Z" }),
    assignment({ assignment_id: "a4", status: "proposed" }),
  ];
  expect(activeByTruck(trips).get("t1")?.assignment_id).toBe("a3");
});

test("the last sign is the later of position and checkpoint, and grows stale", () => {
  const position = { lat: 10, lon: 105, at: "2021-08-24T04:30:00Z" };
  const both = truck({ position, last_checkpoint: seen("cleared") });
  expect(lastSignMs(both)).toBe(Date.parse(AT));
  expect(isStale(both, Date.parse(AT) + 15 * 60_000)).toBe(false);
  expect(isStale(both, Date.parse(AT) + 16 * 60_000)).toBe(true);
  expect(isStale(truck({}), Date.parse(AT))).toBe(true);
});

test("a lot's state says what is left before what is under way", () => {
  const reasons = [{ code: "truck_busy", detail: "", params: {} }];
  expect(lotState(lot({}))).toBe("open");
  expect(lotState(lot({ booked_kg: 400, reasons }))).toBe("left");
  expect(lotState(lot({ booked_kg: 1000 }))).toBe("planned");
  expect(lotState(lot({ loaded_kg: 600, delivered_kg: 400 }))).toBe("loaded");
  expect(lotState(lot({ delivered_kg: 1000 }))).toBe("delivered");
  expect(lotState(lot({ status: "withdrawn" }))).toBe("withdrawn");
  expect(openKg(lot({ booked_kg: 700, delivered_kg: 400 }))).toBe(0);
});

test("slots of all gates are counted by window, closed ones without capacity", () => {
  const place = { reservation_id: "r", assignment_id: "a", truck_id: "t" };
  const hours = hoursOf([
    slot({ reserved: [place] }),
    slot({ slot_id: "s2", gate_id: "G2", reserved: [place, place] }),
    slot({ slot_id: "s3", gate_id: "G3", status: "closed" }),
  ]);
  expect(hours).toHaveLength(1);
  expect(hours[0]).toMatchObject({ reserved: 3, capacity: 8 });
  expect(fillNow(hours, Date.parse(AT))).toBe(3 / 8);
  expect(fillNow(hours, Date.parse("2021-08-24T06:00:00Z"))).toBeNull();
});

test("things on one spot are drawn apart", () => {
  const spread = new Spread(8);
  expect(spread.at(105, 10)).toEqual([0, 0]);
  expect(Math.hypot(...spread.at(105, 10))).toBeCloseTo(8);
  expect(spread.at(105.1, 10)).toEqual([0, 0]);
});
