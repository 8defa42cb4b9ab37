/**
 * Answers to questions that many ask again and again: each is asked once at a time and then kept for as long as it says.
 * There are never more than `most`; the ones that were not used for longest go first.
 */

import type { Clock } from '../../base/clock.ts';

export interface Kept<T> {
  readonly answer: T;
  /** From when it was asked; 0: for those who wait for it already. */
  readonly forMs: number;
}

interface Entry<T> {
  readonly answer: T;
  /** Monotonic. */
  readonly askedAt: number;
  readonly until: number;
}

export class AnswerCache<T> {
  readonly #clock: Clock;
  readonly #most: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #asked = new Map<string, Promise<T>>();

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** The kept answer, or that of `ask`. Rejects with what `ask` rejects with, of which nothing is kept. */
  async get(key: string, ask: () => Promise<Kept<T>>): Promise<T> {
    const kept = this.#entries.get(key);
    if (kept !== undefined && this.#clock.monotonic() < kept.until) {
      this.#keep(key, kept);
      return kept.answer;
    }
    const running = this.#asked.get(key);
    if (running !== undefined) return await running;
    const asked = this.#ask(key, ask);
    this.#asked.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#asked.delete(key);
    }
  }

  /** The last answer, if it was asked for no longer ago than that, whether or not it is good any more. */
  last(key: string, withinMs: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#clock.monotonic() - entry.askedAt > withinMs) return undefined;
    return entry.answer;
  }

  get size(): number {
    return this.#entries.size;
  }

  async #ask(key: string, ask: () => Promise<Kept<T>>): Promise<T> {
    const askedAt = this.#clock.monotonic();
    const { answer, forMs } = await ask();
    this.#keep(key, { answer, askedAt, until: askedAt + forMs });
    return answer;
  }

  #keep(key: string, entry: Entry<T>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) break;
      this.#entries.delete(oldest);
    }
  }
}
