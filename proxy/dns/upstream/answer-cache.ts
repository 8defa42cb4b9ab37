/**
 * Answers of other servers, kept for as long as they say, and a while longer for when no server answers. Bounded by
 * number and by bytes; what was not asked for longest goes first.
 */

import type { UpstreamAnswer } from './upstream-answer.ts';

interface Entry {
  readonly answer: UpstreamAnswer;
  readonly receivedAt: number;
  readonly goodUntil: number;
}

export interface CacheLimits {
  readonly entries: number;
  readonly bytes: number;
  /** How long beyond their time answers are kept for want of better ones. */
  readonly staleMs: number;
}

export const usualCacheLimits: CacheLimits = { entries: 10_000, bytes: 8 << 20, staleMs: 3_600_000 };
/** Of what holds an answer, beside its bytes. */
const entryBytes = 400;

export interface KeptAnswer {
  readonly answer: UpstreamAnswer;
  readonly ageSeconds: number;
  /** Its time is over. */
  readonly stale: boolean;
}

export class AnswerCache {
  readonly #limits: CacheLimits;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(limits: CacheLimits = usualCacheLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `now` in monotonic milliseconds. */
  get(key: string, now: number): KeptAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now >= entry.goodUntil + this.#limits.staleMs) {
      this.#remove(key, entry);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { answer: entry.answer, ageSeconds: (now - entry.receivedAt) / 1000, stale: now >= entry.goodUntil };
  }

  put(key: string, answer: UpstreamAnswer, now: number): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#remove(key, before);
    const { keepSeconds } = answer;
    if (keepSeconds === undefined || keepSeconds <= 0) return;
    const entry = { answer, receivedAt: now, goodUntil: now + keepSeconds * 1000 };
    this.#entries.set(key, entry);
    this.#bytes += sizeOf(entry);
    for (const [oldest, one] of this.#entries) {
      if (this.#entries.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) break;
      this.#remove(oldest, one);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= sizeOf(entry);
  }
}

const sizeOf = ({ answer }: Entry): number => answer.message.length + answer.ttls.length * 32 + entryBytes;
