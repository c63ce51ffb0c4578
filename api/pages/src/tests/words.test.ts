import ts from "typescript";
import { expect, test } from "vitest";
import { fill, maybe, setLanguage, t } from "../words";
import en from "../words/en.json";
import { reasonSentence, whySentence } from "../words/sentences";
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

test("a reason becomes a Vietnamese sentence with local times, an unknown one stays as it is", () => {
  setLanguage("vi");
  const params = {
    arrival: "2021-08-24T05:00:00+00:00",
    hold_until: "2021-08-24T06:30:00+00:00",
    full_slots: 4,
    together_with: ["truck_busy"],
  };
  const nowMs = Date.parse("2021-08-24T03:00:00Z");
  expect(reasonSentence({ code: "slot_full", detail: "x", params }, names, nowMs)).toBe(
    "Xe phù hợp gần nhất đến lúc 12:00; cả 4 lượt vào trước 13:30 đều đã hết chỗ. (Còn vướng: xe bận.)",
  );
  expect(reasonSentence({ code: "new_rule", detail: "Said so.", params: {} }, names, nowMs)).toBe(
    "Said so.",
  );
});

test("why an alternative was not taken is said in the reader's language", () => {
  setLanguage("vi");
  expect(whySentence("truck T7 carries lot L9", names)).toBe("xe xe T7 đã chở lô L9");
  expect(whySentence("it is bewitched", names)).toBe("it is bewitched");
  setLanguage("en");
  expect(t("app.tagline")).toBe("Harvest dispatch");
});
