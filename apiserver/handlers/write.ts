/** POST, PUT and PATCH of objects: body to object, through the registry, and the answer. */

import type { KubernetesObject } from '../../api/object.ts';
import { badRequest, type StatusError, unsupportedMediaType } from '../../api/status-error.ts';
import type { WriteRequest } from '../registry/write-request.ts';
import type { ApiRequest } from '../server/api-request.ts';
import { readBody } from './body.ts';
import { decodeBody } from './decode-body.ts';
import { negotiate } from './negotiation.ts';
import { sendObject } from './object-answers.ts';
import { computePatch, patchTypeOf } from './patch.ts';
import type { Target } from './target.ts';
import { parseWriteOptions, type WriteOptions } from './write-options.ts';

export async function createObject(request: ApiRequest, target: Target): Promise<void> {
  negotiate(request.header('accept'));
  const options = parseWriteOptions(request.query, 'CreateOptions');
  const object = decodeBody(request, target, await readBody(request), options);
  placeInNamespace(object, target);
  const stored = await target.registry.create(object, writeRequest(request, target, options));
  await sendObject(request, target.kind, stored, 201);
}

export async function updateObject(request: ApiRequest, target: Target): Promise<void> {
  negotiate(request.header('accept'));
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const object = decodeBody(request, target, await readBody(request), options);
  placeInNamespace(object, target);
  const named = object.metadata?.name ?? '';
  if (named === '' || named !== target.name) {
    throw badRequest(
      named === ''
        ? 'name must be provided'
        : `the name of the object (${named}) does not match the name on the URL (${target.name})`,
    );
  }
  const { object: stored, created } = await target.registry.update(
    target,
    {
      ...writeRequest(request, target, options),
      createIfMissing: target.subresource === undefined && target.kind.strategy.createOnUpdate === true,
      expectedUid: object.metadata?.uid,
    },
    () => structuredClone(object),
  );
  await sendObject(request, target.kind, stored, created ? 201 : 200);
}

export async function patchObject(request: ApiRequest, target: Target): Promise<void> {
  negotiate(request.header('accept'));
  const type = patchTypeOf(request.header('content-type'));
  if (type === undefined) throw unsupportedPatch();
  const options = parseWriteOptions(request.query, 'PatchOptions');
  const patch = await readBody(request);
  const { object: stored, created } = await target.registry.update(
    target,
    { ...writeRequest(request, target, options), createIfMissing: type === 'apply' },
    computePatch(type, patch, target),
  );
  await sendObject(request, target.kind, stored, created ? 201 : 200);
}

function unsupportedPatch(): StatusError {
  return unsupportedMediaType(
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
  );
}

export function writeRequest(request: ApiRequest, target: Target, options: WriteOptions): WriteRequest {
  return {
    user: request.user,
    dryRun: options.dryRun,
    subresource: target.subresource?.name,
    signal: request.signal,
    warn: (text) => request.warn(text),
  };
}

function placeInNamespace(object: KubernetesObject, target: Target): void {
  const metadata = object.metadata ?? {};
  object.metadata = metadata;
  if (target.namespace === undefined) {
    if (metadata.namespace) throw namespaceMismatch();
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace && metadata.namespace !== target.namespace) throw namespaceMismatch();
  metadata.namespace = target.namespace;
}

const namespaceMismatch = () =>
  badRequest('the namespace of the provided object does not match the namespace sent on the request');
