// Read the signed bytes of a text: prefix, Base45 (RFC 9285), zlib, as `schemas/passes/text.py` does.

import { ZStream, Z_FINISH, Z_OK, Z_STREAM_END, zlibInflate, zlibInflateInit2 } from "pako";
import { Unreadable } from "./errors";

/** How a kind of signed thing is written, and how much of it is read at most. */
export interface Envelope {
  prefix: string;
  longestText: number;
  longestBytes: number;
}

export const PASS: Envelope = { prefix: "HLP1:", longestText: 1_200, longestBytes: 1_000 };
export const REVOCATIONS: Envelope = {
  prefix: "HLR1:",
  longestText: 3_100_000,
  longestBytes: 2_000_000,
};
export const BULLETIN: Envelope = { prefix: "HLB1:", longestText: 200_000, longestBytes: 200_000 };

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const DIGITS = new Map([...ALPHABET].map((character, digit) => [character, digit]));
const WINDOW_BITS = 15; // zlib's own header, and no other

/** Read the signed bytes; nothing longer than the envelope allows is ever unpacked. */
export function unwrap(text: string, envelope: Envelope): Uint8Array {
  if (!text.startsWith(envelope.prefix)) throw new Unreadable("prefix");
  if (text.length > envelope.longestText) throw new Unreadable("length");
  return unpacked(fromBase45(text.slice(envelope.prefix.length)), envelope.longestBytes);
}

function fromBase45(text: string): Uint8Array {
  const digits = Array.from(text, (character) => {
    const digit = DIGITS.get(character);
    if (digit === undefined) throw new Unreadable("base45");
    return digit;
  });
  if (digits.length % 3 === 1) throw new Unreadable("base45");
  const found: number[] = [];
  for (let at = 0; at < digits.length; at += 3) {
    const [low, middle, high] = [digits[at]!, digits[at + 1]!, digits[at + 2]];
    const number = low + 45 * middle + 2025 * (high ?? 0);
    if (number > (high === undefined ? 0xff : 0xffff)) throw new Unreadable("base45");
    if (high !== undefined) found.push(number >> 8);
    found.push(number & 0xff);
  }
  return Uint8Array.from(found);
}

function unpacked(packed: Uint8Array, most: number): Uint8Array {
  const stream = new ZStream();
  if (zlibInflateInit2(stream, WINDOW_BITS) !== Z_OK) throw new Unreadable("zlib");
  stream.input = packed;
  stream.avail_in = packed.length;
  stream.output = new Uint8Array(most + 1);
  stream.avail_out = most + 1;
  const status = zlibInflate(stream, Z_FINISH);
  if (stream.next_out > most) throw new Unreadable("length");
  if (status !== Z_STREAM_END || stream.avail_in > 0) throw new Unreadable("zlib");
  return stream.output.slice(0, stream.next_out);
}
