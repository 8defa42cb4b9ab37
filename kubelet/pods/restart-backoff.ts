/**
 * How long a container that ended waits before it runs again: the first time not at all, then 10 s, doubled each time
 * up to 5 min; forgotten once it ran well for 10 min. In memory only: after a restart of the kubelet everybody gets a
 * first time again.
 */

const baseMs = 10_000;
const maxMs = 300_000;
const forgetMs = 2 * maxMs;

interface Entry {
  waitMs: number;
  /** Monotonic: when the container was last started again. */
  restartedAt: number;
}

export class RestartBackoff {
  readonly #entries = new Map<string, Entry>();

  /**
   * The wait after an end at `endedAt` (monotonic milliseconds) and what is left of it at `now`; zero, zero: start it.
   */
  waitOf(key: string, endedAt: number, now: number): { readonly waitMs: number; readonly leftMs: number } {
    const entry = this.#entries.get(key);
    if (entry === undefined || endedAt - entry.restartedAt > forgetMs) return { waitMs: 0, leftMs: 0 };
    return { waitMs: entry.waitMs, leftMs: Math.max(0, endedAt + entry.waitMs - now) };
  }

  /** The container is started again: the next time it waits longer. */
  restarted(key: string, now: number): void {
    const entry = this.#entries.get(key);
    const known = entry !== undefined && now - entry.restartedAt <= forgetMs;
    this.#entries.set(key, { waitMs: known ? Math.min(maxMs, entry.waitMs * 2) : baseMs, restartedAt: now });
  }

  forget(keyPrefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(keyPrefix)) this.#entries.delete(key);
  }
}
