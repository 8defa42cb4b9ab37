/** How often each host may ask: so many questions at once, and one more from time to time. Pure but for what was asked. */

export interface AllowanceOptions {
  readonly atOnce: number;
  readonly everyMs: number;
}

export class QuestionAllowance {
  readonly #options: AllowanceOptions;
  /** Who → when everything would have been earned again. Those who have it all are not listed. */
  readonly #paidAt = new Map<string, number>();

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  /** Takes one question; 0: taken. Else nothing is, and the next is free in so many milliseconds. `now` is monotonic. */
  take(who: string, now: number): number {
    const { atOnce, everyMs } = this.#options;
    const paidAt = Math.max(this.#paidAt.get(who) ?? now, now) + everyMs;
    const waitMs = paidAt - now - atOnce * everyMs;
    if (waitMs > 0) return waitMs;
    for (const [other, at] of this.#paidAt) if (at <= now) this.#paidAt.delete(other);
    this.#paidAt.set(who, paidAt);
    return 0;
  }
}
