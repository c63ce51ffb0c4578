// Read what passes and lists say, as `schemas/passes/claims.py` and `lists.py` do.

import { loads, same, type Plain } from "./cbor";
import { Unreadable } from "./errors";
import { normalPlate } from "../data/plate";

/** What a pass says; times are seconds since 1970. */
export interface Pass {
  passId: string;
  plate: string;
  truckId: string | null;
  corridorId: string;
  validFromS: number;
  validUntilS: number;
  permits: string[];
  issuer: string;
  issuedS: number;
}

/** The passes of one issuer that no longer hold. */
export interface Revocations {
  number: number;
  issuer: string;
  issuedS: number;
  passIds: ReadonlySet<string>;
}

export type RuleKind = "extend" | "suspend" | "any_corridor" | "require_permit";

/** One dated rule of a bulletin. */
export interface Rule {
  kind: RuleKind;
  regime: string;
  validFromS: number;
  validUntilS: number | null;
  corridors: string[];
  permits: string[];
  places: string[];
  toS: number | null;
  permit: string | null;
}

/** The dated rules that an issuer has in force or announces. */
export interface Bulletin {
  number: number;
  issuer: string;
  issuedS: number;
  rules: Rule[];
}

const [ISSUER, EXPIRES, NOT_BEFORE, ISSUED, ID] = [1, 4, 5, 6, 7];
const [PASS, REVOCATIONS, BULLETIN] = [-65537, -65538, -65539];
const KINDS: RuleKind[] = ["extend", "suspend", "any_corridor", "require_permit"];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@|#/+-]{0,63}$/;
const PLATE = /^[A-ZĐ0-9][A-ZĐ0-9 .-]{1,18}[A-ZĐ0-9]$/;
const LAST_S = Date.UTC(2999, 11, 31) / 1000;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

type Said = Map<Plain, Plain>;

export function readPass(payload: Uint8Array): Pass {
  const claims = fields(loads(payload), [ISSUER, EXPIRES, NOT_BEFORE, ISSUED, ID, PASS]);
  const said = fields(claims.get(PASS), [1, 3], [2, 4]);
  const permits = said.has(4) ? names(said.get(4)) : [];
  if (said.has(4) && permits.length === 0) bad();
  if (permits.length > 16 || permits.some((one, at) => at > 0 && !(permits[at - 1]! < one))) bad();
  const plate = text(said.get(1));
  if (!PLATE.test(plate) || normalPlate(plate).length < 3) bad();
  const pass = {
    passId: passId(claims.get(ID)),
    plate,
    truckId: said.has(2) ? name(said.get(2)) : null,
    corridorId: name(said.get(3)),
    validFromS: moment(claims.get(NOT_BEFORE)),
    validUntilS: moment(claims.get(EXPIRES)),
    permits,
    issuer: name(claims.get(ISSUER)),
    issuedS: moment(claims.get(ISSUED)),
  };
  return pass.validUntilS > pass.validFromS ? pass : bad();
}

export function readRevocations(payload: Uint8Array): Revocations {
  const { content, ...head } = readHead(payload, REVOCATIONS!);
  const passIds = new Set(content.map(passId));
  const raw = content as Uint8Array[];
  if (raw.some((one, at) => at > 0 && !isBefore(raw[at - 1]!, one))) bad();
  return { ...head, passIds };
}

export function readBulletin(payload: Uint8Array): Bulletin {
  const { content, ...head } = readHead(payload, BULLETIN!);
  return { ...head, rules: content.map(readRule) };
}

function readHead(
  payload: Uint8Array,
  kind: number,
): { number: number; issuer: string; issuedS: number; content: Plain[] } {
  const claims = fields(loads(payload), [ISSUER, ISSUED, kind]);
  const said = fields(claims.get(kind), [1, 2]);
  const number = said.get(1);
  if (typeof number !== "number" || number < 1 || number >= 2 ** 31) bad();
  return {
    number: number as number,
    issuer: name(claims.get(ISSUER)),
    issuedS: moment(claims.get(ISSUED)),
    content: list(said.get(2)),
  };
}

function readRule(value: Plain): Rule {
  const said = fields(value, [1, 2, 3], [4, 5, 6, 7, 8, 9]);
  const number = said.get(1);
  const kind = typeof number === "number" ? KINDS[number - 1] : undefined;
  if (!kind) return bad();
  const rule: Rule = {
    kind,
    regime: name(said.get(2)),
    validFromS: moment(said.get(3)),
    validUntilS: said.has(4) ? moment(said.get(4)) : null,
    corridors: said.has(5) ? names(said.get(5)) : [],
    permits: said.has(6) ? names(said.get(6)) : [],
    places: said.has(7) ? names(said.get(7)) : [],
    toS: said.has(8) ? moment(said.get(8)) : null,
    permit: said.has(9) ? name(said.get(9)) : null,
  };
  if ((rule.toS !== null) !== (kind === "extend")) bad();
  if ((rule.permit !== null) !== (kind === "require_permit")) bad();
  if (rule.validUntilS !== null && rule.validUntilS <= rule.validFromS) bad();
  return rule;
}

function bad(): never {
  throw new Unreadable("claims");
}

function fields(
  value: Plain | undefined,
  needed: (number | undefined)[],
  also: number[] = [],
): Said {
  if (!(value instanceof Map) || !needed.every((label) => value.has(label!))) return bad();
  const known = new Set<Plain>([...(needed as number[]), ...also]);
  return [...value.keys()].every((label) => known.has(label)) ? value : bad();
}

function text(value: Plain | undefined): string {
  return typeof value === "string" ? value : bad();
}

function name(value: Plain | undefined): string {
  return NAME.test(text(value)) ? text(value) : bad();
}

function list(value: Plain | undefined): Plain[] {
  return Array.isArray(value) ? value : bad();
}

function names(value: Plain | undefined): string[] {
  return list(value).map(name);
}

function moment(value: Plain | undefined): number {
  return typeof value === "number" && value >= 0 && value <= LAST_S ? value : bad();
}

/** Write the 10 bytes of an id in Base32, as people see it. */
function passId(value: Plain | undefined): string {
  if (!(value instanceof Uint8Array) || value.length !== 10) return bad();
  let [found, bits, held] = ["", 0, 0];
  for (const byte of value) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) found += BASE32[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return found;
}

function isBefore(one: Uint8Array, other: Uint8Array): boolean {
  const at = one.findIndex((byte, place) => byte !== other[place]);
  return !same(one, other) && one[at]! < other[at]!;
}
