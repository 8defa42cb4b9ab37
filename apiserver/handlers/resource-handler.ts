/** Sends a request on a resource to its handler: kind, scope, subresource and method must fit together. */

import type { Subresource, Verb } from '../../api/resource.ts';
import { badRequest, StatusError } from '../../api/status-error.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import { checkPathSegment } from '../../kinds/validation/names.ts';
import type { Registries } from '../registry/registries.ts';
import type { Target } from '../registry/target.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { connections, type ResourceRequestInfo } from '../request/request-info.ts';
import { wantsWebSocket } from '../request/websocket.ts';
import { checkAccepted, listTypes, objectTypes } from '../responses/negotiation.ts';
import { deleteCollection, deleteObject } from './delete.ts';
import { getObject, listObjects } from './read.ts';
import { watchObjects } from './watch.ts';
import { openHttpStream } from './watch-stream.ts';
import { openWebSocketStream } from './watch-websocket.ts';
import { createObject, patchObject, updateObject } from './write.ts';

/** Serves one subresource, or a resource that is not stored (reviews). */
export type SpecialHandler = (request: ApiRequest, target: Target) => Promise<void>;

export interface ResourceHandlerParts {
  readonly kinds: Kinds;
  readonly registries: Registries;
  /** By `group/plural/subresource`, or `group/plural` for resources that are not stored. */
  readonly special: ReadonlyMap<string, SpecialHandler>;
  readonly stopping: AbortSignal;
}

export const unknownPath = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** Throws, at once or later, what the request is refused for. */
export function handleResource(
  request: ApiRequest,
  info: ResourceRequestInfo,
  parts: ResourceHandlerParts,
): Promise<void> {
  const target = findTarget(request, info, parts);
  if (target.kind.deprecation !== undefined) request.warn(target.kind.deprecation);
  const { kind, subresource } = target;
  const { verb } = info;
  const isEverywhere = kind.namespaced && target.namespace === undefined;
  if (isEverywhere && verb !== 'list' && verb !== 'watch') throw methodNotAllowed();
  checkName(target.name);
  if (!isServed(request.method, info) || !(subresource ?? kind).verbs.includes(verb)) throw methodNotAllowed();
  checkAccepted(request.header('accept'), typesOf(verb, subresource));
  const resource = `${kind.group}/${kind.plural}`;
  const special = parts.special.get(subresource === undefined ? resource : `${resource}/${subresource.name}`);
  if (special !== undefined) return special(request, target);
  // Subresources that are actions have handlers of their own; a new object they never make.
  if (subresource !== undefined && verb === 'create') throw methodNotAllowed();
  return handlers[verb](request, target, parts);
}

/** What a route answers with. What it hands on to a kubelet or a pod is theirs to say. */
function typesOf(verb: Verb, subresource: Subresource | undefined): readonly string[] {
  if (subresource === undefined) return verb === 'list' || verb === 'watch' ? listTypes : objectTypes;
  if (connections.includes(subresource.name)) return ['*/*'];
  return subresource.name === 'log' ? ['text/plain', ...objectTypes] : objectTypes;
}

const handlers: Readonly<
  Record<Verb, (request: ApiRequest, target: Target, parts: ResourceHandlerParts) => Promise<void>>
> = {
  get: getObject,
  list: listObjects,
  watch: (request, target, { stopping }) => {
    const open = wantsWebSocket(request) ? openWebSocketStream : openHttpStream;
    return watchObjects(request, target, { open: (gone, encoding) => open(request, gone, encoding), stopping });
  },
  create: createObject,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteCollection,
};

function findTarget(
  request: ApiRequest,
  info: ResourceRequestInfo,
  { kinds, registries }: ResourceHandlerParts,
): Target {
  const kind = kinds.find(info);
  const subresource = kind && info.subresource !== undefined ? findSubresource(kind, info) : undefined;
  if (kind === undefined || !fits(kind, info) || (info.subresource !== undefined && subresource === undefined)) {
    request.isUnknownPath = true;
    throw unknownPath();
  }
  return { kind, registry: registries.of(kind), namespace: info.namespace, name: info.name ?? '', subresource };
}

function findSubresource(kind: Kind, info: ResourceRequestInfo): Subresource | undefined {
  const found = kind.subresources.find(({ name }) => name === info.subresource);
  return info.rest === undefined || info.subresource === 'proxy' ? found : undefined;
}

/** Cluster-scoped kinds are in no namespace; one object of a namespaced kind is always in one. */
function fits(kind: Kind, { namespace, name, watchPrefix, subresource }: ResourceRequestInfo): boolean {
  // What is only ever posted (bindings, reviews) has no names to ask for.
  if (name !== undefined && !kind.verbs.includes('get')) return false;
  // The old paths of watches are there for what can be watched, and for nothing inside of it.
  if (watchPrefix && (!kind.verbs.includes('watch') || subresource !== undefined)) return false;
  if (!kind.namespaced) return namespace === undefined;
  return namespace !== undefined || name === undefined;
}

/** Whether there is anything at such a path that the method could do. */
function isServed(method: string, { name, subresource, watchPrefix }: ResourceRequestInfo): boolean {
  if (watchPrefix) return method === 'GET';
  const isCollection = name === undefined;
  switch (method) {
    case 'GET':
    case 'DELETE':
      return true;
    case 'POST':
      return isCollection === (subresource === undefined);
    case 'PUT':
    case 'PATCH':
      return !isCollection;
    case 'HEAD':
    case 'OPTIONS':
      // Only what stands behind a proxy knows what they mean.
      return subresource === 'proxy';
    default:
      return false;
  }
}

/** Names that no object can have, and that must not become part of a store key. */
function checkName(name: string): void {
  const [wrong] = name === '' ? [] : checkPathSegment(name);
  if (wrong !== undefined) throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${wrong}`);
}
