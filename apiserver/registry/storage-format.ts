/** How objects lie in the store: their keys, and their JSON without the resourceVersion, which is the entry's revision. */

import type { KubernetesObject, ObjectKey, Stored } from '../../api/object.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Entry } from '../store/store.ts';

type Resource = Pick<Kind, 'group' | 'plural'>;

/** All objects of a resource: `/registry/core/pods/`. */
export const storePrefix = ({ group, plural }: Resource): string =>
  `/registry/${group === '' ? 'core' : group}/${plural}/`;

export const storeKey = (resource: Resource, { namespace, name }: ObjectKey): string =>
  `${storePrefix(resource)}${namespace ? `${namespace}/` : ''}${name}`;

export function encodeObject(object: KubernetesObject): Buffer {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _, ...stored } = metadata ?? {};
  return Buffer.from(JSON.stringify({ apiVersion, kind, metadata: stored, ...rest }));
}

export function decodeObject(entry: Pick<Entry, 'value' | 'revision'>): Stored {
  // The store holds what `encodeObject` has written.
  const object = JSON.parse(entry.value.toString()) as Stored;
  object.metadata.resourceVersion = String(entry.revision);
  return object;
}
