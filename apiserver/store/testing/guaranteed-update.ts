/** Update by function: the way to change an entry that others change too. */

import { type Entry, RevisionConflictError, type Store, type WriteOptions } from '../store.ts';

export interface GuaranteedUpdateOptions extends WriteOptions {
  /** What the caller believes is there, to save a read. May be old. */
  readonly cached?: Entry | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Replaces the value at `key` by what `change` makes of the present entry, as often as it takes until nobody was
 * faster. `change` must be pure; it returns undefined to leave everything as it is, and may throw to refuse. A
 * refusal that was judged by the caller's old entry is judged again by the present one. Resolves with the entry that
 * is there afterwards; undefined when the key does not exist.
 */
export async function guaranteedUpdate(
  store: Store,
  key: string,
  change: (entry: Entry) => Buffer | undefined | Promise<Buffer | undefined>,
  options: GuaranteedUpdateOptions = {},
): Promise<Entry | undefined> {
  const { cached, signal, ...writeOptions } = options;
  let isFresh = cached === undefined;
  let current = cached ?? (await store.get(key));
  while (current !== undefined) {
    signal?.throwIfAborted();
    try {
      const value = await change(current);
      // An old entry must not decide that there is nothing to do.
      if (value === undefined && isFresh) return current;
      if (value !== undefined) {
        const revision = await store.update(key, value, current.revision, writeOptions);
        return { key, value, revision };
      }
    } catch (error) {
      if (error instanceof RevisionConflictError) {
        current = error.current;
        isFresh = true;
        continue;
      }
      if (isFresh) throw error;
    }
    current = await store.get(key);
    isFresh = true;
  }
  return undefined;
}
