// Open what is signed as COSE_Sign1 (RFC 9052), only for whom its key may speak.

import { dumps, loads, type Plain } from "./cbor";
import { Unreadable, Untrusted } from "./errors";
import { EDDSA, ES256, hex, type Trust } from "./keys";
import { unwrap, type Envelope } from "./text";

const SIGN1_TAG = 0xd2;
const ALG = 1;
const KID = 4;

/** What everything that is signed says. */
export interface Issued {
  issuer: string;
  issuedS: number;
}

/** Read signed text; nothing in the payload is looked at before the signature holds. */
export function openSigned<T extends Issued>(
  text: string,
  trust: Trust,
  envelope: Envelope,
  read: (payload: Uint8Array) => T,
): { said: T; kid: string } {
  const parts = split(unwrap(text, envelope));
  if (parts.alg !== ES256 && parts.alg !== EDDSA) throw new Untrusted("unknown_algorithm");
  const key = trust.get(parts.kid);
  if (!key) throw new Untrusted("unknown_key");
  if (key.algorithm !== parts.alg) throw new Untrusted("unknown_algorithm");
  if (key.withdrawn) throw new Untrusted("key_withdrawn");
  const message = dumps(["Signature1", parts.head, new Uint8Array(), parts.payload]);
  if (!key.fits(parts.signature, message)) throw new Untrusted("bad_signature");
  const said = read(parts.payload);
  if (said.issuer !== key.issuer) throw new Untrusted("wrong_issuer");
  const over = key.validUntilS !== null && said.issuedS > key.validUntilS;
  if (said.issuedS < key.validFromS || over) throw new Untrusted("key_not_in_force");
  return { said, kid: key.kid };
}

interface Parts {
  head: Uint8Array;
  payload: Uint8Array;
  signature: Uint8Array;
  alg: number;
  kid: string;
}

function split(data: Uint8Array): Parts {
  if (data[0] !== SIGN1_TAG) throw new Unreadable("cbor");
  const parts = loads(data.subarray(1));
  if (!Array.isArray(parts) || parts.length !== 4) throw new Unreadable("cose");
  const [head, unprotected, payload, signature] = parts;
  if (!(unprotected instanceof Map) || unprotected.size > 0) throw new Unreadable("cose");
  if (!isBytes(head) || !isBytes(payload) || !isBytes(signature)) throw new Unreadable("cose");
  if (signature.length !== 64) throw new Unreadable("cose");
  const said = loads(head);
  if (!(said instanceof Map) || said.size !== 2) throw new Unreadable("cose");
  const [alg, kid] = [said.get(ALG), said.get(KID)];
  if (typeof alg !== "number" || !isBytes(kid) || kid.length !== 8) throw new Unreadable("cose");
  return { head, payload, signature, alg, kid: hex(kid) };
}

function isBytes(value: Plain | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}
