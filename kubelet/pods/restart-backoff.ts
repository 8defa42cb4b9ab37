/**
 * How long a container that ended waits before it runs again: the first time not at all, then 10 s, doubled each time
 * up to 5 min, or up to what its node or its pod says; forgotten once it ran well for 10 min. In memory only: after a
 * restart of the kubelet everybody gets a first time again.
 */

import { longestRestartPeriodMs } from '../../api/restart-period.ts';

const baseMs = 10_000;
/** As upstream's, whatever the longest wait is. */
const forgetMs = 2 * longestRestartPeriodMs;

interface Entry {
  waitMs: number;
  /** Monotonic: when the container was last started again. */
  restartedAt: number;
}

/** Times are monotonic milliseconds. */
export interface BackoffQuestion {
  /** When the container ended. */
  readonly endedAt: number;
  readonly now: number;
  /** The longest wait, at this moment. */
  readonly maxMs: number;
}

export class RestartBackoff {
  readonly #entries = new Map<string, Entry>();

  /** The wait after that end and what is left of it; zero, zero: start it. */
  waitOf(key: string, { endedAt, now, maxMs }: BackoffQuestion): { readonly waitMs: number; readonly leftMs: number } {
    const entry = this.#entries.get(key);
    if (entry === undefined || endedAt - entry.restartedAt > forgetMs) return { waitMs: 0, leftMs: 0 };
    const waitMs = Math.min(maxMs, entry.waitMs);
    return { waitMs, leftMs: Math.max(0, endedAt + waitMs - now) };
  }

  /** The container is started again: the next time it waits longer. */
  restarted(key: string, { now, maxMs }: Omit<BackoffQuestion, 'endedAt'>): void {
    const entry = this.#entries.get(key);
    const known = entry !== undefined && now - entry.restartedAt <= forgetMs;
    this.#entries.set(key, { waitMs: Math.min(maxMs, known ? entry.waitMs * 2 : baseMs), restartedAt: now });
  }

  forget(keyPrefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(keyPrefix)) this.#entries.delete(key);
  }
}
