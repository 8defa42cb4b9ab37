/** POST, PUT and PATCH of objects: body to object, through the registry, and the answer. */

import { copyJson } from '../../api/json-record.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { badRequest, conflict, notFound } from '../../api/status-error.ts';
import type { Kind } from '../../kinds/kind.ts';
import { decodeObject, type ExpectedType } from '../decoding/decode-object.ts';
import { type ApplyOptions, readApply, trackUpdates } from '../decoding/field-ownership.ts';
import { customPatchTypeOf, type PatchType, patchTypeOf, readPatch } from '../decoding/patch.ts';
import {
  decodeApart,
  finishWhenGrown,
  finishWhereItFits,
  heavyDecoderFor,
  heavyWorkFor,
} from '../heavy-work/heavy-writes.ts';
import type { Change } from '../registry/registry.ts';
import type { StoredTarget, Target } from '../registry/target.ts';
import type { WriteRequest } from '../registry/write-request.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { readBody } from '../request/body.ts';
import { parseWriteOptions, type WriteOptions } from '../request/write-options.ts';
import { negotiate } from '../responses/negotiation.ts';
import { sendWritten } from '../responses/object-answers.ts';

export async function createObject(request: ApiRequest, target: StoredTarget): Promise<void> {
  negotiate(request.header('accept'));
  const options = parseWriteOptions(request.query, 'CreateOptions');
  const object = await readObject(request, target.kind, options);
  placeInNamespace(object, target);
  const outcome = await target.registry.create(object, writeRequest(request, target, options));
  await sendWritten(request, target.kind, outcome);
}

export async function updateObject(request: ApiRequest, target: StoredTarget): Promise<void> {
  negotiate(request.header('accept'));
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const object = await readObject(request, target.kind, options);
  placeInNamespace(object, target);
  checkName(object, target);
  const copy = copiesOf(request, target.kind, object);
  const outcome = await target.registry.update(
    target,
    {
      ...writeRequest(request, target, options),
      ...(target.kind.strategy.allowCreateOnUpdate && creationBy(request, target)),
      expectedUid: object.metadata?.uid,
    },
    copy,
  );
  await sendWritten(request, target.kind, outcome);
}

export async function patchObject(request: ApiRequest, target: StoredTarget): Promise<void> {
  negotiate(request.header('accept'));
  const typeOf = target.kind.conversion === undefined ? patchTypeOf : customPatchTypeOf;
  const type = typeOf(request.header('content-type'));
  const options = parseWriteOptions(request.query, 'PatchOptions', type === 'apply');
  const bytes = await readBody(request);
  const apart = heavyWorkFor(request, target);
  const change = apart
    ? apart.patch(type, bytes, applyOptions(request, target, options))
    : changeHere(request, target, { type, bytes, options });
  const outcome = await target.registry.update(
    target,
    {
      ...writeRequest(request, target, options),
      ...(type === 'apply' && creationBy(request, target)),
      // An apply may share what it does not touch; custom resources are read as they are.
      leavesPrevious: apart !== undefined || (type !== 'apply' && target.kind.schema.reader === undefined),
      // An apply keeps its owners itself.
      ...(type === 'apply' && { trackFields: undefined }),
    },
    async (previous) => {
      if (previous === undefined && type !== 'apply') throw notFound(target.kind, target.name);
      const next = await change(previous);
      checkName(next, target);
      placeInNamespace(next, target);
      if (previous === undefined) refuseUid(next, target);
      return next;
    },
  );
  await sendWritten(request, target.kind, outcome);
}

/** Of whole objects only. Who may change what there is need not be allowed to make more. */
function creationBy(request: ApiRequest, { subresource }: StoredTarget): Pick<WriteRequest, 'authorizeCreation'> {
  return subresource === undefined ? { authorizeCreation: () => request.authorizeAlso('create') } : {};
}

/** Who names the uid of what he applies means an object that is there. */
function refuseUid({ metadata }: KubernetesObject, { kind, name }: StoredTarget): void {
  if (!metadata?.uid) return;
  const why = `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`;
  throw conflict(kind, name, why);
}

interface Patch {
  readonly type: PatchType;
  readonly bytes: Buffer;
  readonly options: WriteOptions;
}

