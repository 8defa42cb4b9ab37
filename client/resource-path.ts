/** Where a kind's objects are on the API server: URL paths and query strings. Pure. */

import type { ObjectKey } from '../api/object.ts';
import { apiPathOf, type Resource } from '../api/resource.ts';
import { badRequest } from '../api/status-error.ts';

type Located = Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>;
type QueryValue = string | number | boolean | undefined;

/** `/api/v1/namespaces/default/pods`; without a namespace all of them: `/api/v1/pods`. */
export function collectionPath(kind: Located, namespace?: string): string {
  const inside = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${apiPathOf(kind)}${inside}/${kind.plural}`;
}

/**
 * `/api/v1/namespaces/default/pods/web/log`. Throws a BadRequest for `.` and `..`, which would be another path: names come
 * from references that anybody has written.
 */
export function objectPath(kind: Located, { namespace, name }: ObjectKey, subresource?: string): string {
  if (name === '.' || name === '..') throw badRequest(`invalid resource name ${JSON.stringify(name)}`);
  const suffix = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}${suffix}`;
}

/** `?limit=500&labelSelector=app%3Dweb`, or nothing when no parameter has a value. */
export function queryString(parameters: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
