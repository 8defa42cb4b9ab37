/** What a request is about, read from its method and path alone: `/apis/<group>/<version>/namespaces/<ns>/<resource>/<name>/<sub>`. */

import { badRequest } from '../../api/status-error.ts';

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

export interface PlainRequestInfo {
  readonly isResource: false;
  readonly path: string;
}

export type RequestInfo = ResourceRequestInfo | PlainRequestInfo;

/** `rawPath` is the URL before `?`, still percent-encoded. */
export function parseRequestInfo(rawPath: string): RequestInfo {
  const path = decodePath(rawPath);
  const parts = path.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  const named = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : undefined;
  if (named === undefined || parts.length <= named || parts.slice(0, named).includes(''))
    return { isResource: false, path };
  const [group, version] = named === 2 ? ['', parts[1] ?? ''] : [parts[1] ?? '', parts[2] ?? ''];
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
  if (!rawPath.includes('%')) return rawPath;
  try {
    return decodeURIComponent(rawPath);
  } catch (cause) {
    throw Object.assign(badRequest(`The path ${rawPath} is not well formed`), { cause });
  }
}
