/**
 * Takes a finalizer from an object, so that it may go. Decided on the object as the server has it now: the cached one
 * only says which it is. A write that somebody else was quicker with is thrown as Conflict: the controller looks again.
 */

import type { KubernetesObject, Stored } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type { Client } from '../client/client.ts';
import { ifPresent } from '../client/if-present.ts';
import type { Cached } from '../client/object-cache.ts';

interface Finalizing<T extends KubernetesObject> {
  readonly kind: Resource<T>;
  readonly object: Cached<KubernetesObject>;
  readonly finalizer: string;
  /** What must be true of the object as it is now. Default: it may always go. */
  readonly mayGo?: (object: T) => boolean;
}

/** Idempotent: an object that is gone, is another of the same name, or lacks the finalizer is left as it is. */
export async function removeFinalizer<T extends KubernetesObject>(
  client: Pick<Client, 'get' | 'patch'>,
  { kind, object, finalizer, mayGo = () => true }: Finalizing<T>,
): Promise<void> {
  const fresh = await readAgain(client, kind, object);
  if (!fresh?.metadata.finalizers?.includes(finalizer) || !mayGo(fresh)) return;
  const { namespace, name, resourceVersion } = fresh.metadata;
  const finalizers = fresh.metadata.finalizers.filter((other) => other !== finalizer);
  const body = { metadata: { resourceVersion, finalizers } };
  await ifPresent(client.patch(kind, { namespace, name }, { type: 'merge', body }));
}

/** The object as the server has it now; undefined when it is gone, or another one of the same name is there. */
export async function readAgain<T extends KubernetesObject>(
  client: Pick<Client, 'get'>,
  kind: Resource<T>,
  { metadata: { namespace, name, uid } }: Cached<KubernetesObject>,
): Promise<Stored<T> | undefined> {
  const fresh = await ifPresent(client.get(kind, { namespace, name }));
  return fresh?.metadata.uid === uid ? fresh : undefined;
}
