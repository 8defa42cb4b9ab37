/** What a request is about, read from its method and URL alone: `/apis/<group>/<version>/namespaces/<ns>/<resource>/<name>/<sub>`. */

import type { Verb } from '../../api/resource.ts';
import { badRequest } from '../../api/status-error.ts';
import { percentDecoded } from '../../base/percent-decoded.ts';
import { isTrue } from './query.ts';

export interface ResourceRequestInfo {
  readonly isResource: true;
  /** What is authorized, counted and limited. A method that is none of the API's reads, as far as this goes. */
  readonly verb: Verb;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  /** Absent: cluster-scoped, or all namespaces. */
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** What follows the subresource: only `proxy` has that. */
  readonly rest: string | undefined;
  /** The old form `/api/v1/watch/…`. */
  readonly watchPrefix: boolean;
}

/** What is a connection to somewhere else rather than an answer of ours. */
export const connections: readonly string[] = ['attach', 'exec', 'portforward', 'proxy'];

export interface PlainRequestInfo {
  readonly isResource: false;
  /** The method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export type RequestInfo = ResourceRequestInfo | PlainRequestInfo;

/** `rawPath` is the URL before `?`, still percent-encoded; `rawQuery` what follows it. Throws BadRequest. */
export function parseRequestInfo(method: string, rawPath: string, rawQuery = ''): RequestInfo {
  const path = decodePath(rawPath);
  const plain: RequestInfo = { isResource: false, verb: method.toLowerCase(), path };
  // The path begins with a slash: the first part is empty.
  const parts = path.split('/');
  if (parts.at(-1) === '') parts.pop();
  const named = parts[1] === 'api' ? 3 : parts[1] === 'apis' ? 4 : undefined;
  if (named === undefined || parts.length <= named) return plain;
  const version = parts[named - 1] ?? '';
  const group = named === 3 ? '' : (parts[2] ?? '');
  if (version === '' || (named === 4 && group === '')) return plain;
  let segments = parts.slice(named);
  const watchPrefix = segments[0] === 'watch' && segments.length > 1;
  if (watchPrefix) segments = segments.slice(1);
  const inNamespace = segments[0] === 'namespaces' && segments.length > 2 && !isNamespaceSubresource(segments);
  const namespace = inNamespace ? segments[1] : undefined;
  if (inNamespace) segments = segments.slice(2);
  const [plural = '', name, subresource, ...rest] = segments;
  // Nothing has an empty name: such a path must not be taken for a wider one (all namespaces, the whole collection).
  if ([namespace, plural, name, subresource].includes('')) return plain;
  return {
    isResource: true,
    verb: watchPrefix ? 'watch' : verbOf(method, name, rawQuery),
    path,
    group,
    version,
    namespace,
    plural,
    name,
    subresource,
    rest: rest.length > 0 || (subresource === 'proxy' && path.endsWith('/')) ? rest.join('/') : undefined,
    watchPrefix,
  };
}

function verbOf(method: string, name: string | undefined, rawQuery: string): Verb {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      if (name !== undefined) return 'get';
      return asksToWatch(rawQuery) ? 'watch' : 'list';
  }
}

function asksToWatch(rawQuery: string): boolean {
  if (!rawQuery.includes('watch')) return false;
  const value = new URLSearchParams(rawQuery).get('watch');
  return value !== null && isTrue(value);
}

/** `namespaces/<name>/status` is about the namespace, `namespaces/<name>/pods` about what is in it. */
function isNamespaceSubresource(segments: readonly string[]): boolean {
  return segments.length === 3 && (segments[2] === 'status' || segments[2] === 'finalize');
}

function decodePath(rawPath: string): string {
  const path = percentDecoded(rawPath);
  if (path === undefined) throw badRequest(`The path ${rawPath} is not well formed`);
  return path;
}
