// Hold what every page needs: the session, the stack's clock, the store and its link to the stack.

import { useEffect, useReducer, useState } from "preact/hooks";
import { drop, keep, kept } from "../data/memory";
import { getClock, getSession, Problem } from "../data/api";
import { StackClock } from "../data/clock";
import { type Connection, Live } from "../data/live";
import { isActive } from "../data/field";
import { Store } from "../data/store";
import type { Clock, Kind, Session } from "../data/types";
import { onLanguage } from "../words";

const CLOCK_EVERY_MS = 2000;
const KEEP_EVERY_MS = 5_000;
const SESSION = "session";
const STATE = "state";

interface Kept {
  at_ms: number;
  clock: Clock;
  collections: Parameters<Store["replace"]>[0];
}

/** One page's running parts. */
export class Page {
  readonly store = new Store();
  readonly clock = new StackClock();
  connection: Connection = "loading";
  private readonly live: Live;
  private readonly listeners = new Set<() => void>();
  private readonly timers: ReturnType<typeof setInterval>[] = [];

  /** `offline`: what it knows is kept in the browser, and shown until the stack is reached. */
  constructor(
    private readonly kinds: readonly Kind[],
    private readonly offline = false,
  ) {
    this.live = new Live(this.store, kinds, (connection) => {
      this.connection = connection;
      this.say();
    });
  }

  start(): () => void {
    if (this.offline) this.recall();
    this.live.start();
    const read = (): void => {
      getClock().then(
        (clock: Clock) => {
          this.clock.update(clock);
          this.say();
        },
        () => undefined, // the stream tells that the stack is away
      );
    };
    read();
    this.timers.push(setInterval(read, CLOCK_EVERY_MS));
    if (this.offline) this.timers.push(setInterval(() => this.remember(), KEEP_EVERY_MS));
    return () => {
      this.live.stop();
      for (const timer of this.timers.splice(0)) clearInterval(timer);
    };
  }

  private recall(): void {
    const found = kept<Kept>(STATE);
    if (!found) return;
    this.store.replace(found.collections);
    const awayMs = Math.max(0, Date.now() - found.at_ms);
    const nowMs = Date.parse(found.clock.now) + (found.clock.mode === "wall" ? awayMs : 0);
    this.clock.update({ ...found.clock, now: new Date(nowMs).toISOString() });
  }

  private remember(): void {
    const clock = this.clock.state;
    if (this.connection !== "live" || !clock) return;
    const now = new Date(this.clock.nowMs()).toISOString();
    const collections = {
      ...Object.fromEntries(this.kinds.map((kind) => [kind, this.store.all(kind)])),
      // Why a trip was planned so is most of it, and nobody asks for that without a network.
      assignment: this.store
        .all("assignment")
        .filter(isActive)
        .map((each) => ({ ...each, explanation: {} })),
    };
    keep(STATE, { at_ms: Date.now(), clock: { ...clock, now }, collections } satisfies Kept);
  }

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private say(): void {
    for (const listener of this.listeners) listener();
  }
}

function useTick(): [number, () => void] {
  return useReducer<number, void>((count) => count + 1, 0) as [number, () => void];
}

/** Draw again when the language changes. */
export function useLanguage(): void {
  const [, tick] = useTick();
  useEffect(() => onLanguage(tick), []);
}

/** Draw again when the connection or the clock was read anew. */
export function usePage(page: Page): void {
  const [, tick] = useTick();
  useEffect(() => page.listen(tick), [page]);
}

/** Draw again when some kinds of state changed, at most once in `everyMs`; returns a count. */
export function useStore(store: Store, kinds: readonly Kind[], everyMs = 400): number {
  const [count, tick] = useTick();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const stop = store.listen((changed) => {
      if (timer !== null || !kinds.some((kind) => changed.has(kind))) return;
      timer = setTimeout(() => {
        timer = null;
        tick();
      }, everyMs);
    });
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, [store]);
  return count;
}

/** Draw again every so often, for ages and clocks. */
export function useEvery(everyMs: number): void {
  const [, tick] = useTick();
  useEffect(() => {
    const timer = setInterval(tick, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

export type Signed =
  | { state: "asking" }
  | { state: "in"; session: Session }
  | { state: "out" }
  | { state: "away"; problem: Problem };

export function forgetSession(): void {
  drop(SESSION);
  drop(STATE);
}

/**
 * Who is signed in; asked again every few seconds while the stack is away. A page that works without
 * a network goes on with who was signed in last: what it sends is judged by the cookie, not by this.
 */
export function useSession({ offline = false } = {}): Signed {
  const [signed, setSigned] = useState<Signed>({ state: "asking" });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const ask = (): void => {
      getSession().then(
        (session) => {
          keep(SESSION, session);
          setSigned({ state: "in", session });
        },
        (error: unknown) => {
          const problem = error instanceof Problem ? error : new Problem(0, "unreachable", "", "");
          if (problem.status === 401) {
            forgetSession();
            return setSigned({ state: "out" });
          }
          const session = offline ? kept<Session>(SESSION) : null;
          setSigned(session ? { state: "in", session } : { state: "away", problem });
          timer = setTimeout(ask, 3000);
        },
      );
    };
    ask();
    return () => {
      if (timer !== null) clearTimeout(timer);
    };
  }, []);
  return signed;
}
