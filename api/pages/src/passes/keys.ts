// Hold the public keys that are believed, as `harvestlane pass keys export` writes them.

import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { dumps } from "./cbor";
import { Unreadable } from "./errors";

/** One key: a JSON Web Key with its issuer and dates. */
export interface KeyDoc {
  kid: string;
  alg: string;
  x: string;
  y?: string;
  issuer: string;
  valid_from: string;
  valid_until: string | null;
  withdrawn: boolean;
}

export interface TrustDoc {
  keys: KeyDoc[];
}

export interface PublicKey {
  kid: string;
  algorithm: number;
  issuer: string;
  validFromS: number;
  validUntilS: number | null;
  withdrawn: boolean;
  /** Whether a signature fits; nothing is thrown. */
  fits(signature: Uint8Array, message: Uint8Array): boolean;
}

export type Trust = ReadonlyMap<string, PublicKey>;

export const ES256 = -7;
export const EDDSA = -8;
const KID_BYTES = 8;

/** Read a trust list; a key whose `kid` is not its thumbprint (RFC 9679) is refused. */
export function readTrust(doc: TrustDoc): Trust {
  return new Map(doc.keys.map((key) => [key.kid, readKey(key)]));
}

function readKey(doc: KeyDoc): PublicKey {
  const [x, y] = [bytes(doc.x), bytes(doc.y ?? "")];
  const isCurve = doc.alg === "ES256" && x.length === 32 && y.length === 32;
  const isEdwards = doc.alg === "EdDSA" && x.length === 32 && y.length === 0;
  if (!isCurve && !isEdwards) throw new Unreadable("key");
  const labels: [number, number | Uint8Array][] = isCurve
    ? [[1, 2], [-1, 1], [-2, x], [-3, y]]
    : [[1, 1], [-1, 6], [-2, x]];
  const print = sha256(dumps(new Map(labels))).slice(0, KID_BYTES);
  if (hex(print) !== doc.kid) throw new Unreadable("key");
  const point = isCurve ? Uint8Array.of(4, ...x, ...y) : x;
  const until = doc.valid_until;
  return {
    kid: doc.kid,
    algorithm: isCurve ? ES256 : EDDSA,
    issuer: doc.issuer,
    validFromS: Date.parse(doc.valid_from) / 1000,
    validUntilS: until === null ? null : Date.parse(until) / 1000,
    withdrawn: doc.withdrawn !== false,
    fits: (signature, message) => {
      try {
        return isCurve
          ? p256.verify(signature, message, point, { lowS: true, prehash: true })
          : ed25519.verify(signature, message, point, { zip215: false });
      } catch {
        return false;
      }
    },
  };
}

export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
