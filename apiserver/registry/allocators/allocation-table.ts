/**
 * Which Service holds which value (a cluster IP, a node port): one store entry for each, made by a transaction that fails
 * when it is there, so that several API servers never give one value to two Services.
 *
 *   allocated → the Service is written (kept) | the write failed (given back)
 *   the server died in between → the entry names a Service that is not there or does not use it: whoever wants the
 *   value later takes it over, once the allocation is old enough not to be on its way
 */

import type { Clock } from '../../../base/clock.ts';
import { KeyExistsError, RevisionConflictError, type Store } from '../../store/store.ts';

export interface Holder {
  /** Store key of the Service. The name is that of entries which are stored already. */
  readonly serviceKey: string;
  readonly uid: string;
}

interface AllocationRecord extends Holder {
  /** Wall time of the allocation, milliseconds. */
  readonly at: number;
}

/** A write takes far less: an allocation older than this whose Service does not use the value is left over. */
const orphanedAfterMs = 5 * 60_000;

export interface AllocationTableParts {
  readonly store: Store;
  readonly clock: Clock;
  /** `/registry/longshore.dev/cluster-ips/` */
  readonly prefix: string;
  /** Whether the stored Service (its JSON) really uses the value. */
  isUsed(service: unknown, value: string): boolean;
}

export class AllocationTable {
  readonly #parts: AllocationTableParts;

  constructor(parts: AllocationTableParts) {
    this.#parts = parts;
  }

  /** False: another Service has it. */
  async allocate(value: string, holder: Holder): Promise<boolean> {
    const { store } = this.#parts;
    try {
      await store.create(this.#key(value), this.#record(holder));
      return true;
    } catch (error) {
      if (!(error instanceof KeyExistsError)) throw error;
      return await this.#takeOver(value, holder);
    }
  }

  async isFree(value: string): Promise<boolean> {
    return (await this.#parts.store.get(this.#key(value))) === undefined;
  }

  /** All values that are held. */
  async allocated(): Promise<Set<string>> {
    const { store, prefix } = this.#parts;
    const { entries } = await store.list({ prefix });
    return new Set(entries.map(({ key }) => key.slice(prefix.length)));
  }

  /** Gives it back, if `holder` has it. Idempotent. */
  async release(value: string, { uid }: Holder): Promise<void> {
    const { store } = this.#parts;
    const entry = await store.get(this.#key(value));
    if (entry === undefined || parseRecord(entry.value).uid !== uid) return;
    try {
      await store.delete(entry.key, entry.revision);
    } catch (error) {
      // Another Service took it over meanwhile: then it is not ours to give back.
      if (!(error instanceof RevisionConflictError)) throw error;
    }
  }

  async #takeOver(value: string, holder: Holder): Promise<boolean> {
    const { store, clock, isUsed } = this.#parts;
    const entry = await store.get(this.#key(value));
    if (entry === undefined) return await this.allocate(value, holder);
    const record = parseRecord(entry.value);
    if (record.uid === holder.uid) return true;
    if (clock.now() - record.at < orphanedAfterMs) return false;
    const service = await store.get(record.serviceKey);
    if (service !== undefined) {
      // The store holds what the API server has written: JSON of a Service.
      const object = JSON.parse(service.value.toString()) as { readonly metadata?: { readonly uid?: string } };
      if (object.metadata?.uid === record.uid && isUsed(object, value)) return false;
    }
    try {
      await store.update(entry.key, this.#record(holder), entry.revision);
      return true;
    } catch (error) {
      if (error instanceof RevisionConflictError) return false;
      throw error;
    }
  }

  #key(value: string): string {
    return `${this.#parts.prefix}${value}`;
  }

  #record({ serviceKey, uid }: Holder): Buffer {
    const record: AllocationRecord = { serviceKey, uid, at: this.#parts.clock.now() };
    return Buffer.from(JSON.stringify(record));
  }
}

/** What `#record` has written. */
const parseRecord = (value: Buffer): AllocationRecord => JSON.parse(value.toString()) as AllocationRecord;
