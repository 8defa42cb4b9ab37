/** What one write of a Service has allocated so far. */

import type { Stored } from '../../../api/object.ts';
import { services } from '../../../api/resources/core.ts';
import { type StatusError, serviceUnavailable } from '../../../api/status-error.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { FieldErrors, type FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { storeKey } from '../storage-format.ts';
import type { AllocationTable, Holder } from './allocation-table.ts';

/** A value that a Service holds, and the table that says so. */
export interface Allocation {
  readonly table: AllocationTable;
  readonly value: string;
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
  readonly #allocated: Allocation[] = [];

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
    // What it has just been given is taken, although its own entry would let it pass.
    if (this.has(table, value)) return false;
    const isOurs = this.dryRun ? await table.isFree(value) : await table.allocate(value, this.#holder);
    if (isOurs) this.#allocated.push({ table, value });
    return isOurs;
  }

  /** Some guesses, then everything that is free, in order. Throws ServiceUnavailable when nothing is. */
  async allocateNext({ table, what, guess, all }: Candidates): Promise<string> {
    for (let attempt = 0; attempt < randomAttempts; attempt += 1) {
      const value = guess();
      if (await this.allocate(table, value)) return value;
    }
    const taken = await table.allocated();
    for (const value of all()) {
      if (!taken.has(value) && (await this.allocate(table, value))) return value;
    }
    throw serviceUnavailable(`no ${what} is free: the range is full`);
  }

  async rollback(): Promise<void> {
    await this.release(this.#allocated);
  }

  async release(allocations: readonly Allocation[]): Promise<void> {
    if (this.dryRun) return;
    for (const { table, value } of allocations) await table.release(value, this.#holder);
  }

  /** The error for a value that this Service cannot have. */
  refusal(path: FieldPath, value: unknown, why: string): StatusError {
    const errors = new FieldErrors();
    errors.invalid(path, value, why);
    return invalidObject(services, this.#name, errors.list);
  }
}
