/** Sends a request on a resource to its server: kind, scope, subresource and method must fit together. */

import type { Verb } from '../../api/resource.ts';
import { badRequest, StatusError } from '../../api/status-error.ts';
import type { Kind, KindSubresource } from '../../kinds/kind.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import { checkPathSegment } from '../../kinds/validation/names.ts';
import type { Target } from '../registry/target.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { ResourceRequestInfo } from '../request/request-info.ts';
import { checkAccepted, listTypes, objectTypes } from '../responses/negotiation.ts';
import { sendPageNotFound } from '../responses/responses.ts';
import { methodOf, type ResourceServer, type ResourceServers } from './resource-server.ts';

export interface ResourceHandlerParts {
  readonly kinds: Kinds;
  readonly servers: ResourceServers;
  /** Resolves once all kinds are known that were served by any API server before this call. Never rejects. */
  untilKindsAreKnown(): Promise<void>;
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
  const isUnknown = info.group !== '' && parts.kinds.find(info) === undefined;
  return isUnknown ? serveOnceKnown(request, info, parts) : serveResource(request, info, parts);
}

/** Kinds come while the server runs: another may have told of this one a moment ago. */
async function serveOnceKnown(
  request: ApiRequest,
  info: ResourceRequestInfo,
  parts: ResourceHandlerParts,
): Promise<void> {
  await parts.untilKindsAreKnown();
  if (!parts.kinds.hasGroup(info.group)) return await sendPageNotFound(request);
  await serveResource(request, info, parts);
}

function serveResource(request: ApiRequest, info: ResourceRequestInfo, parts: ResourceHandlerParts): Promise<void> {
  const target = findTarget(request, info, parts);
  if (target.kind.deprecation !== undefined) request.warn(target.kind.deprecation);
  const { kind, subresource } = target;
  const { verb } = info;
  const isEverywhere = kind.namespaced && target.namespace === undefined;
  if (isEverywhere && verb !== 'list' && verb !== 'watch') throw methodNotAllowed();
  checkName(target.name);
  if (!isServed(request.method, info) || !(subresource ?? kind).verbs.includes(verb)) throw methodNotAllowed();
  if (verb === 'create' && kind.isTerminating && subresource === undefined) throw refuseCreation();
  const server: ResourceServer = parts.servers[(subresource ?? kind).servedBy];
  checkAccepted(request.header('accept'), server.mediaTypes ?? typesOf(verb, subresource));
  const serve = methodOf(server, verb);
  if (serve === undefined) throw methodNotAllowed();
  return serve(request, target);
}

/** In upstream's words. */
const refuseCreation = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'create not allowed while custom resource definition is terminating', {});

function typesOf(verb: Verb, subresource: KindSubresource | undefined): readonly string[] {
  return subresource === undefined && (verb === 'list' || verb === 'watch') ? listTypes : objectTypes;
}

function findTarget(request: ApiRequest, info: ResourceRequestInfo, { kinds }: ResourceHandlerParts): Target {
  const kind = kinds.find(info);
  const subresource = kind && info.subresource !== undefined ? findSubresource(kind, info) : undefined;
  if (kind === undefined || !fits(kind, info) || (info.subresource !== undefined && subresource === undefined)) {
    request.isUnknownPath = true;
    throw unknownPath();
  }
  return { kind, namespace: info.namespace, name: info.name ?? '', subresource };
}

function findSubresource(kind: Kind, info: ResourceRequestInfo): KindSubresource | undefined {
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
  // Across namespaces there is only the list.
  return namespace !== undefined || (name === undefined && kind.verbs.includes('list'));
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
