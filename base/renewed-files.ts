/**
 * What files say, as whoever uses it should have it now: files that are renewed in place are read again when they have
 * changed, looked at no more than once a second. What cannot be read or does not fit together, a renewal half done, leaves
 * what was before it in use until the next look.
 */

import { stat } from 'node:fs/promises';
import { type Clock, systemClock } from './clock.ts';
import { type Logger, silentLogger } from './logger.ts';

export interface RenewedFilesOptions<T> {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** What was read from the files before, for as long as they cannot be read: whoever kept it may have done so for long. */
  readonly last?: T | undefined;
}

export interface FilesRead<T> {
  readonly files: readonly string[];
  /** Throws when they do not say what they should. */
  read(): Promise<T>;
  /** Whether it is the same as before. */
  isSame(one: T, other: T): boolean;
}

export const lookAgainMs = 1_000;

export class RenewedFiles<T> {
  readonly #source: FilesRead<T>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #last: T | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Of the files as they were when they were read last; undefined: they are to be read again. */
  #state: string | undefined;
  #lookedAgain: Promise<T> | undefined;
  #isTold = false;

  constructor(source: FilesRead<T>, { clock = systemClock, logger = silentLogger, last }: RenewedFilesOptions<T> = {}) {
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
    this.#last = last;
  }

  /** The same object until they say something else. Throws only while there has never been anything. */
  async current(): Promise<T> {
    const now = this.#clock.monotonic();
    const last = this.#last;
    // Until the files were read once, what was kept is only for when they cannot be.
    if (this.#state === undefined && this.#lookedAgain !== undefined) return await this.#lookedAgain;
    if (last !== undefined && now - this.#lookedAt < lookAgainMs) return last;
    this.#lookedAt = now;
    this.#lookedAgain ??= this.#look(last).finally(() => {
      this.#lookedAgain = undefined;
    });
    return await this.#lookedAgain;
  }

  async #look(last: T | undefined): Promise<T> {
    try {
      const state = await stateOf(this.#source.files);
      if (last !== undefined && state === this.#state) return last;
      const read = await this.#source.read();
      this.#last = last !== undefined && this.#source.isSame(last, read) ? last : read;
      this.#state = state;
      this.#isTold = false;
      return this.#last;
    } catch (error) {
      if (last === undefined) throw error;
      if (!this.#isTold)
        this.#logger.warn('What was renewed cannot be read; trying again', { files: this.#source.files, error });
      this.#isTold = true;
      return last;
    }
  }
}

async function stateOf(files: readonly string[]): Promise<string> {
  const found = await Promise.all(files.map((file) => stat(file, { bigint: true })));
  return found.map(({ ino, size, mtimeNs, ctimeNs }) => `${ino} ${size} ${mtimeNs} ${ctimeNs}`).join('\n');
}
