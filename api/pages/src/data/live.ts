// Keep a store in step with the stack: load the collections, then follow the event stream.

import { get, Problem } from "./api";
import { KINDS, type Store } from "./store";
import type { Kind, Kinds } from "./types";

export type Connection = "loading" | "live" | "reconnecting" | "signed_out" | "failed";

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

type Waiting = { kind: Kind; doc: Kinds[Kind] };

/** One page's link to the stack. Changes that arrive while collections load are applied after. */
export class Live {
  connection: Connection = "loading";
  private source: EventSource | null = null;
  private waiting: Waiting[] | null = [];
  private retryMs = 1000;
  private generation = 0;

  constructor(
    private readonly store: Store,
    private readonly kinds: Kind[],
    private readonly onConnection: (connection: Connection) => void,
  ) {}

  start(): void {
    this.waiting = [];
    const source = new EventSource("/v1/stream");
    this.source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => this.take(kind, (event as MessageEvent).data));
    }
    source.addEventListener("reset", () => void this.load());
    source.onopen = () => {
      this.retryMs = 1000;
      if (this.waiting === null) this.say("live");
    };
    source.onerror = () => {
      if (this.connection !== "loading") this.say("reconnecting");
      // The browser reconnects by itself (and sends Last-Event-ID) unless the server said no.
      if (source.readyState === EventSource.CLOSED) this.again();
    };
    void this.load();
  }

  stop(): void {
    this.generation += 1;
    this.source?.close();
    this.source = null;
  }

  private again(): void {
    this.stop();
    const wait = this.retryMs;
    this.retryMs = Math.min(wait * 2, 15_000);
    setTimeout(() => this.start(), wait);
  }

  private take(kind: Kind, text: string): void {
    const doc = JSON.parse(text) as Kinds[Kind];
    if (this.waiting) this.waiting.push({ kind, doc });
    else this.store.put(kind, doc as never);
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
      for (const { kind, doc } of waiting) this.store.put(kind, doc as never);
      this.say(this.source?.readyState === EventSource.OPEN ? "live" : "reconnecting");
    } catch (error) {
      if (mine !== this.generation) return;
      const status = error instanceof Problem ? error.status : 0;
      if (status === 401 || status === 403) {
        this.stop();
        this.say("signed_out");
        return;
      }
      this.say(this.connection === "loading" ? "failed" : "reconnecting");
      this.again();
    }
  }

  private say(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    this.onConnection(connection);
  }
}
