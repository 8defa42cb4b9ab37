/** The time between two steps for a pod, which ends early when something happens; also when it happened during the step. */

import type { Clock } from '../../base/clock.ts';

/** Why a sleep ends early. Without a reason, Node makes an error with a stack, each time. */
const early = 'early';
const longestMs = 2 ** 31 - 1;

export class StepPause {
  readonly #clock: Clock;
  #sleeping: AbortController | undefined;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has happened since the step began: there is to be no pause after it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  stepBegins(): void {
    this.#isOver = false;
  }

  end(): void {
    this.#isOver = true;
    this.#sleeping?.abort(early);
  }

  /** Others get their turn in any case. */
  async last(ms: number): Promise<void> {
    if (this.#isOver || ms <= 0) {
      await new Promise(setImmediate);
      return;
    }
    this.#sleeping = new AbortController();
    await this.#clock.sleep(Math.min(ms, longestMs), this.#sleeping.signal);
    this.#sleeping = undefined;
  }
}
