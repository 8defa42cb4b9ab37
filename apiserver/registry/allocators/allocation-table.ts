/**
 * Which Service holds which value (a cluster IP, a node port): one store entry for each, made by a transaction that fails
 * when it is there, so that several API servers never give one value to two Services.
 *
 *   allocated → the Service is written (kept) | the write failed (given back) | nobody knows (kept)
 *   the server died in between → the entry names a Service that is not there or does not use it: whoever wants the
 *   value later takes it over, or `repair` drops it, once the allocation is old enough not to be on its way
 *
 * Invariant: an entry is given back only at the revision at which it was claimed or seen before the Service's write. Two
 * writes of one Service may claim one value; the later one writes the entry again, so that the earlier one, should it
 * fail, leaves it to the later, which in turn never drops what it did not make.
 */

import type { Clock } from '../../../base/clock.ts';
import { type Entry, KeyExistsError, RevisionConflictError, type Store } from '../../store/store.ts';

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

/** How a write of a Service has come by a value. */
export interface Claim {
  /** The entry's, since then. */
  readonly revision: number;
  /** False: another write of the same Service had claimed it, and may be using it. */
  readonly isNew: boolean;
}

/** What a repair has changed: values. */
export interface Repaired {
  /** Nobody used them. */
  readonly dropped: readonly string[];
  /** A Service used them without an entry. */
  readonly added: readonly string[];
  /** A Service uses them that the entry does not name. */
  readonly disputed: readonly string[];
}

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

  /** Undefined: another Service has it. */
  async allocate(value: string, holder: Holder): Promise<Claim | undefined> {
    const { store } = this.#parts;
    try {
      return { revision: await store.create(this.#key(value), this.#record(holder)), isNew: true };
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

  /** The revision of the entry, if `holder` has the value. */
  async revisionOf(value: string, { uid }: Holder): Promise<number | undefined> {
    const entry = await this.#parts.store.get(this.#key(value));
    return entry === undefined || parseRecord(entry.value).uid !== uid ? undefined : entry.revision;
  }

  /** Gives it back, unless the entry has changed since `revision`: then it is somebody else's, or another write's. */
  async release(value: string, revision: number): Promise<void> {
    try {
      await this.#parts.store.delete(this.#key(value), revision);
    } catch (error) {
      if (!(error instanceof RevisionConflictError)) throw error;
    }
  }

  /** What is there now, for a later `repair`. */
  async entries(): Promise<readonly Entry[]> {
    const { store, prefix } = this.#parts;
    return (await store.list({ prefix })).entries;
  }

  /**
   * Makes the table say what the Services say: `used` are the values of the stored Services, read after `entries`. What
   * may be on its way is left alone.
   */
  async repair(entries: readonly Entry[], used: ReadonlyMap<string, Holder>): Promise<Repaired> {
    const { clock, prefix, store } = this.#parts;
    const dropped: string[] = [];
    const added: string[] = [];
    const disputed: string[] = [];
    const missing = new Map(used);
    for (const { key, value: json, revision } of entries) {
      const value = key.slice(prefix.length);
      const { uid, at } = parseRecord(json);
      const holder = used.get(value);
      missing.delete(value);
      if (holder?.uid === uid) continue;
      if (holder !== undefined) disputed.push(value);
      else if (clock.now() - at >= orphanedAfterMs) {
        await this.release(value, revision);
        dropped.push(value);
      }
    }
    for (const [value, holder] of missing) {
      try {
        await store.create(this.#key(value), this.#record(holder));
        added.push(value);
      } catch (error) {
        // Claimed in this very moment.
        if (!(error instanceof KeyExistsError)) throw error;
      }
    }
    return { dropped, added, disputed };
  }

  async #takeOver(value: string, holder: Holder): Promise<Claim | undefined> {
    const { store } = this.#parts;
    const entry = await store.get(this.#key(value));
    if (entry === undefined) return await this.allocate(value, holder);
    const { uid } = parseRecord(entry.value);
    const isNew = uid !== holder.uid;
    if (isNew && !(await this.#isOrphaned(entry, value))) return undefined;
    try {
      return { revision: await store.update(entry.key, this.#record(holder), entry.revision), isNew };
    } catch (error) {
      if (!(error instanceof RevisionConflictError)) throw error;
      // Given back, or claimed once more, in this very moment.
      return await this.#takeOver(value, holder);
    }
  }

  async #isOrphaned(entry: Entry, value: string): Promise<boolean> {
    const { store, clock, isUsed } = this.#parts;
    const record = parseRecord(entry.value);
    if (clock.now() - record.at < orphanedAfterMs) return false;
    const service = await store.get(record.serviceKey);
    if (service === undefined) return true;
    // The store holds what the API server has written: JSON of a Service.
    const object = JSON.parse(service.value.toString()) as { readonly metadata?: { readonly uid?: string } };
    return object.metadata?.uid !== record.uid || !isUsed(object, value);
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
