// Name what can be wrong with the bytes of a pass or a list, as `schemas/passes/errors.py` does.

/** Bytes that are no pass or list of ours. */
export class Unreadable extends Error {
  constructor(
    readonly layer: "prefix" | "length" | "base45" | "zlib" | "cbor" | "cose" | "claims" | "key",
  ) {
    super(layer);
  }
}

/** Signed by nobody whom one may believe. */
export class Untrusted extends Error {
  constructor(
    readonly code:
      | "unknown_algorithm"
      | "unknown_key"
      | "key_withdrawn"
      | "bad_signature"
      | "wrong_issuer"
      | "key_not_in_force",
  ) {
    super(code);
  }
}