function changeHere(request: ApiRequest, target: StoredTarget, { type, bytes, options }: Patch): Change {
  return type === 'apply'
    ? readApply(bytes, applyOptions(request, target, options))
    : readPatch(type, bytes, target.kind, {
        ...decodeOptions(request, options),
        sharesSpec: target.subresource?.name === 'status',
      });
}

export async function readObject<T extends KubernetesObject>(
  request: ApiRequest,
  expected: ExpectedType<T>,
  options: WriteOptions,
): Promise<T> {
  const bytes = await readBody(request);
  const thread = heavyDecoderFor(request, expected);
  if (thread === undefined) return decodeObject(bytes, expected, decodeOptions(request, options));
  const { fieldValidation } = options;
  return await decodeApart(thread, request, { bytes, expected, fieldValidation });
}

/** Copies for as many tries as it takes. Of what is large, the first try gets the object itself. */
function copiesOf(request: ApiRequest, kind: Kind, object: KubernetesObject): () => KubernetesObject {
  if (heavyDecoderFor(request, kind) === undefined) return () => copyJson(object);
  const json = JSON.stringify(object);
  let original: KubernetesObject | undefined = object;
  return () => {
    // It has just been written.
    const next = original ?? (JSON.parse(json) as KubernetesObject);
    original = undefined;
    return next;
  };
}

export const decodeOptions = (request: ApiRequest, { fieldValidation }: WriteOptions) => ({
  kinds: request.kinds,
  contentType: request.header('content-type'),
  fieldValidation,
  warn: (text: string) => request.warn(text),
});

export function writeRequest(request: ApiRequest, target: StoredTarget, options: WriteOptions): WriteRequest {
  const { kind, subresource } = target;
  const write = {
    kind,
    manager: managerOf(request, options),
    subresource: subresource?.name,
    now: request.clock.now(),
    createdSpecs: target.registry.createdSpecs,
  };
  const apart = heavyWorkFor(request, target);
  return {
    user: request.user,
    dryRun: options.dryRun,
    subresource: subresource?.name,
    throwIfAbandoned: () => request.throwIfAbandoned(),
    noteWrite() {
      request.hasWritten = true;
    },
    trackFields: apart?.trackUpdates(write) ?? trackUpdates(write),
    finishApart: apart?.finish ?? finishWhereItFits(request, target),
    finishChanged: apart === undefined ? finishWhenGrown(request, target) : undefined,
    operationOptions: () => operationOptions(request, options),
    signal: () => request.signal,
    warn: (text) => request.warn(text),
    annotate: (key, value) => request.annotate(key, value),
  };
}

/** For admission: what the client has said. */
export const operationOptions = ({ query }: ApiRequest, { fieldManager, fieldValidation }: WriteOptions) => ({
  ...(fieldManager !== '' && { fieldManager }),
  ...(query.has('fieldValidation') && { fieldValidation }),
});

function applyOptions(request: ApiRequest, { kind, subresource }: StoredTarget, options: WriteOptions): ApplyOptions {
  const { fieldManager: manager, force, fieldValidation } = options;
  return {
    kind,
    manager,
    force,
    fieldValidation,
    subresource: subresource?.name,
    now: request.clock.now(),
    warn: (text) => request.warn(text),
  };
}

/** Who says nothing is known by the first part of the user agent. */
export function managerOf(request: ApiRequest, { fieldManager }: WriteOptions): string {
  if (fieldManager !== '') return fieldManager;
  const name = request.header('user-agent').split('/', 1)[0] ?? '';
  return name.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '').slice(0, 128) || 'unknown';
}

/** An object without a namespace goes where the URL says; a kind without namespaces has none, whatever was sent. */
export function placeInNamespace(object: KubernetesObject, target: Target): void {
  const metadata = object.metadata ?? {};
  object.metadata = metadata;
  if (target.namespace === undefined) {
    delete metadata.namespace;
    return;
  }
  if ((metadata.namespace ?? '') !== '' && metadata.namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = target.namespace;
}

export function checkName(object: KubernetesObject, { name }: Target): void {
  const given = object.metadata?.name ?? '';
  if (given === '')
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
}
