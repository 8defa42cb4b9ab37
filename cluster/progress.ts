/** Shows what is being done, step by step: a spinner on a terminal, one plain line per step elsewhere. */

import { systemClock } from '../base/clock.ts';
import type { Output } from '../base/terminal.ts';

export interface Progress {
  /** Shows `title` while `work` goes on, and how long it took. A failure is marked and passed on. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Adds to what the present step shows: `3 of 6 pods run`. */
  note(text: string): void;
}

export async function createProgress(output: Output): Promise<Progress> {
  // A serial console is a terminal of no width: a spinner would go up endless lines on it.
  return output.isTTY && output.columns ? await createSpinner() : new PlainProgress(output);
}

/** After so long, and then again and again, a line says that a step still goes on. */
const stillEveryMs = 10_000;

class PlainProgress implements Progress {
  readonly #output: Output;
  #noted = '';

  constructor(output: Output) {
    this.#output = output;
  }

  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const over = new AbortController();
    const telling = this.#tellThatItGoesOn({ title, started }, over.signal);
    try {
      const result = await work();
      this.#output.write(`✓ ${title} (${secondsSince(started)})\n`);
      return result;
    } catch (error) {
      this.#output.write(`✗ ${title}\n`);
      throw error;
    } finally {
      over.abort();
      await telling;
      this.#noted = '';
    }
  }

  async #tellThatItGoesOn({ title, started }: { readonly title: string; readonly started: number }, over: AbortSignal) {
    for (;;) {
      await systemClock.sleep(stillEveryMs, over);
      if (over.aborted) return;
      const note = this.#noted === '' ? '' : `: ${this.#noted}`;
      this.#output.write(`… ${title}${note} (${secondsSince(started)})\n`);
    }
  }

  note(text: string): void {
    this.#noted = text;
  }
}

async function createSpinner(): Promise<Progress> {
  const { default: ora } = await import('ora');
  const spinner = ora({ discardStdin: false });
  let present = '';
  return {
    async step(title, work) {
      const started = performance.now();
      present = title;
      spinner.start(title);
      try {
        const result = await work();
        spinner.succeed(`${title} (${secondsSince(started)})`);
        return result;
      } catch (error) {
        spinner.fail(title);
        throw error;
      }
    },
    note(text) {
      spinner.text = `${present} · ${text}`;
    },
  };
}

const secondsSince = (started: number): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
