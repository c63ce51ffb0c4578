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
  /** Where one asks: a checkpoint's id, a region's, or all of them that hold here. */
  places?: readonly string[];
  leewayS?: number;
}

/** One thing that was found, with what stands in the gaps of its sentence. */
export interface Finding {
  code: string;
  values: Record<string, string | number | Date>;
}

/** What is to be thought of a pass; what it says is there only where its signature holds. */
export interface Verdict {
  code: string;
  /** Why: all that stands against it, or the one thing to say of a good one. */
  reasons: Finding[];
  /** What else an officer has to know: extensions, old lists, what was not compared. */
  notices: Finding[];
  pass: Pass | null;
  kid: string | null;
  validUntilS: number | null;
  revocationsAgeS: number | null;
  bulletinAgeS: number | null;
}

const LEEWAY_S = 120;
const OLD_S = { revocations: 24 * 3600, bulletin: 7 * 24 * 3600 };

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
    if (error instanceof Unreadable) return refused("malformed", { layer: error.layer });
    if (error instanceof Untrusted) return refused(error.code);
    throw error;
  }
  const { said: pass, kid } = opened;
  const own = <T extends { issuer: string }>(held: T | null): T | null =>
    held?.issuer === pass.issuer ? held : null;
  const [gone, told] = [own(asked.revocations), own(asked.bulletin)];
  const validUntilS = extended(pass, inForce("extend", pass, told, asked));
  const against = [...standAgainst(pass, validUntilS, gone, told, asked)];
  const valid = finding("valid", { valid_until: moment(validUntilS) });
  const age = (held: { issuedS: number } | null): number | null =>
    held && Math.max(0, Math.floor(asked.nowS - held.issuedS));
  return {
    code: against[0]?.code ?? "valid",
    reasons: against.length > 0 ? against : [valid],
    notices: [...noticesOf(pass, validUntilS, gone, told, asked)],
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
): Generator<Finding> {
  const leewayS = asked.leewayS ?? LEEWAY_S;
  const rules = (kind: RuleKind): Rule[] => inForce(kind, pass, told, asked);
  if (gone?.passIds.has(pass.passId))
    yield finding("revoked", { pass_id: pass.passId, number: gone.number });
  const [suspending] = rules("suspend");
  if (suspending) yield finding("suspended", { regime: suspending.regime });
  const startS = Math.max(pass.validFromS, pass.issuedS);
  if (asked.nowS + leewayS < startS) yield finding("not_yet_valid", { valid_from: moment(startS) });
  if (asked.nowS - leewayS >= untilS) yield finding("expired", { valid_until: moment(untilS) });
  const lacks = rules("require_permit").find((rule) => !pass.permits.includes(rule.permit!));
  if (lacks) yield finding("permit_missing", { regime: lacks.regime, permit: lacks.permit! });
  const { plate, corridorId } = asked;
  if (plate != null && normalPlate(plate) !== normalPlate(pass.plate))
    yield finding("wrong_vehicle", { plate: pass.plate, seen: plate });
  if (corridorId != null && corridorId !== pass.corridorId && rules("any_corridor").length === 0)
    yield finding("wrong_corridor", { corridor_id: pass.corridorId, seen: corridorId });
}

function* noticesOf(
  pass: Pass,
  untilS: number,
  gone: Revocations | null,
  told: Bulletin | null,
  asked: Asked,
): Generator<Finding> {
  const by = inForce("extend", pass, told, asked).find((rule) => rule.toS === untilS);
  if (by && untilS > pass.validUntilS) {
    const printed = moment(pass.validUntilS);
    yield finding("extended", { printed, valid_until: moment(untilS), regime: by.regime });
  }
  const [free] = inForce("any_corridor", pass, told, asked);
  if (free) yield finding("any_corridor", { regime: free.regime });
  else if (asked.corridorId == null)
    yield finding("corridor_not_compared", { corridor_id: pass.corridorId });
  if (asked.plate == null) yield finding("vehicle_not_compared", { plate: pass.plate });
  for (const [name, held] of [["revocations", gone], ["bulletin", told]] as const) {
    const ageS = held && asked.nowS - held.issuedS;
    if (held === null) yield finding(`no_${name}`, { issuer: pass.issuer });
    else if (ageS !== null && ageS > OLD_S[name])
      yield finding(`old_${name}`, { number: held.number, hours: Math.floor(ageS / 3600) });
  }
  const latestS = Math.max(gone?.issuedS ?? 0, told?.issuedS ?? 0);
  if (latestS > asked.nowS + (asked.leewayS ?? LEEWAY_S)) yield finding("clock_behind");
}

function finding(code: string, values: Finding["values"] = {}): Finding {
  return { code, values };
}

function moment(atS: number): Date {
  return new Date(atS * 1000);
}

function inForce(kind: RuleKind, pass: Pass, told: Bulletin | null, asked: Asked): Rule[] {
  return (told?.rules ?? []).filter(
    (rule) =>
      rule.kind === kind &&
      rule.validFromS <= asked.nowS &&
      (rule.validUntilS === null || asked.nowS < rule.validUntilS) &&
      (rule.places.length === 0 || rule.places.some((one) => asked.places?.includes(one))) &&
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

function refused(code: string, values: Finding["values"] = {}): Verdict {
  return {
    code,
    reasons: [finding(code, values)],
    notices: [],
    pass: null,
    kid: null,
    validUntilS: null,
    revocationsAgeS: null,
    bulletinAgeS: null,
  };
}
