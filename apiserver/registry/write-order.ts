/**
 * The order of a write, the same for every kind: what a registry does with an object before it stores it. A kind's
 * strategy (`kinds/kind.ts`) is called from here, and from `finish-write.ts` for the last steps, which may be done in
 * another thread.
 *
 *   create: setDefaults → metadata → field owners → ADMIT → allocate → prepareForCreate → ┐
 *   update: setDefaults → metadata → field owners → ADMIT → allocate → prepareForUpdate → ┴ finish → store
 *   finish: validate (→ validateUpdate) → canonicalize → stored form → generation → warnings → VALIDATING ADMISSION
 *
 * Decoding, which comes before, and the store's transaction, which comes after, are not done here. What was allocated is
 * given back when a later step refuses the object, and so is what admission took for it.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { AdmissionChain, AdmissionRequest } from './admission.ts';
import { type AllocationTransaction, type Allocator, orRollBack, WriteTransaction } from './allocator.ts';
import {
  checkWrite,
  type FinishedWrite,
  finishedElsewhere,
  finishedHere,
  finishWrite,
  type Write,
} from './finish-write.ts';
import type { JudgedSpecs } from './judged-specs.ts';
import { dropRepeatedOwners, fillNewMetadata, keepMetadata } from './object-metadata.ts';
import { refuseInvalid, refuseStale, refuseVersion } from './refusals.ts';
import type { WriteRequest } from './write-request.ts';

export interface WriteOrderParts {
  readonly kind: Kind;
  readonly admission: AdmissionChain;
  readonly allocator: Allocator | undefined;
  readonly clock: Clock;
  readonly judgedSpecs?: JudgedSpecs | undefined;
}

export interface UpdateRequest extends WriteRequest {
  /** The change is the server's own (binding, eviction): the strategy neither prepares nor validates it; admission does. */
  readonly skipStrategy?: boolean;
  /** Admission has been asked about what makes this change (a binding): it is not asked again. */
  readonly isAdmitted?: boolean;
  /** The change does not touch the object that it is given: it needs no copy. */
  readonly leavesPrevious?: boolean;
  /** A uid that the stored object must have. */
  readonly expectedUid?: string | undefined;
}

/** An object that is ready for the store. */
export interface PreparedWrite {
  readonly next: Stored;
  readonly finished: FinishedWrite;
  /** To be committed or rolled back with the store's transaction. */
  readonly transaction: AllocationTransaction;
}

/** `object` becomes the stored one, in place. Throws what it is refused for. */
export async function beforeCreate(
  object: KubernetesObject,
  request: WriteRequest,
  { kind, admission, allocator, clock, judgedSpecs }: WriteOrderParts,
): Promise<PreparedWrite> {
  const { dryRun, subresource, user } = request;
  const context = { subresource, namespace: object.metadata?.namespace, user };
  if (!dryRun) refuseVersion(object);
  nameKind(kind, object);
  dropRepeatedOwners(object, request.warn);
  kind.strategy.setDefaults?.(object);
  const isNameGenerated = !object.metadata?.name;
  fillNewMetadata(kind.strategy, object, clock.now());
  // What admission fills in belongs to nobody.
  await request.trackFields?.(object, undefined);
  const transaction = new WriteTransaction();
  const admitted = { ...writeAdmission(kind, 'CREATE', { object }, request, transaction), isNameGenerated };
  const validate = async () => {
    await request.authorizeCreation?.();
    await admission.validate(admitted);
  };
  // It will have got its name, its uid and its time.
  const next = object as Stored;
  const finished = await orRollBack(transaction, async () => {
    const isChanged = await admission.admit(admitted);
    transaction.hold(await allocator?.allocate(next, undefined, dryRun));
    kind.strategy.prepareForCreate?.(next, { ...context, now: clock.now() });
    const write = { kind, next, previous: undefined, context: { ...context, dryRun }, judgedSpecs };
    return await finish(write, validate, request, isChanged);
  });
  return { next, finished, transaction };
}

