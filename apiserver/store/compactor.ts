/**
 * Makes the store forget its past, so that it does not grow for ever: every interval, what is older than an interval.
 * Any number of API servers may run one: a key says up to where the next compaction goes, and only who replaces that
 * key's value compacts. Whoever finds it replaced by another waits for a whole interval again, so nothing is
 * forgotten that is not at least one interval old, whatever is restarted in between.
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { type Entry, KeyExistsError, RevisionConflictError, type Store, StoreUnavailableError } from './store.ts';

export interface CompactorOptions {
  readonly store: Store;
  /** Default five minutes. */
  readonly intervalMs?: number;
  /** Default `/registry/compaction`: below what the API servers watch, so that they see its changes of the revision. */
  readonly key?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export function startCompactor(options: CompactorOptions): Running {
  const { store, intervalMs = 5 * 60_000, key = '/registry/compaction', clock = systemClock } = options;
  const logger = options.logger ?? silentLogger;
  const stopped = new AbortController();
  const { signal } = stopped;
  async function run(): Promise<void> {
    let seen: Entry | undefined;
    while (!signal.aborted) {
      try {
        seen = await takeTurn(store, key, seen, logger);
      } catch (error) {
        const level = error instanceof StoreUnavailableError ? 'warn' : 'error';
        logger[level]('The store could not be compacted', { error });
      }
      await clock.sleep(intervalMs, signal);
    }
  }
  const done = run();
  return {
    name: 'compactor',
    done,
    async stop() {
      stopped.abort();
      await done;
    },
  };
}

/** `seen` is what this server found an interval ago; returns what it finds now. */
async function takeTurn(
  store: Store,
  key: string,
  seen: Entry | undefined,
  logger: Logger,
): Promise<Entry | undefined> {
  const entry = await store.get(key);
  const value = Buffer.from(String(await store.currentRevision()));
  try {
    if (entry === undefined) return { key, value, revision: await store.create(key, value) };
    if (entry.revision !== seen?.revision) return entry;
    const revision = await store.update(key, value, entry.revision);
    const upTo = Number(entry.value.toString());
    if (upTo > 0) await store.compact(upTo);
    logger.debug('The store is compacted', { upTo });
    return { key, value, revision };
  } catch (error) {
    // Another server was faster: its turn serves as well.
    if (error instanceof KeyExistsError) return undefined;
    if (error instanceof RevisionConflictError) return error.current;
    throw error;
  }
}
