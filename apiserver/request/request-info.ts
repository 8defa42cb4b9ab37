/** What a request is about, read from its method and path alone: `/apis/<group>/<version>/namespaces/<ns>/<resource>/<name>/<sub>`. */

import { badRequest } from '../../api/status-error.ts';
import { percentDecoded } from '../../base/percent-decoded.ts';

export interface ResourceRequestInfo {
  readonly isResource: true;
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
  readonly path: string;
}

export type RequestInfo = ResourceRequestInfo | PlainRequestInfo;

/** `rawPath` is the URL before `?`, still percent-encoded. */
export function parseRequestInfo(rawPath: string): RequestInfo {
  const path = decodePath(rawPath);
  // The path begins with a slash: the first part is empty.
  const parts = path.split('/');
  if (parts.at(-1) === '') parts.pop();
  const named = parts[1] === 'api' ? 3 : parts[1] === 'apis' ? 4 : undefined;
  if (named === undefined || parts.length <= named) return { isResource: false, path };
  const version = parts[named - 1] ?? '';
  const group = named === 3 ? '' : (parts[2] ?? '');
  if (version === '' || (named === 4 && group === '')) return { isResource: false, path };
  let segments = parts.slice(named);
  const watchPrefix = segments[0] === 'watch' && segments.length > 1;
  if (watchPrefix) segments = segments.slice(1);
  const inNamespace = segments[0] === 'namespaces' && segments.length > 2 && !isNamespaceSubresource(segments);
  const namespace = inNamespace ? segments[1] : undefined;
  if (inNamespace) segments = segments.slice(2);
  const [plural = '', name, subresource, ...rest] = segments;
  return {
    isResource: true,
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

/** `namespaces/<name>/status` is about the namespace, `namespaces/<name>/pods` about what is in it. */
function isNamespaceSubresource(segments: readonly string[]): boolean {
  return segments.length === 3 && (segments[2] === 'status' || segments[2] === 'finalize');
}

function decodePath(rawPath: string): string {
  const path = percentDecoded(rawPath);
  if (path === undefined) throw badRequest(`The path ${rawPath} is not well formed`);
  return path;
}
