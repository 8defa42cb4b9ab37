/**
 * An entry that is there, and whose value cannot be had: it was encrypted with a key that this server does not have, or
 * was damaged. Whoever looks at its value gets the error; its key and revision are as good as those of any other.
 */

import type { Entry } from './store.ts';

export class UnreadableEntryError extends Error {
  override readonly name = 'UnreadableEntryError';
  /** The same value may be readable later: a service that keeps the key does not answer. */
  readonly isTransient: boolean;

  constructor(entry: Pick<Entry, 'key' | 'revision'>, cause: unknown, isTransient: boolean) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`Key: ${entry.key}, data from the storage is not transformable revision=${entry.revision}: ${why}`, {
      cause,
    });
    this.isTransient = isTransient;
  }
}

export class UnreadableEntry implements Entry {
  readonly key: string;
  readonly revision: number;
  readonly error: UnreadableEntryError;

  constructor({ key, revision }: Pick<Entry, 'key' | 'revision'>, cause: unknown, isTransient: boolean) {
    this.key = key;
    this.revision = revision;
    this.error = new UnreadableEntryError(this, cause, isTransient);
  }

  get value(): Buffer {
    throw this.error;
  }
}
