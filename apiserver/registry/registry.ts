/**
 * One resource as requests see it: turns create, update and delete into store transactions. What comes before
 * the transaction stands in `write-order.ts`. Nothing here knows HTTP.
 *
 * Invariants:
 * - what is written was validated against the very version that it replaces (the transaction's revision);
 * - a write that changes nothing is not made, and answers with what is there;
 * - a write of which nobody knows whether it has happened is not made again, and keeps what was allocated for it;
 * - nothing is changed under dryRun, not even allocations.
 */

import { copyJson } from '../../api/json-record.ts';
import type { KubernetesObject, ObjectKey, Stored } from '../../api/object.ts';
import { alreadyExists, notFound, type StatusError } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { RecentMap } from '../../base/recent-map.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Comparison } from '../../machinery/apply/compare.ts';
import type { ResourceCache } from '../store/resource-cache.ts';
import {
  type Entry,
  KeyExistsError,
  RevisionConflictError,
  type Store,
  StoreUnavailableError,
} from '../store/store.ts';
import { UnreadableEntryError } from '../store/unreadable-entry.ts';
import type { AdmissionChain } from './admission.ts';
import type { AllocationTransaction, Allocator } from './allocator.ts';
import { type DeletionOptions, decideDeletion, endsWithUpdate } from './deletion.ts';
import type { Answerable, FinishedWrite } from './finish-write.ts';
import { JudgedSpecs, recentSpecs } from './judged-specs.ts';
import { generateName } from './object-metadata.ts';
import { missingUid, refusePreconditions, refuseReadable } from './refusals.ts';
import { storeKey } from './storage-format.ts';
import { isInStoredVersion, readStored, storedBytesOf, storedFormOf } from './stored-form.ts';
import {
  admissionRequest,
  beforeCreate,
  beforeUpdate,
  type UpdateRequest,
  type WriteOrderParts,
} from './write-order.ts';
import type { WriteRequest } from './write-request.ts';

export interface RegistryParts {
  readonly store: Store;
  /** The resource cache, which is opened when it is not. */
  openCache(): ResourceCache;
  /** The same, if it is open. */
  findCache(): ResourceCache | undefined;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  readonly allocator?: Allocator | undefined;
}

export interface WriteOutcome extends Answerable {
  readonly created: boolean;
}

/** Makes the next version from the present one (the callee's own copy); undefined: the object is missing. */
export type Change = (previous: Stored | undefined) => KubernetesObject | Promise<KubernetesObject>;

/** Another name is tried that often when a generated one is taken. */
const generatedNameAttempts = 8;

export class Registry {
  readonly kind: Kind;
  readonly #parts: RegistryParts;
  readonly #store: Store;
  readonly #order: WriteOrderParts;
  /** For who keeps track of owners, of kinds whose objects are often alike. */
  readonly createdSpecs: RecentMap<Comparison> | undefined;

  constructor(kind: Kind, parts: RegistryParts) {
    this.kind = kind;
    this.#parts = parts;
    this.#store = parts.store;
    const { admission, allocator, clock } = parts;
    const { judgedBy } = kind.strategy;
    this.createdSpecs = judgedBy && new RecentMap(recentSpecs);
    this.#order = { kind, admission, allocator, clock, judgedSpecs: judgedBy && new JudgedSpecs(judgedBy) };
  }

  /** For who reads: it is opened for him if nobody has read before. */
  get cache(): ResourceCache {
    return this.#parts.openCache();
  }

  /** Where the object lies in the store; kinds with a second version share one place. */
  storeKey(key: ObjectKey): string {
    const { storedAs, plural, group } = this.kind;
    return storeKey({ group: storedAs?.group ?? group, plural }, key);
  }

  /** Bytes of the object as it is known here; 0 when it is not. */
  sizeOf(key: ObjectKey): number {
    return this.#parts.findCache()?.get(this.storeKey(key))?.bytes.length ?? 0;
  }

