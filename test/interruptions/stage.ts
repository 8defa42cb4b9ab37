/** Waits for the ends of a world's acts: undisturbed until nothing changes any more, else until all is as it was then. */

import { eventually } from '../support/eventually.ts';
import { differenceOf } from './end-state.ts';
import type { ObservedWorld } from './observed-worlds.ts';

export interface StageOptions {
  readonly observed: ObservedWorld;
  readonly expected?: { readonly ends: readonly (readonly string[])[] } | undefined;
  readonly patienceMs?: number | undefined;
}

/** Undisturbed, an act is over when nothing has changed for so long. */
const quietMs = 2_000;

export class Stage {
  readonly #options: StageOptions;
  readonly ends: (readonly string[])[] = [];
  readonly faults: string[] = [];

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** `makes`: of what takes its time, by the beginning of its name, how many must have been created. */
  async untilOver(makes: Readonly<Record<string, number>>): Promise<void> {
    const expected = this.#options.expected?.ends[this.ends.length];
    const end = expected === undefined ? await this.#untilQuiet(makes) : await this.#untilEqual(expected);
    this.ends.push(end);
  }

  async #untilEqual(expected: readonly string[]): Promise<readonly string[]> {
    const { observed, patienceMs: timeoutMs = 240_000 } = this.#options;
    const isReached = () => differenceOf(expected, observed.texts()).length === 0 || observed.bounds.broken.length > 0;
    try {
      await eventually('the end of the act', isReached, { timeoutMs, everyMs: 100 });
    } catch {
      this.faults.push(`act ${this.ends.length + 1} ended otherwise:`, ...differenceOf(expected, observed.texts()));
    }
    return observed.texts();
  }

  async #untilQuiet(makes: Readonly<Record<string, number>>): Promise<readonly string[]> {
    const { observed } = this.#options;
    let last = observed.texts();
    let since = performance.now();
    const isQuiet = () => {
      const now = observed.texts();
      if (now !== last && differenceOf(last, now).length > 0) since = performance.now();
      last = now;
      const created = Object.entries(observed.bounds.created);
      const made = Object.entries(makes).every(([name, wanted]) =>
        created.some(([what, count]) => what.startsWith(name) && count >= wanted),
      );
      return made && performance.now() - since > quietMs;
    };
    await eventually('nothing changes any more', isQuiet, { timeoutMs: 240_000, everyMs: 50 });
    return last;
  }
}
