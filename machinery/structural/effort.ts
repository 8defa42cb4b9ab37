/**
 * How much work it is to check one object against its schema. Who has no time for more than so much gives an effort with
 * a limit, and has the object checked elsewhere when that is used up.
 */

/** It is more work than was allowed; nothing is known of the object. */
export class TooMuchEffortError extends Error {
  override readonly name = 'TooMuchEffortError';
}

/** A unit is about what it takes to check a text against a type. */
export class Effort {
  #left: number;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#left = limit;
  }

  /** Throws TooMuchEffortError. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new TooMuchEffortError('it takes too much work to check the object');
  }

  /** Of characters looked at, items compared. */
  work(units: number): void {
    this.spend(units / 10);
  }

  refund(units: number): void {
    this.#left += units;
  }
}