  /** What all store keys of the resource begin with. */
  get prefix(): string {
    return this.storeKey({ name: '' });
  }

  /** As the cache knows it, or the store while the cache has never heard of it; undefined: there is none. */
  async find(key: ObjectKey): Promise<DeepReadonly<Stored> | undefined> {
    return this.#parts.findCache()?.get(this.storeKey(key))?.object ?? (await this.#read(key));
  }

  /** The newest version, from the store itself. Throws NotFound. */
  async read(key: ObjectKey): Promise<Stored> {
    const found = await this.#read(key);
    if (found === undefined) throw notFound(this.kind, key.name);
    return found;
  }

  /** `object` becomes the registry's own. */
  async create(object: KubernetesObject, request: WriteRequest): Promise<WriteOutcome> {
    // To copy what is large takes longer than a second name is worth: there are fourteen million.
    const isGenerated = !request.finishApart && !object.metadata?.name && Boolean(object.metadata?.generateName);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#createOnce(isGenerated ? copyJson(object) : object, request);
      } catch (error) {
        if (!(error instanceof KeyExistsError)) throw error;
        if (!isGenerated) throw await this.#taken(object.metadata ?? {});
        if (attempt >= generatedNameAttempts)
          throw alreadyExists(this.kind, generateName(object.metadata?.generateName ?? ''));
      }
    }
  }

  /** Why a name cannot be had. Who waits for it wants to know whether it will be free. */
  async #taken({ namespace, name = '' }: NonNullable<KubernetesObject['metadata']>): Promise<StatusError> {
    const present = await this.#readIfReadable({ namespace, name });
    return alreadyExists(this.kind, name, present?.metadata.deletionTimestamp !== undefined);
  }

  async #createOnce(object: KubernetesObject, request: WriteRequest): Promise<WriteOutcome> {
    const { next, finished, transaction } = await beforeCreate(object, request, this.#order);
    const key = this.storeKey(next.metadata);
    return await this.#commit(transaction, request, async () => {
      if (request.dryRun) {
        if ((await this.#store.get(key)) !== undefined) throw new KeyExistsError(key);
        return new Outcome(true, finished.unwritten());
      }
      const form = await storedFormOf(this.kind, finished);
      const revision = await this.#store.create(key, form.bytes, this.#writeOptions());
      request.noteWrite?.();
      return new Outcome(true, await form.written(revision));
    });
  }

  async update(key: ObjectKey, request: UpdateRequest, change: Change): Promise<WriteOutcome> {
    let current = this.#fromCache(key);
    let isFresh = false;
    let refusal: { readonly error: unknown; readonly revision: string | undefined } | undefined;
    for (;;) {
      request.throwIfAbandoned?.();
      if (current === undefined) {
        current = await this.#read(key);
        isFresh = true;
        // It was the newest version that was judged: nobody is asked again.
        if (refusal !== undefined && refusal.revision === current?.metadata.resourceVersion) throw refusal.error;
      }
      if (current === undefined) return await this.#createMissing(key, request, change);
      try {
        return await this.#updateOnce(current, request, change);
      } catch (error) {
        if (error instanceof RevisionConflictError) {
          current = error.current && (await readStored(this.kind, error.current));
          isFresh = true;
        } else if (isFresh || error instanceof StoreUnavailableError) throw error;
        // Judged by a version that may be old: look again before saying no.
        else {
          refusal = { error, revision: current.metadata.resourceVersion };
          current = undefined;
        }
      }
    }
  }

  async #createMissing(key: ObjectKey, request: UpdateRequest, change: Change): Promise<WriteOutcome> {
    if (request.authorizeCreation === undefined) throw notFound(this.kind, key.name);
    const { metadata, ...wanted } = await change(undefined);
    if (request.expectedUid) throw missingUid(this.kind, key.name, request.expectedUid);
    // Which version was meant to be replaced does not matter any more.
    const { resourceVersion: _, ...rest } = metadata ?? {};
    return await this.create({ ...wanted, metadata: rest }, request);
  }

  async #updateOnce(current: Stored, request: UpdateRequest, change: Change): Promise<WriteOutcome> {
    const wanted = await change(request.leavesPrevious ? current : copyJson(current));
    // What is missing of its metadata is brought back from the version that it replaces.
    const { next, finished, transaction } = await beforeUpdate(wanted as Stored, current, request, this.#order);
    return await this.#commit(
      transaction,
      request,
      async () => new Outcome(false, await this.#storeUpdate(next, current, finished, request)),
    );
  }

  async #storeUpdate(
    next: Stored,
    previous: DeepReadonly<Stored>,
    finished: FinishedWrite,
    request: UpdateRequest,
  ): Promise<Answerable> {
    const key = this.storeKey(next.metadata);
    const revision = Number(previous.metadata.resourceVersion);
    if (endsWithUpdate(this.kind.strategy, next)) {
      if (!request.dryRun) {
        await this.#store.delete(key, revision);
        request.noteWrite?.();
        await this.#order.allocator?.release(previous);
        // What it would have had from now on is nobody's, either.
        await this.#order.allocator?.release(next);
      }
      return finished.unwritten();
    }
    const { isUnchanged } = finished;
    if (isUnchanged || request.dryRun) {
      const { isStale } = await this.#confirm(key, revision);
      // Nothing changes but the form in which it is stored: that is how all objects are brought to a new key.
      if (isStale && !request.dryRun) return await this.#write(next, finished, revision, request);
      // It is only written out.
      return isUnchanged ? { object: previous as Stored } : finished.unwritten();
    }
    return await this.#write(next, finished, revision, request);
  }

  async #write(next: Stored, finished: FinishedWrite, revision: number, request: UpdateRequest): Promise<Answerable> {
    const form = await storedFormOf(this.kind, finished);
    const written = await this.#store.update(this.storeKey(next.metadata), form.bytes, revision, this.#writeOptions());
    request.noteWrite?.();
    return await form.written(written);
  }

  /** Nothing is written, but the answer must still be true now. */
  async #confirm(key: string, revision: number): Promise<{ readonly isStale: boolean }> {
    const entry = await this.#store.get(key);
    if (entry?.revision !== revision) throw new RevisionConflictError(key, entry);
    return { isStale: entry.isStale === true || !isInStoredVersion(this.kind, entry) };
  }

  /** What is left of the object (marked), or what it was (removed). */
  async delete(
    key: ObjectKey,
    options: DeletionOptions,
    request: WriteRequest,
  ): Promise<{ object: Stored; removed: boolean }> {
    // As this request wrote it, when the removal comes next. Who waited for that (a kubelet) may remove it meanwhile.
    let marked: Stored | undefined;
    for (;;) {
      request.throwIfAbandoned?.();
      const current = await this.#read(key);
      if (marked !== undefined && current?.metadata.uid !== marked.metadata.uid) {
        return { object: marked, removed: true };
      }
      if (current === undefined) throw notFound(this.kind, key.name);
      if (marked === undefined) refusePreconditions(this.kind, current, options.preconditions);
      const asked = admissionRequest(this.kind, 'DELETE', { previous: current }, request);
      await this.#order.admission.admit(asked);
      await this.#order.admission.validate(asked);
      const { revision, storedKey } = {
        revision: Number(current.metadata.resourceVersion),
        storedKey: this.storeKey(key),
      };
      const previous = copyJson(current);
      const decision = decideDeletion(this.kind.strategy, current, options, this.#order.clock.now());
      try {
        switch (decision.type) {
          case 'keep':
            return { object: decision.object, removed: false };
          case 'mark':
            if (!options.dryRun) await this.#mark(decision.object, revision, request);
            return { object: decision.object, removed: false };
          case 'remove':
          case 'markAndRemove':
            if (!options.dryRun) {
              let last = revision;
              if (decision.type === 'markAndRemove') {
                last = await this.#mark(decision.object, revision, request);
                marked = decision.object;
              }
              const deleted = await this.#store.delete(storedKey, last);
              request.noteWrite?.();
              decision.object.metadata.resourceVersion = String(deleted);
              await this.#order.allocator?.release(previous);
            }
            return { object: decision.object, removed: true };
        }
      } catch (error) {
        if (!(error instanceof RevisionConflictError)) throw error;
      }
    }
  }

  /** Returns the revision that `object` has now, and gives it to the object. */
  async #mark(object: Stored, revision: number, request: WriteRequest): Promise<number> {
    const bytes = await storedBytesOf(this.kind, object);
    const written = await this.#store.update(this.storeKey(object.metadata), bytes, revision);
    request.noteWrite?.();
    object.metadata.resourceVersion = String(written);
    return written;
  }

  /** The store's transaction, and with it that of what was allocated. */
  async #commit<T>(transaction: AllocationTransaction, { dryRun }: WriteRequest, write: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await write();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError && error.outcomeUnknown)) await transaction.rollback();
      throw error;
    }
    if (!dryRun) await transaction.commit();
    return result;
  }

  /**
   * Removes an object that cannot be read, whatever its finalizers and dependents would have wanted. Throws Invalid for
   * one that can, and NotFound.
   */
  async deleteUnreadable(key: ObjectKey, request: WriteRequest): Promise<void> {
    const storedKey = this.storeKey(key);
    for (;;) {
      request.throwIfAbandoned?.();
      const entry = await this.#store.get(storedKey);
      if (entry === undefined) throw notFound(this.kind, key.name);
      if ((await this.#whyUnreadable(entry))?.isTransient !== false) throw refuseReadable(this.kind, key.name);
      const asked = admissionRequest(this.kind, 'DELETE', {}, request);
      await this.#order.admission.validate({
        ...{ ...asked, namespace: key.namespace, name: key.name },
        isUnsafeDeletion: true,
      });
      try {
        await this.#store.delete(storedKey, entry.revision);
        request.noteWrite?.();
        return;
      } catch (error) {
        if (!(error instanceof RevisionConflictError)) throw error;
      }
    }
  }

  async #whyUnreadable(entry: Entry): Promise<UnreadableEntryError | undefined> {
    try {
      await readStored(this.kind, entry);
      return undefined;
    } catch (error) {
      if (error instanceof UnreadableEntryError) return error;
      throw error;
    }
  }

  async #readIfReadable(key: ObjectKey): Promise<Stored | undefined> {
    try {
      return await this.#read(key);
    } catch (error) {
      if (error instanceof UnreadableEntryError) return undefined;
      throw error;
    }
  }

  async #read(key: ObjectKey): Promise<Stored | undefined> {
    const entry = await this.#store.get(this.storeKey(key));
    return entry && (await readStored(this.kind, entry));
  }

  #fromCache(key: ObjectKey): Stored | undefined {
    const cached = this.#parts.findCache()?.get(this.storeKey(key));
    if (cached === undefined) return undefined;
    // Who changes it makes a copy first. Of what is stored, every version is complete.
    const object = cached.object as Stored;
    return this.kind.storedAs ? (this.kind.storedAs.fromStored(copyJson(object)) as Stored) : object;
  }

  #writeOptions(): { readonly timeToLiveSeconds?: number } {
    const { timeToLiveSeconds } = this.kind.strategy;
    return timeToLiveSeconds === undefined ? {} : { timeToLiveSeconds };
  }
}

/** An answer whose object may not have been parsed yet, and often never is. */
class Outcome implements WriteOutcome {
  readonly created: boolean;
  readonly #answer: Answerable;

  constructor(created: boolean, answer: Answerable) {
    this.created = created;
    this.#answer = answer;
  }

  get object(): Stored {
    return this.#answer.object;
  }

  get json(): Buffer | undefined {
    return this.#answer.json;
  }
}
