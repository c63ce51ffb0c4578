// Hold what every page needs: the session, the stack's clock, the store and its link to the stack.

import { useEffect, useReducer, useState } from "preact/hooks";
import { getClock, getSession, Problem } from "../data/api";
import { StackClock } from "../data/clock";
import { type Connection, Live } from "../data/live";
import { Store } from "../data/store";
import type { Clock, Kind, Session } from "../data/types";
import { onLanguage } from "../words";

const CLOCK_EVERY_MS = 2000;

/** One page's running parts. */
export class Page {
  readonly store = new Store();
  readonly clock = new StackClock();
  connection: Connection = "loading";
  private readonly live: Live;
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | null = null;

  constructor(kinds: readonly Kind[]) {
    this.live = new Live(this.store, kinds, (connection) => {
      this.connection = connection;
      this.say();
    });
  }

  start(): () => void {
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
    this.timer = setInterval(read, CLOCK_EVERY_MS);
    return () => {
      this.live.stop();
      if (this.timer !== null) clearInterval(this.timer);
    };
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

/** Who is signed in; asked again every few seconds while the stack is away. */
export function useSession(): Signed {
  const [signed, setSigned] = useState<Signed>({ state: "asking" });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const ask = (): void => {
      getSession().then(
        (session) => setSigned({ state: "in", session }),
        (error: unknown) => {
          const problem = error instanceof Problem ? error : new Problem(0, "unreachable", "", "");
          if (problem.status === 401) return setSigned({ state: "out" });
          setSigned({ state: "away", problem });
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
