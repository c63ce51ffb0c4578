// Tell the stack's time between two readings of /v1/clock.

import type { Clock } from "./types";

/** How long a scenario's time is carried on without a reading: it may be held meanwhile. */
const LEASE_MS = 5000;

/** The stack's clock as last read, carried on at its speed; it stands while it is held. */
export class StackClock {
  private read: Clock | null = null;
  private readAtMs = 0;
  private shownMs = 0;

  constructor(private readonly elapsedMs: () => number = () => performance.now()) {}

  get state(): Clock | null {
    return this.read;
  }

  update(clock: Clock): void {
    const restarted = this.read !== null && clock.scenario !== this.read.scenario;
    this.read = clock;
    this.readAtMs = this.elapsedMs();
    const nowMs = Date.parse(clock.now);
    // Small steps back are the price of reading over a network: stand still rather than jump.
    const backMs = this.shownMs - nowMs;
    if (restarted || backMs > 20_000 * Math.max(clock.speed, 1)) this.shownMs = nowMs;
  }

  /** Milliseconds since 1970 by the stack's clock; 0 before it was read. */
  nowMs(): number {
    if (!this.read) return 0;
    const leaseMs = this.read.mode === "wall" ? Infinity : LEASE_MS;
    const ranMs = this.read.held ? 0 : Math.min(this.elapsedMs() - this.readAtMs, leaseMs);
    const nowMs = Date.parse(this.read.now) + ranMs * (this.read.held ? 0 : this.read.speed);
    this.shownMs = Math.max(this.shownMs, nowMs);
    return this.shownMs;
  }
}
