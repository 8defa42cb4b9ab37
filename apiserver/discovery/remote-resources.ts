/** What another server says that it serves, an APIResourceList, as aggregated discovery says it. Whatever it sends. */

import { isRecord } from '../../api/json-record.ts';
import type { RemoteApi } from '../aggregation/remote-api.ts';

interface RemoteResource {
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly singularName: string;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

export function discoverRemote({ resources: list }: Pick<RemoteApi, 'resources'>): object[] {
  const all = isRecord(list) && Array.isArray(list.resources) ? list.resources.flatMap(readResource) : [];
  const subresources = all.filter(({ name }) => name.includes('/'));
  return all
    .filter(({ name }) => !name.includes('/'))
    .map((resource) =>
      discover(
        resource,
        subresources.filter(({ name }) => name.startsWith(`${resource.name}/`)),
      ),
    );
}

const discover = (resource: RemoteResource, subresources: readonly RemoteResource[]) => ({
  resource: resource.name,
  responseKind: responseKindOf(resource),
  scope: resource.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: resource.singularName,
  verbs: resource.verbs,
  ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
  ...(resource.categories.length > 0 && { categories: resource.categories }),
  ...(subresources.length > 0 && {
    subresources: subresources.map((one) => ({
      subresource: one.name.slice(resource.name.length + 1),
      responseKind: responseKindOf(one),
      verbs: one.verbs,
    })),
  }),
});

const responseKindOf = ({ group, version, kind }: RemoteResource) => ({ group, version, kind });

/** None, where it has no name or kind. */
function readResource(value: unknown): RemoteResource[] {
  if (!isRecord(value)) return [];
  const { name, kind, namespaced } = value;
  if (typeof name !== 'string' || typeof kind !== 'string' || name === '') return [];
  return [
    {
      ...{ name, kind, namespaced: namespaced === true },
      ...{ group: textOf(value.group), version: textOf(value.version), singularName: textOf(value.singularName) },
      ...{ verbs: textsOf(value.verbs), shortNames: textsOf(value.shortNames), categories: textsOf(value.categories) },
    },
  ];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