/** `next` becomes the stored one, in place; it replaces `current`, which stays as it is. Throws what it is refused for. */
export async function beforeUpdate(
  next: Stored,
  current: Stored,
  request: UpdateRequest,
  { kind, admission, allocator, clock }: WriteOrderParts,
): Promise<PreparedWrite> {
  const previous: DeepReadonly<Stored> = current;
  const { dryRun, subresource, skipStrategy, user } = request;
  const context = { isUpdate: true, subresource, namespace: previous.metadata.namespace, user };
  nameKind(kind, next);
  dropRepeatedOwners(next, request.warn);
  refuseStale(kind, next, previous, request.expectedUid);
  kind.strategy.setDefaults?.(next);
  keepMetadata(next, previous);
  await request.trackFields?.(next, previous);
  const transaction = new WriteTransaction();
  const admitted = writeAdmission(kind, 'UPDATE', { object: next, previous }, request, transaction);
  const validate = async () => (request.isAdmitted ? undefined : await admission.validate(admitted));
  const finished = await orRollBack(transaction, async () => {
    const isChanged = !request.isAdmitted && (await admission.admit(admitted));
    if (subresource === undefined) transaction.hold(await allocator?.allocate(next, previous, dryRun));
    if (!skipStrategy) kind.strategy.prepareForUpdate?.(next, current, { ...context, now: clock.now() });
    const write = { kind, next, previous: current, context: { ...context, skipStrategy, dryRun } };
    return await finish(write, validate, request, isChanged);
  });
  return { next, finished, transaction };
}

/** Judges the object and gives it its last form; then admission has its say, whoever does the work. */
async function finish(
  write: Write,
  validateAdmission: () => Promise<void>,
  request: WriteRequest,
  isChanged: boolean,
): Promise<FinishedWrite> {
  const changed = isChanged ? await request.finishChanged?.(write) : undefined;
  const apart = changed ?? (await request.finishApart?.(write));
  const check = apart?.check ?? checkWrite(write);
  refuseInvalid(write.kind, write.next, check.errors);
  const warnings = apart?.finished?.warnings ?? finishWrite(write, check);
  for (const warning of warnings) request.warn(warning);
  await validateAdmission();
  return apart?.finished === undefined ? finishedHere(write, check) : finishedElsewhere(write, apart.finished);
}

function nameKind(kind: Kind, object: KubernetesObject): void {
  // What a custom resource says it is, is asked with the rest of it.
  if (kind.conversion !== undefined && object.apiVersion !== undefined && object.kind !== undefined) return;
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
}

type Objects = Partial<Pick<AdmissionRequest, 'object' | 'previous'>>;

function writeAdmission(
  kind: Kind,
  operation: 'CREATE' | 'UPDATE',
  objects: Objects,
  request: WriteRequest,
  transaction: WriteTransaction,
): AdmissionRequest {
  return {
    ...admissionRequest(kind, operation, objects, request),
    ifNotWritten: (undo) => transaction.onRollback(undo),
  };
}

/** What admission is asked about a write. */
export function admissionRequest(
  kind: Kind,
  operation: AdmissionRequest['operation'],
  { object, previous }: Objects,
  request: WriteRequest,
): AdmissionRequest {
  const metadata = object?.metadata ?? previous?.metadata;
  return {
    operation,
    kind,
    subresource: request.subresource,
    namespace: metadata?.namespace,
    name: metadata?.name ?? '',
    object,
    previous,
    user: request.user,
    dryRun: request.dryRun,
    form: request.form,
    isOfCollection: request.isOfCollection,
    operationOptions: request.operationOptions,
    signal: request.signal,
    isByUpdate: request.authorizeCreation !== undefined,
    warn: (text) => request.warn(text),
    annotate: (key, value) => request.annotate?.(key, value),
  };
}
