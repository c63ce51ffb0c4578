import { expect, test } from "vitest";
import { Store } from "../data/store";
import type { Truck } from "../data/types";
import { truck } from "./samples";

function storeWithFrames(): { store: Store; frame: () => void } {
  const waiting: (() => void)[] = [];
  const store = new Store((run) => waiting.push(run));
  return { store, frame: () => waiting.splice(0).forEach((run) => run()) };
}

test("an older version never replaces a newer one", () => {
  const { store } = storeWithFrames();
  expect(store.put("truck", truck({ version: 5, plate: "new" }))).toBe(true);
  expect(store.put("truck", truck({ version: 4, plate: "old" }))).toBe(false);
  expect(store.get("truck", "t1")?.plate).toBe("new");
});

test("listeners hear of many changes once a frame", () => {
  const { store, frame } = storeWithFrames();
  const heard: string[][] = [];
  store.listen((changed) => heard.push([...changed].sort()));
  for (let version = 1; version <= 300; version += 1) store.put("truck", truck({ version }));
  store.replace({ lot: [] });
  expect(heard).toEqual([]);
  frame();
  expect(heard).toEqual([["lot", "truck"]]);
  frame();
  expect(heard).toHaveLength(1);
});

test("a whole collection takes the place of what was known", () => {
  const { store } = storeWithFrames();
  store.put("truck", truck({ version: 9 }));
  const other: Truck = truck({ truck_id: "t2" });
  store.replace({ truck: [other] });
  expect(store.all("truck")).toEqual([other]);
});

test("what is no more is dropped, and may come again with a lower version", () => {
  const { store, frame } = storeWithFrames();
  store.put("truck", truck({ version: 9 }));
  frame();
  const heard: string[][] = [];
  store.listen((changed) => heard.push([...changed]));
  store.remove("truck", "t1");
  store.remove("truck", "t2");
  expect(store.all("truck")).toEqual([]);
  frame();
  expect(heard).toEqual([["truck"]]);
  expect(store.put("truck", truck({ version: 1 }))).toBe(true);
});

test("nobody hears anything after stopping to listen", () => {
  const { store, frame } = storeWithFrames();
  let count = 0;
  store.listen(() => (count += 1))();
  store.put("truck", truck({}));
  frame();
  expect(count).toBe(0);
});
