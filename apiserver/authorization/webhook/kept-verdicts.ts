/**
 * What a webhook said, for as long as it may be remembered.
 *
 * Invariants: there are never more than `maxKept` verdicts; none of a question of more than `maxQuestionCharacters`,
 * which its sender could make as long as it likes.
 */

import type { Clock } from '../../../base/clock.ts';
import type { Verdict } from '../authorizer.ts';

const maxKept = 8192;
const maxQuestionCharacters = 10_000;

interface Kept {
  readonly verdict: Verdict;
  /** In monotonic milliseconds. */
  readonly until: number;
}

export class KeptVerdicts {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(question: string): Verdict | undefined {
    const kept = this.#kept.get(question);
    if (kept === undefined) return undefined;
    if (this.#clock.monotonic() < kept.until) return kept.verdict;
    this.#kept.delete(question);
    return undefined;
  }

  keep(question: string, verdict: Verdict, ttlMs: number): void {
    if (ttlMs <= 0 || question.length > maxQuestionCharacters) return;
    this.#kept.delete(question);
    // The oldest goes.
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < maxKept) break;
      this.#kept.delete(oldest);
    }
    this.#kept.set(question, { verdict, until: this.#clock.monotonic() + ttlMs });
  }
}
