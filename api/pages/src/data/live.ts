// Keep a store in step with the stack: load the collections, then follow the event stream.

import { get, Problem } from "./api";
import { KINDS, type Store } from "./store";
import type { Kind, Kinds } from "./types";

export type Connection = "loading" | "live" | "retrying" | "signed_out" | "forbidden" | "failed";

const PLURAL: Partial<Record<Kind, string>> = {
  truck: "trucks",
  lot: "lots",
  slot: "slots",
  assignment: "assignments",
  corridor: "corridors",
  checkpoint: "checkpoints",
  facility: "facilities",
  alert: "alerts",
  closure: "closures",
};

const MOST_RETRY_MS = 15_000;

/** One page's link to the stack. Changes that arrive while collections load are applied after. */
export class Live {
  connection: Connection = "loading";
  private source: EventSource | null = null;
  private waiting: (() => void)[] | null = [];
  private retryMs = 1000;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private generation = 0;

  constructor(
    private readonly store: Store,
    private readonly kinds: readonly Kind[],
    private readonly onConnection: (connection: Connection) => void,
  ) {}

  start(): void {
    this.stop();
    this.waiting = [];
    const source = new EventSource("/v1/stream");
    this.source = source;
    for (const kind of KINDS) {
      if (!this.kinds.includes(kind)) continue;
      source.addEventListener(kind, (event) => this.take(kind, (event as MessageEvent).data));
    }
    source.addEventListener("removed", (event) => this.drop((event as MessageEvent).data));
    source.addEventListener("reset", () => void this.load());
    source.onopen = () => {
      if (this.waiting === null) this.say("live");
    };
    source.onerror = () => {
      if (this.connection === "live") this.say("retrying");
      // The browser reconnects by itself (and sends Last-Event-ID) unless the server said no.
      if (source.readyState === EventSource.CLOSED && source === this.source) this.again();
    };
    void this.load();
  }

  stop(): void {
    this.generation += 1;
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
    this.source?.close();
    this.source = null;
  }

  private again(): void {
    this.stop();
    this.retry = setTimeout(() => this.start(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, MOST_RETRY_MS);
  }

  private take(kind: Kind, text: string): void {
    const doc = JSON.parse(text) as Kinds[Kind];
    this.apply(() => this.store.put(kind, doc as never));
  }

  private drop(text: string): void {
    const { kind, id } = JSON.parse(text) as { kind: Kind; id: string };
    this.apply(() => this.store.remove(kind, id));
  }

  private apply(change: () => void): void {
    if (this.waiting) this.waiting.push(change);
    else change();
  }

  private async load(): Promise<void> {
    const mine = ++this.generation;
    this.waiting ??= [];
    const wanted = this.kinds.filter((kind) => PLURAL[kind]);
    try {
      const answers = await Promise.all(
        wanted.map((kind) => get<{ items: never[] }>(`/v1/${PLURAL[kind]}`)),
      );
      if (mine !== this.generation) return;
      this.store.replace(Object.fromEntries(wanted.map((k, i) => [k, answers[i]!.items])));
      const waiting = this.waiting ?? [];
      this.waiting = null;
      for (const change of waiting) change();
      this.retryMs = 1000;
      this.say(this.source?.readyState === EventSource.OPEN ? "live" : "retrying");
    } catch (error) {
      if (mine !== this.generation) return;
      const status = error instanceof Problem ? error.status : 0;
      if (status === 401 || status === 403) {
        this.stop();
        this.say(status === 401 ? "signed_out" : "forbidden");
        return;
      }
      this.say(this.connection === "loading" || this.connection === "failed" ? "failed" : "retrying");
      this.again();
    }
  }

  private say(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    this.onConnection(connection);
  }
}
