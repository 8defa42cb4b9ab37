/** Work that may take long in the only thread, in turns: whatever else waits goes on in between. */

import { setImmediate as nextTurn } from 'node:timers/promises';

export class Turns {
  readonly #turnMs: number;
  #until: number;

  /** `turnMs`: so long a turn takes before others have theirs. */
  constructor(turnMs = 10) {
    this.#turnMs = turnMs;
    this.#until = performance.now() + turnMs;
  }

  /** To be called between two pieces of work, each of which takes less than a turn or so. Costs next to nothing until a turn is over. */
  async pause(): Promise<void> {
    if (performance.now() < this.#until) return;
    await nextTurn();
    this.#until = performance.now() + this.#turnMs;
  }
}
