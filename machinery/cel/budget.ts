/** What expressions may cost while they run, in upstream's units: a step is one, a call as much as its work. */

import { CelError } from './cel-error.ts';

/** Of one evaluation. */
export const perCallLimit = 1_000_000;
/** Of all rules of one object, and of all expressions of one policy. */
export const perObjectLimit = 10_000_000;
/** Of all match conditions of one webhook, policy or authorizer. */
export const matchConditionsLimit = perObjectLimit / 4;

/**
 * Upstream's count takes some work for one step that takes longer the larger the values are, and relies on a request's
 * time being up. Here such work has a limit of its own, far beyond what anybody needs, since nothing may hold the process.
 */
const workLimit = 50_000_000;

/** What else is told of everything that is spent. It may throw what it likes to end the work. */
export interface Spending {
  spend(cost: number): void;
  refund(cost: number): void;
  work(units: number): void;
}

/** One expression or several share it. What they spent stays spent. */
export class Budget implements Spending {
  #remaining: number;
  readonly #limit: number;
  readonly #whole: Spending | undefined;
  #work = 0;

  /** `whole`: what this is a part of, and is spent from too. */
  constructor(limit: number, whole?: Spending) {
    this.#limit = limit;
    this.#remaining = limit;
    this.#whole = whole;
  }

  /** For one of several expressions: no more than `limit`, and no more than there is. */
  part(limit = perCallLimit): Budget {
    return new Budget(limit, this);
  }

  get spent(): number {
    return this.#limit - this.#remaining;
  }

  get remaining(): number {
    return Math.max(0, this.#remaining);
  }

  /** Throws `CostLimitError` when there is not enough. */
  spend(cost: number): void {
    this.#remaining -= cost;
    if (this.#remaining < 0) throw new CostLimitError();
    this.#whole?.spend(cost);
  }

  /** Takes back what was spent for nothing. */
  refund(cost: number): void {
    this.#remaining += cost;
    this.#whole?.refund(cost);
  }

  /** Of characters looked at, items compared. */
  work(units: number): void {
    this.#work += units;
    if (this.#work > workLimit) throw new CostLimitError();
    this.#whole?.work(units);
  }
}

export class CostLimitError extends CelError {
  override readonly name = 'CostLimitError';
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}
