/** What all API objects have in common. Field meanings: the Kubernetes API conventions. */

import type { ObjectMeta } from './types/meta/v1.ts';

/** An object as a client writes it. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** Metadata that the API server fills in at creation. */
export type StoredMetadata = ObjectMeta & {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
};

/** An object as the API server answers it. */
export type Stored<T extends KubernetesObject = KubernetesObject> = T & {
  apiVersion: string;
  kind: string;
  metadata: StoredMetadata;
};

/** What names one object of a kind. `namespace` is absent for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of caches and work queues. */
export function keyOf(object: { readonly metadata?: { readonly namespace?: string; readonly name?: string } }): string {
  const { namespace, name = '' } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : name;
}

export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
