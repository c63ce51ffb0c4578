import { expect, test } from "vitest";
import { StackClock } from "../data/clock";
import type { Clock } from "../data/types";

const at = (now: string, more: Partial<Clock> = {}): Clock => ({
  mode: "scenario",
  now,
  speed: 60,
  held: false,
  scenario: "demo",
  ...more,
});

test("between two readings the clock runs at its speed, no longer than its lease", () => {
  let elapsed = 0;
  const clock = new StackClock(() => elapsed);
  expect(clock.nowMs()).toBe(0);
  clock.update(at("2021-08-24T05:00:00Z"));
  elapsed = 2000;
  expect(clock.nowMs()).toBe(Date.parse("2021-08-24T05:02:00Z"));
  elapsed = 60_000;
  expect(clock.nowMs()).toBe(Date.parse("2021-08-24T05:05:00Z"));
});

test("a held clock stands still", () => {
  let elapsed = 0;
  const clock = new StackClock(() => elapsed);
  clock.update(at("2021-08-24T05:00:00Z", { held: true }));
  elapsed = 3000;
  expect(clock.nowMs()).toBe(Date.parse("2021-08-24T05:00:00Z"));
});

test("a reading that is a little behind does not turn the clock back, another scenario does", () => {
  let elapsed = 0;
  const clock = new StackClock(() => elapsed);
  clock.update(at("2021-08-24T05:00:00Z"));
  elapsed = 2000;
  const shown = clock.nowMs();
  clock.update(at("2021-08-24T05:01:50Z"));
  expect(clock.nowMs()).toBe(shown);
  clock.update(at("2020-01-01T00:00:00Z", { scenario: "other" }));
  expect(clock.nowMs()).toBe(Date.parse("2020-01-01T00:00:00Z"));
});

test("without readings a wall clock goes on, as what is entered offline is dated by it", () => {
  let elapsed = 0;
  const clock = new StackClock(() => elapsed);
  clock.update(at("2021-08-24T05:00:00Z", { mode: "wall", speed: 1, scenario: null }));
  elapsed = 600_000;
  expect(clock.nowMs()).toBe(Date.parse("2021-08-24T05:10:00Z"));
});
