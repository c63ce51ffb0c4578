import { encodeQR } from "qr";
import { beforeEach, expect, test } from "vitest";
import vectors from "../../../../tests/passes/vectors.json";
import said from "../../../../schemas/passes/sentences.json";
import { readPixels } from "../data/codes";
import { HeldLists, type PassLists } from "../passes/held";
import type { TrustDoc } from "../passes/keys";
import { tell } from "../passes/sentences";
import { cleaned } from "../phone/pass";
import { setLanguage } from "../words";

const keys = (vectors.trust as TrustDoc).keys;
const revocations = vectors.revocations as Record<string, string>;
const bulletins = vectors.bulletins as Record<string, string>;
const NOW_S = Date.parse("2021-08-21T00:00:00Z") / 1000;
const SEEN = { nowS: NOW_S, plate: "68C-123.45", corridorId: "tac-cau--cai-cui" };
const good = textOf("good_ES256");

function textOf(name: string): string {
  return vectors.passes.find((each) => each.name === name)!.text;
}

function told(changed: Partial<PassLists> = {}): PassLists {
  return { keys, revocations: revocations["none"]!, bulletin: bulletins["none"]!, ...changed };
}

function holding(...offers: PassLists[]): HeldLists {
  const lists = new HeldLists();
  offers.forEach((offered, at) => lists.take(offered, at + 1));
  return lists;
}

beforeEach(() => setLanguage("vi"));

test("without keys nothing can be said of a pass, with them a good one is valid", () => {
  const lists = new HeldLists();
  expect(lists.isReady).toBe(false);
  expect(lists.judge(good, SEEN).code).toBe("unknown_key");
  lists.take(told(), 1);
  expect(lists.isReady).toBe(true);
  expect(lists.judge(good, SEEN)).toMatchObject({ code: "valid", notices: [] });
});

test("a forged pass is refused, and nothing that it says is shown", () => {
  const forged = good.slice(0, -8) + (good.at(-8) === "A" ? "B" : "A") + good.slice(-7);
  expect(holding(told()).judge(forged, SEEN)).toMatchObject({ pass: null });
  const unknown = vectors.passes.find((each) => each.code === "unknown_key")!;
  expect(holding(told()).judge(unknown.text, SEEN)).toMatchObject({ code: "unknown_key", pass: null });
});

test("the plate that was looked up is compared, and so is the corridor", () => {
  const lists = holding(told());
  expect(lists.judge(good, { ...SEEN, plate: "68C 123 45" }).code).toBe("valid");
  expect(lists.judge(good, { ...SEEN, plate: "68C-999.99" }).code).toBe("wrong_vehicle");
  expect(lists.judge(good, { ...SEEN, corridorId: "other" }).code).toBe("wrong_corridor");
  const codes = lists.judge(good, { nowS: NOW_S }).notices.map((notice) => notice.code);
  expect(codes).toEqual(["corridor_not_compared", "vehicle_not_compared"]);
});

test("a newer list of revocations counts, and an older one never replaces it", () => {
  const newer = told({ revocations: revocations["this"]! });
  expect(holding(told(), newer).judge(good, SEEN).code).toBe("revoked");
  expect(holding(newer, told()).judge(good, SEEN).code).toBe("revoked");
  expect(holding(newer, told({ revocations: null })).judge(good, SEEN).code).toBe("revoked");
});

test.each(["HLR1:DAMAGED", "", revocations["this"]!.slice(0, -4)])(
  "a list that nobody signed changes nothing",
  (damaged) => {
    expect(holding(told(), told({ revocations: damaged })).judge(good, SEEN)).toMatchObject({
      code: "valid",
      notices: [],
    });
  },
);

test("what was kept is checked again, and judges the same", () => {
  const first = holding(told({ revocations: revocations["this"]! }));
  const kept = JSON.parse(JSON.stringify(first.toKeep()));
  const again = new HeldLists();
  again.recall(kept);
  expect(again.judge(good, SEEN).code).toBe("revoked");
  expect(again.atMs).toBe(1);
  again.take(told(), 2);
  expect(again.judge(good, SEEN).code).toBe("revoked");
  const spoilt = new HeldLists();
  spoilt.recall({ ...kept, revocations: ["HLR1:SPOILT"] });
  expect(spoilt.judge(good, SEEN).notices.map((each) => each.code)).toEqual(["no_revocations"]);
});

