/**
 * One resource as requests see it: turns create, update and delete into store transactions and calls the kind's
 * strategy in the order of `api/kind.ts`. Nothing here knows HTTP.
 *
 * Invariants:
 * - what is written was validated against the very version that it replaces (the transaction's revision);
 * - a write that changes nothing is not made, and answers with what is there;
 * - nothing is changed under dryRun, not even reservations.
 */

import { copyJson } from '../../api/json-record.ts';
import type { KubernetesObject, ObjectKey, Stored } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { alreadyExists, notFound, type StatusError } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { ResourceCache } from '../store/resource-cache.ts';
import { KeyExistsError, RevisionConflictError, type Store } from '../store/store.ts';
import type { AdmissionChain, AdmissionRequest } from './admission.ts';
import { type DeletionOptions, decideDeletion, endsWithUpdate } from './deletion.ts';
import {
  type Answerable,
  checkWrite,
  type FinishedWrite,
  finishedElsewhere,
  finishedHere,
  finishWrite,
  storedBytes,
  type Write,
} from './finish-write.ts';
import { dropRepeatedOwners, fillNewMetadata, generateName, keepMetadata } from './object-metadata.ts';
import { missingUid, refuseInvalid, refusePreconditions, refuseStale, refuseVersion } from './refusals.ts';
import { decodeObject, storeKey } from './storage-format.ts';
import type { Reservation, StorageHooks } from './storage-hooks.ts';
import { storeErrors } from './store-errors.ts';
import type { WriteRequest } from './write-request.ts';

export interface RegistryParts {
  readonly store: Store;
  readonly cache: ResourceCache;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  readonly hooks?: StorageHooks | undefined;
}

export interface UpdateRequest extends WriteRequest {
  /** Makes the object when it is missing; otherwise that is NotFound. */
  readonly createIfMissing?: boolean;
  /** The change is the server's own (binding, eviction): the strategy is not asked, admission is. */
  readonly isChecked?: boolean;
  /** The change does not touch the object that it is given: it needs no copy. */
  readonly leavesPrevious?: boolean;
  /** A uid that the stored object must have. */
  readonly expectedUid?: string | undefined;
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
  readonly cache: ResourceCache;
  readonly #store: Store;
  readonly #admission: AdmissionChain;
  readonly #clock: Clock;
  readonly #hooks: StorageHooks | undefined;

  constructor(kind: Kind, parts: RegistryParts) {
    this.kind = kind;
    this.cache = parts.cache;
    this.#store = parts.store;
    this.#admission = parts.admission;
    this.#clock = parts.clock;
    this.#hooks = parts.hooks;
  }

  /** Where the object lies in the store; kinds with a second version share one place. */
  storeKey(key: ObjectKey): string {
    const { storedAs, plural, group } = this.kind;
    return storeKey({ group: storedAs?.group ?? group, plural }, key);
  }

  /** Bytes of the object as it is known here; 0 when it is not. */
  sizeOf(key: ObjectKey): number {
    return this.cache.get(this.storeKey(key))?.bytes.length ?? 0;
  }

  /** What all store keys of the resource begin with. */
  get prefix(): string {
    return this.storeKey({ name: '' });
  }

