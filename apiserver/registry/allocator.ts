/**
 * CONTRACT: what a kind needs outside its own object when it is written (addresses and ports of Services). Called around
 * the store's transaction; what was allocated for a write that did not happen is given back.
 */

import type { Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

/**
 * What was allocated for one write. One of the two is called, once; neither when nobody knows whether the write has
 * happened. Neither rejects: what cannot be given back now is left to whatever repairs the allocations.
 */
export interface AllocationTransaction {
  /** The write has happened: what the previous version held and the new one does not is free. */
  commit(): Promise<void>;
  /** The write has not happened: what was allocated for it, and for it alone, is free. */
  rollback(): Promise<void>;
}

export interface Allocator {
  /**
   * Completes `next` in place. Runs after admission and before validation; throws a StatusError when there is nothing to
   * be had, and holds nothing then. Under `dryRun` nothing is allocated: it only says what would be.
   */
  allocate(next: Stored, previous: DeepReadonly<Stored> | undefined, dryRun: boolean): Promise<AllocationTransaction>;
  /** The object is gone, and with it all that it held. Never rejects. */
  release(previous: DeepReadonly<Stored>): Promise<void>;
}

/** All that was taken for one write: what was allocated, and what admission took. Of this, too, one of the two is called. */
export class WriteTransaction implements AllocationTransaction {
  #undos: (() => void)[] = [];
  #allocated: AllocationTransaction | undefined;

  onRollback(undo: () => void): void {
    this.#undos.push(undo);
  }

  hold(allocated: AllocationTransaction | undefined): void {
    this.#allocated = allocated;
  }

  async commit(): Promise<void> {
    await this.#allocated?.commit();
  }

  async rollback(): Promise<void> {
    const undos = this.#undos;
    this.#undos = [];
    for (const undo of undos) undo();
    await this.#allocated?.rollback();
  }
}

/** Does the rest of a write: what was allocated for it is given back when that fails. */
export async function orRollBack<T>(
  transaction: Pick<AllocationTransaction, 'rollback'> | undefined,
  rest: () => Promise<T>,
): Promise<T> {
  try {
    return await rest();
  } catch (error) {
    await transaction?.rollback();
    throw error;
  }
}
