/** Makes rows of the kinds table: names what is particular to a kind and fills in what is alike for most. */

import type { KubernetesObject } from '../api/object.ts';
import type { Resource, Subresource } from '../api/resource.ts';
import { objectSchemaOf } from '../machinery/schema/schema.ts';
import type { Column, Kind, KindSubresource } from './kind.ts';
import { type ServerName, servings } from './served-by.ts';

/** What a row has to say beside the identity. It is stored unless it is served otherwise; verbs follow from that. */
export type KindRow<T extends KubernetesObject> = Partial<Omit<Kind<T>, keyof Resource | 'verbs'>>;

export function defineKind<T extends KubernetesObject>(resource: Resource<T>, row: KindRow<NoInfer<T>> = {}): Kind<T> {
  const definition = definitionOf(resource);
  const { servedBy = 'stored' } = row;
  return {
    ...resource,
    singular: resource.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    servedBy,
    verbs: servings[servedBy].verbs,
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

/** A subresource with the verbs of its server. `body` names the kind of its bodies where that is not the parent's. */
export function subresource(name: string, servedBy: ServerName, body?: Subresource['body']): KindSubresource {
  return { name, servedBy, verbs: servings[servedBy].verbs, ...(body && { body }) };
}

export const statusSubresource = subresource('status', 'storedPart');
export const scaleSubresource = subresource('scale', 'scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' });

/** An addition to one of upstream's kinds: it is served, and discovery does not tell of it. */
export const hiddenSubresource = (name: string, servedBy: ServerName): KindSubresource => ({
  ...subresource(name, servedBy),
  isHidden: true,
});

/** A subresource that takes a connection over, with its options, of kind `options`, in the query. */
export const connectSubresource = (name: string, servedBy: ServerName, options: string): KindSubresource =>
  subresource(name, servedBy, { group: '', version: 'v1', kind: options });

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
