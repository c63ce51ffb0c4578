// Say what was found about a pass, in the same sentences as `harvestlane pass verify`.

import said from "../../../../schemas/passes/sentences.json";
import { fill, type Language, language } from "../words";
import { longTime } from "../words/format";
import type { Finding } from "./verify";

const SENTENCES: Record<string, Record<Language, string>> = said;

/** One sentence in the reader's language. */
export function tell({ code, values }: Finding): string {
  const shown = Object.entries(values).map(([name, value]): [string, string | number] => [
    name,
    value instanceof Date ? longTime(value) : value,
  ]);
  return fill(SENTENCES[code]?.[language()] ?? code, Object.fromEntries(shown));
}
