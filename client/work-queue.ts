/**
 * The queue of every control loop: keys that are to be looked at.
 *
 *            add                take                 done
 *   (idle) ───────► queued ──────────► processing ─────────► (idle)
 *                                          │ add               ▲
 *                                          ▼                   │
 *                                  processing + dirty ──done──► queued
 *
 * Invariants:
 * - `queued` holds each key once, in the order of arrival: fair and de-duplicated.
 * - A key in `processing` is never in `queued`: never two workers on one key.
 * - A key added while it is processed is dirty: queued again by `done`, so that no change is lost.
 * - After `close`, `take` gives undefined, and whatever is added is dropped.
 */

import TinyQueue from 'tinyqueue';
import { type BackoffOptions, computeBackoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';

interface Delayed {
  readonly key: string;
  /** Monotonic milliseconds. */
  readonly dueAt: number;
}

/** Timers of the platform overflow beyond this. */
const longestTimerMs = 2 ** 31 - 1;
const defaultBackoff: BackoffOptions = { baseMs: 20, maxMs: 300_000 };

export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoff: BackoffOptions;
  readonly #queued = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  /** When each delayed key is due; entries of `#delayed` that say otherwise are outdated. */
  readonly #dueAt = new Map<string, number>();
  readonly #delayed = new TinyQueue<Delayed>([], (a, b) => a.dueAt - b.dueAt);
  #alarm: { readonly dueAt: number; readonly cancel: AbortController } | undefined;
  #closed = false;

  constructor(clock: Clock, backoff: BackoffOptions = defaultBackoff) {
    this.#clock = clock;
    this.#backoff = backoff;
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#queued.size;
  }

  add(key: string): void {
    if (this.#closed) return;
    this.#dueAt.delete(key);
    if (this.#processing.has(key)) this.#dirty.add(key);
    else this.#enqueue(key);
  }

  /** Adds the key once `ms` are over; of several such wishes for one key the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const dueAt = this.#clock.monotonic() + ms;
    if ((this.#dueAt.get(key) ?? Number.POSITIVE_INFINITY) <= dueAt) return;
    this.#dueAt.set(key, dueAt);
    this.#delayed.push({ key, dueAt });
    this.#setAlarm();
  }

  /** Adds the key after a wait that grows with each call until `forget(key)`, but is never longer than `maxMs`. */
  retry(key: string, maxMs = Number.POSITIVE_INFINITY): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.addAfter(key, Math.min(maxMs, computeBackoffMs(failures, this.#backoff)));
  }

  /** The key is well: its next failure waits as the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, once there is one; it is the caller's until `done(key)`. Undefined: the queue is closed. */
  async take(): Promise<string | undefined> {
    for (const key of this.#queued) {
      this.#queued.delete(key);
      this.#processing.add(key);
      return key;
    }
    if (this.#closed) return undefined;
    return await new Promise((resolve) => this.#waiters.push(resolve));
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.delete(key)) this.#enqueue(key);
  }

  /** Lets every waiting `take` return. Keys being processed are finished by their workers. */
  close(): void {
    this.#closed = true;
    this.#queued.clear();
    this.#dirty.clear();
    this.#dueAt.clear();
    this.#alarm?.cancel.abort();
    for (const resolve of this.#waiters.splice(0)) resolve(undefined);
  }

  #enqueue(key: string): void {
    if (this.#closed) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#queued.add(key);
      return;
    }
    this.#processing.add(key);
    waiter(key);
  }

  /** Sees to it that a worker wakes up when the earliest delayed key is due. */
  #setAlarm(): void {
    const next = this.#delayed.peek();
    if (next === undefined || (this.#alarm !== undefined && this.#alarm.dueAt <= next.dueAt)) return;
    this.#alarm?.cancel.abort();
    const cancel = new AbortController();
    this.#alarm = { dueAt: next.dueAt, cancel };
    const waitMs = Math.min(longestTimerMs, next.dueAt - this.#clock.monotonic());
    void this.#clock.sleep(waitMs, cancel.signal).then(() => {
      if (!cancel.signal.aborted) this.#addDue();
    });
  }

  #addDue(): void {
    const now = this.#clock.monotonic();
    for (let next = this.#delayed.peek(); next !== undefined && next.dueAt <= now; next = this.#delayed.peek()) {
      this.#delayed.pop();
      if (this.#dueAt.get(next.key) === next.dueAt) this.add(next.key);
    }
    this.#alarm = undefined;
    this.#setAlarm();
  }
}
