/**
 * CONTRACT: what a kind needs outside its own object when it is written (addresses of Services). Called around the
 * store's transaction; a reservation that is not kept is given back.
 */

import type { Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export interface Reservation {
  /** The write has happened: what the previous version held and the new one does not is free. */
  commit(): Promise<void>;
  /** The write has not happened. */
  rollback(): Promise<void>;
}

export interface StorageHooks {
  /** Completes `next` in place. Runs after admission and before validation; may throw a StatusError. */
  reserve(next: Stored, previous: DeepReadonly<Stored> | undefined, dryRun: boolean): Promise<Reservation>;
  /** The object is gone. */
  release(previous: DeepReadonly<Stored>): Promise<void>;
}
