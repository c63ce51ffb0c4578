// Hold the keys and lists that passes are judged by; an older list never replaces a newer one.

import type { Bulletin, Revocations } from "./claims";
import { Unreadable, Untrusted } from "./errors";
import { readTrust, type KeyDoc, type Trust } from "./keys";
import { newer, readBulletin, readRevocations, verify, type Asked, type Verdict } from "./verify";

/** What `/v1/passes/lists` answers. */
export interface PassLists {
  keys: KeyDoc[];
  revocations: string | null;
  bulletin: string | null;
}

/** The same as the browser keeps it: one list of each issuer, and when the stack was last asked. */
export interface KeptLists {
  keys: KeyDoc[];
  revocations: string[];
  bulletins: string[];
  /** By the device's clock, in milliseconds since 1970. */
  at_ms: number;
}

type Seen = Omit<Asked, "trust" | "revocations" | "bulletin">;

interface One<T> {
  text: string;
  said: T;
}
type Many<T> = Map<string, One<T>>;
type Read<T> = (text: string, trust: Trust) => T;

/** What this device goes by. */
export class HeldLists {
  /** Counts up with every change. */
  revision = 0;
  /** When the stack last told, by the device's clock; 0 for never. */
  atMs = 0;
  private last = "";
  private docs: KeyDoc[] = [];
  private trust: Trust = new Map();
  private revocations: Many<Revocations> = new Map();
  private bulletins: Many<Bulletin> = new Map();

  /** Whether any key is known: without one, nothing can be said of a pass. */
  get isReady(): boolean {
    return this.trust.size > 0;
  }

  /** Take in what the stack tells; what is damaged, unsigned or older changes nothing. */
  take(offered: PassLists, atMs: number): void {
    if (offered.keys.length > 0) this.atMs = atMs;
    const told = JSON.stringify(offered);
    if (told === this.last) return; // a long list takes a phone a while to read
    this.learn(offered.keys);
    this.revocations = this.kept(this.revocations, offered.revocations, readRevocations);
    this.bulletins = this.kept(this.bulletins, offered.bulletin, readBulletin);
    this.last = told;
    this.revision += 1;
  }

  /** Go on with what was kept; it is checked like anything else. */
  recall(kept: KeptLists): void {
    this.learn(kept.keys);
    for (const text of kept.revocations)
      this.revocations = this.kept(this.revocations, text, readRevocations);
    for (const text of kept.bulletins)
      this.bulletins = this.kept(this.bulletins, text, readBulletin);
    this.atMs = kept.at_ms;
    this.revision += 1;
  }

  /** Whose keys are believed, and when their lists were signed, in milliseconds since 1970. */
  get issuers(): { issuer: string; revocationsMs: number | null; bulletinMs: number | null }[] {
    const believed = [...this.trust.values()].filter((key) => !key.withdrawn);
    const signed = (held: Many<Revocations | Bulletin>, issuer: string): number | null => {
      const said = held.get(issuer)?.said;
      return said ? said.issuedS * 1000 : null;
    };
    return [...new Set(believed.map((key) => key.issuer))].map((issuer) => ({
      issuer,
      revocationsMs: signed(this.revocations, issuer),
      bulletinMs: signed(this.bulletins, issuer),
    }));
  }

  toKeep(): KeptLists {
    const texts = (held: Many<unknown>): string[] => [...held.values()].map((one) => one.text);
    return {
      keys: this.docs,
      revocations: texts(this.revocations),
      bulletins: texts(this.bulletins),
      at_ms: this.atMs,
    };
  }

  /** Judge a pass by the lists of its own issuer. */
  judge(text: string, seen: Seen): Verdict {
    const by = (issuer: string | undefined): Asked => ({
      ...seen,
      trust: this.trust,
      revocations: this.revocations.get(issuer ?? "")?.said ?? null,
      bulletin: this.bulletins.get(issuer ?? "")?.said ?? null,
    });
    const guess = [...this.revocations.keys(), ...this.bulletins.keys()][0];
    const first = verify(text, by(guess));
    const issuer = first.pass?.issuer ?? guess;
    return issuer === guess ? first : verify(text, by(issuer));
  }

  /** Believe these keys and no others; one that was withdrawn stays so, and none at all is no news. */
  private learn(offered: KeyDoc[]): void {
    if (offered.length === 0) return;
    const gone = new Set(this.docs.filter((key) => key.withdrawn).map((key) => key.kid));
    const docs = offered.map((key) => (gone.has(key.kid) ? { ...key, withdrawn: true } : key));
    const missing = this.docs.filter(
      (key) => key.withdrawn && !docs.some((each) => each.kid === key.kid),
    );
    this.trust = readTrust({ keys: [...docs, ...missing] });
    this.docs = [...docs, ...missing];
  }

  private kept<T extends Revocations | Bulletin>(
    held: Many<T>,
    offered: string | null,
    read: Read<T>,
  ): Many<T> {
    const found: Many<T> = new Map();
    for (const text of new Set([...Array.from(held.values(), (one) => one.text), offered])) {
      const said = text === null ? null : readable(text, this.trust, read);
      if (text === null || said === null) continue;
      const old = found.get(said.issuer);
      if (!old || newer(old.said, said) === said) found.set(said.issuer, { text, said });
    }
    return found;
  }
}

/** Read a list; null for one that nobody may believe, such as one whose key was withdrawn since. */
function readable<T>(text: string, trust: Trust, read: Read<T>): T | null {
  try {
    return read(text, trust);
  } catch (error) {
    if (error instanceof Unreadable || error instanceof Untrusted) return null;
    throw error;
  }
}
