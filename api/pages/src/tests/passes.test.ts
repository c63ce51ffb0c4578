import { deflate } from "pako";
import { expect, test } from "vitest";
import vectors from "../../../../tests/passes/vectors.json";
import { Unreadable, Untrusted } from "../passes/errors";
import { readTrust, type TrustDoc } from "../passes/keys";
import { PASS, unwrap } from "../passes/text";
import { newer, readBulletin, readRevocations, verify, type Asked } from "../passes/verify";

interface Vector {
  name: string;
  text: string;
  now: string;
  plate: string | null;
  corridor_id: string | null;
  place: string | null;
  revocations: string | null;
  bulletin: string | null;
  code: string;
}

const doc = vectors as {
  trust: TrustDoc;
  limits: { leeway_s: number };
  revocations: Record<string, string>;
  bulletins: Record<string, string>;
  passes: Vector[];
  lists: { name: string; kind: string; text: string; code: string }[];
};
const trust = readTrust(doc.trust);

function asked(vector: Vector): Asked {
  const { revocations, bulletin } = vector;
  return {
    trust,
    revocations: revocations === null ? null : readRevocations(doc.revocations[revocations]!, trust),
    bulletin: bulletin === null ? null : readBulletin(doc.bulletins[bulletin]!, trust),
    nowS: Date.parse(vector.now) / 1000,
    plate: vector.plate,
    corridorId: vector.corridor_id,
    places: vector.place === null ? [] : [vector.place],
    leewayS: doc.limits.leeway_s,
  };
}

test.each(doc.passes)("$name is $code in the browser, too", (vector) => {
  expect(verify(vector.text, asked(vector)).code).toBe(vector.code);
});

test.each(doc.lists)("the list $name is $code", ({ kind, text, code }) => {
  let found = "valid";
  try {
    (kind === "revocations" ? readRevocations : readBulletin)(text, trust);
  } catch (error) {
    if (error instanceof Unreadable) found = "malformed";
    else if (error instanceof Untrusted) found = error.code;
    else throw error;
  }
  expect(found).toBe(code);
});

test("what a good pass says is read whole", () => {
  const vector = doc.passes.find((each) => each.name === "good_ES256")!;
  const { pass, kid } = verify(vector.text, asked(vector));
  expect(pass).toEqual({
    passId: "MFRGGZDFMZTWQ2LK",
    plate: "68C-123.45",
    truckId: "KG-0042",
    corridorId: "tac-cau--cai-cui",
    validFromS: 1629417600,
    validUntilS: 1630022400,
    permits: ["chilled", "seafood"],
    issuer: "so-gtvt-kien-giang",
    issuedS: 1629406800,
  });
  expect(trust.has(kid!)).toBe(true);
});

test("a changed character gives the same bytes or no pass", () => {
  const vector = doc.passes.find((each) => each.name === "good_EdDSA")!;
  const [known, data] = [asked(vector), unwrap(vector.text, PASS)];
  for (let at = 0; at < vector.text.length; at += 1) {
    const other = vector.text[at] === "A" ? "B" : "A";
    const changed = vector.text.slice(0, at) + other + vector.text.slice(at + 1);
    let equal = false;
    try {
      equal = unwrap(changed, PASS).every((byte, place) => byte === data[place]);
    } catch {
      equal = false;
    }
    expect(verify(changed, known).code === "valid").toBe(equal);
  }
});

/** Write bytes as the text of a code. */
function written(data: Uint8Array): string {
  const packed = deflate(data);
  let text = PASS.prefix;
  for (let at = 0; at < packed.length; at += 2) {
    const pair = at + 1 < packed.length;
    let number = pair ? packed[at]! * 256 + packed[at + 1]! : packed[at]!;
    for (let digit = 0; digit < (pair ? 3 : 2); digit += 1) {
      text += "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"[number % 45];
      number = Math.floor(number / 45);
    }
  }
  return text;
}

test.each(["good_ES256", "good_EdDSA"])("a flipped bit in any byte of %s is no pass", (name) => {
  const vector = doc.passes.find((each) => each.name === name)!;
  const [known, data] = [asked(vector), unwrap(vector.text, PASS)];
  expect(verify(written(data), known).code).toBe("valid");
  data.forEach((byte, at) => {
    const changed = data.slice();
    changed[at] = byte ^ (1 << at % 8);
    expect(verify(written(changed), known)).toMatchObject({ pass: null });
  });
});

test("a list is replaced by a newer one only", () => {
  const [one, two] = ["none", "this"].map((name) => readRevocations(doc.revocations[name]!, trust));
  expect(newer(one!, two!)).toBe(two);
  expect(newer(two!, one!)).toBe(two);
  expect(newer(null, one!)).toBe(one);
});

test("a kid that is not the key's thumbprint is refused", () => {
  const [first, second] = doc.trust.keys;
  expect(() => readTrust({ keys: [{ ...first!, kid: second!.kid }] })).toThrow(Unreadable);
});
