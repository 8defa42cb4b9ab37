/** What one write of a Service has allocated so far. */

import type { Stored } from '../../../api/object.ts';
import { services } from '../../../api/resources/core.ts';
import { type StatusError, serviceUnavailable } from '../../../api/status-error.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { FieldErrors, type FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { storeKey } from '../storage-format.ts';
import type { AllocationTable, Claim, Holder } from './allocation-table.ts';

/** A value that a Service holds, and the table that says so. */
export interface Allocation {
  readonly table: AllocationTable;
  readonly value: string;
}

/** One whose entry is known: what has changed since is not given back. */
interface KnownAllocation extends Allocation {
  readonly revision: number;
}

interface ClaimedAllocation extends Allocation {
  /** Absent: it was only looked at (a dry run). */
  readonly claim?: Claim;
}

/** Values that can be had, in the order in which they are tried. */
export interface Candidates {
  readonly table: AllocationTable;
  /** What an error calls them: `cluster IP`. */
  readonly what: string;
  /** One of them, by chance. */
  guess(): string;
  all(): string[];
}

/** Guesses before the whole range is looked at. */
const randomAttempts = 8;

export class ServiceAllocations {
  readonly #holder: Holder;
  readonly #name: string;
  readonly dryRun: boolean;
  readonly #allocated: ClaimedAllocation[] = [];

  constructor({ metadata }: DeepReadonly<Stored<Service>>, dryRun: boolean) {
    this.#holder = { serviceKey: storeKey(services, metadata), uid: metadata.uid };
    this.#name = metadata.name;
    this.dryRun = dryRun;
  }

  has(table: AllocationTable, value: string): boolean {
    return this.#allocated.some((allocation) => allocation.table === table && allocation.value === value);
  }

  /** False: it is taken. */
  async allocate(table: AllocationTable, value: string): Promise<boolean> {
    return (await this.#claim(table, value)) !== undefined;
  }

  /** False, too, for what the Service has already. */
  async #allocateUnused(table: AllocationTable, value: string): Promise<boolean> {
    const claim = await this.#claim(table, value);
    return claim === 'dry run' || (claim?.isNew ?? false);
  }

  async #claim(table: AllocationTable, value: string): Promise<Claim | 'dry run' | undefined> {
    // What it has just been given is taken, although its own entry would let it pass.
    if (this.has(table, value)) return undefined;
    if (this.dryRun) {
      if (!(await table.isFree(value))) return undefined;
      this.#allocated.push({ table, value });
      return 'dry run';
    }
    const claim = await table.allocate(value, this.#holder);
    if (claim !== undefined) this.#allocated.push({ table, value, claim });
    return claim;
  }

  /** Some guesses, then everything that is free, in order. Throws ServiceUnavailable when nothing is. */
  async allocateNext({ table, what, guess, all }: Candidates): Promise<string> {
    for (let attempt = 0; attempt < randomAttempts; attempt += 1) {
      const value = guess();
      if (await this.#allocateUnused(table, value)) return value;
    }
    const taken = await table.allocated();
    for (const value of all()) {
      if (!taken.has(value) && (await this.#allocateUnused(table, value))) return value;
    }
    throw serviceUnavailable(`no ${what} is free: the range is full`);
  }

  /** Gives back what is new; what another write of the Service has claimed before may be in use. */
  async rollback(): Promise<void> {
    for (const { table, value, claim } of this.#allocated) {
      if (claim?.isNew) await table.release(value, claim.revision);
    }
  }

  /** With the entries as they are now, those of `allocations` that the Service really has. */
  async known(allocations: readonly Allocation[]): Promise<KnownAllocation[]> {
    const known: KnownAllocation[] = [];
    for (const { table, value } of this.dryRun ? [] : allocations) {
      const revision = await table.revisionOf(value, this.#holder);
      if (revision !== undefined) known.push({ table, value, revision });
    }
    return known;
  }

  async release(allocations: readonly KnownAllocation[]): Promise<void> {
    for (const { table, value, revision } of allocations) await table.release(value, revision);
  }

  /** The error for a value that this Service cannot have. */
  refusal(path: FieldPath, value: unknown, why: string): StatusError {
    const errors = new FieldErrors();
    errors.invalid(path, value, why);
    return invalidObject(services, this.#name, errors.list);
  }
}
