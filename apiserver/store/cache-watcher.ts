/** One watcher of a resource: what it wants, and the bounded queue from which its receiver takes. */

import type { CacheChange } from './cache-change.ts';
import type { CacheEvent, CacheWatch, CacheWatchOptions } from './resource-cache.ts';

export interface QueueLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export const defaultQueueLimits: QueueLimits = { maxEvents: 10_000, maxBytes: 32 * 1024 * 1024 };

export class CacheWatcher implements CacheWatch {
  readonly interest: Omit<CacheWatchOptions, 'onAvailable' | 'onEnd'>;
  readonly #options: CacheWatchOptions;
  readonly #limits: QueueLimits;
  readonly #onClose: (watcher: CacheWatcher) => void;
  #queue: CacheEvent[] = [];
  #bytes = 0;
  /** What was there from the start is the past that was asked for: it does not make a receiver slow. */
  #allowance = 0;
  #isOver = false;

  constructor(options: CacheWatchOptions, limits: QueueLimits, onClose: (watcher: CacheWatcher) => void) {
    this.interest = options;
    this.#options = options;
    this.#limits = limits;
    this.#onClose = onClose;
  }

  take(): readonly CacheEvent[] {
    const taken = this.#queue;
    if (taken.length === 0) return taken;
    this.#queue = [];
    this.#bytes = 0;
    this.#allowance = 0;
    return taken;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    this.#onClose(this);
  }

  /** Fills the queue with what happened before the watch began. */
  replay(changes: Iterable<CacheChange>): void {
    for (const change of changes) {
      const event = change.eventFor(this.interest);
      if (event !== undefined) this.#queue.push(event);
    }
    this.#allowance = this.#queue.length;
  }

  /** Returns true when the queue was empty and is not any more: the receiver is to be notified. */
  offer(change: CacheChange): boolean {
    // The revision it begins with may be one that another API server has reached before us.
    if (this.#isOver || change.revision <= this.interest.after) return false;
    const event = change.eventFor(this.interest);
    if (event === undefined) return false;
    this.#bytes += change.bytes;
    if (this.#queue.length - this.#allowance >= this.#limits.maxEvents || this.#bytes > this.#limits.maxBytes) {
      // One large event alone is not slowness.
      if (this.#queue.length > this.#allowance) {
        this.end('slow');
        return false;
      }
    }
    return this.#queue.push(event) === 1;
  }

  /** As `offer`. A bookmark that was not taken yet is replaced: only the newest tells something. */
  offerBookmark(revision: number): boolean {
    if (this.#isOver) return false;
    if (this.#queue.at(-1)?.type === 'BOOKMARK') this.#queue.pop();
    return this.#queue.push({ type: 'BOOKMARK', revision }) === 1;
  }

  notify(): void {
    if (!this.#isOver && this.#queue.length > 0) this.#options.onAvailable();
  }

  /** What is queued can still be taken. */
  end(why: 'restarted' | 'slow'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onClose(this);
    // Not in the midst of a change: the receiver may open its next watch at once.
    queueMicrotask(() => this.#options.onEnd(why));
  }
}