  /** As the cache knows it, or the store while the cache has never heard of it; undefined: there is none. */
  async find(key: ObjectKey): Promise<DeepReadonly<Stored> | undefined> {
    return this.cache.get(this.storeKey(key))?.object ?? (await this.#read(key));
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
    const present = await this.#read({ namespace, name });
    return alreadyExists(this.kind, name, present?.metadata.deletionTimestamp !== undefined);
  }

  async #createOnce(object: KubernetesObject, request: WriteRequest): Promise<WriteOutcome> {
    const { kind } = this;
    const context = { subresource: request.subresource, namespace: object.metadata?.namespace, user: request.user };
    if (!request.dryRun) refuseVersion(object);
    this.#stamp(object);
    dropRepeatedOwners(object, request.warn);
    kind.strategy.setDefaults?.(object);
    fillNewMetadata(kind, object, this.#clock.now());
    // What admission fills in belongs to nobody.
    await request.trackFields?.(object, undefined);
    const admission = this.#admissionRequest('CREATE', object, undefined, request);
    await this.#admission.admit(admission);
    const next = object as Stored;
    const reservation = await this.#hooks?.reserve(next, undefined, request.dryRun);
    return await this.#withReservation(reservation, request.dryRun, async () => {
      kind.strategy.prepareForCreate?.(next, context);
      const finishContext = { ...context, dryRun: request.dryRun };
      const finished = await this.#finish(
        { kind, next, previous: undefined, context: finishContext },
        admission,
        request,
      );
      const key = this.storeKey(next.metadata);
      if (request.dryRun) {
        if ((await storeErrors(this.#store.get(key))) !== undefined) throw new KeyExistsError(key);
        return outcome(true, finished.unwritten());
      }
      const revision = await storeErrors(this.#store.create(key, finished.bytes, this.#writeOptions()));
      return outcome(true, finished.written(revision));
    });
  }

  async update(key: ObjectKey, request: UpdateRequest, change: Change): Promise<WriteOutcome> {
    let current = this.#fromCache(key);
    let isFresh = false;
    for (;;) {
      request.throwIfAbandoned?.();
      if (current === undefined) {
        current = await this.#read(key);
        isFresh = true;
      }
      if (current === undefined) return await this.#createMissing(key, request, change);
      try {
        return await this.#updateOnce(current, request, change);
      } catch (error) {
        if (error instanceof RevisionConflictError) {
          current = error.current && this.#decode(error.current);
          isFresh = true;
        } else if (!isFresh) {
          // Judged by a version that may be old: look again before saying no.
          current = undefined;
        } else throw error;
      }
    }
  }

  async #createMissing(key: ObjectKey, request: UpdateRequest, change: Change): Promise<WriteOutcome> {
    if (!request.createIfMissing) throw notFound(this.kind, key.name);
    const { metadata, ...wanted } = await change(undefined);
    if (request.expectedUid) throw missingUid(this.kind, key.name, request.expectedUid);
    // Which version was meant to be replaced does not matter any more.
    const { resourceVersion: _, ...rest } = metadata ?? {};
    return await this.create({ ...wanted, metadata: rest }, request);
  }

  async #updateOnce(current: Stored, request: UpdateRequest, change: Change): Promise<WriteOutcome> {
    const { kind } = this;
    const previous: DeepReadonly<Stored> = current;
    const next = (await change(request.leavesPrevious ? current : copyJson(current))) as Stored;
    const context = {
      isUpdate: true,
      subresource: request.subresource,
      namespace: previous.metadata.namespace,
      user: request.user,
    };
    this.#stamp(next);
    dropRepeatedOwners(next, request.warn);
    refuseStale(kind, next, previous, request.expectedUid);
    kind.strategy.setDefaults?.(next);
    keepMetadata(next, previous);
    await request.trackFields?.(next, previous);
    const admission = this.#admissionRequest('UPDATE', next, previous, request);
    await this.#admission.admit(admission);
    const hooks = request.subresource === undefined ? this.#hooks : undefined;
    const reservation = await hooks?.reserve(next, previous, request.dryRun);
    return await this.#withReservation(reservation, request.dryRun, async () => {
      if (!request.isChecked) kind.strategy.prepareForUpdate?.(next, current, context);
      const { isChecked, dryRun } = request;
      const write = { kind, next, previous: current, context: { ...context, isChecked, dryRun } };
      const finished = await this.#finish(write, admission, request);
      return outcome(false, await this.#storeUpdate(next, previous, finished, request));
    });
  }

  async #storeUpdate(
    next: Stored,
    previous: DeepReadonly<Stored>,
    finished: FinishedWrite,
    request: UpdateRequest,
  ): Promise<Answerable> {
    const key = this.storeKey(next.metadata);
    const revision = Number(previous.metadata.resourceVersion);
    if (endsWithUpdate(this.kind, next)) {
      if (!request.dryRun) {
        await storeErrors(this.#store.delete(key, revision));
        await this.#hooks?.release(previous);
      }
      return finished.unwritten();
    }
    const { isUnchanged } = finished;
    if (isUnchanged || request.dryRun) {
      await this.#confirm(key, revision);
      return isUnchanged ? { object: previous as Stored } : finished.unwritten();
    }
    return finished.written(await storeErrors(this.#store.update(key, finished.bytes, revision, this.#writeOptions())));
  }

  /** Nothing is written, but the answer must still be true now. */
  async #confirm(key: string, revision: number): Promise<void> {
    const entry = await storeErrors(this.#store.get(key));
    if (entry?.revision !== revision) throw new RevisionConflictError(key, entry);
  }

  /** What is left of the object (marked), or what it was (removed). */
  async delete(
    key: ObjectKey,
    options: DeletionOptions,
    request: WriteRequest,
  ): Promise<{ object: Stored; removed: boolean }> {
    for (;;) {
      request.throwIfAbandoned?.();
      const current = await this.read(key);
      refusePreconditions(this.kind, current, options.preconditions);
      await this.#admission.validate(this.#admissionRequest('DELETE', undefined, current, request));
      const { revision, storedKey } = {
        revision: Number(current.metadata.resourceVersion),
        storedKey: this.storeKey(key),
      };
      const previous = copyJson(current);
      const decision = decideDeletion(this.kind, current, options, this.#clock.now());
      try {
        switch (decision.type) {
          case 'keep':
            return { object: decision.object, removed: false };
          case 'mark':
            if (!options.dryRun) await this.#mark(decision.object, revision);
            return { object: decision.object, removed: false };
          case 'remove':
            if (!options.dryRun) {
              const last = decision.marksFirst ? await this.#mark(decision.object, revision) : revision;
              const deleted = await storeErrors(this.#store.delete(storedKey, last));
              decision.object.metadata.resourceVersion = String(deleted);
              await this.#hooks?.release(previous);
            }
            return { object: decision.object, removed: true };
        }
      } catch (error) {
        if (!(error instanceof RevisionConflictError)) throw error;
      }
    }
  }

  /** Returns the revision that `object` has now, and gives it to the object. */
  async #mark(object: Stored, revision: number): Promise<number> {
    const written = await storeErrors(
      this.#store.update(this.storeKey(object.metadata), storedBytes(this.kind, object), revision),
    );
    object.metadata.resourceVersion = String(written);
    return written;
  }

  /** Judges the object and gives it its last form. Admission has its say in between, whoever does the work. */
  async #finish(write: Write, admission: AdmissionRequest, request: WriteRequest): Promise<FinishedWrite> {
    const { kind, next } = write;
    const apart = await request.finishApart?.(write);
    const check = apart?.check ?? checkWrite(write);
    refuseInvalid(kind, next, check.errors);
    await this.#admission.validate(admission);
    const warnings = apart?.finished?.warnings ?? finishWrite(write, check);
    for (const warning of warnings) request.warn(warning);
    return apart?.finished === undefined ? finishedHere(write) : finishedElsewhere(write, apart.finished);
  }

  #stamp(object: KubernetesObject): void {
    object.apiVersion = apiVersionOf(this.kind);
    object.kind = this.kind.kind;
  }

  #admissionRequest(
    operation: AdmissionRequest['operation'],
    object: KubernetesObject | undefined,
    previous: DeepReadonly<Stored> | undefined,
    request: WriteRequest,
  ): AdmissionRequest {
    const metadata = object?.metadata ?? previous?.metadata;
    return {
      operation,
      kind: this.kind,
      subresource: request.subresource,
      namespace: metadata?.namespace,
      name: metadata?.name ?? '',
      object,
      previous,
      user: request.user,
      dryRun: request.dryRun,
      warn: (text) => request.warn(text),
    };
  }

  async #withReservation<T>(
    reservation: Reservation | undefined,
    dryRun: boolean,
    write: () => Promise<T>,
  ): Promise<T> {
    if (reservation === undefined) return await write();
    try {
      const result = await write();
      if (!dryRun) await reservation.commit();
      return result;
    } catch (error) {
      await reservation.rollback();
      throw error;
    }
  }

  async #read(key: ObjectKey): Promise<Stored | undefined> {
    const entry = await storeErrors(this.#store.get(this.storeKey(key)));
    return entry && this.#decode(entry);
  }

  #fromCache(key: ObjectKey): Stored | undefined {
    const cached = this.cache.get(this.storeKey(key));
    if (cached === undefined) return undefined;
    const object = cached.object as Stored;
    return this.kind.storedAs ? (this.kind.storedAs.fromStored(copyJson(object)) as Stored) : object;
  }

  #decode(entry: { readonly value: Buffer; readonly revision: number }): Stored {
    const object = decodeObject(entry);
    return this.kind.storedAs ? (this.kind.storedAs.fromStored(object) as Stored) : object;
  }

  #writeOptions(): { readonly timeToLiveSeconds?: number } {
    const { timeToLiveSeconds } = this.kind.strategy;
    return timeToLiveSeconds === undefined ? {} : { timeToLiveSeconds };
  }
}

/** A getter stays one: the object may not have been parsed yet. */
const outcome = (created: boolean, answer: Answerable): WriteOutcome =>
  Object.defineProperties({ created } as WriteOutcome, Object.getOwnPropertyDescriptors(answer));
