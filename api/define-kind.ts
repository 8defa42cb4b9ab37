/** Makes rows of the kinds table: names what is particular to a kind and fills in what is alike for most. */

import { allVerbs, type Column, type Kind, type Subresource, type Verb } from './kind.ts';
import type { KubernetesObject } from './object.ts';

/** What a row has to say. `namespaced` is true and `verbs` are all unless said otherwise. */
export type KindRow<T extends KubernetesObject> = Pick<Kind<T>, 'group' | 'version' | 'kind' | 'plural'> &
  Partial<Omit<Kind<T>, 'group' | 'version' | 'kind' | 'plural'>>;

export function defineKind<T extends KubernetesObject>(row: KindRow<T>): Kind<T> {
  return {
    singular: row.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: allVerbs,
    definition: definitionOf(row),
    subresources: [],
    columns: plainColumns,
    selectableFields: [],
    strategy: {},
    ...row,
  };
}

/** Where a kind stands in the OpenAPI facts. */
function definitionOf({ group, version, kind }: Pick<Kind, 'group' | 'version' | 'kind'>): string {
  const folder = group === '' ? 'core' : (group.split('.')[0] ?? group);
  if (folder === 'apiextensions') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${kind}`;
  if (folder === 'apiregistration') return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${kind}`;
  return `io.k8s.api.${folder}.${version}.${kind}`;
}

const editVerbs: readonly Verb[] = ['get', 'patch', 'update'];

/** A part of the object that is read and written by itself. */
export const editSubresource = (name: string): Subresource => ({ name, verbs: editVerbs });
export const statusSubresource = editSubresource('status');
export const scaleSubresource: Subresource = {
  name: 'scale',
  verbs: editVerbs,
  body: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
};

/** A subresource that takes a connection over, with its options in the query. */
export const connectSubresource = (name: string, kind: string, verbs: readonly Verb[]): Subresource => ({
  name,
  verbs,
  body: { group: '', version: 'v1', kind },
});
export const proxyVerbs: readonly Verb[] = ['create', 'delete', 'get', 'patch', 'update'];

export const nameColumn: Column<KubernetesObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique among its kind in a namespace.',
  cell: (object) => object.metadata.name,
};

/** What a kind shows that has no columns of its own. */
const plainColumns: readonly Column<KubernetesObject>[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    description: 'When the object was made.',
    cell: (object) => object.metadata.creationTimestamp,
  },
];
