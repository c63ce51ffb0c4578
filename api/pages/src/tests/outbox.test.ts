import { expect, test } from "vitest";
import { Problem } from "../data/api";
import { type Entry, Outbox } from "../data/outbox";

function memory(): Pick<Storage, "getItem" | "setItem"> {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
  };
}

const entry = (key: string): Omit<Entry, "state"> => ({ key, path: "/x", body: {}, at_ms: 1 });
const away = new Problem(0, "unreachable", "", "");

test("what is entered without a network is sent later, in order, under its own key", async () => {
  const sent: string[] = [];
  let online = false;
  const outbox = new Outbox("test", memory(), async ({ key }) => {
    if (!online) throw away;
    sent.push(key);
  });
  await outbox.add(entry("first"));
  await outbox.add(entry("second"));
  expect(outbox.waiting).toBe(2);
  online = true;
  await outbox.flush();
  expect(sent).toEqual(["first", "second"]);
  expect(outbox.entries.map((each) => each.state)).toEqual(["sent", "sent"]);
});

test("what waits survives a reload of the page", async () => {
  const keep = memory();
  await new Outbox("test", keep, () => Promise.reject(away)).add(entry("first"));
  const sent: string[] = [];
  const again = new Outbox("test", keep, async ({ key }) => void sent.push(key));
  await again.flush();
  expect(sent).toEqual(["first"]);
});

test("what the server refuses is told and not sent again", async () => {
  let tries = 0;
  const outbox = new Outbox("test", memory(), () => {
    tries += 1;
    return Promise.reject(new Problem(422, "invalid", "", "the plate is too short"));
  });
  await outbox.add(entry("first"));
  await outbox.flush();
  expect(tries).toBe(1);
  expect(outbox.entries[0]).toMatchObject({
    state: "refused",
    problem: { code: "invalid", detail: "the plate is too short" },
  });
});

test("spoilt memory is forgotten", () => {
  const keep = memory();
  keep.setItem("test", "{no json");
  expect(new Outbox("test", keep, () => Promise.resolve()).entries).toEqual([]);
});
