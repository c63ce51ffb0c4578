// Read and write the one CBOR form that passes use, as `schemas/passes/cbor.py` does.

import { decode, encode } from "cborg";
import { Unreadable } from "./errors";

export type Plain = number | string | Uint8Array | Plain[] | Map<Plain, Plain>;

/** Write a value in deterministic CBOR. */
export function dumps(value: Plain): Uint8Array {
  return encode(value);
}

/** Read one value; every other way in which it could have been written is refused. */
export function loads(data: Uint8Array): Plain {
  let value: unknown;
  let again: Uint8Array;
  try {
    value = decode(data, {
      allowBigInt: false,
      allowIndefinite: false,
      rejectDuplicateMapKeys: true,
      strict: true,
      useMaps: true,
    });
    again = encode(value);
  } catch {
    throw new Unreadable("cbor");
  }
  if (!same(again, data) || !isPlain(value)) throw new Unreadable("cbor");
  return value;
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function isPlain(value: unknown): value is Plain {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value === "string" || value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return (
    value instanceof Map && [...value].every(([key, part]) => isPlain(key) && isPlain(part))
  );
}
