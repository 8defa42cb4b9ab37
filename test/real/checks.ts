/** Prints a line for each check as it ends, and counts the ones that did not hold: the rest goes on, and shows more. */

import { inspect } from 'node:util';

export class Checks {
  readonly #write: (text: string) => void;
  #held = 0;
  #failed = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  get failed(): number {
    return this.#failed;
  }

  heading(text: string): void {
    this.#write(`\n${text}\n`);
  }

  /** Never rejects. What `run` resolves with, when that is text, is a figure that is printed behind the name. */
  async check(name: string, run: () => unknown): Promise<void> {
    const startedMs = performance.now();
    try {
      const figure = await run();
      this.#held += 1;
      const tookMs = Math.round(performance.now() - startedMs);
      this.#write(`✓ ${name}${typeof figure === 'string' ? `: ${figure}` : ''} (${tookMs} ms)\n`);
    } catch (error) {
      this.#failed += 1;
      this.#write(`✗ ${name}\n  ${explain(error).replaceAll('\n', '\n  ')}\n`);
    }
  }

  summary(): string {
    return `${this.#held} checks held, ${this.#failed} failed`;
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  return error.cause === undefined ? error.message : `${error.message}\n${explain(error.cause)}`;
}
