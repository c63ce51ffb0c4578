// Keep what was entered without a network, and send it under the same idempotency key when back.

import { Problem } from "./api";

export interface Entry {
  key: string;
  path: string;
  body: Record<string, unknown>;
  /** When it was entered, by the stack's clock, in milliseconds since 1970. */
  at_ms: number;
  state: "waiting" | "sent" | "refused";
  /** What the server said where it refused. */
  problem?: Pick<Problem, "status" | "code" | "title" | "detail">;
}

type Keep = Pick<Storage, "getItem" | "setItem">;

const KEPT = 30;

/** A list of posts that survives a reload; entries go out one by one, in the order of entering. */
export class Outbox {
  entries: Entry[];
  private flushing = false;

  constructor(
    private readonly name: string,
    private readonly keep: Keep,
    private readonly send: (entry: Entry) => Promise<void>,
    private readonly onChange: () => void = () => undefined,
  ) {
    this.entries = read(keep, name);
  }

  get waiting(): number {
    return this.entries.filter((entry) => entry.state === "waiting").length;
  }

  /** Take an entry in; it is stored before anything is sent. */
  add(entry: Omit<Entry, "state">): Promise<void> {
    this.entries.unshift({ ...entry, state: "waiting" });
    this.save();
    return this.flush();
  }

  /** Send what waits, oldest first; stop where the server cannot be reached. */
  async flush(): Promise<void> {
    if (this.flushing) return;
    this.flushing = true;
    try {
      for (;;) {
        const entry = this.entries.findLast((each) => each.state === "waiting");
        if (!entry) return;
        try {
          await this.send(entry);
          entry.state = "sent";
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          if (error.passing || error.status === 401) return;
          entry.state = "refused";
          const { status, code, title, detail } = error;
          entry.problem = { status, code, title, detail };
        }
        this.save();
      }
    } finally {
      this.flushing = false;
    }
  }

  private save(): void {
    let room = KEPT;
    this.entries = this.entries.filter((entry) => entry.state === "waiting" || room-- > 0);
    this.keep.setItem(this.name, JSON.stringify(this.entries));
    this.onChange();
  }
}

function read(keep: Keep, name: string): Entry[] {
  try {
    const found: unknown = JSON.parse(keep.getItem(name) ?? "[]");
    return Array.isArray(found) ? (found as Entry[]) : [];
  } catch {
    return [];
  }
}
