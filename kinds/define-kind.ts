/** Makes rows of the kinds table: names what is particular to a kind and fills in what is alike for most. */

import type { KubernetesObject } from '../api/object.ts';
import { allVerbs, type Resource, type Subresource, type Verb } from '../api/resource.ts';
import { objectSchemaOf } from '../machinery/schema/schema.ts';
import type { Column, Kind } from './kind.ts';

/** What a row has to say beside the identity. `verbs` are all unless said otherwise. */
export type KindRow<T extends KubernetesObject> = Partial<Omit<Kind<T>, keyof Resource>>;

export function defineKind<T extends KubernetesObject>(resource: Resource<T>, row: KindRow<NoInfer<T>> = {}): Kind<T> {
  const definition = definitionOf(resource);
  return {
    ...resource,
    singular: resource.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    // Looked up when it is asked for: the facts are large, and who only wants names needs none of them.
    get schema() {
      return objectSchemaOf(definition);
    },
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
