// Judge a pass in the browser, without a network, as `schemas/passes/verdict.py` does.

import { normalPlate } from "../data/plate";
import {
  readBulletin as bulletinOf,
  readPass,
  readRevocations as revocationsOf,
  type Bulletin,
  type Pass,
  type Revocations,
  type Rule,
  type RuleKind,
} from "./claims";
import { Unreadable, Untrusted } from "./errors";
import { type Trust } from "./keys";
import { openSigned } from "./signed";
import * as texts from "./text";

/** What is known, and what is seen. */
export interface Asked {
  trust: Trust;
  revocations: Revocations | null;
  bulletin: Bulletin | null;
  nowS: number;
  plate?: string | null;
  corridorId?: string | null;
  place?: string | null;
  leewayS?: number;
}

/** What is to be thought of a pass; what it says is there only where its signature holds. */
export interface Verdict {
  code: string;
  against: string[];
  pass: Pass | null;
  kid: string | null;
  validUntilS: number | null;
  revocationsAgeS: number | null;
  bulletinAgeS: number | null;
}

const LEEWAY_S = 120;

export function readRevocations(text: string, trust: Trust): Revocations {
  return openSigned(text, trust, texts.REVOCATIONS, revocationsOf).said;
}

export function readBulletin(text: string, trust: Trust): Bulletin {
  return openSigned(text, trust, texts.BULLETIN, bulletinOf).said;
}

/** The list to go on with: an older one, or another issuer's, never replaces the one at hand. */
export function newer<T extends Revocations | Bulletin>(held: T | null, offered: T): T {
  if (!held) return offered;
  const later = offered.number > held.number && offered.issuedS >= held.issuedS;
  return offered.issuer === held.issuer && later ? offered : held;
}

/** Judge a pass by its text. */
export function verify(text: string, asked: Asked): Verdict {
  let opened: { said: Pass; kid: string };
  try {
    opened = openSigned(text, asked.trust, texts.PASS, readPass);
  } catch (error) {
    if (error instanceof Unreadable) return refused("malformed");
    if (error instanceof Untrusted) return refused(error.code);
    throw error;
  }
  const { said: pass, kid } = opened;
  const own = <T extends { issuer: string }>(held: T | null): T | null =>
    held?.issuer === pass.issuer ? held : null;
  const [gone, told] = [own(asked.revocations), own(asked.bulletin)];
  const validUntilS = extended(pass, inForce("extend", pass, told, asked));
  const against = [...standAgainst(pass, validUntilS, gone, told, asked)];
  const age = (held: { issuedS: number } | null): number | null =>
    held && Math.max(0, Math.floor(asked.nowS - held.issuedS));
  return {
    code: against[0] ?? "valid",
    against,
    pass,
    kid,
    validUntilS,
    revocationsAgeS: age(gone),
    bulletinAgeS: age(told),
  };
}

function* standAgainst(
  pass: Pass,
  untilS: number,
  gone: Revocations | null,
  told: Bulletin | null,
  asked: Asked,
): Generator<string> {
  const leewayS = asked.leewayS ?? LEEWAY_S;
  const has = (kind: RuleKind): boolean => inForce(kind, pass, told, asked).length > 0;
  if (gone?.passIds.has(pass.passId)) yield "revoked";
  if (has("suspend")) yield "suspended";
  if (asked.nowS + leewayS < Math.max(pass.validFromS, pass.issuedS)) yield "not_yet_valid";
  if (asked.nowS - leewayS >= untilS) yield "expired";
  const wanted = inForce("require_permit", pass, told, asked);
  if (wanted.some((rule) => !pass.permits.includes(rule.permit!))) yield "permit_missing";
  const { plate, corridorId } = asked;
  if (plate != null && normalPlate(plate) !== normalPlate(pass.plate)) yield "wrong_vehicle";
  if (corridorId != null && corridorId !== pass.corridorId && !has("any_corridor"))
    yield "wrong_corridor";
}

function inForce(kind: RuleKind, pass: Pass, told: Bulletin | null, asked: Asked): Rule[] {
  return (told?.rules ?? []).filter(
    (rule) =>
      rule.kind === kind &&
      rule.validFromS <= asked.nowS &&
      (rule.validUntilS === null || asked.nowS < rule.validUntilS) &&
      (rule.places.length === 0 || (asked.place != null && rule.places.includes(asked.place))) &&
      (rule.corridors.length === 0 || rule.corridors.includes(pass.corridorId)) &&
      (rule.permits.length === 0 || rule.permits.some((one) => pass.permits.includes(one))),
  );
}

function extended(pass: Pass, rules: Rule[]): number {
  const counted = rules.filter(
    (rule) => pass.validFromS <= rule.validFromS && rule.validFromS < pass.validUntilS,
  );
  return Math.max(pass.validUntilS, ...counted.map((rule) => rule.toS!));
}

function refused(code: string): Verdict {
  return {
    code,
    against: [code],
    pass: null,
    kid: null,
    validUntilS: null,
    revocationsAgeS: null,
    bulletinAgeS: null,
  };
}