test("a key that was withdrawn stays so, and an answer without keys is no news", () => {
  const kid = holding(told()).judge(good, SEEN).kid;
  const withdrawn = keys.map((key) => (key.kid === kid ? { ...key, withdrawn: true } : key));
  for (const next of [told(), told({ keys: [] }), told({ keys: keys.filter((key) => key.kid !== kid) })])
    expect(holding(told({ keys: withdrawn }), next).judge(good, SEEN).code).toBe("key_withdrawn");
  const silent = holding(told(), { keys: [], revocations: null, bulletin: null });
  expect(silent.judge(good, SEEN).code).toBe("valid");
  expect(silent.atMs).toBe(1);
});

test("the same answer again is fresh, and not read again", () => {
  const lists = holding(told(), told());
  expect(lists.revision).toBe(1);
  expect(lists.atMs).toBe(2);
});

test("the ages of all lists are known by issuer", () => {
  const [one] = holding(told()).issuers;
  expect(one).toMatchObject({ issuer: "so-gtvt-kien-giang" });
  expect(one!.revocationsMs).toBeLessThan(NOW_S * 1000);
  expect(holding(told({ bulletin: null })).issuers[0]!.bulletinMs).toBeNull();
});

test("old lists and extensions are told", () => {
  const late = { ...SEEN, nowS: NOW_S + 20 * 86400 };
  const verdict = holding(told({ bulletin: bulletins["extend"]! })).judge(good, late);
  const codes = verdict.notices.map((notice) => notice.code);
  expect(codes).toContain("extended");
  expect(codes).toContain("old_revocations");
});

test("a rule for a place counts there, by the checkpoint's own id or its region's", () => {
  const vector = vectors.passes.find((each) => each.place && each.code === "suspended")!;
  const lists = holding(told({ bulletin: bulletins[vector.bulletin!]! }));
  const at = (...places: string[]): string => lists.judge(good, { ...SEEN, places }).code;
  expect(at("elsewhere")).toBe("valid");
  expect(at("elsewhere", vector.place!)).toBe("suspended");
});

test("every finding has its whole sentence in both languages", () => {
  const known = new Set(Object.keys(said));
  for (const vector of vectors.passes) {
    const lists = holding({
      keys,
      revocations: vector.revocations && revocations[vector.revocations]!,
      bulletin: vector.bulletin && bulletins[vector.bulletin]!,
    });
    const verdict = lists.judge(vector.text, {
      nowS: Date.parse(vector.now) / 1000,
      plate: vector.plate,
      corridorId: vector.corridor_id,
      places: vector.place === null ? [] : [vector.place],
    });
    expect(verdict.code, vector.name).toBe(vector.code);
    for (const finding of [...verdict.reasons, ...verdict.notices]) {
      expect(known).toContain(finding.code);
      for (const language of ["vi", "en"] as const) {
        setLanguage(language);
        expect(tell(finding), finding.code).not.toMatch(/–|\{|undefined|Invalid/);
      }
    }
  }
});

test("a verdict is worded as the command words it", () => {
  const { reasons } = holding(told()).judge(good, SEEN);
  expect(tell(reasons[0]!)).toBe("Giấy đi đường có hiệu lực đến 07:00 ngày 27/8/2021.");
  setLanguage("en");
  expect(tell(reasons[0]!)).toBe("The pass holds until 07:00 on 27 Aug 2021.");
});

test("line ends do not belong to a pasted code, spaces inside may", () => {
  expect(cleaned("\n  HLP1:A B\r\nC \n")).toBe("HLP1:A BC ");
});

/** Draw a code as a camera would see it, with its quiet zone. */
function picture(text: string, scale: number): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } {
  const modules = encodeQR(text, "raw", { ecc: "medium", border: 4 });
  const side = modules.length * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let at = 0; at < side * side; at += 1) {
    const dark = modules[Math.floor(at / side / scale)]![Math.floor((at % side) / scale)];
    if (dark) data.fill(20, at * 4, at * 4 + 3);
  }
  return { width: side, height: side, data };
}

test("our own decoder reads the code of a pass, and nothing out of an empty picture", () => {
  expect(readPixels(picture(good, 4))).toBe(good);
  const blank = { width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4).fill(255) };
  expect(readPixels(blank)).toBeNull();
});
