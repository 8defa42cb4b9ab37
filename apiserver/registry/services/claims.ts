/**
 * Who holds which cluster IP and node port: one store entry for each, made by a transaction that fails when it is
 * there, so that several API servers never give one thing to two Services.
 *
 *   claimed → the Service is written (kept) | the write failed (given back)
 *   the server died in between → the entry names a Service that is not there or does not use it: whoever wants the
 *   thing later takes it over, once the claim is old enough not to be on its way
 */

import type { Clock } from '../../../base/clock.ts';
import { KeyExistsError, RevisionConflictError, type Store } from '../../store/store.ts';
import { storeErrors } from '../store-errors.ts';

export interface Claimant {
  /** Store key of the Service. */
  readonly serviceKey: string;
  readonly uid: string;
}

interface ClaimRecord extends Claimant {
  /** Wall time of the claim, milliseconds. */
  readonly at: number;
}

/** A write takes far less: a claim older than this whose Service does not use the thing is left over. */
const orphanedAfterMs = 5 * 60_000;

export interface ClaimsParts {
  readonly store: Store;
  readonly clock: Clock;
  /** `/registry/longshore.dev/cluster-ips/` */
  readonly prefix: string;
  /** Whether the stored Service (its JSON) really uses the thing. */
  isUsed(service: unknown, thing: string): boolean;
}

export class Claims {
  readonly #parts: ClaimsParts;

  constructor(parts: ClaimsParts) {
    this.#parts = parts;
  }

  /** False: somebody else has it. */
  async claim(thing: string, claimant: Claimant): Promise<boolean> {
    const { store } = this.#parts;
    try {
      await storeErrors(store.create(this.#key(thing), this.#record(claimant)));
      return true;
    } catch (error) {
      if (!(error instanceof KeyExistsError)) throw error;
      return await this.#takeOver(thing, claimant);
    }
  }

  async isFree(thing: string): Promise<boolean> {
    return (await storeErrors(this.#parts.store.get(this.#key(thing)))) === undefined;
  }

  /** All things that are claimed. */
  async claimed(): Promise<Set<string>> {
    const { store, prefix } = this.#parts;
    const { entries } = await storeErrors(store.list({ prefix }));
    return new Set(entries.map(({ key }) => key.slice(prefix.length)));
  }

  /** Gives it back, if `claimant` has it. Idempotent. */
  async release(thing: string, { uid }: Claimant): Promise<void> {
    const { store } = this.#parts;
    const entry = await storeErrors(store.get(this.#key(thing)));
    if (entry === undefined || parseRecord(entry.value).uid !== uid) return;
    try {
      await storeErrors(store.delete(entry.key, entry.revision));
    } catch (error) {
      // Somebody took it over meanwhile: then it is not ours to give back.
      if (!(error instanceof RevisionConflictError)) throw error;
    }
  }

  async #takeOver(thing: string, claimant: Claimant): Promise<boolean> {
    const { store, clock, isUsed } = this.#parts;
    const entry = await storeErrors(store.get(this.#key(thing)));
    if (entry === undefined) return await this.claim(thing, claimant);
    const holder = parseRecord(entry.value);
    if (holder.uid === claimant.uid) return true;
    if (clock.now() - holder.at < orphanedAfterMs) return false;
    const service = await storeErrors(store.get(holder.serviceKey));
    if (service !== undefined) {
      const object = JSON.parse(service.value.toString()) as { readonly metadata?: { readonly uid?: string } };
      if (object.metadata?.uid === holder.uid && isUsed(object, thing)) return false;
    }
    try {
      await storeErrors(store.update(entry.key, this.#record(claimant), entry.revision));
      return true;
    } catch (error) {
      if (error instanceof RevisionConflictError) return false;
      throw error;
    }
  }

  #key(thing: string): string {
    return `${this.#parts.prefix}${thing}`;
  }

  #record({ serviceKey, uid }: Claimant): Buffer {
    const record: ClaimRecord = { serviceKey, uid, at: this.#parts.clock.now() };
    return Buffer.from(JSON.stringify(record));
  }
}

const parseRecord = (value: Buffer): ClaimRecord => JSON.parse(value.toString()) as ClaimRecord;
