/**
 * Keys that are read again now and then. What cannot be read leaves those before it in use. Nobody who shows or wants a
 * token waits for a reading, except for a look at a key that is not known.
 */

import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { AccountKeys } from './account-keys.ts';
import type { SigningKey, VerificationKey } from './public-key.ts';

export interface KeySet {
  readonly signing: SigningKey;
  readonly believed: readonly VerificationKey[];
}

export interface RotatingKeysParts {
  /** Throws when the keys cannot be read. */
  read(): Promise<KeySet>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keys that change are in use everywhere after this time. */
const readAgainMs = 10_000;
const shortestMs = 1_000;

export class RotatingKeys implements AccountKeys {
  readonly #parts: RotatingKeysParts;
  #keys: KeySet;
  #readAt: number;
  #reading: Promise<void> | undefined;

  private constructor(parts: RotatingKeysParts, keys: KeySet) {
    this.#parts = parts;
    this.#keys = keys;
    this.#readAt = parts.clock.monotonic();
  }

  /** Throws when they cannot be read now. */
  static async open(parts: RotatingKeysParts): Promise<RotatingKeys> {
    return new RotatingKeys(parts, await parts.read());
  }

  get signing(): SigningKey {
    return this.#keys.signing;
  }

  get believed(): readonly VerificationKey[] {
    return this.#keys.believed;
  }

  async lookAgain(): Promise<readonly VerificationKey[]> {
    const { clock } = this.#parts;
    if (this.#reading === undefined && clock.monotonic() - this.#readAt < shortestMs) return this.believed;
    const over = new AbortController();
    // Of a store that does not answer nobody learns anything, however long he waits.
    await Promise.race([this.#readOnce(), clock.sleep(shortestMs, over.signal)]);
    over.abort();
    return this.believed;
  }

  /** They were changed here: they are read again at once. Never rejects. */
  async changed(): Promise<void> {
    await this.#reading; // it may have begun before
    await this.#readOnce();
  }

  /** Reads them again until `signal` aborts. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(readAgainMs, signal);
      if (!signal.aborted) await this.#readOnce();
    }
  }

  /** All who ask at the same time wait for the same reading. */
  async #readOnce(): Promise<void> {
    this.#reading ??= this.#read();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { read, clock, logger } = this.#parts;
    try {
      this.#keys = await read();
    } catch (error) {
      logger.warn('The keys for service account tokens cannot be read again: those before stay in use', { error });
    } finally {
      this.#readAt = clock.monotonic();
      this.#reading = undefined;
    }
  }
}
