import ts from "typescript";
import { expect, test } from "vitest";
import type { Assignment } from "../data/types";
import { fill, maybe, setLanguage, t } from "../words";
import en from "../words/en.json";
import { fixSentence, reasonSentence, summaryOf, whySentence } from "../words/sentences";
import vi from "../words/vi.json";

const SOURCES = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../tests/**"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const SPOKEN = new Set(["aria-label", "title", "placeholder", "alt", "label"]);
const PLATE_EXAMPLE = "68C-123.45";

function places(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();
}

/** Words that stand in a screen's code instead of a catalogue. */
function hardCoded(path: string, code: string): string[] {
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(node.text.trim());
    if (
      ts.isJsxAttribute(node) &&
      SPOKEN.has(node.name.getText()) &&
      node.initializer &&
      ts.isStringLiteral(node.initializer) &&
      node.initializer.text !== PLATE_EXAMPLE
    ) {
      found.push(node.initializer.text);
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

test("both catalogues know the same words, with the same places to fill", () => {
  expect(Object.keys(en)).toEqual(Object.keys(vi));
  for (const [key, text] of Object.entries(vi)) {
    expect(places(en[key as keyof typeof en]), key).toEqual(places(text));
    expect(text.trim(), key).not.toBe("");
  }
});

test("no screen has words of its own", () => {
  expect(Object.keys(SOURCES).length).toBeGreaterThan(20);
  for (const [path, code] of Object.entries(SOURCES)) expect(hardCoded(path, code), path).toEqual([]);
});

test("every word of the catalogues is used", () => {
  const code = Object.values(SOURCES).join("\n");
  const made = [...code.matchAll(/[`"]([a-z_.]+)\$\{/g)].map((match) => match[1]!);
  const unused = Object.keys(vi).filter(
    (key) => !code.includes(`"${key}"`) && !made.some((start) => key.startsWith(start)),
  );
  expect(unused).toEqual([]);
});

test("a word that is missing its value shows a dash, and an unknown key is null", () => {
  expect(fill("{a} kg", {})).toBe("– kg");
  expect(maybe("no.such.key")).toBeNull();
});

const names = {
  truck: (id: string) => `xe ${id}`,
  place: (id: string) => id,
  lot: (id: string) => `lô ${id}`,
  thing: (id: string) => id,
};

test("a reason becomes a Vietnamese sentence with local times and the latest moment", () => {
  setLanguage("vi");
  const params = {
    arrival: "2021-08-24T05:00:00+00:00",
    latest: "2021-08-24T06:15:00+00:00",
    hold_until: "2021-08-24T06:30:00+00:00",
    full_slots: 4,
    together_with: ["truck_busy"],
  };
  const nowMs = Date.parse("2021-08-24T03:00:00Z");
  expect(reasonSentence({ code: "slot_full", detail: "x", params }, names, nowMs)).toBe(
    "Xe phù hợp sớm nhất đến lúc 12:00; cả 4 khung giờ dùng được trước 13:15 đều đã hết chỗ. " +
      "(Còn vướng: xe đã có chuyến khác.)",
  );
});

test("a reason whose numbers are missing, or that nobody worded, is told as the planner tells it", () => {
  const params = { vi: "Không nơi nhận nào của lô có khung giờ." };
  const reason = { code: "no_slot", detail: "No facility has a slot.", params };
  setLanguage("vi");
  expect(reasonSentence(reason, names, 0)).toBe("Không nơi nhận nào của lô có khung giờ.");
  setLanguage("en");
  expect(reasonSentence(reason, names, 0)).toBe("No facility has a slot.");
  expect(reasonSentence({ code: "new_rule", detail: "Said so.", params: {} }, names, 0)).toBe(
    "Said so.",
  );
});

test("what would help is told in the reader's language", () => {
  const fix = { kind: "slot_later", vi: "Kéo dài khung giờ 20 phút.", en: "Keep the slot open 20 minutes." };
  setLanguage("vi");
  expect(fixSentence(fix)).toBe("Cách gỡ: Kéo dài khung giờ 20 phút.");
  setLanguage("en");
  expect(fixSentence(fix)).toBe("What would help: Keep the slot open 20 minutes.");
});

test("why an alternative was not taken is said in the reader's language", () => {
  const other = { truck_id: "T7", facility_id: "F", slot_id: "S", corridor_id: null, cost_difference: 1 };
  const taken = { ...other, why_code: "truck_taken", why: "taken", why_vi: "đã có lô" };
  const strange = { ...other, why_code: "bewitched", why: "it is bewitched", why_vi: "bị bỏ bùa" };
  setLanguage("vi");
  expect(whySentence(taken)).toBe("xe đã được xếp chở lô khác");
  expect(whySentence(strange)).toBe("bị bỏ bùa");
  setLanguage("en");
  expect(whySentence(strange)).toBe("it is bewitched");
  expect(t("app.tagline")).toBe("Harvest dispatch");
});

test("a trip's summary names truck and place in place of their ids", () => {
  const summary = { vi: "Xe T1 chở lúa đến F1.", en: "Truck T1 carries paddy to F1." };
  const trip = { truck_id: "T1", facility_id: "F1", explanation: { summary } } as Assignment;
  setLanguage("vi");
  expect(summaryOf(trip, { ...names, truck: () => "68C-123.45", place: () => "Cảng Tắc Cậu" })).toBe(
    "Xe 68C-123.45 chở lúa đến Cảng Tắc Cậu.",
  );
});
