// Say everything in the reader's language: screens' words, and the names of the field's lists.

import vocabulary from "../../../../schemas/vocabulary.json";
import en from "./en.json";
import vi from "./vi.json";

export type Language = "vi" | "en";
export type Key = keyof typeof vi;
type List = keyof typeof vocabulary;
type Params = Record<string, string | number>;

const CATALOGUES: Record<Language, Record<Key, string>> = { vi, en };
const REMEMBERED = "harvestlane.language";

let chosen: Language = remembered();
const listeners = new Set<() => void>();

function remembered(): Language {
  try {
    return localStorage.getItem(REMEMBERED) === "en" ? "en" : "vi";
  } catch {
    return "vi";
  }
}

export function language(): Language {
  return chosen;
}

export function setLanguage(wanted: Language): void {
  chosen = wanted;
  try {
    localStorage.setItem(REMEMBERED, wanted);
  } catch {
    // a browser that keeps nothing still switches until the page is left
  }
  if (typeof document !== "undefined") document.documentElement.lang = wanted;
  for (const listener of listeners) listener();
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Put values in the places of a sentence; a value that is missing leaves a dash. */
export function fill(text: string, params: Params = {}): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? "–"));
}

export function t(key: Key, params?: Params): string {
  return fill(CATALOGUES[chosen][key], params);
}

/** The same for a key that is made of data; null where the catalogue does not know it. */
export function maybe(key: string, params?: Params): string | null {
  const text = (CATALOGUES[chosen] as Record<string, string>)[key];
  return text === undefined ? null : fill(text, params);
}

/** The same, but null also where a place of the sentence has no value. */
export function whole(key: string, params: Params): string | null {
  const text = (CATALOGUES[chosen] as Record<string, string>)[key];
  if (text === undefined) return null;
  const asked = [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  return asked.every((name) => params[name] !== undefined) ? fill(text, params) : null;
}

/** A word of one of the field's lists, by its name; the word itself where it has none. */
export function word(list: List, id: string | null | undefined): string {
  if (!id) return "–";
  const names = vocabulary[list] as Record<string, { vi: string; en: string }>;
  return names[id]?.[chosen] ?? id;
}

export function wordsOf(list: List): string[] {
  return Object.keys(vocabulary[list]);
}
